"""The ledger's log and writer on a real Kafka: holes, fences, refusals."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.errors import (
    IllegalOperation,
    KafkaError,
    MessageSizeTooLargeError,
    ProducerFenced,
)
from kafka import KafkaAdminClient, KafkaProducer, TopicPartition

from baton.ledger import Effects, Kafka, Ledger, Output, Partition, Record, RefusedToOpenError
from baton.ledger.kafka import KafkaLog, KafkaWriter

if TYPE_CHECKING:
    from collections.abc import Coroutine, Sequence

SOURCE = Partition("events", 1)
STATE = "state-events"
OUTPUTS = "told"
LARGEST = 2_000
"""Bytes that the outputs topic takes in one batch."""


class Telling:
    """Tells of every record, and keeps one row for each key."""

    unfinished = False

    def __init__(self) -> None:
        """Begin with nothing loaded."""
        self.rows: dict[bytes, bytes] = {}

    def load(self, key: bytes, value: bytes) -> None:
        """Take a row."""
        self.rows[key] = value

    def loaded(self) -> None:
        """Nothing follows from the rows."""

    def apply(self, records: Sequence[Record]) -> Effects:
        """Tell of each record; remove the row of a record without a value."""
        return Effects(
            [Output(OUTPUTS, record.key, b"%d" % record.offset) for record in records],
            {record.key or b"": record.value for record in records},
        )


@pytest.fixture
def place(kafka: str, topic_prefix: str) -> Kafka:
    """Make topics of one's own."""
    place = Kafka(kafka, topic_prefix)
    admin = KafkaAdminClient(bootstrap_servers=kafka)
    shape: dict[str, Any] = {"num_partitions": 2, "replication_factor": 1}
    old = {"retention.ms": "-1"}  # The records' times are years ago.
    small = {"max.message.bytes": str(LARGEST)}
    admin.create_topics(
        {
            place.named("events"): {**shape, "configs": old},
            place.named(STATE): {**shape, "configs": {"cleanup.policy": "compact"}},
            place.named(OUTPUTS): {**shape, "num_partitions": 3, "configs": small},
        }
    )
    admin.close()
    return place


def fill(place: Kafka, *plan: str) -> None:
    """Write to the source: `plain` 3 records, `kept` 3 in a transaction, `gone` 3 aborted."""
    producers: dict[bool, KafkaProducer] = {}

    def producer(*, transactional: bool) -> KafkaProducer:
        if transactional not in producers:
            name = {"transactional_id": place.prefix + "source"} if transactional else {}
            producers[transactional] = KafkaProducer(bootstrap_servers=place.brokers, **name)
            if transactional:
                producers[transactional].init_transactions()
        return producers[transactional]

    for number, part in enumerate(plan):
        writer = producer(transactional=part != "plain")
        if part != "plain":
            writer.begin_transaction()
        for again in range(3):
            value = f"{part}-{number}-{again}".encode()
            writer.send(
                place.named("events"),
                key=b"key-%d" % again,
                value=value,
                partition=SOURCE.number,
                timestamp_ms=1_425_300_000_000 + number,
                headers=[("by", b"test")],
            ).get(30)
        if part == "kept":
            writer.commit_transaction()
        if part == "gone":
            writer.abort_transaction()
    for writer in producers.values():
        writer.close()
    settle(place)


def settle(place: Kafka) -> None:
    """Wait for the source's last marker: a commit is answered before it, a new owner is not."""
    owner = KafkaProducer(bootstrap_servers=place.brokers, transactional_id=place.prefix + "source")
    owner.init_transactions()
    owner.close()


def ledger_on(place: Kafka) -> Ledger:
    """Make a ledger on the real thing."""
    return Ledger(
        SOURCE,
        state_topic=STATE,
        log=KafkaLog(place, SOURCE, STATE),
        writer=KafkaWriter(place, SOURCE),
        process=Telling(),
        batch_max=4,
    )


def run(test: Coroutine[Any, Any, None]) -> None:
    """Run a test's coroutine, which must not take for ever."""
    asyncio.run(asyncio.wait_for(test, 60))


