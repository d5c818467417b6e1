"""What an operator does to an alert from a terminal."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from baton.cli.acts import NOT_SHOWN, OUTCOMES, act_on, answered, refusal_in, until_of
from baton.cli.exits import CommandError
from baton.contract import codec
from baton.contract.errors import InvalidField
from baton.reading import Message

MakeAlert = Callable[..., dict[str, Any]]
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def done(event_id: str, refused: str | None = None) -> dict[str, Any]:
    """Make an action as an alert shows it."""
    return {
        "event_id": event_id,
        "event": "AlertAcknowledged",
        "by": "operator-1",
        "occurred_at": NOON,
        "refused": refused,
    }


def messages(*alerts: dict[str, Any]) -> list[Message]:
    """Make messages of the topic of alerts."""
    return [
        Message(0, number, 0, b"", codec.encode("Alert", alert))
        for number, alert in enumerate(alerts)
    ]


def test_outcomes_are_those_of_the_contract() -> None:
    """A word that the contract adds is offered here too."""
    field = next(f for f in codec.schema("AlertClosed")["fields"] if f["name"] == "outcome")

    assert tuple(field["type"]["symbols"]) == OUTCOMES


def test_an_action_is_a_whole_event(alert: MakeAlert) -> None:
    """Of the alert's area and agency; each has an id of its own."""
    told = act_on(alert(), "AlertAcknowledged", "operator-1", until=NOON)
    again = act_on(alert(), "AlertAcknowledged", "operator-1", until=NOON)

    assert codec.complete(told.record, told.fields)["alert"] == "unreferred-incident/inc-1/p-1"
    assert told.event_id != again.event_id


@pytest.mark.parametrize(
    ("record", "status"),
    [
        ("AlertAcknowledged", "answered"),
        ("AlertAssigned", "withdrawn"),
        ("AlertClosed", "closed"),
        ("AlertReopened", "raised"),
    ],
)
def test_what_can_have_no_effect_is_refused_at_once(
    alert: MakeAlert, record: str, status: str
) -> None:
    """Before it is told, with how the alert stands."""
    with pytest.raises(CommandError, match=f"is {status}"):
        act_on(alert(status=status), record, "operator-1")


def test_why_an_action_can_have_no_effect_fits_the_action(alert: MakeAlert) -> None:
    """What is open cannot be opened again, and it is far from true that nothing is left to do to it."""
    with pytest.raises(CommandError, match="is raised: only a closed alert can be opened again"):
        act_on(alert(), "AlertReopened", "operator-1")
    with pytest.raises(CommandError, match="is closed: there is nothing left to do to it"):
        act_on(alert(status="closed"), "AlertAssigned", "operator-1")


def test_who_acts_is_a_key(alert: MakeAlert) -> None:
    """An e-mail address would stand in the alert, and for ever in the audit: it is refused before it is told."""
    with pytest.raises(InvalidField, match="by: is an e-mail address"):
        act_on(alert(), "AlertNoted", "someone@agency.example")
    with pytest.raises(InvalidField, match="second_by"):
        act_on(alert(), "AlertClosed", "operator-1", second_by="someone@agency.example")


def test_the_answer_is_the_alert_that_shows_the_action(alert: MakeAlert) -> None:
    """Not an earlier record of it, not another alert, and not another action on it."""
    batches = [
        messages(alert(), alert(alert_id="other", actions=[done("action-1")])),
        messages(alert(actions=[done("action-0")])),
        messages(alert(actions=[done("action-0"), done("action-1", "finished")])),
    ]
    found = answered(batches, "unreferred-incident/inc-1/p-1", "action-1")

    assert found is not None
    assert "finished" == refusal_in(found, "action-1")
    assert refusal_in(found, "action-0") is None
    assert NOT_SHOWN == refusal_in(found, "action-2")


def test_no_answer_is_no_answer(alert: MakeAlert) -> None:
    """After so many seconds; the action is not repeated."""
    seconds = iter(range(0, 100, 10))
    batches = (messages(alert()) for _ in range(100))

    assert answered(batches, "a", "action-1", 30, lambda: next(seconds)) is None


def test_until_lies_ahead() -> None:
    """A span from now, or a local time; never the past."""
    assert NOON + timedelta(hours=4) == until_of("4h", NOON)
    assert datetime(2026, 3, 2, 17, tzinfo=UTC) == until_of("2026-03-02T17:00", NOON)
    for past in ("2026-03-01", "0h"):
        with pytest.raises(CommandError, match="past already"):
            until_of(past, NOON)
    with pytest.raises(CommandError, match="--until tomorrow"):
        until_of("tomorrow", NOON)
