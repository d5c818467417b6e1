"""The rows of a ledger, from its state topic."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from baton.reading.reader import Message


def live_rows(batches: Iterable[Iterable[Message]]) -> dict[bytes, bytes]:
    """Give every row that was not removed, in the order of their last writes, as a ledger does."""
    rows: dict[bytes, bytes] = {}
    for batch in batches:
        for message in batch:
            if message.key is None:
                continue
            rows.pop(message.key, None)
            if message.value is not None:
                rows[message.key] = message.value
    return rows
