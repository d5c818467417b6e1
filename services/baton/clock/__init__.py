"""The clock: a tick into every partition of every source topic, about once a second.

Time enters baton only here. The broker stamps the tick when it appends it, so a host whose clock is wrong cannot
force an alarm; it only says so in its log. Two clocks at once are harmless.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import structlog
from kafka import KafkaProducer
from kafka.errors import KafkaError

from baton.contract import codec
from baton.contract.topics import SOURCE_TOPICS, prefixed

if TYPE_CHECKING:
    from threading import Event

EVERY = 1.0
"""Seconds between two ticks of a partition."""
DIFFERS_BY = 1.0
"""Seconds by which the broker's clock may differ from ours before the log says so."""
WITHIN = 10.0
"""Seconds within which a tick must be written, or the clock stops and is started again."""

logger = structlog.get_logger("baton.clock")


class ClockError(RuntimeError):
    """A tick could not be written."""


def run_clock(brokers: str, prefix: str, stop: Event, every: float = EVERY) -> int:
    """Tick until `stop` is set; return how many rounds were written. Raises ClockError.

    `every` is in seconds. A round is one tick into each source partition, all of them confirmed.
    """
    tick = codec.encode("Tick", {})
    partitions = [
        (prefixed(prefix, topic.name), partition)
        for topic in SOURCE_TOPICS
        for partition in range(topic.partitions)
    ]
    rounds = 0
    try:
        producer = KafkaProducer(bootstrap_servers=brokers.split(","), acks="all", enable_idempotence=True)
    except KafkaError as error:
        message = f"no Kafka answers at {brokers} ({type(error).__name__})"
        raise ClockError(message) from error
    logger.info("clock_started", partitions=len(partitions), brokers=brokers)
    next_at = time.monotonic()
    try:
        while not stop.wait(max(0.0, next_at - time.monotonic())):
            next_at = max(next_at + every, time.monotonic())
            sent = [producer.send(topic, value=tick, partition=partition) for topic, partition in partitions]
            producer.flush(timeout=WITHIN)
            stamped_ms = [future.get(timeout=WITHIN).timestamp for future in sent]
            rounds += 1
            apart = max(abs(time.time() - each / 1_000) for each in stamped_ms)
            if apart > DIFFERS_BY:
                logger.warning("clocks_differ", seconds=round(apart, 1))
    except KafkaError as error:
        message = f"a tick could not be written ({type(error).__name__})"
        raise ClockError(message) from error
    finally:
        producer.close(timeout=WITHIN)
    logger.info("clock_stopped", count=rounds)
    return rounds
