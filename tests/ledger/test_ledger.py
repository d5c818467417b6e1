"""One ledger, step by step: what it refuses, what it writes, and what it leaves alone."""

from __future__ import annotations

import asyncio
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from baton.ledger import (
    POSITION_KEY,
    Batch,
    Effects,
    Ledger,
    LedgerClosedError,
    LedgerError,
    Output,
    RefusedToOpenError,
)
from tests.ledger.conftest import (
    SOURCE,
    STATE,
    Chaining,
    CountingDown,
    FakeKafka,
    FakeLog,
    FakeWriter,
    OneAtATime,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from baton.ledger import Process, Record


def ledger_on(kafka: FakeKafka, process: Process | None = None, **more: Any) -> Ledger:
    """Make a ledger on a fake Kafka."""
    random = Random(1)
    parts: dict[str, Any] = {
        "log": FakeLog(kafka, random),
        "writer": FakeWriter(kafka, random),
        "process": process or Chaining(),
        **more,
    }
    return Ledger(SOURCE, state_topic=STATE, **parts)


def kafka_of(count: int) -> FakeKafka:
    """Make a Kafka whose source holds so many records."""
    kafka = FakeKafka()
    for number in range(count):
        kafka.produce(b"key-%d" % (number % 3), b"value-%d" % number)
    return kafka


def store(kafka: FakeKafka, rows: dict[bytes, bytes | None]) -> None:
    """Put committed rows into the state partition."""

    async def write() -> None:
        writer = FakeWriter(kafka, Random(1))
        await writer.fence()
        await writer.begin()
        await writer.send([Output(STATE, k, v, partition=SOURCE.number) for k, v in rows.items()])
        await writer.commit()

    asyncio.run(write())


def opened(kafka: FakeKafka, process: Process | None = None) -> Ledger:
    """Make and open a ledger."""
    ledger = ledger_on(kafka, process)
    asyncio.run(ledger.open())
    return ledger


def test_a_new_source_begins_at_its_earliest_record() -> None:
    """Without rows there is no position, and retention may have taken the first records."""
    kafka = kafka_of(5)
    kafka.earliest = 2

    assert opened(kafka).next == 2


def test_a_position_below_the_source_is_refused() -> None:
    """Records that were never applied are gone; only a person can say what now."""
    kafka = kafka_of(5)
    store(kafka, {POSITION_KEY: b"1"})
    kafka.earliest = 2

    with pytest.raises(RefusedToOpenError, match="retention has removed records not yet applied"):
        opened(kafka)


def test_a_position_above_the_source_is_refused() -> None:
    """The topic was deleted and made again: its offsets mean other records now."""
    kafka = kafka_of(5)
    store(kafka, {POSITION_KEY: b"6"})

    with pytest.raises(RefusedToOpenError, match="the source was made anew"):
        opened(kafka)


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ({b"key": b"row"}, "1 rows and no position"),
        ({POSITION_KEY: b"-1"}, "cannot be read"),
        ({POSITION_KEY: b""}, "cannot be read"),
    ],
)
def test_a_state_without_a_readable_position_is_refused(
    rows: dict[bytes, bytes | None], why: str
) -> None:
    """No default stands in for a row that is missing or broken."""
    kafka = kafka_of(5)
    store(kafka, rows)

    with pytest.raises(RefusedToOpenError, match=why):
        opened(kafka)


def test_a_row_that_the_process_cannot_read_stops_the_opening() -> None:
    """An unreadable row is an error, not a missing one."""

    class Picky(Chaining):
        def load(self, key: bytes, value: bytes) -> None:
            raise ValueError((key, value))

    kafka = kafka_of(5)
    store(kafka, {POSITION_KEY: b"1", b"key": b"row"})

    with pytest.raises(ValueError, match="row"):
        opened(kafka, Picky())


