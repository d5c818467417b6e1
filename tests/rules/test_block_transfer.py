"""C4: cases that move between two teams in a block."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from baton.rules.block_transfer import RULE, cases_in_blocks, reconcile
from baton.rules.facts import (
    ContactMade,
    Fact,
    OpenItemClosed,
    TransferRequested,
    VisitCompleted,
    WorkerAllocated,
)
from tests.rules.told import (
    CARE,
    DAY,
    HOUR,
    MINUTE,
    NOON,
    POLICY,
    accepted,
    findings,
    handover,
    judged,
    policy_with,
    read,
    rejected,
    request,
    told_of,
    withdrawn,
)


def offers(
    count: int,
    at: datetime = NOON,
    apart: timedelta = HOUR,
    *,
    first: int = 1,
    block: str | None = None,
    to_team: str = "team-2",
    from_team: str = "team-1",
) -> list[TransferRequested]:
    """Offer so many cases, one after the other."""
    return [
        request(
            at + place * apart,
            transfer=f"transfer-{first + place}",
            case=f"case-{first + place}",
            block=block,
            to_team=to_team,
            from_team=from_team,
        )
        for place in range(count)
    ]


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (offers(4), {}),
        (offers(5), {"team-1/transfer-1": "found"}),
        (offers(6), {"team-1/transfer-1": "found"}),
        (offers(5, apart=timedelta(days=7) / 4), {"team-1/transfer-1": "found"}),
        (offers(5, apart=timedelta(days=7, minutes=4) / 4), {}),
        ([*offers(4), request(NOON + DAY, transfer="transfer-9")], {}),
        ([*offers(3), *offers(2, from_team="team-3", first=4)], {}),
        ([*offers(3), *offers(2, to_team="team-3", first=4)], {}),
        ([*offers(5), withdrawn(NOON + DAY)], {}),
        ([*offers(5), rejected(NOON + DAY)], {"team-1/transfer-1": "found"}),
        (
            [*offers(5), *offers(5, NOON + 30 * DAY, first=6)],
            {"team-1/transfer-1": "found", "team-1/transfer-6": "found"},
        ),
        ([*offers(1, NOON - 30 * DAY, first=9), *offers(5)], {"team-1/transfer-1": "found"}),
        (offers(12, apart=DAY), {"team-1/transfer-1": "found"}),
        (
            [*offers(5), *offers(5, from_team="team-3", first=6)],
            {"team-1/transfer-1": "found", "team-3/transfer-6": "found"},
        ),
    ],
)
def test_five_cases_in_seven_days_are_a_block(told: list[Fact], expected: dict[str, str]) -> None:
    """Different cases, the same two teams, within seven days, both ends included; read in any order."""
    assert expected == judged(RULE, "team-2", NOON + 60 * DAY, *told)
    assert expected == judged(RULE, "team-2", NOON + 60 * DAY, *reversed(told))


def test_one_alert_with_a_state_for_each_case() -> None:
    """It is due when the fifth case was offered, and says what has become of each."""
    told = [
        *offers(6),
        rejected(NOON + DAY, transfer="transfer-2", case="case-2"),
        accepted(NOON + DAY, transfer="transfer-3", case="case-3"),
        handover(NOON + DAY, transfer="transfer-3", case="case-3"),
        read(NOON + DAY, transfer="transfer-3", case="case-3"),
    ]

    (found,) = findings(RULE, "team-2", NOON + DAY, *told)

    assert {
        "case-1": ("requested",),
        "case-2": ("requested", "rejected"),
        "case-3": ("requested", "accepted", "handover-recorded", "file-read"),
        "case-4": ("requested",),
        "case-5": ("requested",),
        "case-6": ("requested",),
    } == {each.key: each.states for each in found.members}
    assert (NOON + 4 * HOUR, "team", "team-2") == (found.due_at, found.about_kind, found.team)
    assert tuple(offers(6)) == found.trigger


def test_a_case_offered_twice_is_one_member() -> None:
    """By its first offer in the block."""
    told = [*offers(5), request(NOON + MINUTE, transfer="transfer-9", case="case-1")]

    (found,) = findings(RULE, "team-2", NOON + DAY, *told)

    assert [f"case-{each}" for each in range(1, 6)] == [each.key for each in found.members]
    assert tuple(offers(5)) == found.trigger


@pytest.mark.parametrize(
    ("told", "about", "expected"),
    [
        (offers(5, apart=30 * DAY, block="b"), "team-2", {"b": "found"}),
        (offers(4, apart=30 * DAY, block="b"), "team-2", {}),
        ([*offers(4, block="b"), *offers(1, first=5)], "team-2", {"team-1/transfer-1": "found"}),
        (
            [*offers(5, block="b"), *offers(5, first=6)],
            "team-2",
            {"b": "found", "team-1/transfer-6": "found"},
        ),
        (
            [*offers(4, block="b"), *offers(1, first=5, block="b", to_team="team-3")],
            "team-2",
            {"b": "found"},
        ),
        ([*offers(4, block="b"), *offers(1, first=5, block="b", to_team="team-3")], "team-3", {}),
        (
            [*offers(3, block="b", to_team="team-3"), *offers(3, first=4, block="b")],
            "team-2",
            {"b": "found"},
        ),
        ([*offers(3, block="b", to_team="team-3"), *offers(3, first=4, block="b")], "team-3", {}),
    ],
)
def test_a_named_block_is_a_block_in_any_time(
    told: list[Fact], about: str, expected: dict[str, str]
) -> None:
    """It is told of the team that receives most, of equal ones the first by name, and its cases count once."""
    assert expected == judged(RULE, about, NOON + 300 * DAY, *told)


def test_a_named_block_without_a_receiving_team_is_nobodys() -> None:
    """Where no offer says to whom, no team's chronology holds the block."""
    told = [
        request(NOON, transfer=f"transfer-{n}", case=f"case-{n}", block="b", to_team=None)
        for n in range(5)
    ]

    assert {} == judged(RULE, "team-2", NOON, *told)


