"""The clock: a tick into every partition of every source topic, about once a second.

Time enters baton only here. The broker stamps the tick when it appends it, so a host whose clock is wrong cannot
force an alarm; it only says so in its log. Two clocks at once are harmless.

What was told is judged once every source has ticked past it. So that it need not wait for the next second, the clock
looks where the sources end and ticks early when something has come.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import structlog
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.errors import KafkaError

from baton.contract import codec
from baton.contract.topics import SOURCE_TOPICS, prefixed
from baton.reading import ends_of

if TYPE_CHECKING:
    from threading import Event

EVERY: Final = 1.0
"""Seconds between two ticks of a quiet partition."""
EARLY: Final = 0.1
"""Seconds that at least lie between two ticks when records come."""
LOOK_EVERY: Final = 0.04
"""Seconds between two looks at where the sources end."""
DIFFERS_BY: Final = 1.0
"""Seconds by which the broker's clock may differ from ours before the log says so."""
SAY_EVERY: Final = 60.0
"""Seconds between two lines that say so, for a clock ticks up to ten times a second."""
WITHIN: Final = 10.0
"""Seconds within which a tick must be written, or the clock stops and is started again."""

logger = structlog.get_logger("baton.clock")


class ClockError(RuntimeError):
    """A tick could not be written."""


class Clock:
    """Writes rounds of ticks, one tick into each source partition, all of them confirmed."""

    def __init__(self, producer: KafkaProducer, consumer: KafkaConsumer, prefix: str = "") -> None:
        """Take the producer, a consumer that follows nothing, and the deployment's prefix."""
        self._tick = codec.encode("Tick", {})
        self._partitions = [
            TopicPartition(prefixed(prefix, topic.name), number)
            for topic in SOURCE_TOPICS
            for number in range(topic.partitions)
        ]
        self._ends: dict[TopicPartition, int] = {}
        self._say_at = 0.0
        self._producer = producer
        self._consumer = consumer

    @classmethod
    def on(cls, brokers: str, prefix: str) -> Clock:
        """Connect to a Kafka. Raises KafkaError."""
        servers = brokers.split(",")
        producer = KafkaProducer(bootstrap_servers=servers, acks="all", enable_idempotence=True)
        consumer = KafkaConsumer(bootstrap_servers=servers, group_id=None, enable_auto_commit=False)
        return cls(producer, consumer, prefix)

    def tick(self) -> None:
        """Write a round. Raises KafkaError when one tick of it is not confirmed."""
        sent = {
            partition: self._producer.send(
                partition.topic, value=self._tick, partition=partition.partition
            )
            for partition in self._partitions
        }
        self._producer.flush(timeout=WITHIN)
        written = {partition: future.get(timeout=WITHIN) for partition, future in sent.items()}
        self._ends = {partition: each.offset + 1 for partition, each in written.items()}
        apart = max(abs(time.time() - each.timestamp / 1_000) for each in written.values())
        if apart > DIFFERS_BY and time.monotonic() >= self._say_at:
            logger.warning("clocks_differ", seconds=round(apart, 1))
            self._say_at = time.monotonic() + SAY_EVERY

    def something_came(self) -> bool:
        """Say whether a source has grown since the last round. Raises KafkaError."""
        return any(
            end > self._ends[each]
            for each, end in ends_of(self._consumer, self._partitions).items()
        )

    def close(self) -> None:
        """Disconnect."""
        self._producer.close(timeout=WITHIN)
        self._consumer.close()


def run_clock(brokers: str, prefix: str, stop: Event, every: float = EVERY) -> int:
    """Tick until `stop` is set; return how many rounds were written. Raises ClockError. `every` is in seconds."""
    try:
        clock = Clock.on(brokers, prefix)
    except KafkaError as error:
        message = f"no Kafka answers at {brokers} ({type(error).__name__})"
        raise ClockError(message) from error
    logger.info("clock_started", brokers=brokers, seconds=every)
    rounds = 0
    try:
        while not stop.is_set():
            ticked_at = time.monotonic()
            clock.tick()
            rounds += 1
            _wait(clock, stop, ticked_at, every)
    except KafkaError as error:
        message = f"a tick could not be written ({type(error).__name__})"
        raise ClockError(message) from error
    finally:
        clock.close()
    logger.info("clock_stopped", count=rounds)
    return rounds


def _wait(clock: Clock, stop: Event, ticked_at: float, every: float) -> None:
    """Wait until the next round is due: after `every`, or early when something has come."""
    stop.wait(min(EARLY, every))
    while time.monotonic() < ticked_at + every and not clock.something_came():
        if stop.wait(min(LOOK_EVERY, max(0.0, ticked_at + every - time.monotonic()))):
            return
