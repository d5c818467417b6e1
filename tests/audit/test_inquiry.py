"""What an inquiry is told of one alert."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from baton.audit import NOT_ON_IT, inquire
from baton.contract import codec

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
ALERT: dict[str, Any] = {
    "alert_id": "unreferred-incident/inc-1/woman-1",
    "rule": "unreferred-incident",
    "authority": "local",
    "status": "raised",
    "severity": 1,
    "about": {"kind": "person", "key": "woman-1"},
    "responsible": {"agency": "police", "team": None, "role": "supervisor"},
    "raised_at": NOON,
    "as_of": NOON + timedelta(days=1),
    "steps": [],
    "actions": [],
    "trigger": [{"event_id": "e-1"}],
    "evidence": [{"event_id": "e-1"}, {"event_id": "e-2"}],
}


def heard(event_id: str, received_at: datetime) -> tuple[dict[str, Any], str, dict[str, Any]]:
    """Make a fact as the topic has it, with a field that no inquiry is told."""
    fields = {
        "event_id": event_id,
        "agency": "police",
        "occurred_at": NOON,
        "recorded_at": None,
        "people": [{"person": "woman-1"}],
    }
    return {"received_at": received_at}, "IncidentRecorded", fields


def entry(alert: str | None, by: str, detail: str) -> dict[str, Any]:
    """Make an entry of the audit."""
    return {"alert": alert, "by": by, "detail": detail}


def silenced(
    silence_id: str, matcher: str, at: datetime, hours: int = 8, authority: str = "local"
) -> tuple[dict[str, Any], str, dict[str, Any]]:
    """Make the fact that a silence was asked for."""
    fields = {
        "event_id": silence_id,
        "occurred_at": at,
        "agency": "police",
        "authority": authority,
        "by": "operator-1",
        "matcher": matcher,
        "until": at + timedelta(hours=hours),
        "why": "planned",
    }
    return {"received_at": at}, "AlertsSilenced", codec.complete("AlertsSilenced", fields)


def ended(silence_id: str, at: datetime) -> tuple[dict[str, Any], str, dict[str, Any]]:
    """Make the fact that a silence was ended."""
    fields = {
        "event_id": f"end-of-{silence_id}",
        "occurred_at": at,
        "agency": "police",
        "by": "operator-2",
        "silence": silence_id,
    }
    return {"received_at": at}, "SilenceEnded", codec.complete("SilenceEnded", fields)


def deed(event_id: str, refused: str | None) -> tuple[dict[str, Any], dict[str, Any]]:
    """Make a close as the audit has it, and as the alert does."""
    of_both = {"event_id": event_id, "by": "operator-1"}
    audited = of_both | {"what": "AlertClosed", "alert": ALERT["alert_id"], "detail": "acted"}
    return audited, of_both | {"event": "AlertClosed", "refused": refused}


def test_what_was_known_when_is_in_the_order_of_being_told() -> None:
    """Only the events that the alert rests on, and of them only pointers and times."""
    found = inquire(
        ALERT, [heard("e-2", NOON + timedelta(days=2)), heard("e-9", NOON), heard("e-1", NOON)], []
    )

    assert ["e-1", "e-2"] == [each["event_id"] for each in found.evidence]
    assert all("people" not in each for each in found.evidence)


def test_who_saw_it_is_named_once_in_the_order_of_their_first_look() -> None:
    """Looks at other alerts, and what else was done, are no looks at this one."""
    this = ALERT["alert_id"]
    found = inquire(
        ALERT,
        [],
        [
            entry(this, "operator-2", "viewed"),
            entry("other", "operator-3", "viewed"),
            entry(this, "operator-1", "refused"),
            entry(this, "operator-1", "viewed"),
            entry(this, "operator-2", "viewed"),
            entry(this, "operator-4", "exported"),
        ],
    )

    assert ("operator-2", "operator-1", "operator-4") == found.seen_by
    assert 5 == len(found.entries)


def test_the_silences_that_were_for_it_are_told() -> None:
    """With who ended one; not those of other alerts or areas, that never held, or were over before it was raised."""
    matcher, soon = "rule=unreferred-incident", NOON + timedelta(hours=1)
    found = inquire(
        ALERT,
        [
            silenced("before", matcher, NOON - timedelta(days=1)),
            silenced("around", matcher, NOON - timedelta(hours=1)),
            silenced("other", "rule=block-transfer", soon),
            silenced("elsewhere", matcher, soon, authority="elsewhere"),
            silenced("past", matcher, soon, hours=0),
            silenced("during", f"alert={ALERT['alert_id']}", soon),
            ended("during", soon + timedelta(hours=2)),
        ],
        [],
    )

    assert [("around", None), ("during", "operator-2")] == [
        (each.stated["event_id"], each.ended_by) for each in found.silences
    ]


def test_a_silence_of_what_an_alert_no_longer_is_was_for_it() -> None:
    """It has become more serious since; the alert shows that it was silenced as it stood then."""
    silence = silenced("silence-1", "severity=2", NOON)
    shown = {"event": "AlertsSilenced", "event_id": "silence-1", "by": "operator-1"}

    assert () == inquire(ALERT, [silence], []).silences
    assert 1 == len(inquire(ALERT | {"actions": [shown]}, [silence], []).silences)


def test_a_silence_of_what_is_over_was_not_for_it() -> None:
    """Nobody was to be told any more."""
    late = silenced("silence-1", "rule=unreferred-incident", NOON + timedelta(days=2))

    assert () == inquire(ALERT | {"status": "closed"}, [late], []).silences
    assert 1 == len(inquire(ALERT, [late], []).silences)


def test_a_close_that_was_refused_is_told_as_refused() -> None:
    """The audit notes what was asked; what came of it is on the alert, or it is said that it is not."""
    (done, as_shown), (refused, as_refused) = deed("action-1", None), deed("action-2", "finished")
    gone, _ = deed("action-3", None)
    found = inquire(ALERT | {"actions": [as_shown, as_refused]}, [], [done, refused, gone])

    assert [None, "finished", NOT_ON_IT] == [found.refused(each) for each in found.entries]