def test_rows_are_loaded_once_each_in_the_order_of_their_last_write() -> None:
    """How far compaction has come makes no difference to what a process sees."""

    class Listing(Chaining):
        seen: list[tuple[bytes, bytes]]

        def load(self, key: bytes, value: bytes) -> None:
            self.seen.append((key, value))

    kafka = kafka_of(5)
    store(kafka, {POSITION_KEY: b"1", b"a": b"1", b"b": b"1", b"c": b"1"})
    store(kafka, {b"a": b"2", b"c": None, POSITION_KEY: b"2"})
    process = Listing()
    process.seen = []

    assert opened(kafka, process).next == 2
    assert process.seen == [(b"b", b"1"), (b"a", b"2")]


def test_one_transaction_holds_outputs_rows_and_position() -> None:
    """A batch writes one record for each touched row, to the ledger's own partition, and commits."""
    kafka = kafka_of(6)
    ledger = opened(kafka)

    batches = asyncio.run(ledger.apply(kafka.records(0, 6)))

    assert [
        (batch.offset, batch.count, batch.outputs, batch.rows, batch.read) for batch in batches
    ] == [(6, 6, 6, 3, "delivered")]
    assert len(kafka.committed) == 1
    assert sorted([b"key-0", b"key-1", b"key-2", POSITION_KEY]) == sorted(
        row.key for row in kafka.state if row.key is not None
    )


def test_a_transaction_is_bounded_in_records_and_in_bytes() -> None:
    """However they come; a record larger than the bound still goes, alone."""
    for read in ("delivered", "bulk"):
        kafka = FakeKafka()
        for size in (10, 10, 10, 10, 40, 500, 10, 10):
            kafka.produce(b"", b"x" * size)
        ledger = ledger_on(kafka, batch_max=3, batch_bytes=50)
        asyncio.run(ledger.open())
        batches: list[Batch] = []
        if read == "delivered":
            batches = asyncio.run(ledger.apply(kafka.records(0, 8)))
            assert [3, 2, 1, 2] == [batch.count for batch in batches]
        else:
            asyncio.run(ledger.catch_up(batches.append))
        assert ledger.next == 8
        assert max(batch.count for batch in batches) <= 3
        assert {batch.read for batch in batches} == {read}


def test_what_is_already_applied_is_skipped_without_a_transaction() -> None:
    """Faust repeats; the position says done."""
    kafka = kafka_of(6)
    ledger = opened(kafka)
    asyncio.run(ledger.apply(kafka.records(0, 6)))

    assert asyncio.run(ledger.apply(kafka.records(0, 6))) == []
    assert len(kafka.committed) == 1


def test_a_hole_is_read_from_the_source() -> None:
    """Whether it was a marker, an aborted record or a loss, the source says."""
    kafka = kafka_of(3)
    kafka.produce_hole(aborted=True)
    kafka.produce_hole(aborted=False)
    kafka.produce(b"key-0", b"last")
    ledger = opened(kafka)
    delivered = [*kafka.records(0, 1), *kafka.records(5, 6)]

    batches = asyncio.run(ledger.apply(delivered))

    assert ledger.next == 6
    assert ledger.gaps == 1
    assert sum(batch.count for batch in batches) == 4
    assert {batch.read for batch in batches} == {"gap"}


def test_settling_steps_over_markers_and_stores_the_position() -> None:
    """Behind the last record of a transactional source is a marker that nobody delivers."""
    kafka = kafka_of(2)
    kafka.produce_hole(aborted=False)
    ledger = opened(kafka)
    asyncio.run(ledger.apply(kafka.records(0, 2)))

    asyncio.run(ledger.settle())

    assert ledger.settled
    assert ledger.next == 3
    assert kafka.committed_rows()[POSITION_KEY] == b"3"


