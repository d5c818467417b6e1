"""What people do to the watchdog's own alert: the judge does not know it, and stands still while it lasts.

So the watchdog reads what was done to it on `alert-actions` itself, and lets the engine's own rules say what becomes
of it: taken up until that lapses, assigned, noted, closed by two, chased. All of it is worked out afresh each time from
the alert as it was raised and from what was done since: a restart, or another watchdog, comes to the same.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from baton.contract import codec
from baton.contract.pointers import check_pointers
from baton.contract.topics import ALERT_ACTIONS, prefixed
from baton.engine.alert_record import alert_of, fields_of
from baton.engine.life import Lives
from baton.engine.translate import to_action
from baton.reading import Reader, message_time
from baton.rules.facts import AlertsSilenced, SilenceEnded

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from baton.engine.engine import Order
    from baton.reading import Message
    from baton.rules.facts import Action
    from baton.rules.policy import Policy

Deed = tuple["Action", "Order"]

UNLIVED: Final[Mapping[str, Any]] = {
    "status": "raised",
    "owner": None,
    "acknowledged_by": None,
    "acknowledged_until": None,
    "closing_by": None,
    "closed_by": None,
    "second_by": None,
    "outcome": None,
    "silence": None,
    "silenced_until": None,
    "next_step": None,
    "next_step_at": None,
    "steps": [],
    "told": [],
    "actions": [],
}
"""The fields of an alert to which nothing was done and of which nobody was told."""


def lived(
    raised: Mapping[str, Any], deeds: Iterable[Deed], now: datetime, policy: Policy
) -> dict[str, Any]:
    """Return an alert of ours as it stands at `now`, given how it was raised and what was done since.

    What was done is by the broker's time; `now` and when it was raised are by this host's where no tick had come yet.
    Whoever does something to an alert has seen it, so nothing is done before it was raised; and what was done is done
    by now.
    """
    begun = alert_of({**raised, **UNLIVED, "as_of": raised["raised_at"]})
    lives = Lives(policy)
    to = max(now, begun.raised_at)
    in_order = sorted(deeds, key=lambda deed: (deed[0].received_at, deed[1]))
    for place, (action, _) in enumerate(in_order):
        at = max(action.received_at, begun.raised_at)
        # Several may now come at one moment: then their place says which was first.
        lives.hear(replace(action, received_at=at), (ALERT_ACTIONS.name, 0, place))
        to = max(to, at)
    lives.advance(to, [begun])
    alert = lives.alert(begun.alert_id)
    assert alert is not None  # noqa: S101 - it was just raised
    return codec.complete("Alert", fields_of(alert) | {"as_of": to})


class Deeds:
    """What was done on `alert-actions` since a moment, read on as it comes."""

    def __init__(self, brokers: str, prefix: str, since: datetime) -> None:
        """Connect. Raises KafkaError and TopicMissingError."""
        self.since = since
        self._found: list[Deed] = []
        self._reader = Reader(brokers, prefixed(prefix, ALERT_ACTIONS.name))
        self._reader.skip_to(since)

    def close(self) -> None:
        """Close the connection."""
        self._reader.close()

    def of(self, alert_id: str, since: datetime) -> list[Deed]:
        """Return what was done to an alert since a moment of the broker's, and the silences begun or ended since then.

        Of a silence from before that moment nothing is known here. Raises KafkaError.
        """
        for batch in self._reader.to_end():
            self._found += filter(None, map(_deed, batch))
        return [
            each
            for each in self._found
            if each[0].received_at >= since and _concerns(each[0], alert_id)
        ]


def _deed(message: Message) -> Deed | None:
    """Return what was done; None for a look at an alert, for what cannot be read, and for an id that is none.

    Intake rejects more: what lies in the future. That counts here, while the alert lasts, and is not in the audit.
    """
    try:
        name, fields = codec.decode(message.value)
        check_pointers(fields)
    except codec.InvalidEvent:
        return None
    action = to_action(name, fields, message_time(message))
    order = (ALERT_ACTIONS.name, message.partition, message.offset)
    return None if action is None else (action, order)


def _concerns(action: Action, alert_id: str) -> bool:
    if isinstance(action, AlertsSilenced | SilenceEnded):
        return True
    return getattr(action, "alert", None) == alert_id