def test_how_many_and_how_long_are_the_partnerships() -> None:
    """`cases` and `within` are lines of the policy."""
    stricter = policy_with("[rule.block-transfer]\ncases = 3\nwithin = { hours = 2 }")

    assert {"team-1/transfer-1": "found"} == judged(
        RULE, "team-2", NOON + DAY, *offers(3), policy=stricter
    )
    assert {} == judged(RULE, "team-2", NOON + DAY, *offers(3, apart=2 * HOUR), policy=stricter)


def test_a_block_dated_after_now_is_not_found_yet() -> None:
    """An agency's clock may be a little ahead: nothing is raised before it is due."""
    (found,) = findings(RULE, "team-2", NOON + 4 * HOUR - MINUTE, *offers(5))

    assert ("waiting", NOON + 4 * HOUR) == (found.reason, found.wake_at)


def test_two_teams_that_always_hand_on_cases_stay_cheap() -> None:
    """Two years of six cases a day are one long block; were each compared with each, this would take minutes."""
    told = offers(4_000, apart=timedelta(hours=4))

    (found,) = findings(RULE, "team-2", NOON + 800 * DAY, *told)

    assert 4_000 == len(found.members)


def of_case(kind: type[Fact], at: datetime, case: str = "case-1", **fields: object) -> Fact:
    """Tell something of a case."""
    said = {"case": case, **fields}
    event_id = f"{kind.__name__}-{case}-{at:%j%H%M%S}"
    return kind(event_id=event_id, occurred_at=at, received_at=at, agency=CARE, **said)  # type: ignore[arg-type]  # the types are known only when it runs


