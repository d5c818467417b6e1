"""The log and the writer of a ledger, on Kafka.

Every setting that exactly-once delivery rests on is written out, though a default may say the same.
Topics get the deployment's prefix here and lose it here: a process never sees it.
"""

import asyncio
import time
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.partitioner import DefaultPartitioner

from baton.ledger.ledger import LedgerError
from baton.ledger.log import Partition, Row, Span
from baton.ledger.process import Output, Record

PRODUCER_NAME = "baton"
"""In every transactional id, for good. Never Faust's app id: that contains a version, and a new one
would fence nobody and leave two owners."""

BATCH_BYTES = 512 * 1024
"""Size of a produced batch; a single larger record still goes, in a batch of its own."""

FETCH_BYTES = 2 * 1024 * 1024
POLL_MS = 20
"""How long a read waits before it looks at its position: markers move it and yield nothing."""

CLOSE_SECONDS = 5.0

REQUEST_TIMEOUT_MS = 10_000
"""How long a broker may take to answer. Below a transaction's time limit, for whoever waits longer for a frozen broker
is fenced for it; and below a group's session, so that opening a ledger does not cost the worker its place."""


@dataclass(frozen=True, slots=True)
class Kafka:
    """Which Kafka, and under which names."""

    brokers: str
    prefix: str = ""
    transaction_timeout_ms: int = 15_000
    """A frozen worker holds back readers of what it wrote for so long. Too short fences the slow."""

    def named(self, topic: str) -> str:
        """Return a topic's name on this Kafka."""
        return self.prefix + topic

    def plain(self, name: str) -> str:
        """Return the topic's name in the catalogue."""
        return name.removeprefix(self.prefix)


async def committed_by(kafka: Kafka, group: str, source: Partition) -> int:
    """Return the offset that a consumer group has committed for a partition; 0 for none."""
    admin = AIOKafkaAdminClient(
        bootstrap_servers=kafka.brokers, request_timeout_ms=REQUEST_TIMEOUT_MS
    )
    await admin.start()
    try:
        partition = TopicPartition(kafka.named(source.topic), source.number)
        committed = await admin.list_consumer_group_offsets(group, partitions=[partition])
        found = committed.get(partition)
        return 0 if found is None else max(0, int(found.offset))
    finally:
        await admin.close()


class KafkaLog:
    """Reads one source partition and its state partition, outside any consumer group."""

    def __init__(self, kafka: Kafka, source: Partition, state_topic: str) -> None:
        """Take the names; connections are made when they are needed."""
        self._kafka = kafka
        self._source = TopicPartition(kafka.named(source.topic), source.number)
        self._topic = source.topic
        self._state = TopicPartition(kafka.named(state_topic), source.number)
        self._consumer: AIOKafkaConsumer | None = None
        self._ahead: deque[Any] = deque()  # Fetched, from `_from` on, and not yet handed out.
        self._from = -1
        self._reached = -1  # Everything between `_from` and here is in `_ahead`.

    async def rows(self) -> AsyncIterator[Sequence[Row]]:
        """Read the state partition to its committed end; see `Log.rows`."""
        state = self._state
        consumer = await self._new_consumer(state)
        try:
            end = (await consumer.end_offsets([state]))[state]
            position = (await consumer.beginning_offsets([state]))[state]
            consumer.seek(state, position)
            while position < end:
                fetched = await consumer.getmany(state, timeout_ms=POLL_MS)
                yield [
                    (bytes(record.key), None if record.value is None else bytes(record.value))
                    for record in fetched.get(state, ())
                ]
                position = await consumer.position(state)
        finally:
            await consumer.stop()

    async def earliest(self) -> int:
        """Return the source's first offset."""
        consumer = await self._source_consumer()
        return int((await consumer.beginning_offsets([self._source]))[self._source])

    async def end(self) -> int:
        """Return the source's last stable offset: the consumer reads committed."""
        consumer = await self._source_consumer()
        return int((await consumer.end_offsets([self._source]))[self._source])

    async def read(self, start: int, stop: int, limit: int) -> Span:
        """Read a range; see `Log.read`. Ranges that follow each other are read in one stream."""
        consumer = await self._source_consumer()
        if self._from <= start <= self._reached:
            while self._ahead and self._ahead[0].offset < start:
                self._ahead.popleft()
        else:
            self._ahead.clear()
            self._reached = start
            consumer.seek(self._source, start)
        self._from = start
        records: list[Record] = []
        while True:
            while self._ahead and self._ahead[0].offset < stop and len(records) < limit:
                records.append(self._record(self._ahead.popleft()))
            if len(records) == limit:
                position = records[-1].offset + 1
                break
            if self._ahead or self._reached >= stop:
                position = stop
                break
            fetched = await consumer.getmany(self._source, timeout_ms=POLL_MS)
            self._ahead.extend(fetched.get(self._source, ()))
            self._reached = await consumer.position(self._source)
        self._from = position
        return Span(records, position)

    async def close(self) -> None:
        """Close the connections."""
        if self._consumer is not None:
            await self._consumer.stop()

    def _record(self, fetched: Any) -> Record:  # noqa: ANN401 - aiokafka has no types
        return Record(
            self._topic,
            fetched.partition,
            fetched.offset,
            fetched.timestamp,
            fetched.key,
            fetched.value,
            tuple(fetched.headers),
        )

    async def _source_consumer(self) -> AIOKafkaConsumer:
        if self._consumer is None:
            self._consumer = await self._new_consumer(self._source)
        return self._consumer

    async def _new_consumer(self, partition: TopicPartition) -> AIOKafkaConsumer:
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self._kafka.brokers,
            group_id=None,
            isolation_level="read_committed",
            # Out of range is a loss, which the default would hide by jumping to the end.
            auto_offset_reset="none",
            enable_auto_commit=False,
            max_partition_fetch_bytes=FETCH_BYTES,
            check_crcs=True,
            request_timeout_ms=REQUEST_TIMEOUT_MS,
        )
        await consumer.start()
        # Before it is asked for by its name, which could create it, empty and with a broker's settings.
        if partition.topic not in await consumer.topics():
            await consumer.stop()
            raise LedgerError(f"there is no topic {partition.topic}")
        consumer.assign([partition])
        return consumer


