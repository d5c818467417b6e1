"""The page of one alert."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

import pytest

from baton.notify.message import one
from baton.wording import reference
from tests.browser.pages import PAGES
from tests.console.conftest import HOUR, NOON, Console, a_block, an_alert, an_operator

ALERT = an_alert(1)["alert_id"]


def words(html: str) -> str:
    """Return what a page says, without its tags and with single spaces."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html)).replace("&#39;", "'")


def test_it_says_what_when_who_and_on_which_records(console: Console) -> None:
    """What happened, what should have come, by when, whose turn it is, and what it rests on."""
    console.hear(an_alert(1))
    console.sign_in()

    said = words(console.get("/alert", id=ALERT).text)

    assert "A domestic incident involving a pregnancy that nothing answered in time" in said
    assert (
        "What should have come A referral, or a notification recorded by children's services"
        in said
    )
    assert "By when 2 March 2026 at 11am, 1 h ago" in said
    assert "Whose turn it is Police: public protection supervisor" in said
    assert "Public protection supervisor, then hub manager, then named midwife" in said
    assert "Incident recorded event-1 , police, 1 March 2026 at midday" in said


def test_times_are_local(console: Console) -> None:
    """In summer a person in London reads an hour later than the log."""
    console.hear(an_alert(1, raised_at=NOON.replace(month=7)))
    console.sign_in()

    assert "Raised 2 July 2026 at 1pm" in words(console.get("/alert", id=ALERT).text)


def test_it_shows_everything_that_was_done_and_told(console: Console) -> None:
    """Each action with its words, refused ones with why, and each telling with what came of it."""
    note = console.hear_action("AlertNoted", alert=ALERT, note="NOTE-77", by="op-4")
    close = console.hear_action(
        "AlertClosed", alert=ALERT, outcome="acted", rationale="The hub was rung.", by="op-4"
    )
    console.hear(
        an_alert(
            1,
            actions=[
                done(note, "AlertNoted"),
                done(close, "AlertClosed", refused="same-person"),
            ],
            told=[
                {"role": "hub_manager", "by": "email", "at": NOON, "step": 1, "outcome": "failed"},
                {"role": "named_midwife", "by": "teams", "at": NOON, "step": 1, "outcome": "told"},
            ],
            next_step="chased",
            next_step_at=NOON + HOUR,
        )
    )
    console.sign_in()

    said = words(console.get("/alert", id=ALERT).text)

    assert "Noted: NOTE-77 by op-4" in said
    assert "The hub was rung." in said
    assert "Two different persons must close this alert" in said
    assert "Hub manager 2 March 2026 at midday email could not be told" in said
    assert "What comes next If nobody takes it up by 2 March 2026 at 1pm, " in said


@pytest.mark.parametrize(
    ("more", "kinds"),
    [
        # Two who want different things: neither has closed it.
        ({"closing_by": "op-1"}, ["Asked to close: acted", "Asked to close: duplicate"]),
        # What they asked for came to nothing, as it was answered.
        ({"status": "answered"}, ["Asked to close: acted", "Asked to close: duplicate"]),
        ({"status": "closed", "closed_by": "op-1"}, ["Asked to close: acted", "Closed: duplicate"]),
    ],
    ids=["open", "answered", "closed"],
)
def test_who_only_asked_to_close_it_has_not_closed_it(
    console: Console, more: dict[str, Any], kinds: list[str]
) -> None:
    """Whoever asked first, too, once somebody else has asked for something else."""
    asked = [
        console.hear_action("AlertClosed", alert=ALERT, outcome=outcome, rationale="Why.", by=by)
        for by, outcome in (("op-2", "acted"), ("op-1", "duplicate"))
    ]
    console.hear(an_alert(1, actions=[done(each, "AlertClosed") for each in asked], **more))
    console.sign_in()
    said = words(console.get("/alert", id=ALERT).text)

    for each, by in zip(kinds, ("op-2", "op-1"), strict=True):
        assert f"{each} by {by}" in said