async def rows_of(place: Kafka) -> dict[bytes, bytes | None]:
    """Read the last value of each state row, when no transaction of the ledger is under way."""
    # A commit is answered before its markers are written; a new owner is not answered until then.
    writer = KafkaWriter(place, SOURCE)
    await writer.fence()
    await writer.close()
    log = KafkaLog(place, SOURCE, STATE)
    return {key: value async for chunk in log.rows() for key, value in chunk}


def test_ranges_pass_markers_and_aborted_records(place: Kafka) -> None:
    """Whatever the pieces, exactly the committed records come, and the position reaches the end."""
    fill(place, "plain", "kept", "gone", "kept", "gone")

    async def read() -> None:
        for limit in (1, 2, 3, 100):
            log = KafkaLog(place, SOURCE, STATE)
            end = await log.end()
            assert end == 3 + 4 * 4
            position, seen = await log.earliest(), list[Record]()
            while position < end:
                span = await log.read(position, end, limit)
                assert span.position > position
                assert len(span.records) <= limit
                assert all(position <= r.offset < span.position for r in span.records)
                seen.extend(span.records)
                position = span.position
            assert [record.offset for record in seen] == [0, 1, 2, 3, 4, 5, 11, 12, 13]
            first = Record(
                "events", 1, 0, 1_425_300_000_000, b"key-0", b"plain-0-0", (("by", b"test"),)
            )
            assert seen[0] == first
            # Back to where it was, and into the middle: a gap may be read after later ranges.
            assert [r.offset for r in (await log.read(4, 9, 100)).records] == [4, 5]
            assert (await log.read(6, 11, 100)).records == []
            assert [r.offset for r in (await log.read(11, 12, 100)).records] == [11]
            await log.close()

    run(read())


def test_an_open_transaction_ends_the_log(place: Kafka) -> None:
    """What may yet be aborted is not there, and what comes after it waits."""
    fill(place, "plain")
    producer = KafkaProducer(bootstrap_servers=place.brokers, transactional_id=place.prefix + "s")
    producer.init_transactions()
    producer.begin_transaction()
    producer.send(place.named("events"), value=b"open", partition=SOURCE.number).get(30)
    fill(place, "plain")

    async def read() -> None:
        log = KafkaLog(place, SOURCE, STATE)
        assert await log.end() == 3
        producer.abort_transaction()
        while await log.end() < 8:  # noqa: ASYNC110 - it is the broker that is waited for
            await asyncio.sleep(0.05)
        assert [record.offset for record in (await log.read(3, 7, 100)).records] == [4, 5, 6]
        await log.close()

    run(read())
    producer.close()


def test_a_ledger_is_opened_again_where_it_was(place: Kafka) -> None:
    """Its state ends in a marker, holds tombstones, and is complete."""
    fill(place, "plain", "gone", "kept")

    async def twice() -> None:
        first = ledger_on(place)
        await first.open()
        assert (first.next, first.rows_loaded) == (0, 0)
        await first.catch_up()
        await first.settle()
        assert first.next == 11
        await first.close()
        second = ledger_on(place)
        await second.open()
        assert (second.next, second.rows_loaded) == (11, 3)
        await second.apply([Record("events", 1, 11, 0, b"key-0", None)])
        await second.close()
        third = ledger_on(place)
        with pytest.raises(RefusedToOpenError, match="the source was made anew"):
            await third.open()  # The last record was made up: the position is past the end.
        await third.close()
        assert (await rows_of(place))[b"key-0"] is None

    run(twice())


