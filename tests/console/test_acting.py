"""What people do: forms, what they write, and what comes of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baton.console import acting, pages
from baton.console.teller import NotToldError
from baton.contract import codec
from tests.console.conftest import HOUR, NOON, Console, an_alert, an_operator
from tests.console.test_alert import words

ALERT = an_alert(1)["alert_id"]


@pytest.fixture
def engine(console: Console) -> Console:
    """Give a console with one alert, behind which something answers: it shows every action as done."""
    console.hear(an_alert(1))
    console.sign_in()
    shown: list[dict[str, Any]] = []

    def answer(record: str, fields: Mapping[str, Any]) -> None:
        whole = codec.complete(record, fields)
        console.hear_action(record, **whole)
        shown.append({"event": record, "refused": None} | _done(whole))
        console.hear(an_alert(1, actions=shown))

    console.told.engine = answer
    return console


def _done(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: fields[name] for name in ("event_id", "by", "occurred_at")}


@pytest.mark.parametrize(
    ("action", "form", "record", "said"),
    [
        ("acknowledge", {"until": "4h"}, "AlertAcknowledged", {"until": NOON + 4 * HOUR}),
        ("acknowledge", {"until": "policy"}, "AlertAcknowledged", {"until": None}),
        ("assign", {"to": "me"}, "AlertAssigned", {"to": "op-1"}),
        ("assign", {"to": "hub_manager"}, "AlertAssigned", {"to": "hub_manager"}),
        ("assign", {"to": "other", "to-key": "team-9"}, "AlertAssigned", {"to": "team-9"}),
        ("note", {"note": "NOTE-1"}, "AlertNoted", {"note": "NOTE-1"}),
        (
            "close",
            {"outcome": "acted", "rationale": " The hub\r\nwas rung. "},
            "AlertClosed",
            {"outcome": "acted", "rationale": "The hub\nwas rung."},
        ),
        (
            "silence",
            {"matcher": "about", "until": "1h", "why": "Known."},
            "AlertsSilenced",
            {
                "matcher": "rule=unreferred-incident,about=p-1",
                "until": NOON + HOUR,
                "why": "Known.",
            },
        ),
    ],
)
def test_a_form_tells_what_it_says(
    action: str, form: dict[str, str], record: str, said: dict[str, Any], engine: Console
) -> None:
    """Each form becomes one record, by the operator's key and of their agency, and then says what came of it."""
    answer = engine.act(action, ALERT, **form)
    after = engine.browser.get(answer.headers["location"])

    ((told, fields),) = engine.told.actions
    assert answer.status_code == 303
    assert told == record
    everyone = {"by": "op-1", "agency": "police", "authority": "local", "occurred_at": NOON}
    assert fields.items() >= (said | everyone).items()
    assert codec.complete(told, fields)
    assert "Done" in words(after.text)


def test_a_closed_alert_can_be_opened_again(engine: Console) -> None:
    """Of what is over nothing but a note and, when it was closed, opening it again is offered."""
    engine.hear(an_alert(1, status="closed", closed_by="op-4", outcome="acted"))
    page = engine.get("/alert", id=ALERT)

    engine.act("reopen", ALERT)

    assert set(re.findall(r'href="/alert/(\w+)\?', page.text)) == {"reopen", "note"}
    assert [record for record, _ in engine.told.actions] == ["AlertReopened"]


@pytest.mark.parametrize("to", ["op-of-housing", "op-elsewhere", "housing_lead"])
def test_an_alert_is_not_assigned_to_somebody_who_may_not_see_it(to: str, engine: Console) -> None:
    """An operator of another agency or area, or a role of another agency: it says so, and nothing is told."""
    answer = engine.act("assign", ALERT, to="other", **{"to-key": to})

    assert answer.status_code == 422
    assert f"{to} may not see this alert: it is not for their agency and area" in words(answer.text)
    assert engine.told.actions == []


