"""What an inquiry is told of one alert."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from baton.audit import inquire

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
ALERT: dict[str, Any] = {
    "alert_id": "unreferred-incident/inc-1/woman-1",
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
