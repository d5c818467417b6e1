"""The list: who sees what, filters, counts, order, pages, views."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from baton.console.query import PAGE_SIZE, Query
from tests.console.conftest import HOUR, NOON, Console, a_block, an_alert, an_operator


def shown(text: str) -> list[str]:
    """Return the persons, cases and teams whose alerts a page lists, in order."""
    return re.findall(r'<span class="baton-small">(?:Person|Case|Team|Agency) ([^<]+)<br>', text)


def test_an_operator_sees_the_alerts_of_their_agencies(console: Console) -> None:
    """Those that their agency must act on or is told of, and no others, in the list and in its counts."""
    console.hear(an_alert(1), a_block(2), an_alert(3, authority="elsewhere"))
    console.sign_in(an_operator("op-1", "named_midwife"))

    page = console.get("/")

    assert shown(page.text) == ["p-1"]
    assert "1 alert<" in page.text.replace("\n", "")


def test_nobody_sees_anything_without_a_role(console: Console) -> None:
    """An operator of no agency has an empty list."""
    console.hear(an_alert(1))
    console.sign_in(an_operator("op-1", "unheard_of"))

    assert shown(console.get("/").text) == []


STORY: list[dict[str, Any]] = [
    an_alert(1),
    an_alert(2, status="acknowledged", acknowledged_by="op-4", owner="op-1", severity=2),
    an_alert(3, status="answered", answered_at=NOON, reason="answered-late"),
    an_alert(4, status="closed", closed_by="op-4", outcome="acted"),
    an_alert(5, status="withdrawn", reason=None),
    an_alert(6, closing_by="op-4", raised_at=NOON - 200 * HOUR, due_at=NOON - 200 * HOUR),
    an_alert(
        7,
        rule="pregnancy-learned-late",
        severity=3,
        responsible={"agency": "midwifery", "role": "named_midwife"},
        owner="team-9",
        raised_at=NOON - 2 * HOUR,
        next_step="chased",
        next_step_at=NOON,
    ),
]


@pytest.mark.parametrize(
    ("query", "persons"),
    [
        ({}, {1, 2, 6, 7}),
        ({"status": "any"}, {1, 2, 3, 4, 5, 6, 7}),
        ({"status": "raised"}, {1, 6, 7}),
        ({"status": "acknowledged"}, {2}),
        ({"status": "answered"}, {3}),
        ({"status": "closed"}, {4}),
        ({"status": "withdrawn"}, {5}),
        ({"status": "second-person"}, {6}),
        ({"severity": "3"}, {7}),
        ({"age": "hour"}, {1, 2}),
        ({"age": "day"}, {7}),
        ({"age": "older"}, {6}),
        ({"rule": "pregnancy-learned-late"}, {7}),
        ({"agency": "midwifery"}, {7}),
        ({"role": "hub_manager", "agency": "police"}, {1, 2, 6}),
        ({"role": "housing_lead"}, set()),
        ({"authority": "local"}, {1, 2, 6, 7}),
        ({"authority": "elsewhere"}, set()),
        ({"owner": "me"}, {2}),
        ({"owner": "team-9"}, {7}),
        ({"owner": "nobody"}, {1, 6}),
        ({"text": "P-6"}, {6}),
        ({"text": "inc-7 p-7"}, {7}),
        ({"text": "event-2"}, {2}),
        ({"text": "no such thing"}, set()),
        # What nobody could have chosen counts as not said.
        (
            {"status": "nonsense", "severity": "9", "age": "x", "page": "-1", "sort": "?"},
            {1, 2, 6, 7},
        ),
    ],
)
def test_a_filter_lets_through_what_it_says(
    query: dict[str, str], persons: set[int], console: Console
) -> None:
    """Each filter alone, and two together."""
    console.hear(*STORY)
    console.sign_in()

    assert set(shown(console.get("/", **query).text)) == {f"p-{number}" for number in persons}


@pytest.mark.parametrize(
    ("sort", "first"),
    [("urgent", "p-1"), ("newest", "p-1"), ("oldest", "p-6"), ("due", "p-6"), ("next", "p-7")],
)
def test_the_order_is_the_one_asked_for(sort: str, first: str, console: Console) -> None:
    """Each order begins with what it says; the usual one with the most serious."""
    console.hear(*STORY)
    console.sign_in()

    assert shown(console.get("/", sort=sort).text)[0] == first


def test_the_counts_are_of_everything_that_matches(console: Console) -> None:
    """Counts by severity and by age lead to what they count, each over the other's choice."""
    console.hear(*STORY)
    operator = console.sign_in()

    page = console.standing.page(operator, Query(), NOON)
    serious = console.standing.page(operator, Query(severity="1"), NOON)

    assert page.by_severity == {1: 2, 2: 1, 3: 1, 4: 0}
    assert page.by_age == {"hour": 2, "day": 1, "week": 0, "older": 1}
    assert serious.by_severity == page.by_severity
    assert serious.by_age == {"hour": 1, "day": 0, "week": 0, "older": 1}
    assert 'href="/?severity=1"' in console.get("/").text