@pytest.mark.parametrize(
    ("to", "warned"),
    [("op-of-hub", False), ("hub_manager", False), ("op-1", False), ("op-unheard-of", True)],
)
def test_that_a_key_is_not_known_is_said(to: str, warned: bool, engine: Console) -> None:  # noqa: FBT001 (what is expected)
    """A team, and whoever signs in by their own organisation, is known to nobody here: it is told, and warned of."""
    answer = engine.act("assign", ALERT, to="other", **{"to-key": to})
    after = words(engine.browser.get(answer.headers["location"]).text)

    assert [to] == [fields["to"] for _, fields in engine.told.actions]
    assert warned is (f"baton does not know the key {to}: make sure" in after)


@pytest.mark.parametrize(
    ("action", "form", "sentence"),
    [
        ("acknowledge", {}, "Say until when"),
        ("acknowledge", {"until": "nonsense"}, "Say until when"),
        ("acknowledge", {"until": "other"}, "Give a day and a time"),
        ("assign", {}, "Say to whom"),
        ("assign", {"to": "housing_lead"}, "Say to whom"),
        ("assign", {"to": "other", "to-key": "Jo Bloggs"}, "Give an id or a reference"),
        ("assign", {"to": "other"}, "Give the key of a team"),
        ("note", {"note": "She said that"}, "Give an id or a reference"),
        ("assign", {"to": "other", "to-key": "jo@agency.example"}, "Give an id or a reference"),
        ("note", {}, "Give the reference"),
        ("close", {"rationale": "x"}, "Say what became of it"),
        ("close", {"outcome": "nonsense", "rationale": "x"}, "Say what became of it"),
        ("close", {"outcome": "acted"}, "Say why"),
        ("close", {"outcome": "acted", "rationale": "x" * 501}, "Use 500 characters at most"),
        ("silence", {"until": "1h", "why": "x"}, "Say which alerts"),
        ("silence", {"matcher": "alert", "until": "policy", "why": "x"}, "Say until when"),
        ("silence", {"matcher": "alert", "until": "1h"}, "Say why"),
    ],
)
def test_a_mistake_is_said_beside_its_field(
    action: str, form: dict[str, str], sentence: str, engine: Console
) -> None:
    """The summary leads to the field, what was typed is kept, the title says so, and nothing is told."""
    answer = engine.act(action, ALERT, **form)

    assert answer.status_code == 422
    assert engine.told.actions == []
    assert "<title>Error: " in answer.text
    target = re.search(rf'<a href="#([\w-]+)">{sentence}', answer.text)
    assert target
    assert f'id="{target[1]}"' in answer.text
    assert all(value in answer.text for name, value in form.items() if name in {"note", "to-key"})


@pytest.mark.parametrize(
    ("typed", "moment"),
    [
        (("27", "3", "2026", "9am"), "2026-03-27T09:00+00:00"),
        (("30", "3", "2026", "9am"), "2026-03-30T08:00+00:00"),
        (("2", "3", "2026", "17:30"), "2026-03-02T17:30+00:00"),
        (("3", "3", "2026", "12am"), "2026-03-03T00:00+00:00"),
        (("3", "3", "2026", "12.15pm"), "2026-03-03T12:15+00:00"),
        (("2", "3", "2026", "9am"), None),  # it has passed
        (("31", "2", "2026", "9am"), None),
        (("1", "1", "99999", "9am"), None),
        (("3", "3", "2026", "25:00"), None),
        (("3", "3", "2026", "13pm"), None),
        (("3", "3", "2026", ""), None),
        (("three", "3", "2026", "9am"), None),
        (("²", "3", "2026", "9am"), None),
    ],
)
def test_a_time_is_read_as_people_write_it(
    typed: tuple[str, str, str, str], moment: str | None
) -> None:
    """A day and a time, in London; one that is none or has passed is a mistake."""
    parts = zip(("day", "month", "year", "time"), typed, strict=True)
    form = acting.Form({"until": "other"} | {f"until-{part}": text for part, text in parts})

    until = form.until(NOON, or_policy=False)

    if moment is None:
        assert form.mistakes
    else:
        assert (until, form.mistakes) == (datetime.fromisoformat(moment), {})


