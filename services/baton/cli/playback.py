"""A scenario through real Kafka, Faust and the ledger, with the clock driven by its own timeline.

Time is in the log, so years pass in seconds: the records and the clock's ticks bear the scenario's times, on topics
that keep them, and no process knows that it is not living through them.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

from kafka import KafkaProducer

from baton import topics
from baton.agents.judge import ORIGINS
from baton.contract import codec
from baton.contract.topics import ALERTS, FACTS, SOURCE_TOPICS, prefixed, state_topic
from baton.engine.watermark import TICK_ROW
from baton.reading import Reader
from baton.reading.alerts import alerts_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from baton.cli.supervisor import Supervisor
    from baton.replay.told import Told

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)
_SEND_WITHIN: Final = 30.0

WORKER: Final = (sys.executable, "-m", "baton.cli", "worker")


@dataclass(frozen=True, slots=True)
class Stage:
    """Topics of virtual time on a Kafka, under a prefix of their own, and how a worker on them is started."""

    brokers: str
    prefix: str
    environment: Mapping[str, str]

    @classmethod
    def prepare(cls, brokers: str, prefix: str, environment: Mapping[str, str]) -> Stage:
        """Create the topics, in one copy: they are thrown away. Raises KafkaError and TopicsDifferError."""
        topics.apply(brokers, prefix, virtual_time=True, replication=1)
        given = {"BATON_BROKERS": brokers, "BATON_TOPIC_PREFIX": prefix}
        return cls(brokers, prefix, {**environment, **given})

    def start_worker(self, supervisor: Supervisor, name: str = "worker", output: Any = None) -> int:  # noqa: ANN401 (a file)
        """Start a worker on these topics; return its process id."""
        environment = {**self.environment, "BATON_WORKER_NAME": name}
        return supervisor.start(name, WORKER, environment, output)

    @contextmanager
    def feed(self) -> Iterator[Feed]:
        """Give something to tell records and ticks with."""
        producer = KafkaProducer(bootstrap_servers=self.brokers.split(","), acks="all")
        try:
            yield Feed(producer, self.prefix)
        finally:
            producer.close(timeout=_SEND_WITHIN)

    @contextmanager
    def alerts(self) -> Iterator[Iterator[list[dict[str, Any]]]]:
        """Give the alert records as they are committed, in batches, an empty one every half second."""
        with Reader(self.brokers, prefixed(self.prefix, ALERTS.name)) as reader:
            yield (list(alerts_of(batch)) for batch in reader.follow())

    def wait_until_judged(self, until: datetime, give_up: Callable[[], bool]) -> bool:
        """Wait until everything up to `until` is judged and committed; return False when `give_up` says so first."""
        waiting = set(ORIGINS)
        with Reader(self.brokers, prefixed(self.prefix, state_topic(FACTS.name).name)) as reader:
            for batch in reader.follow():
                for message in batch:
                    if (
                        message.key is not None
                        and message.key.startswith(TICK_ROW)
                        and message.value
                    ):
                        tick = codec.decode(message.value)[1]
                        if tick["at"] >= until:
                            waiting.discard(tick["origin"])
                if not waiting:
                    return True
                if give_up():
                    return False
        return False


class Feed:
    """Tells records and lets the clock tick, at times of the scenario."""

    def __init__(self, producer: KafkaProducer, prefix: str) -> None:
        """Take a producer and the prefix of the topics."""
        self._producer = producer
        self._prefix = prefix
        self._tick = codec.encode("Tick", {})
        self._sent: list[Any] = []

    def play(self, told: Iterable[Told], until: datetime) -> Iterator[tuple[datetime, list[Told]]]:
        """Tell everything in the order of hearing, the clock ticking between; give each moment once it is sent.

        The clock ticks at a moment before its records are told, and once more just after `until`: what is told at
        a moment is known before that moment's deadlines are judged, as in the offline replay.
        """
        heard = sorted(
            (each for each in told if each.received_at <= until), key=lambda each: each.received_at
        )
        for moment, at_once in groupby(heard, key=lambda each: each.received_at):
            self._tick_at(moment)
            records = list(at_once)
            for each in records:
                value = codec.encode(each.record, each.fields)
                self._send(each.topic, value, moment)
            self._flush()
            yield moment, records
        self._tick_at(until + _MILLISECOND)
        self._flush()

    def tick(self, moment: datetime) -> None:
        """Let the clock tick once everywhere."""
        self._tick_at(moment)
        self._flush()

    def _tick_at(self, moment: datetime) -> None:
        for topic in SOURCE_TOPICS:
            self._send(topic.name, self._tick, moment)

    def _send(self, topic: str, value: bytes, moment: datetime) -> None:
        stamp_ms = (moment - _EPOCH) // _MILLISECOND
        name = prefixed(self._prefix, topic)
        self._sent.append(
            self._producer.send(name, value=value, partition=0, timestamp_ms=stamp_ms)
        )

    def _flush(self) -> None:
        self._producer.flush(timeout=_SEND_WITHIN)
        for future in self._sent:
            future.get(timeout=_SEND_WITHIN)
        self._sent.clear()
