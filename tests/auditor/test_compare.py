"""What the comparison calls missed, false, doubled and mistimed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from baton.auditor import Expected, compare

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
WANTED = Expected(
    alert_id="unreferred-incident/inc-1/woman-1",
    rule="unreferred-incident",
    about_kind="person",
    about="woman-1",
    status="raised",
    reason="overdue",
    due_at=NOON,
    raised_at=NOON,
    answered_at=None,
)


def said(alert: Expected = WANTED, **other: Any) -> dict[str, Any]:
    """Return an alert as the contract decodes it from its topic."""
    return {
        "alert_id": alert.alert_id,
        "rule": alert.rule,
        "about": {"kind": alert.about_kind, "key": alert.about},
        "status": alert.status,
        "reason": alert.reason,
        "due_at": alert.due_at,
        "raised_at": alert.raised_at,
        "answered_at": alert.answered_at,
    } | other


def test_what_is_as_it_should_be_differs_in_nothing() -> None:
    """As on the topic, and as `baton replay --json` prints it."""
    printed = said(about="woman-1", about_kind="person", due_at="2026-03-02T12:00:00Z")

    assert compare([WANTED], [said()]).differences == ()
    assert compare([WANTED], [printed]).differences == ()


def test_what_people_did_to_an_alert_is_not_compared() -> None:
    """Taken up or closed, its question stands open; an answer outweighs what they did, and is compared."""
    for status in ("acknowledged", "closed"):
        assert compare([WANTED], [said(status=status)]).differences == ()

    answered = replace(WANTED, status="answered")
    assert compare([answered], [said(status="closed")]).counts["mistimed"] == 1


def test_an_alert_that_was_not_said_is_missed() -> None:
    """So is one that was withdrawn and should stand."""
    withdrawn = said(status="withdrawn", reason=None)

    assert compare([WANTED], []).counts["missed"] == 1
    assert compare([WANTED], [withdrawn]).counts["missed"] == 1


def test_an_alert_that_should_not_be_is_false() -> None:
    """So is one that stands and should have been withdrawn; one of a rule that is not audited is passed over."""
    withdrawn = replace(WANTED, status="withdrawn", reason=None)

    assert compare([], [said()]).counts["false"] == 1
    assert compare([withdrawn], [said()]).counts["false"] == 1
    assert compare([], [said(rule="assessment-overdue")]).differences == ()


def test_an_alert_said_twice_is_doubled() -> None:
    """Two alerts under one id."""
    assert compare([WANTED], [said(), said()]).counts == {
        "missed": 0,
        "false": 0,
        "doubled": 1,
        "mistimed": 0,
    }


def test_another_time_is_mistimed_and_said() -> None:
    """With what it is, and what it should be."""
    (found,) = compare([WANTED], [said(raised_at=NOON + timedelta(minutes=1))]).differences

    assert found.kind == "mistimed"
    assert str(found) == (
        "mistimed: unreferred-incident/inc-1/woman-1: raised_at 2026-03-02 12:01:00+00:00,"
        " should be 2026-03-02 12:00:00+00:00"
    )
