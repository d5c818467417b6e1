"""How far a run's workers have come, looked at from outside: positions, ends, and the time up to which is judged."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from kafka.errors import KafkaError

from baton.reading import TopicMissingError
from baton.watchdog import ORIGINS, Look, Lookout
from baton.watchdog.sight import JUDGED

NEVER: Final = datetime.min.replace(tzinfo=UTC)
LOOK_EVERY: Final = 0.5


class Sight:
    """Looks twice a second, in a thread of its own; outlives a Kafka that goes away."""

    def __init__(self, brokers: str, prefix: str) -> None:
        """Take where to look."""
        self.look: Look | None = None
        self.moved_at = time.monotonic()
        """When the judge last came further: whatever else moves, without it nobody is told."""
        self._brokers = brokers
        self._prefix = prefix
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="sight", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._stop.set()
        self._thread.join(timeout=30)

    @staticmethod
    def judged_to(look: Look) -> datetime:
        """Return the moment up to which everything is judged."""
        return min(look.ticks.get(origin, NEVER) for origin in ORIGINS)

    def wait_for(self, true: Callable[[Look], bool], stuck_after: float) -> bool:
        """Wait until a look shows something; return False when nothing has moved for so many seconds."""
        self.moved_at = time.monotonic()
        while time.monotonic() < self.moved_at + stuck_after:
            if self.look is not None and true(self.look):
                return True
            time.sleep(LOOK_EVERY)
        return False

    def _watch(self) -> None:
        while not self._stop.is_set():
            try:
                with Lookout(self._brokers, self._prefix) as lookout:
                    while not self._stop.wait(LOOK_EVERY):
                        self._see(lookout.look())
            except (KafkaError, TopicMissingError):
                self._stop.wait(LOOK_EVERY)

    def _see(self, look: Look) -> None:
        before, self.look = self.look, look
        if before is None or _judged(before) != _judged(look):
            self.moved_at = time.monotonic()


def _judged(look: Look) -> object:
    return [look.positions.get(name) for name in JUDGED], dict(look.ticks)
