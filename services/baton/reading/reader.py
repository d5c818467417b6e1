"""One topic, read committed: to the end that it has now, or on and on."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError, KafkaTimeoutError, LeaderNotAvailableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

BOOTSTRAP_TIMEOUT_MS: Final = 6_000
_REQUEST_TIMEOUT_MS: Final = 10_000
_OFFSETS_WITHIN_MS: Final = 5_000
_POLL_MS: Final = 500
_STUCK_AFTER: Final = 30.0
"""Seconds without progress after which a read to the end is given up."""
_ASK_AFTER: Final = 5.0
"""Seconds without a message after which a reader that follows asks whether Kafka still answers."""


def begins_of(
    consumer: KafkaConsumer, partitions: Sequence[TopicPartition]
) -> dict[TopicPartition, int]:
    """Return where partitions begin; otherwise as `ends_of`."""
    return _offsets(consumer.beginning_offsets, partitions)


def ends_of(
    consumer: KafkaConsumer, partitions: Sequence[TopicPartition]
) -> dict[TopicPartition, int]:
    """Return where partitions end, in the view of the consumer's isolation. Raises KafkaError.

    The consumer must follow nothing: of one that does, kafka-python leaves out what else it is asked for.
    """
    return _offsets(consumer.end_offsets, partitions)


def _offsets(
    ask: Callable[..., dict[TopicPartition, int]], partitions: Sequence[TopicPartition]
) -> dict[TopicPartition, int]:
    try:
        return ask(partitions, timeout_ms=_OFFSETS_WITHIN_MS)
    except KeyError as error:
        # What kafka-python says where only some of the partitions have a leader.
        message = f"{error.args[0]} has no leader now"
        raise LeaderNotAvailableError(message) from error


class TopicMissingError(LookupError):
    """There is no such topic; `topic` is its name on Kafka."""

    def __init__(self, topic: str) -> None:
        """Take the topic's name with the prefix."""
        super().__init__(f"there is no topic {topic}")
        self.topic = topic


@dataclass(frozen=True, slots=True)
class Message:
    """One message as Kafka keeps it; the timestamp is in milliseconds since 1970."""

    partition: int
    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()


class Reader:
    """Reads all partitions of one topic. Within a partition the order is the topic's.

    Use it in a `with`. It begins at the start of each partition.
    """

    def __init__(self, brokers: str, topic: str) -> None:
        """Take bootstrap servers and the name on Kafka. Raises KafkaError and TopicMissingError."""
        self.answering = True
        """Whether Kafka answered when last asked; while it does not, what was read may be old."""
        self._consumer = KafkaConsumer(
            bootstrap_servers=brokers.split(","),
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
            allow_auto_create_topics=False,
            bootstrap_timeout_ms=BOOTSTRAP_TIMEOUT_MS,
            request_timeout_ms=_REQUEST_TIMEOUT_MS,
            metrics_enabled=False,
            max_poll_records=5_000,
        )
        try:
            self._partitions = self._partitions_of(topic)
            self._consumer.assign(self._partitions)
            self._consumer.seek_to_beginning(*self._partitions)
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

    def skip_to_last(self, count: int) -> None:
        """Go to where, in each partition, about `count` messages are left to the end."""
        begin = self._consumer.beginning_offsets(self._partitions)
        for partition, end in self._consumer.end_offsets(self._partitions).items():
            self._consumer.seek(partition, max(begin[partition], end - count))

    def skip_to(self, moment: datetime) -> None:
        """Go, in each partition, to the first message of a moment or after it; to the end where there is none."""
        at = dict.fromkeys(self._partitions, round(moment.timestamp() * 1_000))
        ends = self._consumer.end_offsets(self._partitions)
        for partition, found in self._consumer.offsets_for_times(at).items():
            self._consumer.seek(partition, ends[partition] if found is None else found.offset)

    def to_end(self) -> Iterator[list[Message]]:
        """Give what is left up to the end that each partition has now, in batches.

        Raises KafkaTimeoutError where the end is not reached because Kafka gives no more.
        """
        ends = self._consumer.end_offsets(self._partitions)
        gives_up_at = time.monotonic() + _STUCK_AFTER
        while any(self._consumer.position(each) < end for each, end in ends.items()):
            batch = self._poll()
            if batch:
                gives_up_at = time.monotonic() + _STUCK_AFTER
                yield batch
            elif time.monotonic() > gives_up_at:
                message = f"no message came within {_STUCK_AFTER:.0f} seconds"
                raise KafkaTimeoutError(message)

    def follow(self) -> Iterator[list[Message]]:
        """Give what is left and what comes, in batches, for ever; an empty one every half second.

        It outlives a Kafka that goes away: `answering` says so until it is back.
        """
        ask_at = time.monotonic() + _ASK_AFTER
        while True:
            batch = self._poll()
            if batch:
                self.answering = True
                ask_at = time.monotonic() + _ASK_AFTER
            elif time.monotonic() >= ask_at:
                self.answering = self._answers()
                ask_at = time.monotonic() + _ASK_AFTER
            yield batch

    def _partitions_of(self, topic: str) -> list[TopicPartition]:
        numbers = self._consumer.partitions_for_topic(topic)
        if not numbers:
            raise TopicMissingError(topic)
        return [TopicPartition(topic, number) for number in sorted(numbers)]

    def _poll(self) -> list[Message]:
        polled = self._consumer.poll(timeout_ms=_POLL_MS)
        return [
            Message(
                each.partition,
                each.offset,
                each.timestamp,
                each.key,
                each.value,
                tuple(each.headers),
            )
            for records in polled.values()
            for each in records
        ]

    def _answers(self) -> bool:
        try:
            self._consumer.end_offsets(self._partitions, timeout_ms=2_000)
        except KafkaError:
            return False
        return True