def states_of(*told: Fact) -> tuple[str, ...]:
    """Give what has become of case-1, offered in a block of five with two open items."""
    offered = [replace(each, open_items=("due-date", "risk-flag")) for each in offers(5)]
    (found,) = findings(RULE, "team-2", NOON + 9 * DAY, *offered, *told)
    return next(each.states for each in found.members if each.key == "case-1")


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ([of_case(VisitCompleted, NOON + DAY)], ()),
        ([accepted(NOON + DAY)], ("accepted", "items-open")),
        (
            [accepted(NOON + DAY), of_case(OpenItemClosed, NOON + DAY, item="due-date")],
            ("accepted", "items-open"),
        ),
        (
            [
                accepted(NOON + DAY),
                replace(handover(NOON + DAY), open_items=("due-date",)),
                of_case(OpenItemClosed, NOON + DAY, item="risk-flag"),
                of_case(OpenItemClosed, NOON + DAY, "case-2", item="risk-flag"),
            ],
            ("accepted", "handover-recorded"),
        ),
        (
            [
                accepted(NOON + DAY),
                of_case(VisitCompleted, NOON),
                of_case(VisitCompleted, NOON + DAY, "case-2"),
            ],
            ("accepted", "items-open"),
        ),
        (
            [accepted(NOON + DAY), of_case(ContactMade, NOON + DAY)],
            ("accepted", "items-open", "visited"),
        ),
        ([of_case(WorkerAllocated, NOON, worker="worker-1", team="team-2")], ("worker-allocated",)),
        ([of_case(WorkerAllocated, NOON, worker="worker-1", team="team-1")], ()),
        (
            [accepted(NOON + DAY), of_case(WorkerAllocated, NOON + DAY, worker="worker-1")],
            ("accepted", "items-open", "worker-allocated"),
        ),
        (
            [
                rejected(NOON + HOUR),
                request(NOON + 2 * HOUR, transfer="transfer-again"),
                accepted(NOON + 3 * HOUR, transfer="transfer-again"),
            ],
            ("rejected", "accepted"),
        ),
    ],
)
def test_a_member_says_how_far_its_handover_has_come(
    told: list[Fact], expected: tuple[str, ...]
) -> None:
    """By its own facts, from the acceptance on; offered again to the same team it is the same member."""
    assert ("requested", *expected) == states_of(*told)


def test_only_the_cases_that_may_still_change_are_awaited() -> None:
    """Before it is accepted, and after all is done, no fact of the case alone changes a member."""
    done = [
        accepted(NOON + DAY),
        of_case(WorkerAllocated, NOON + DAY, worker="worker-1", team="team-2"),
        of_case(VisitCompleted, NOON + DAY),
    ]

    (found,) = findings(
        RULE,
        "team-2",
        NOON + 9 * DAY,
        *offers(5),
        *done,
        accepted(NOON, transfer="transfer-2", case="case-2"),
    )

    assert ("case-2",) == found.awaits


def test_the_reconciliation_names_what_has_not_arrived() -> None:
    """Of six cases sent, two arrived: accepted by the team they were sent to, one under a later number."""
    (found,) = findings(
        RULE,
        "team-2",
        NOON + 9 * DAY,
        *offers(6),
        accepted(NOON + DAY),
        rejected(NOON + DAY, transfer="transfer-2", case="case-2"),
        request(NOON + DAY, transfer="transfer-again", case="case-2"),
        accepted(NOON + 2 * DAY, transfer="transfer-again", case="case-2"),
        replace(accepted(NOON + DAY, transfer="transfer-3", case="case-3"), by_team="team-9"),
        withdrawn(NOON + DAY, transfer="transfer-6", case="case-6"),
    )

    reconciled = reconcile(found.members)

    assert ("case-1", "case-2") == reconciled.arrived
    assert ("case-3", "case-4", "case-5") == reconciled.not_arrived
    assert ("requested", "accepted-elsewhere") == found.members[2].states


def test_the_facts_of_cases_are_read_only_for_a_block() -> None:
    """Four cases are none: nothing is read beside the team's own chronology."""
    assert [] == list(cases_in_blocks(told_of(RULE, "team-2", *offers(4)), POLICY))
    assert 5 == len(list(cases_in_blocks(told_of(RULE, "team-2", *offers(5)), POLICY)))