def test_settling_stores_what_was_stepped_over_in_memory() -> None:
    """Catching up passes markers alone without a transaction; in a quiet hour one stores it."""
    kafka = kafka_of(2)
    ledger = opened(kafka)
    asyncio.run(ledger.catch_up())
    kafka.produce_hole(aborted=False)
    asyncio.run(ledger.catch_up())
    assert ledger.next == 3
    assert kafka.committed_rows()[POSITION_KEY] == b"2"

    asyncio.run(ledger.settle())
    asyncio.run(ledger.settle())

    assert kafka.committed_rows()[POSITION_KEY] == b"3"
    assert len(kafka.committed) == 2


def test_settling_leaves_records_to_be_delivered() -> None:
    """It is no second way of delivery: a worker to which nothing is delivered must be noticed."""
    kafka = kafka_of(2)
    ledger = opened(kafka)

    asyncio.run(ledger.settle())

    assert ledger.next == 0


def test_a_failed_apply_leaves_nothing_and_ends_the_ledger() -> None:
    """The process may have half changed its memory, so neither is used again."""

    class Failing(Chaining):
        def apply(self, records: Sequence[Record]) -> Effects:
            super().apply(records)
            raise ZeroDivisionError

    kafka = kafka_of(2)
    ledger = opened(kafka, Failing())

    with pytest.raises(ZeroDivisionError):
        asyncio.run(ledger.apply(kafka.records(0, 2)))
    for again in (ledger.apply(kafka.records(0, 2)), ledger.catch_up(), ledger.settle()):
        with pytest.raises(LedgerClosedError):
            asyncio.run(again)
    assert not kafka.committed


def test_what_is_too_much_for_one_transaction_is_written_in_several() -> None:
    """Nothing more has to be told for it; the position is stored with each of them."""
    kafka = FakeKafka()
    kafka.produce(b"key", b"4")

    batches = asyncio.run(opened(kafka, CountingDown()).apply(kafka.records(0, 1)))

    assert [1, 0, 0, 0] == [batch.count for batch in batches]
    assert [b"4", b"3", b"2", b"1"] == [each.value for each in kafka.committed_outputs()]


async def closed_while_applying(kafka: FakeKafka, process: Process) -> None:
    """Apply all that was produced, and close the ledger after its second transaction."""
    ledger = ledger_on(kafka, process)
    await ledger.open()
    applying = asyncio.create_task(ledger.apply(kafka.records(0, kafka.end())))
    while len(kafka.committed) < 2:  # noqa: ASYNC110 - one await at a time
        await asyncio.sleep(0)
    await ledger.close()
    with pytest.raises(LedgerClosedError):
        await applying


def test_what_was_left_unfinished_is_finished_by_the_next_owner() -> None:
    """Though nothing waits in the source: it is in the rows that there is more."""
    kafka = FakeKafka()
    kafka.produce(b"key", b"4")

    asyncio.run(closed_while_applying(kafka, CountingDown()))
    before = [each.value for each in kafka.committed_outputs()]
    asyncio.run(opened(kafka, CountingDown()).catch_up())

    assert before == [b"4", b"3", b"2", b"1"][: len(before)]
    assert 2 <= len(before) < 4
    assert [b"4", b"3", b"2", b"1"] == [each.value for each in kafka.committed_outputs()]


def test_records_that_have_to_wait_come_again_after_what_goes_before() -> None:
    """Each transaction stores the position of what is applied by then; nothing waits for the next delivery."""
    kafka = FakeKafka()
    for count in (b"2", b"1", b"3"):
        kafka.produce(b"key", count)
    ledger = opened(kafka, OneAtATime())

    batches = asyncio.run(ledger.apply(kafka.records(0, 3)))

    assert [1, 0, 1, 1, 0, 0] == [batch.count for batch in batches]
    assert [1, 1, 2, 3, 3, 3] == [batch.offset for batch in batches]
    assert 3 == ledger.next
    told = [each.value for each in kafka.committed_outputs()]
    assert [b"2", b"1", b"1", b"3", b"2", b"1"] == told