def test_it_is_closed_by_the_second_who_agrees(console: Console) -> None:
    """Also when it was opened again since, or became worse; and by a record that names both."""
    first, second, alone, both = (
        console.hear_action("AlertClosed", alert=ALERT, outcome="acted", rationale="Why.", **who)
        for who in (
            {"by": "op-1"},
            {"by": "op-2"},
            {"by": "op-3"},
            {"by": "op-4", "second_by": "op-5"},
        )
    )
    again = console.hear_action("AlertReopened", alert=ALERT, by="op-6")
    actions = [
        done(first, "AlertClosed"),
        done(second, "AlertClosed"),
        done(again, "AlertReopened"),
    ]
    actions += [done(alone, "AlertClosed"), done(both, "AlertClosed")]
    worse = {"number": 2, "kind": "worse", "roles": ["hub_manager"], "at": NOON + HOUR}
    actions[-1]["occurred_at"] = NOON + 2 * HOUR
    console.hear(an_alert(1, actions=actions, steps=[worse]))
    console.sign_in()
    said = words(console.get("/alert", id=ALERT).text)

    for words_of in ("Asked to close: acted by op-1", "Closed: acted by op-2"):
        assert words_of in said
    for words_of in ("Asked to close: acted by op-3", "Closed: acted by op-4"):
        assert words_of in said


def test_words_under_an_id_that_two_have_are_each_ones_own(console: Console) -> None:
    """Two agencies may number their records alike."""
    mine, theirs = (
        console.hear_action(
            "AlertClosed", alert=ALERT, outcome="acted", event_id="1", by=by, rationale=why
        )
        for by, why in (("op-1", "Mine."), ("op-2", "Theirs."))
    )
    console.hear(an_alert(1, actions=[done(each, "AlertClosed") for each in (mine, theirs)]))
    console.sign_in()
    said = words(console.get("/alert", id=ALERT).text)

    assert said.index("op-1") < said.index("Mine.") < said.index("Theirs.")


def test_a_form_that_shows_an_alert_is_a_look_at_it(console: Console) -> None:
    """Whom it is about, and what somebody wrote who wants it closed, stand there too."""
    console.hear(an_alert(1))
    console.sign_in()
    console.get("/alert/close", id=ALERT)

    assert [(ALERT, None)] == console.noted.of("viewed")


def done(action: dict[str, Any], event: str, refused: str | None = None) -> dict[str, Any]:
    """Return an action as an alert shows it."""
    return {
        "event_id": action["event_id"],
        "event": event,
        "by": action["by"],
        "occurred_at": action["occurred_at"],
        "refused": refused,
    }


def test_the_timeline_is_drawn_and_told(console: Console) -> None:
    """The drawing has a title and says what it is; the table beside it holds each of its moments, in order."""
    console.hear(an_alert(1))
    console.sign_in()

    text = console.get("/alert", id=ALERT).text
    drawn = re.findall(r'class="baton-timeline__when">([^<]+)<', text)
    told = re.findall(r'data-label="When">([^<]+)<', text)

    assert "3 moments from 1 March 2026 at midday to 2 March 2026 at 11am" in text
    assert drawn == told[: len(drawn)] == ["1 March 2026 at midday", *["2 March 2026 at 11am"] * 2]


def test_of_one_moment_the_cause_comes_first(console: Console) -> None:
    """It was due, so it was raised; it was opened again, so somebody is asked."""
    again = console.hear_action("AlertReopened", alert=ALERT)
    step = {"number": 1, "kind": "reopened", "roles": ["hub_manager"], "at": NOON}
    same = {"due_at": NOON, "raised_at": NOON, "steps": [step]}
    console.hear(an_alert(1, actions=[done(again, "AlertReopened")], **same))
    console.sign_in()

    told = re.findall(r'data-label="What">([^<]+)<', console.get("/alert", id=ALERT).text)

    assert ["Due", "This alert was raised", "Opened again", "To be told"] == [
        re.split(r"[:,]", each)[0] for each in told[1:]
    ]


