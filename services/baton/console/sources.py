"""How the agencies' feeds and the clock are: when each was last heard."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from baton.contract import codec

if TYPE_CHECKING:
    from collections.abc import Iterable

    from baton.reading import Message

TICKS_WITHIN: Final = timedelta(seconds=15)
"""The clock ticks about once a second; longer than this without one, and no deadline passes."""
LOOK_BACK: Final = 100_000
"""Messages of the heartbeats' topic that are read at the start: ticks and heartbeats of a day."""


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """The last heartbeat of a feed: up to when it said it was complete, and when that was heard."""

    agency: str
    authority: str
    complete_to: datetime
    heard_at: datetime


@dataclass(slots=True)
class Sources:
    """The last heartbeat of each feed, and the last tick. Fed by one thread, asked by many."""

    ticked_at: datetime | None = None
    _heartbeats: dict[tuple[str, str], Heartbeat] = field(default_factory=dict)

    def hear(self, batch: Iterable[Message]) -> None:
        """Take messages of `source-heartbeats`; what is no record is passed over."""
        for message in batch:
            try:
                record, fields = codec.decode(message.value)
            except codec.InvalidEvent:
                continue  # intake puts it among the rejected, where it is counted
            heard_at = datetime.fromtimestamp(message.timestamp_ms / 1_000, UTC)
            if record == "Tick":
                self.ticked_at = heard_at
            elif record == "SourceHeartbeat":
                key = fields["authority"], fields["agency"]
                before = self._heartbeats.get(key)
                if before is None or fields["complete_to"] > before.complete_to:
                    self._heartbeats[key] = Heartbeat(
                        agency=fields["agency"],
                        authority=fields["authority"],
                        complete_to=fields["complete_to"],
                        heard_at=heard_at,
                    )

    def heartbeats(self, authorities: Iterable[str]) -> list[Heartbeat]:
        """Return the last heartbeat of each feed of these areas."""
        wanted = frozenset(authorities)
        found = [each for each in list(self._heartbeats.values()) if each.authority in wanted]
        return sorted(found, key=lambda each: (each.authority, each.agency))

    def clock_stands(self, now: datetime) -> bool:
        """Say whether time has stopped coming into the log: then nothing becomes due."""
        return self.ticked_at is not None and now - self.ticked_at > TICKS_WITHIN