def test_of_two_owners_only_the_later_commits(place: Kafka) -> None:
    """The earlier is fenced whether it was idle or had already sent; nothing of it is seen."""
    fill(place, "plain")

    async def two() -> None:
        earlier, later = ledger_on(place), ledger_on(place)
        await earlier.open()
        writer = KafkaWriter(place, SOURCE)
        await writer.fence()
        await writer.begin()
        await writer.send([Output(STATE, b"key-9", b"zombie", partition=SOURCE.number)])
        await asyncio.gather(*writer._sent)
        await later.open()
        await later.catch_up()
        with pytest.raises(ProducerFenced):
            await writer.commit()
        # Fenced; or, where aiokafka heard of it between begin and send, no longer in a transaction.
        with pytest.raises((KafkaError, IllegalOperation)):
            await earlier.catch_up()
        assert b"key-9" not in await rows_of(place)
        for ledger in (earlier, later):
            await ledger.close()
        await writer.close()

    run(two())


def test_a_record_that_is_too_large_fails_the_commit(place: Kafka) -> None:
    """Nothing of its transaction shows. Alone, aiokafka would have committed the rest."""

    async def refused() -> None:
        writer = KafkaWriter(place, SOURCE)
        await writer.fence()
        await writer.begin()
        row = Output(STATE, b"key", b"row", partition=SOURCE.number)
        await writer.send([row, Output(OUTPUTS, b"key", b"x" * LARGEST * 2)])
        with pytest.raises(MessageSizeTooLargeError):
            await writer.commit()
        await writer.close()
        assert await rows_of(place) == {}

    async def committed_by_aiokafka_all_the_same() -> None:
        name = f"{place.prefix}baton-{SOURCE}"
        producer = AIOKafkaProducer(bootstrap_servers=place.brokers, transactional_id=name)
        await producer.start()
        await producer.begin_transaction()
        await producer.send(place.named(STATE), b"row", b"key", partition=SOURCE.number)
        await producer.send(place.named(OUTPUTS), b"x" * LARGEST * 2, b"key")
        await producer.commit_transaction()
        await producer.stop()
        assert await rows_of(place) == {b"key": b"row"}

    run(refused())
    run(committed_by_aiokafka_all_the_same())


def test_a_large_transaction_keeps_the_order_of_each_partition(place: Kafka) -> None:
    """More than one batch for a partition, and more than one partition."""

    async def write() -> None:
        writer = KafkaWriter(place, SOURCE)
        await writer.fence()
        await writer.begin()
        values = [b"%07d" % number + b"x" * 1_000 for number in range(3_000)]
        await writer.send([Output("events", None, value, partition=1) for value in values])
        await writer.commit()
        await writer.close()
        log = KafkaLog(place, SOURCE, STATE)
        assert values == [r.value for r in (await log.read(0, 3_000, 10_000)).records]
        await log.close()

    run(write())


def test_retention_past_the_position_is_refused(place: Kafka) -> None:
    """Records were deleted before they were applied: no ledger may pass over that in silence."""
    fill(place, "plain", "plain")

    async def lost() -> None:
        ledger = ledger_on(place)
        await ledger.open()
        await ledger.apply([Record("events", 1, 0, 0, b"key-0", b"")])
        await ledger.close()
        admin = KafkaAdminClient(bootstrap_servers=place.brokers)
        admin.delete_records({TopicPartition(place.named("events"), SOURCE.number): 3})
        admin.close()
        again = ledger_on(place)
        with pytest.raises(RefusedToOpenError, match="next is 1, the source starts at 3"):
            await again.open()
        await again.close()

    run(lost())


def test_outputs_go_to_the_partition_of_their_key(place: Kafka) -> None:
    """The same as every other Kafka producer's; without a key always to the same one."""
    expected = {}
    producer = KafkaProducer(bootstrap_servers=place.brokers)
    for number in range(20):
        key = b"key-%d" % number
        expected[key] = producer.send(place.named(OUTPUTS), key=key).get(30).partition
    producer.close()

    async def destinations() -> None:
        writer = KafkaWriter(place, SOURCE)
        await writer.fence()
        for key, partition in expected.items():
            output = Output(OUTPUTS, key, b"")
            found = await writer._destination(writer._started(), output)
            assert found == (place.named(OUTPUTS), partition)
        keyless = await writer._destination(
            writer._started(),
            Output(OUTPUTS, None, b""),
        )
        assert keyless == (place.named(OUTPUTS), SOURCE.number)
        await writer.close()

    run(destinations())