def test_a_key_is_shown_as_it_is(console: Console) -> None:
    """Whoever has or took an alert, and whom it is about, are found by exactly that; a role is in words."""
    console.hear(
        an_alert(
            1,
            about={"kind": "person", "key": "P-Xy"},
            owner="team_x-Y",
            status="acknowledged",
            acknowledged_by="op-2",
            acknowledged_until=NOON + HOUR,
        ),
        an_alert(2, owner="hub_manager"),
    )
    console.sign_in()

    one, other = words(console.get("/alert", id=ALERT).text), words(console.get("/").text)

    assert "Assigned to team_x-Y" in one
    assert "Acknowledged by op-2, until" in one
    for page in (one, other):
        assert "Person P-Xy" in page
    assert "team_x-Y" in other
    assert "hub manager" in other
    assert "by op-2 until 2 March 2026 at 1pm" in other


def test_an_alert_of_baton_itself_rests_on_no_record(console: Console) -> None:
    """It says so, and shows no empty list."""
    own = {"rule": "pipeline-blind", "trigger": [], "evidence": []}
    console.hear(an_alert(1, **own))
    console.sign_in()

    page = words(console.get("/alert", id=ALERT).text)

    assert "The records it rests on It rests on no record of an agency: baton says this" in page


def test_a_long_timeline_is_drawn_in_part_and_told_in_full(console: Console) -> None:
    """The newest moments are drawn, and it says that they are not all."""
    events = [
        {
            "event_id": f"e-{n}",
            "event": "ContactMade",
            "agency": "gp",
            "occurred_at": NOON - n * HOUR,
        }
        for n in range(60)
    ]
    console.hear(an_alert(1, evidence=events))
    console.sign_in()

    text = console.get("/alert", id=ALERT).text

    assert "The newest 40 of 63 moments are drawn" in text
    assert len(re.findall(r'data-label="When">', text)) == 63


def test_another_agencys_alert_looks_like_none(console: Console) -> None:
    """By its id it is not found, like one that is not there; that it was tried is noted, with why."""
    console.hear(a_block(1), an_alert(2, authority="elsewhere"))
    console.sign_in(an_operator("op-1", "named_midwife"))

    tried = [
        console.get("/alert", id=alert_id)
        for alert_id in ("block-transfer/block-1", an_alert(2)["alert_id"], "no-such/alert")
    ]
    pages = [
        console.get(path, id="block-transfer/block-1").status_code
        for path in ("/block", "/block.csv", "/alert/close", "/alert/acknowledge")
    ]

    assert [each.status_code for each in tried] == [404] * 3
    assert len({each.text.replace(each.request.url.query.decode(), "") for each in tried}) == 1
    assert pages == [404] * 4
    refused = console.noted.of("refused")
    assert ("block-transfer/block-1", "not-yours") in refused
    assert len(refused) == 6


def test_the_address_in_a_message_leads_to_its_alert(console: Console) -> None:
    """By way of the sign-in, for whoever may see the alert."""
    console.hear(an_alert(1), an_alert(2))
    text = one(an_alert(1), "raised", "http://127.0.0.1").text
    path = re.findall(r"http://127.0.0.1(/alerts/\S+)", text)[0]

    stranger = console.get(path)
    console.sign_in()
    led = console.get(path)
    page = console.get(led.headers["location"])

    assert stranger.headers["location"] == f"/sign-in?next={quote(path, safe='')}"
    assert led.status_code == 303
    assert page.status_code == 200
    assert console.noted.of("viewed") == [(ALERT, None)]


def test_the_address_in_a_message_gives_nothing_away(console: Console) -> None:
    """For an alert of other agencies the answer is that of one that is not there, and that it was tried is noted."""
    console.hear(an_alert(1))
    console.sign_in(an_operator("op-1", "housing_lead"))
    paths = [f"/alerts/{each}" for each in (reference(ALERT), "0123456789ab", "%2e", "a b")]

    tried = [console.get(path) for path in paths]

    assert [each.status_code for each in tried] == [404] * 4
    assert all("inc-1" not in f"{each.text}{each.headers}" for each in tried)
    assert console.noted.of("refused") == [(ALERT, "not-yours")]


