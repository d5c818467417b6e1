"""What people told `alert-actions`: words that are on no alert (a rationale), and the silences."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from baton.contract import codec
from baton.reading import Silences, message_time

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from baton.reading import Message, StatedSilence

_OTHERS: Final = frozenset(
    version.header
    for record in ("Tick", "AlertTold", "AccessRecorded")
    for version in codec.versions(record)
)
"""What is on the topic and is no action: there is very much of it, and it is looked at no further."""
_HEADER_BYTES: Final = 10


@dataclass(slots=True)
class Deeds:
    """Every action that people told. Fed by one thread, asked by many."""

    _told: dict[tuple[str, ...], dict[str, Any]] = field(default_factory=dict)
    _silences: Silences = field(default_factory=Silences)
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
                self._take(record, fields, message_time(message))

    def _take(self, record: str, fields: dict[str, Any], at: datetime) -> None:
        name = (fields["authority"], record, fields["event_id"], fields["by"])
        self._told.setdefault(name, fields)
        self._silences.take(record, fields, at)
        if record == "SilenceEnded":
            self._lock.notify_all()

    def told(self, action: Mapping[str, Any], authority: str) -> Mapping[str, Any]:
        """Return what an action that stands on an alert of an area said; nothing for one that is no longer kept.

        Two agencies may give their records the same id: they are told apart by who did it.
        """
        name = (authority, action["event"], action["event_id"], action["by"])
        return self._told.get(name, {})

    def silences(self) -> list[StatedSilence]:
        """Return every silence that was asked for, the newest first."""
        with self._lock:
            return self._silences.all()[::-1]

    def silence(self, authority: str, silence_id: str) -> StatedSilence | None:
        """Return the silence of an area that an event began, or None while it has not been heard."""
        with self._lock:
            return self._silences.get(authority, silence_id)

    def wait_until_ended(self, authority: str, silence_id: str, within: float) -> bool:
        """Wait until a silence was ended by somebody, so many seconds at most; return whether it was."""

        def ended() -> bool:
            silence = self._silences.get(authority, silence_id)
            return silence is not None and silence.ended_at is not None

        with self._lock:
            return self._lock.wait_for(ended, within)
