"""What people told `alert-actions`: words that are on no alert (a rationale), and the silences."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from baton.contract import codec

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from baton.reading import Message

_OTHERS: Final = frozenset(
    version.header
    for record in ("Tick", "AlertTold", "AccessRecorded")
    for version in codec.versions(record)
)
"""What is on the topic and is no action: there is very much of it, and it is looked at no further."""
_HEADER_BYTES: Final = 10


@dataclass(frozen=True, slots=True)
class Silence:
    """A silence as it was asked for. How long it holds for one alert the policy may cut; the alert says until when."""

    silence_id: str
    matcher: str
    authority: str
    agency: str
    by: str
    why: str
    since: datetime
    until: datetime
    ended_by: str | None = None

    def holds(self, now: datetime) -> bool:
        """Say whether it has neither run out nor been ended."""
        return self.ended_by is None and self.until > now


@dataclass(slots=True)
class Deeds:
    """Every action that people told, by its event's id. Fed by one thread, asked by many."""

    _told: dict[str, dict[str, Any]] = field(default_factory=dict)
    _silences: dict[str, Silence] = field(default_factory=dict)
    _ended: dict[str, str] = field(default_factory=dict)
    _lock: threading.Condition = field(default_factory=threading.Condition)

    def hear(self, batch: Iterable[Message]) -> None:
        """Take messages of `alert-actions`; what is no action of a person, or no record, is passed over."""
        for message in batch:
            if message.value is None or message.value[:_HEADER_BYTES] in _OTHERS:
                continue
            try:
                record, fields = codec.decode(message.value)
            except codec.InvalidEvent:
                continue  # intake puts it among the rejected, where it is counted
            with self._lock:
                self._take(record, fields)

    def _take(self, record: str, fields: dict[str, Any]) -> None:
        self._told.setdefault(fields["event_id"], fields)
        if record == "AlertsSilenced":
            self._silences.setdefault(
                fields["event_id"],
                Silence(
                    silence_id=fields["event_id"],
                    matcher=fields["matcher"],
                    authority=fields["authority"],
                    agency=fields["agency"],
                    by=fields["by"],
                    why=fields["why"],
                    since=fields["occurred_at"],
                    until=fields["until"],
                ),
            )
        elif record == "SilenceEnded":
            self._ended.setdefault(fields["silence"], fields["by"])
            self._lock.notify_all()

    def told(self, event_id: str) -> Mapping[str, Any]:
        """Return what an action said; nothing for one that is not known, or is no longer kept."""
        return self._told.get(event_id, {})

    def silences(self) -> list[Silence]:
        """Return every silence that was asked for, the newest first."""
        with self._lock:
            found = [
                replace(each, ended_by=self._ended.get(each.silence_id))
                for each in self._silences.values()
            ]
        return sorted(found, key=lambda each: each.since, reverse=True)

    def wait_until_ended(self, silence_id: str, within: float) -> bool:
        """Wait until a silence was ended by somebody, so many seconds at most; return whether it was."""
        with self._lock:
            return self._lock.wait_for(lambda: silence_id in self._ended, within)
