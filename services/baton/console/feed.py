"""The threads that read Kafka for the pages, read committed, and go on when it has been away."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol

import structlog
from kafka.errors import KafkaError

from baton.reading import Reader, TopicMissingError
from baton.runtime.cycles import keep

if TYPE_CHECKING:
    from collections.abc import Iterable

    from baton.reading import Message

PAUSE: Final = 2.0
"""Seconds before a Kafka that does not answer is asked again."""

logger = structlog.get_logger("baton.console")


class Listener(Protocol):
    """What takes the messages of a topic; one that it has taken before must change nothing."""

    def hear(self, batch: Iterable[Message]) -> None:
        """Take a batch."""


@dataclass(slots=True)
class Feed:
    """One topic, followed by a thread of its own. `caught_up` once everything there was has been heard."""

    brokers: str
    topic: str
    listener: Listener
    last: int | None = None
    """How many messages to look back; None: all."""
    caught_up: threading.Event = field(default_factory=threading.Event)
    answering: bool = True
    """Whether Kafka answered when last asked: while not, what the pages show may be old."""
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to follow."""
        name = f"feed-{self.topic}"
        self._thread = threading.Thread(target=self._follow, name=name, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop following, and wait until that is so."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def _follow(self) -> None:
        while not self._stop.is_set():
            try:
                self._read()
            except (KafkaError, TopicMissingError) as error:
                self.answering = False
                logger.warning("feed_lost", topic=self.topic, error=type(error).__name__)
                self._stop.wait(PAUSE)

    def _read(self) -> None:
        with Reader(self.brokers, self.topic) as reader:
            if self.last is not None:
                reader.skip_to_last(self.last)
            for batch in reader.to_end():
                self.listener.hear(batch)
                if self._stop.is_set():
                    return
            # What was read stays: a collector that walks all of it again would double what a page takes.
            keep()
            self.caught_up.set()
            for batch in reader.follow():
                self.answering = reader.answering
                if batch:
                    self.listener.hear(batch)
                if self._stop.is_set():
                    return