def test_what_has_to_wait_comes_again_to_the_next_owner() -> None:
    """Closed while a record waits, its position says so."""
    kafka = FakeKafka()
    for count in (b"4", b"1"):
        kafka.produce(b"key", count)

    asyncio.run(closed_while_applying(kafka, OneAtATime()))
    assert b"1" == kafka.committed_rows()[POSITION_KEY]
    asyncio.run(opened(kafka, OneAtATime()).catch_up())

    told = [each.value for each in kafka.committed_outputs()]
    assert [b"4", b"3", b"2", b"1", b"1"] == told
    assert b"2" == kafka.committed_rows()[POSITION_KEY]


def test_a_process_that_lets_records_wait_for_nothing_is_refused() -> None:
    """They would be given to it for ever."""

    class Idle(Chaining):
        def apply(self, records: Sequence[Record]) -> Effects:
            return Effects(not_yet=len(records))

    kafka = kafka_of(2)

    with pytest.raises(LedgerError, match="wait for nothing"):
        asyncio.run(opened(kafka, Idle()).apply(kafka.records(0, 2)))


def test_the_row_of_the_position_belongs_to_the_ledger() -> None:
    """A process that writes it would decide what was applied."""

    class Meddling(Chaining):
        def apply(self, records: Sequence[Record]) -> Effects:
            return Effects([], {POSITION_KEY: b"%d" % len(records)})

    kafka = kafka_of(2)

    with pytest.raises(LedgerError, match="wrote the row of the position"):
        asyncio.run(opened(kafka, Meddling()).apply(kafka.records(0, 2)))
    assert not kafka.committed


def test_closing_waits_for_the_transaction_in_flight_and_begins_no_other() -> None:
    """Revoked in the middle of a backlog, it ends between two transactions."""
    kafka = kafka_of(100)

    async def revoked_meanwhile() -> None:
        ledger = ledger_on(kafka, batch_max=10)
        await ledger.open()
        catching_up = asyncio.create_task(ledger.catch_up())
        while len(kafka.committed) < 2 or not kafka.ongoing:  # noqa: ASYNC110 - one await at a time
            await asyncio.sleep(0)
        await ledger.close()
        with pytest.raises(LedgerClosedError):
            await catching_up

    asyncio.run(revoked_meanwhile())
    assert not kafka.ongoing
    assert len(kafka.committed) == 3


def test_a_ledger_that_is_closed_while_it_loads_never_opens() -> None:
    """A long load notices between two pieces that its partition has gone."""
    kafka = kafka_of(5)
    store(kafka, {POSITION_KEY: b"1", **{b"%d" % number: b"row" for number in range(100)}})

    async def revoked_meanwhile() -> None:
        process = Chaining()
        ledger = ledger_on(kafka, process)
        opening = asyncio.create_task(ledger.open())
        for _ in range(6):
            await asyncio.sleep(0)
        await ledger.close()
        with pytest.raises(LedgerClosedError):
            await opening
        assert not process.is_loaded

    asyncio.run(revoked_meanwhile())


@pytest.mark.parametrize("wrong", [[1, 0], [0, 0], [0, 7]])
def test_a_read_that_is_not_one_range_is_refused(wrong: list[int]) -> None:
    """The ledger trusts its own reading no further than it can see."""

    class Confused(FakeLog):
        async def read(self, start: int, stop: int, limit: int) -> Any:
            span = await super().read(start, stop, limit)
            records = [record for offset in wrong for record in kafka.records(offset, offset + 1)]
            return type(span)(records, 5)

    kafka = kafka_of(10)

    async def catch_up() -> None:
        ledger = ledger_on(kafka, log=Confused(kafka, Random(1)))
        await ledger.open()
        await ledger.catch_up()

    with pytest.raises(LedgerError, match="not one range"):
        asyncio.run(catch_up())
    assert not kafka.committed