def test_a_long_list_has_pages(console: Console) -> None:
    """Every alert is on exactly one page; a page past the end is the last."""
    console.hear(*(an_alert(number) for number in range(2 * PAGE_SIZE + 3)))
    console.sign_in()

    pages = [console.get("/", page=str(number)).text for number in (1, 2, 3)]
    found = [person for text in pages for person in shown(text)]

    assert [len(shown(text)) for text in pages] == [PAGE_SIZE, PAGE_SIZE, 3]
    assert len(set(found)) == 2 * PAGE_SIZE + 3
    assert "Page 3 of 3" in console.get("/", page="99").text


def test_a_view_is_in_the_address() -> None:
    """What is chosen can be kept as an address, and read from it again."""
    query = Query(status="any", severity="2", text="case 1&2", sort="due", page=3)
    address = query.address(page=3)

    from urllib.parse import parse_qsl

    assert Query.of(dict(parse_qsl(address[1:]))) == query
    assert query.address(severity="1").endswith("&sort=due")
    assert Query().address() == "?"


def test_a_view_can_be_given_a_name(console: Console) -> None:
    """A named view is kept for this session alone, holds nothing but known filters, and can be forgotten."""
    console.sign_in()

    saved = console.post("/views", {"name": "Mine", "query": "?owner=me&evil=//x"})
    there = console.get("/").text
    console.post("/views", {"forget": "Mine"})

    assert saved.headers["location"] == "/?owner=me"
    assert '<a class="govuk-link" href="/?owner=me">Mine</a>' in there
    assert "Mine" not in console.get("/").text


def test_a_search_finds_what_is_over_too(console: Console) -> None:
    """By alert, case or pseudonym, however it stands; a case of a block finds the block."""
    console.hear(*STORY, a_block(1, case_12=[], case_13=[]))
    console.sign_in(an_operator("op-1", "head_of_service", "hub_manager"))

    assert shown(console.get("/search", text="p-4").text) == ["p-4"]
    assert shown(console.get("/search", text="CASE-13").text) == ["team-2"]
    assert "0 alerts found" in console.get("/search", text="case-14").text
    assert "alerts found" not in console.get("/search").text


def test_looking_is_noted(console: Console) -> None:
    """A list is noted once in a while, however often it refreshes itself; a search without what was looked for."""
    console.hear(an_alert(1))
    console.sign_in()

    for _ in range(3):
        console.get("/", rule="unreferred-incident")
    console.get("/search", text="p-1")
    console.now += timedelta(minutes=11)
    console.get("/", rule="unreferred-incident")

    assert console.noted.of("listed") == [("?rule=unreferred-incident", None)] * 2
    assert [page for page, _ in console.noted.of("searched")] == ["?status=any&sort=newest"]