@given(
    st.dictionaries(
        st.sampled_from(["until", "to", "outcome", "matcher", "why", "event_id"]), st.text()
    )
)
def test_no_form_breaks_it(given_form: dict[str, str]) -> None:
    """Whatever is sent, it is either a record that the contract takes, or a mistake that is said."""
    for action in acting.HEADINGS:
        form = acting.Form(given_form)
        asked = acting.read(action, form, an_alert(1), an_operator(), NOON)
        assert (asked is None) == bool(form.mistakes)
        assert asked is None or acting.is_whole(asked)


def test_a_form_that_is_sent_twice_tells_one_event(engine: Console) -> None:
    """Both tell the id that the form was made with, and the same id told twice is one event."""
    page = engine.get("/alert/note", id=ALERT).text
    event_id = re.search(r'name="event_id" value="([^"]+)"', page)
    assert event_id
    form = {"event_id": event_id[1], "note": "NOTE-1"}

    engine.post("/alert/note", form, id=ALERT)
    engine.post("/alert/note", form, id=ALERT)

    assert {fields["event_id"] for _, fields in engine.told.actions} == {event_id[1]}


def test_an_event_id_that_no_form_has_is_refused(engine: Console) -> None:
    """Nobody can have an action take the id of another event."""
    answer = engine.post("/alert/note", {"event_id": "event-1", "note": "NOTE-1"}, id=ALERT)

    assert answer.status_code == 422
    assert engine.told.actions == []


def test_a_refusal_is_a_sentence(engine: Console) -> None:
    """What the engine refuses is said in its words, and stays on the page."""

    def refuse(record: str, fields: Mapping[str, Any]) -> None:
        done = {"event": record, "refused": "finished"} | _done(fields)
        engine.hear(an_alert(1, status="answered", answered_at=NOON, actions=[done]))

    engine.told.engine = refuse
    answer = engine.act("acknowledge", ALERT, until="1h")
    said = words(engine.browser.get(answer.headers["location"]).text)

    assert "Refused" in said
    assert "there is nothing left to do to it" in said


