"""Looks at Kafka: ends, positions, judged ticks and the clock. It never reads what agencies sent."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Final, Self

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaTimeoutError, UnknownTopicOrPartitionError

from baton.contract import codec
from baton.contract.topics import FACTS, SOURCE_HEARTBEATS, SOURCE_TOPICS, prefixed, state_topic
from baton.engine.watermark import TICK_ROW
from baton.ledger import POSITION_KEY
from baton.reading import BOOTSTRAP_TIMEOUT_MS, TopicMissingError, begins_of, ends_of
from baton.watchdog.sight import ORIGINS, Look

_TAIL: Final = 2_000
"""Messages at the end of a state topic that are read at each look: a position ends every transaction."""
_POLL_MS: Final = 200
_LOOK_WITHIN: Final = 20.0
"""Seconds after which a look that does not come to the end is given up."""


class Lookout:
    """A reader of the state topics and of the operational one, and of nothing but the ends of the others.

    Use it in a `with`. Raises KafkaError and TopicMissingError.
    """

    def __init__(self, brokers: str, prefix: str) -> None:
        """Take bootstrap servers and the topics' prefix."""
        self._sources = {
            TopicPartition(prefixed(prefix, topic.name), number): f"{topic.name}-{number}"
            for topic in (*SOURCE_TOPICS, FACTS)
            for number in range(topic.partitions)
        }
        self._states = {
            TopicPartition(
                prefixed(prefix, state_topic(topic.name).name), number
            ): f"{topic.name}-{number}"
            for topic in (*SOURCE_TOPICS, FACTS)
            for number in range(topic.partitions)
        }
        self._clock = TopicPartition(prefixed(prefix, SOURCE_HEARTBEATS.name), 0)
        self._positions: dict[str, int] = {}
        self._ticks: dict[str, datetime] = {}
        self._ticked_at: datetime | None = None
        self._complete = False
        # One that follows, and one that only asks.
        self._consumer = _consumer(brokers)
        self._asking = _consumer(brokers)
        try:
            self._check_topics()
            self._consumer.assign([*self._states, self._clock])
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._consumer.close(autocommit=False)
        self._asking.close(autocommit=False)

    def look(self) -> Look:
        """Look once. Raises KafkaError where Kafka does not answer."""
        followed = [*self._states, self._clock]
        ends = ends_of(self._asking, [*self._sources, *self._states])
        begins = begins_of(self._asking, followed)
        tail = _TAIL
        while True:
            for partition in followed:
                start = max(begins[partition], ends[partition] - tail)
                if self._complete and self._consumer.position(partition) > ends[partition]:
                    message = f"{partition.topic} was made anew"
                    raise UnknownTopicOrPartitionError(message)
                # Where nothing is known yet the tail is read again, longer; else only what is new in it.
                if not self._complete or self._consumer.position(partition) < start:
                    self._consumer.seek(partition, start)
            self._read_to({each: ends[each] for each in followed})
            whole = all(ends[each] - tail <= begins[each] for each in followed)
            # An origin that is silent for long has its tick far back.
            if self._complete or whole or all(origin in self._ticks for origin in ORIGINS):
                break
            tail *= 10
        self._complete = True
        return Look(
            seconds=time.monotonic(),
            ends={name: ends[partition] for partition, name in self._sources.items()},
            positions=dict(self._positions),
            ticks=dict(self._ticks),
            clock=self._ticked_at,
        )

    def _check_topics(self) -> None:
        for partition in (*self._sources, *self._states):
            if not self._asking.partitions_for_topic(partition.topic):
                raise TopicMissingError(partition.topic)

    def _read_to(self, ends: dict[TopicPartition, int]) -> None:
        gives_up_at = time.monotonic() + _LOOK_WITHIN
        while any(self._consumer.position(each) < end for each, end in ends.items()):
            for partition, records in self._consumer.poll(timeout_ms=_POLL_MS).items():
                for record in records:
                    self._take(partition, record.key, record.value, record.timestamp)
            if time.monotonic() > gives_up_at:
                message = f"a look did not end within {_LOOK_WITHIN:.0f} seconds"
                raise KafkaTimeoutError(message)

    def _take(
        self, partition: TopicPartition, key: bytes | None, value: bytes | None, stamp_ms: int
    ) -> None:
        if value is None:
            return
        if partition == self._clock:
            if value == _TICK:
                self._ticked_at = moment_of(stamp_ms)
        elif key == POSITION_KEY:
            self._positions[self._states[partition]] = int(value)
        elif key is not None and key.startswith(TICK_ROW):
            tick = codec.decode(value)[1]
            self._ticks[tick["origin"]] = tick["at"]


def _consumer(brokers: str) -> KafkaConsumer:
    return KafkaConsumer(
        bootstrap_servers=brokers.split(","),
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
        allow_auto_create_topics=False,
        bootstrap_timeout_ms=BOOTSTRAP_TIMEOUT_MS,
        request_timeout_ms=10_000,
        metrics_enabled=False,
        max_poll_records=5_000,
    )


_TICK: Final = codec.encode("Tick", {})


def moment_of(stamp_ms: int) -> datetime:
    """Return the moment of a message's timestamp, in milliseconds since 1970."""
    return datetime.fromtimestamp(stamp_ms // 1_000, UTC) + timedelta(milliseconds=stamp_ms % 1_000)
