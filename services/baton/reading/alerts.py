"""Alerts as they are on their topic: the contract's fields, the newest for each id."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from baton.contract import codec

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from baton.reading.reader import Message


class UnreadableAlertError(RuntimeError):
    """A message on the topic of alerts is none; this program may be older than what wrote it."""


def alerts_of(batch: Iterable[Message]) -> Iterator[dict[str, Any]]:
    """Give the fields of each alert; a removed one is passed over. Raises UnreadableAlertError."""
    for message in batch:
        if message.value is None:
            continue
        try:
            name, fields = codec.decode(message.value)
        except codec.InvalidEvent as error:
            text = f"the message at offset {message.offset} of the alerts cannot be read: {error}"
            raise UnreadableAlertError(text) from error
        if name != "Alert":
            text = f"the message at offset {message.offset} of the alerts is a {name}"
            raise UnreadableAlertError(text)
        yield fields


def newest(batches: Iterable[Iterable[Message]]) -> dict[str, dict[str, Any]]:
    """Give the newest state of each alert by its id, in the order of their last change."""
    standing: dict[str, dict[str, Any]] = {}
    for batch in batches:
        for alert in alerts_of(batch):
            standing.pop(alert["alert_id"], None)
            standing[alert["alert_id"]] = alert
    return standing