def test_an_answer_that_does_not_come_is_not_made_up(
    engine: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the engine has not said what came of it, the page says that, and where to look again."""
    monkeypatch.setattr(pages, "ANSWERED_WITHIN", 0.01)
    engine.told.engine = None

    answer = engine.act("acknowledge", ALERT, until="1h")
    said = words(engine.browser.get(answer.headers["location"]).text)

    assert "baton has not said yet what came of it" in said


def test_what_could_not_be_told_can_be_sent_again(engine: Console) -> None:
    """Where Kafka does not confirm it, the form comes back filled in, under the same id."""

    def cannot(record: str, fields: Mapping[str, Any]) -> None:
        raise NotToldError(record, fields)

    engine.told.engine = cannot
    answer = engine.act("note", ALERT, note="NOTE-1")

    assert answer.status_code == 503
    assert 'value="NOTE-1"' in answer.text
    assert engine.told.actions[0][1]["event_id"] in answer.text


def test_a_critical_alert_is_closed_by_two(engine: Console) -> None:
    """The first asks; the second sees what the first said, and agrees under a key of their own."""
    first = engine.get("/alert/close", id=ALERT).text
    engine.act("close", ALERT, outcome="acted", rationale="The hub was rung.")
    done = engine.told.actions[0][1]
    asked = an_alert(
        1, closing_by="op-1", actions=[{"event": "AlertClosed", "refused": None} | _done(done)]
    )
    engine.hear(asked)
    again = words(engine.get("/alert/close", id=ALERT).text)
    engine.sign_in(an_operator("op-2", "hub_manager"))
    second = engine.get("/alert/close", id=ALERT).text
    listed = engine.get("/", status="second-person").text
    engine.act("close", ALERT, outcome="acted", rationale="I agree.")

    assert "a second person must agree" in words(first)
    assert "Ask to close" in first
    assert "Another person must agree" in again
    assert "op-1 asked to close this alert: something was done because of it" in words(second)
    assert "The hub was rung." in second
    assert "Agree and close" in second
    assert "a second person must agree to close" in listed
    assert [fields["by"] for _, fields in engine.told.actions] == ["op-1", "op-2"]
    assert engine.told.actions[1][1]["agency"] == "childrens_social_care"


def test_who_may_see_and_not_act_is_told_why(console: Console) -> None:
    """No buttons, a sentence, and the form itself refused; that it was tried is noted."""
    console.hear(an_alert(1))
    console.sign_in(an_operator("op-3", "receiving_team_manager"))

    page = console.get("/alert", id=ALERT)
    form = console.get("/alert/close", id=ALERT)

    assert page.status_code == 200
    assert 'href="/alert/close' not in page.text
    assert "You can read this alert and not act on it" in page.text
    assert form.status_code == 403
    assert console.noted.of("refused") == [(ALERT, "not-your-role")]


def test_a_form_without_the_sessions_token_is_refused(engine: Console) -> None:
    """A page elsewhere cannot have somebody's browser act for it."""
    form = {"event_id": acting.new_event_id(), "note": "NOTE-1"}

    answers = [
        engine.browser.post(f"/alert/note?id={ALERT}", data=form | {"csrf": token})
        for token in ("", "forged")
    ]

    assert [each.status_code for each in answers] == [403, 403]
    assert engine.told.actions == []


def test_what_cannot_be_done_is_not_found(engine: Console) -> None:
    """There is no form for anything else."""
    assert engine.get("/alert/delete", id=ALERT).status_code == 404


def test_the_longest_silence_is_a_form_away(engine: Console) -> None:
    """A silence until a day that was typed says that day."""
    typed = {
        "until": "other",
        "until-day": "3",
        "until-month": "3",
        "until-year": "2026",
        "until-time": "9am",
    }

    engine.act("silence", ALERT, matcher="alert", why="Known.", **typed)

    ((_, fields),) = engine.told.actions
    assert fields["until"] == NOON + timedelta(hours=21)
    assert fields["matcher"] == f"alert={ALERT}"


def test_a_silence_says_what_it_matches(engine: Console) -> None:
    """Beside each choice: how many open alerts, of those that the reader may see."""
    own = an_alert(
        2, alert_id="unreferred-incident/inc-2/p-1", about={"kind": "person", "key": "p-1"}
    )
    over = an_alert(3, status="answered", about=own["about"])
    engine.hear(own, over, an_alert(4, authority="elsewhere", about=own["about"]))

    said = words(engine.get("/alert/silence", id=ALERT).text)

    assert "This alert alone Matches 1 open alert that you may see now" in said
    assert "about the same Matches 2 open alerts that you may see now" in said


def test_a_silence_that_matches_nothing_is_answered(console: Console) -> None:
    """No alert will ever show it, so the page does not wait for one: it says so, or why it never held."""
    console.hear(an_alert(1))
    console.sign_in()
    said = {"matcher": f"alert={ALERT}", "until": NOON + HOUR, "why": "Known."}
    held = console.hear_action("AlertsSilenced", **said)
    past = console.hear_action("AlertsSilenced", **said | {"until": NOON - HOUR})
    waiting = console.get("/alert", id=ALERT, done=held["event_id"])
    console.hear(an_alert(1, status="answered"))

    matched, refused = (
        words(console.get("/alert", id=ALERT, done=each["event_id"]).text) for each in (held, past)
    )

    assert "baton has not said yet" in waiting.text
    assert "Silenced. It matches no open alert now" in matched
    assert "Refused The time at which it was to end had already passed." in refused