def test_seeing_is_noted_before_it_is_shown(console: Console) -> None:
    """Each view of an alert is a record; where that cannot be written nothing is shown."""
    from kafka.errors import KafkaTimeoutError

    console.hear(an_alert(1))
    console.sign_in()
    console.get("/alert", id=ALERT)

    def cannot(*_: object, **__: object) -> None:
        raise KafkaTimeoutError

    assert console.noted.of("viewed") == [(ALERT, None)]
    console.noted.note = cannot  # type: ignore[method-assign]  # as when Kafka is away
    page = console.get("/alert", id=ALERT)

    assert page.status_code == 503
    assert "inc-1" not in page.text


def test_other_alerts_about_the_same_are_listed(console: Console) -> None:
    """Only those that the reader may see."""
    console.hear(
        an_alert(1),
        an_alert(1, alert_id="other/p-1", rule="pregnancy-learned-late"),
        an_alert(1, alert_id="not-theirs/p-1", responsible={"agency": "gp", "role": "x"}, tell=[]),
    )
    console.sign_in()

    text = console.get("/alert", id=ALERT).text

    assert "Pregnancy learned late" in text
    assert "not-theirs" not in text


EVIL = "<script>alert(1)</script>\"'&x"


def evil(value: Any) -> Any:
    """Put a script into every text of a record that may be any."""
    if isinstance(value, dict):
        fixed = {"status", "kind", "agency", "rule", "role", "tell", "authority", "event_id", "id"}
        return {name: each if name in fixed else evil(each) for name, each in value.items()}
    if isinstance(value, list):
        return [evil(each) for each in value]
    return EVIL if isinstance(value, str) else value


@pytest.mark.parametrize("path", [path for path in PAGES.values() if "id=" not in path])
def test_no_field_is_a_script(path: str, console: Console) -> None:
    """Whatever is in a record, a page shows it as text."""
    hear_evil(console)
    console.sign_in(everyone())

    page = console.get(path)

    assert "<script>alert" not in page.text
    assert "alert(1)" not in "".join(re.findall(r"<[a-z][^>]*\son\w+=[^>]*>", page.text))


@pytest.mark.parametrize(
    "path",
    [
        "/alert",
        "/block",
        *(f"/alert/{name}" for name in ("acknowledge", "assign", "close", "silence")),
    ],
)
def test_no_field_of_an_alert_is_a_script(path: str, console: Console) -> None:
    """The same for the pages of one alert."""
    alert_id = hear_evil(console)
    console.sign_in(everyone())

    page = console.get(path, id=alert_id)

    assert page.status_code == 200
    assert "<script>alert" not in page.text
    assert "&lt;script&gt;" in page.text


def everyone() -> Any:
    """Return somebody who may see every page."""
    return an_operator("op-1", "head_of_service", "hub_manager", board=True)


def hear_evil(console: Console) -> str:
    """Let alerts and a silence come from the log that try to be scripts; return an alert's id."""
    close = console.hear_action(
        "AlertClosed", alert="x", outcome="acted", rationale=EVIL, by=EVIL, event_id="e-1"
    )
    silence = console.hear_action(
        "AlertsSilenced", matcher=f"about={EVIL}", until=NOON + HOUR, why=EVIL, by=EVIL
    )
    block = a_block(1, case_1=[EVIL]) | {
        "owner": EVIL,
        "closing_by": EVIL,
        "acknowledged_by": EVIL,
        "acknowledged_until": NOON,
        "silence": silence["event_id"],
        "silenced_until": NOON + HOUR,
        "next_step": EVIL,
        "outcome": EVIL,
        "raised_by": [EVIL],
        "steps": [{"number": 1, "kind": EVIL, "roles": ["hub_manager"], "at": NOON}],
        "told": [{"role": EVIL, "by": EVIL, "at": NOON, "step": 1, "outcome": EVIL}],
        "actions": [done(close, "AlertClosed", refused=EVIL)],
    }
    console.hear(
        evil(block) | {"alert_id": f"block-transfer/{EVIL}", "rule": "block-transfer"},
        evil(an_alert(1)) | {"alert_id": f"x/{EVIL}", "rule": EVIL},
    )
    return f"block-transfer/{EVIL}"