class KafkaWriter:
    """Writes the transactions of one source partition."""

    def __init__(self, kafka: Kafka, source: Partition) -> None:
        """Take the names; `fence` makes the connection."""
        self._kafka = kafka
        self._source = source
        self._producer: AIOKafkaProducer | None = None
        self._partitioner = DefaultPartitioner()
        self._sent: list[asyncio.Future[Any]] = []

    async def fence(self) -> None:
        """Start the producer: the broker ends what an earlier one of the same name left open."""
        self._producer = AIOKafkaProducer(
            bootstrap_servers=self._kafka.brokers,
            transactional_id=transactional_id(self._kafka.prefix, self._source),
            transaction_timeout_ms=self._kafka.transaction_timeout_ms,
            acks="all",
            enable_idempotence=True,
            linger_ms=0,
            max_batch_size=BATCH_BYTES,
            request_timeout_ms=REQUEST_TIMEOUT_MS,
        )
        await self._producer.start()

    async def begin(self) -> None:
        """Begin a transaction."""
        self._sent.clear()
        await self._started().begin_transaction()

    async def send(self, outputs: Sequence[Output]) -> None:
        """Hand batches to the producer, one after the other for each partition, in order."""
        producer = self._started()
        now_ms = int(time.time() * 1_000)
        by_partition: dict[tuple[str, int], list[Output]] = defaultdict(list)
        for output in outputs:
            by_partition[await self._destination(producer, output)].append(output)
        for (topic, partition), records in by_partition.items():
            batch = producer.create_batch()
            for record in records:
                if not _append(batch, record, now_ms):
                    self._sent.append(await producer.send_batch(batch, topic, partition=partition))
                    batch = producer.create_batch()
                    if not _append(batch, record, now_ms):
                        raise LedgerError(
                            f"{self._source}: a record for {topic} does not fit any batch"
                        )
            self._sent.append(await producer.send_batch(batch, topic, partition=partition))

    async def commit(self) -> None:
        """Wait until all is stored, then commit.

        The wait is not for speed: aiokafka commits a transaction although a batch of it was refused
        (too large, for one), and only that batch's future says so.
        """
        await asyncio.gather(*self._sent)
        await self._started().commit_transaction()

    async def close(self) -> None:
        """Close the connection; what a broken producer still holds is not waited for."""
        if self._producer is not None:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._producer.stop(), CLOSE_SECONDS)

    def _started(self) -> AIOKafkaProducer:
        if self._producer is None:
            raise LedgerError(f"{self._source}: the writer has not fenced its predecessors")
        return self._producer

    async def _destination(self, producer: AIOKafkaProducer, output: Output) -> tuple[str, int]:
        topic = self._kafka.named(output.topic)
        if output.partition is not None:
            return topic, output.partition
        partitions = sorted(await producer.partitions_for(topic))
        if len(partitions) == 1:
            return topic, partitions[0]
        if output.key is None:
            # Kafka's partitioner would take any; a process applied twice must do the same twice.
            return topic, partitions[self._source.number % len(partitions)]
        return topic, int(self._partitioner(output.key, partitions, partitions))


def transactional_id(prefix: str, source: Partition) -> str:
    """Return the name under which the transactions of a source partition are written: one for all its owners."""
    return f"{prefix}{PRODUCER_NAME}-{source}"


def _append(batch: Any, record: Output, now_ms: int) -> bool:  # noqa: ANN401 - aiokafka has no types
    timestamp_ms = now_ms if record.timestamp_ms is None else record.timestamp_ms
    added = batch.append(
        timestamp=timestamp_ms, key=record.key, value=record.value, headers=list(record.headers)
    )
    return added is not None
