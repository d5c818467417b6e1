"""A worker's ledgers: assigned, revoked, given records; and every way in which they end it."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, Any, Never

import pytest

from baton.ledger import Batch, Effects, LedgerError, Ledgers, Partition, Tuning
from tests.ledger.conftest import STATE, Chaining, FakeKafka, FakeLog, FakeWriter, Point

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator, Sequence

    from baton.ledger import Log, Output, Process, Record, Writer

ONE, OTHER = Partition("events", 3), Partition("others", 3)

UNWATCHED = Tuning(watch_every=1e9)

MADE: list[Ledgers] = []


@pytest.fixture(autouse=True)
def _no_watch_outlives_its_test() -> Iterator[None]:
    """A watching thread would find its loop gone, and say so in the middle of another test."""
    yield
    for ledgers in MADE:
        ledgers._stopped.set()
    MADE.clear()


class DiedError(BaseException):
    """The worker would have ended here."""


def die(reason: str) -> Never:
    """Stand in for the end of the process."""
    raise DiedError(reason)


@dataclass
class FakeDelivery:
    """Notes what it was asked."""

    asked: list[tuple[str, Partition, int]] = field(default_factory=list)

    def pause(self, source: Partition) -> None:
        """Note it."""
        self.asked.append(("pause", source, -1))

    async def resume(self, source: Partition, offset: int) -> None:
        """Note it."""
        await Point()
        self.asked.append(("resume", source, offset))


@dataclass
class FakeMessage:
    """What Faust has of a record."""

    topic: str
    partition: int
    offset: int
    timestamp: float
    key: bytes | None
    value: bytes | None
    headers: Any = None


@dataclass
class FakeEvent:
    """An event, and whether it was acknowledged."""

    message: FakeMessage
    acked: bool = False

    def ack(self) -> bool:
        """Note it."""
        self.acked = True
        return True


def events_of(kafka: FakeKafka, start: int, stop: int, source: Partition = ONE) -> list[FakeEvent]:
    """Make the events of a range of a source."""
    return [
        FakeEvent(FakeMessage(*source, r.offset, r.timestamp_ms / 1_000, r.key, r.value))
        for r in kafka.records(start, stop)
    ]


def kafka_of(count: int) -> FakeKafka:
    """Make a Kafka whose source holds so many records."""
    kafka = FakeKafka()
    for number in range(count):
        kafka.produce(b"key-%d" % (number % 3), b"value-%d" % number)
    return kafka


@dataclass
class Worker:
    """Ledgers with all their surroundings made up."""

    kafkas: dict[Partition, FakeKafka]
    make_process: Callable[[Partition], Process] = lambda _: Chaining()
    tuning: Tuning = UNWATCHED
    writer: type[FakeWriter] = FakeWriter
    delivery: FakeDelivery = field(default_factory=FakeDelivery)
    batches: list[Batch] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Make the ledgers."""
        processes = {source.topic: self.make_process for source in self.kafkas}
        self.ledgers = Ledgers(
            processes,
            self.connect,
            self.delivery,
            die=die,
            tuning=self.tuning,
            on_batch=self.batches.append,
        )

        MADE.append(self.ledgers)

    def connect(self, source: Partition) -> tuple[Log, Writer]:
        """Connect to the fake of a source."""
        kafka, random = self.kafkas[source], Random(1)
        return FakeLog(kafka, random), self.writer(kafka, random)


def run(test: Coroutine[Any, Any, None]) -> None:
    """Run a test's coroutine."""
    asyncio.run(test)


async def until(true: Callable[[], bool]) -> None:
    """Let others run until something is so."""
    for _ in range(10_000):
        if true():
            return
        await asyncio.sleep(0)
    raise AssertionError("it never came to be")


def test_an_assignment_opens_and_catches_up_every_ledgered_partition() -> None:
    """Before Faust delivers anything, all that waits is applied; other topics are not ours."""

    async def assigned() -> None:
        worker = Worker({ONE: kafka_of(30), OTHER: kafka_of(20)})
        await worker.ledgers.open([*worker.kafkas, ("unknown", 3)])
        assert worker.ledgers.positions() == {ONE: 30, OTHER: 20}
        assert worker.ledgers.ready
        assert {batch.read for batch in worker.batches} == {"bulk"}
        await worker.ledgers.close()

    run(assigned())


def test_events_are_grouped_applied_and_acknowledged() -> None:
    """One batch of Faust's holds records of several partitions; all are committed on return."""

    async def delivered() -> None:
        worker = Worker({ONE: FakeKafka(), OTHER: FakeKafka()})
        await worker.ledgers.open(worker.kafkas)
        for kafka in worker.kafkas.values():
            for number in range(3):
                kafka.produce(b"key", b"value-%d" % number)
        ones, others = (events_of(kafka, 0, 3, source) for source, kafka in worker.kafkas.items())
        mixed = [event for pair in zip(ones, others, strict=True) for event in pair]
        await worker.ledgers.apply(mixed)
        assert all(event.acked for event in mixed)
        assert [status.next for status in worker.ledgers.snapshot()] == [3, 3]
        assert worker.ledgers.positions() == {ONE: 3, OTHER: 3}
        await worker.ledgers.close()

    run(delivered())


def test_a_record_is_the_same_however_it_came() -> None:
    """Faust gives seconds as a float and headers as it likes; the process sees no difference."""
    seen: list[Record] = []

    class Noting(Chaining):
        def apply(self, records: Sequence[Record]) -> Effects:
            seen.extend(records)
            return super().apply(records)

    async def both() -> None:
        kafka = FakeKafka()
        kafka.source = kafka_of(3).source
        read = kafka.records(0, 3)
        worker = Worker({ONE: FakeKafka()}, lambda _: Noting())
        await worker.ledgers.open([ONE])
        worker.kafkas[ONE].source = kafka.source
        await worker.ledgers.apply(events_of(kafka, 0, 3))
        assert read == seen
        await worker.ledgers.close()

    run(both())


@pytest.mark.parametrize("timestamp_ms", [0, 1, 999, 1_425_300_000_001, 1_795_413_133_457])
def test_milliseconds_survive_faust(timestamp_ms: int) -> None:
    """A time on its way through Faust's float seconds is the same again."""
    message = FakeMessage("events", 0, 0, timestamp_ms / 1_000.0, None, b"")

    assert Ledgers._record("events", message).timestamp_ms == timestamp_ms


def test_late_events_of_a_revoked_partition_open_no_ledger() -> None:
    """Opening one would fence the rightful owner; they are dropped, and not acknowledged."""

    async def late() -> None:
        kafka = kafka_of(3)
        worker = Worker({ONE: kafka})
        await worker.ledgers.open([ONE])
        await worker.ledgers.revoke([ONE])
        epoch = kafka.epoch
        kafka.produce(b"key", b"late")
        events = events_of(kafka, 3, 4)
        await worker.ledgers.apply(events)
        assert kafka.epoch == epoch
        assert worker.ledgers.positions() == {}
        assert not events[0].acked
        await worker.ledgers.close()

    run(late())


def test_a_partition_revoked_while_it_catches_up_is_closed() -> None:
    """The opening gives up between two transactions and leaves no ledger behind."""

    async def revoked() -> None:
        kafka = kafka_of(500)
        worker = Worker({ONE: kafka}, tuning=Tuning(batch_max=10, watch_every=1e9))
        opening = asyncio.create_task(worker.ledgers.open([ONE]))
        await until(lambda: len(kafka.committed) == 3)
        await worker.ledgers.revoke([ONE])
        await opening
        assert worker.ledgers.positions() == {}
        assert not kafka.ongoing
        committed = len(kafka.committed)
        assert committed < 10
        await worker.ledgers.open([ONE])
        assert worker.ledgers.positions() == {ONE: 500}
        await worker.ledgers.close()

    run(revoked())


def test_a_partition_revoked_before_its_opening_had_a_turn_opens_no_ledger() -> None:
    """Nobody is fenced for it; and when it comes again at once, it is opened once."""

    async def revoked() -> None:
        kafka = kafka_of(3)
        worker = Worker({ONE: kafka})
        opening = asyncio.create_task(worker.ledgers.open([ONE]))
        revoking = asyncio.create_task(worker.ledgers.revoke([ONE]))
        await asyncio.gather(opening, revoking)
        assert (0, {}) == (kafka.epoch, worker.ledgers.positions())
        await worker.ledgers.close()

    run(revoked())


def test_a_partition_that_comes_back_while_it_opens_is_opened_again() -> None:
    """The one that was revoked ends first, whatever it was about; both openings return."""

    async def back(turns: int) -> None:
        kafka = kafka_of(3)
        worker = Worker({ONE: kafka})
        opening = asyncio.create_task(worker.ledgers.open([ONE]))
        for _ in range(turns):
            await Point()
        revoking = asyncio.create_task(worker.ledgers.revoke([ONE]))
        again = asyncio.create_task(worker.ledgers.open([ONE]))
        await asyncio.gather(opening, revoking, again)
        assert worker.ledgers.positions() == {ONE: 3}
        assert worker.ledgers.ready
        await worker.ledgers.close()

    for turns in range(20):
        run(back(turns))


def test_revoking_waits_for_the_batch_in_flight() -> None:
    """What has begun is finished, and its events are acknowledged; nothing stays half done."""

    async def revoked() -> None:
        kafka = FakeKafka()
        worker = Worker({ONE: kafka})
        await worker.ledgers.open([ONE])
        kafka.source = kafka_of(3).source
        events = events_of(kafka, 0, 3)
        applying = asyncio.create_task(worker.ledgers.apply(events))
        await until(lambda: bool(kafka.ongoing))
        await worker.ledgers.revoke([ONE])
        assert not kafka.ongoing
        assert kafka.positions == [3]
        await applying
        assert all(event.acked for event in events)
        await worker.ledgers.close()

    run(revoked())


def test_a_batch_that_does_not_end_when_revoked_ends_the_worker() -> None:
    """A worker that cannot let go must not keep the group waiting."""

    class Hanging(FakeWriter):
        async def commit(self) -> None:
            await asyncio.Event().wait()

    async def revoked() -> None:
        kafka = FakeKafka()
        tuning = Tuning(close_within=0.01, watch_every=1e9)
        worker = Worker({ONE: kafka}, tuning=tuning, writer=Hanging)
        await worker.ledgers.open([ONE])
        kafka.produce(b"key", b"value")
        applying = asyncio.create_task(worker.ledgers.apply(events_of(kafka, 0, 1)))
        await until(lambda: bool(kafka.ongoing))
        with pytest.raises(DiedError, match="a transaction has not ended"):
            await worker.ledgers.revoke([ONE])
        applying.cancel()

    run(revoked())


def test_cancelling_an_agent_cancels_no_transaction() -> None:
    """Faust cancels agents at every stop; what they handed over is still committed."""

    async def cancelled() -> None:
        kafka = FakeKafka()
        worker = Worker({ONE: kafka})
        await worker.ledgers.open([ONE])
        kafka.source = kafka_of(3).source
        agent = asyncio.create_task(worker.ledgers.apply(events_of(kafka, 0, 3)))
        await until(lambda: bool(kafka.ongoing))
        agent.cancel()
        await worker.ledgers.close()
        assert kafka.positions == [3]
        assert agent.cancelled()

    run(cancelled())


def test_far_behind_it_pauses_faust_reads_in_bulk_and_seeks() -> None:
    """Faust's delivery is for the trickle: a backlog that grows while it runs is read in ranges."""

    async def behind() -> None:
        kafka = FakeKafka()
        worker = Worker({ONE: kafka}, tuning=Tuning(bulk_from=50, watch_every=0.001))
        await worker.ledgers.open([ONE])
        kafka.source = kafka_of(200).source
        await asyncio.sleep(0.01)
        await until(lambda: worker.ledgers.snapshot()[0].end == 200)
        events = events_of(kafka, 0, 5)
        await worker.ledgers.apply(events)
        assert worker.delivery.asked == [("pause", ONE, -1), ("resume", ONE, 200)]
        assert all(event.acked for event in events)
        await worker.ledgers.close()

    run(behind())


def test_what_is_not_well_is_said_while_it_lasts() -> None:
    """A ledger that loads for long, one that stands still, one that is far behind: each by name, until it is over."""

    async def not_well() -> None:
        kafka = FakeKafka()
        tuning = Tuning(watch_every=1e9, slow_after=-1.0, still_for=-1.0, bulk_from=50)
        worker = Worker({ONE: kafka}, tuning=tuning)
        ledgers = worker.ledgers

        def troubles() -> list[tuple[str, Partition]]:
            ledgers._say_what_is_not_well()
            return ledgers.troubles()

        opening = asyncio.create_task(ledgers.open([ONE]))
        await until(lambda: list(ledgers.opening()) == [ONE])
        assert [("slow", ONE)] == troubles()
        await opening
        assert [] == troubles()
        kafka.source = kafka_of(200).source
        await ledgers._open[ONE].ledger.look()
        assert [("behind", ONE), ("still", ONE)] == troubles()
        await ledgers.apply(events_of(kafka, 0, 5))
        assert [] == troubles()
        assert {} == ledgers.opening()
        assert ledgers.snapshot()[0].opened_in >= 0
        await ledgers.close()

    run(not_well())


class Raising(Chaining):
    """A process with a fault of ours in it."""

    def apply(self, records: Sequence[Record]) -> Effects:
        """Raise, quoting the record: the reason must not."""
        raise KeyError(records[0].value)


class Unsent(FakeWriter):
    """A record is too large, or a broker has too few replicas."""

    async def send(self, outputs: Sequence[Output]) -> None:
        """Refuse."""
        raise LedgerError(f"{len(outputs)} records were not stored")


class Broken(FakeWriter):
    """Breaks at every commit."""

    async def commit(self) -> None:
        """Lose the answer after it has taken effect."""
        await super().commit()
        raise ConnectionError


@pytest.mark.parametrize(
    ("process", "writer", "reason"),
    [
        (Raising, FakeWriter, r"apply: KeyError at test_ledgers.py:\d+$"),
        (Chaining, Unsent, r"apply: LedgerError at .*: 3 records were not stored$"),
        (Chaining, Broken, r"apply: ConnectionError at test_ledgers.py:\d+$"),
    ],
)
def test_whatever_fails_ends_the_worker_without_an_acknowledgement(
    process: type[Chaining], writer: type[FakeWriter], reason: str
) -> None:
    """The reason says what and where, and quotes no record."""

    async def failing() -> None:
        kafka = FakeKafka()
        worker = Worker({ONE: kafka}, lambda _: process(), writer=writer)
        await worker.ledgers.open([ONE])
        kafka.produce(b"key", b"a name")
        events = events_of(kafka, 0, 1)
        with pytest.raises(DiedError, match=reason):
            await worker.ledgers.apply(events)
        assert not events[0].acked

    run(failing())


def test_a_fenced_worker_ends() -> None:
    """Another has opened the partition: nothing of this one shows, and it ends."""

    async def fenced() -> None:
        kafka = FakeKafka()
        worker, other = Worker({ONE: kafka}), Worker({ONE: kafka})
        await worker.ledgers.open([ONE])
        await other.ledgers.open([ONE])
        kafka.produce(b"key", b"value")
        with pytest.raises(DiedError, match="FencedError"):
            await worker.ledgers.apply(events_of(kafka, 0, 1))
        assert not kafka.committed
        await other.ledgers.apply(events_of(kafka, 0, 1))
        assert kafka.positions == [1]
        await other.ledgers.close()

    run(fenced())


def test_a_topic_without_a_process_ends_the_worker() -> None:
    """Records that nobody knows what to do with are a mistake in the wiring, not to be skipped."""

    async def unknown() -> None:
        worker = Worker({ONE: FakeKafka()})
        with pytest.raises(DiedError, match="no process for the topic others"):
            await worker.ledgers.apply(events_of(kafka_of(1), 0, 1, OTHER))

    run(unknown())


def test_records_that_nobody_delivers_end_the_worker() -> None:
    """Source end above `next`, and nothing moves: Faust has stopped, whatever it looks like."""

    async def stalled() -> None:
        kafka = FakeKafka()
        tuning = Tuning(watch_every=0.001, quiet_for=0.002, stalled_for=0.02)
        worker = Worker({ONE: kafka}, tuning=tuning)
        await worker.ledgers.open([ONE])
        kafka.produce(b"key", b"value")
        watching = worker.ledgers._watching
        assert watching is not None
        with pytest.raises(DiedError, match="records wait from offset 0 to 1"):
            await asyncio.wait_for(watching, 10)

    run(stalled())


class Held(FakeKafka):
    """A Kafka that answers nobody while it is held."""

    def __init__(self) -> None:
        """Begin held."""
        super().__init__()
        self.free = asyncio.Event()

    async def point(self) -> None:
        """Wait."""
        await self.free.wait()
        await super().point()


def test_what_waits_until_another_ledger_is_loaded_has_not_stalled() -> None:
    """A million rows take longer to load than a stall may last: at each restart the worker would end in the middle."""

    async def waiting() -> None:
        slow, waits = Held(), Partition("events", 4)
        kafkas = {ONE: slow, waits: FakeKafka()}
        tuning = Tuning(watch_every=0.001, quiet_for=0.002, stalled_for=0.02)
        worker = Worker(kafkas, tuning=tuning)
        opening = asyncio.create_task(worker.ledgers.open(kafkas))
        await until(lambda: waits in worker.ledgers.positions())
        kafkas[waits].produce(b"key", b"value")
        watching = worker.ledgers._watching
        assert watching is not None
        done, _ = await asyncio.wait({watching}, timeout=0.2)
        assert not done
        slow.free.set()
        await opening
        with pytest.raises(DiedError, match="records wait from offset 0 to 1"):
            await asyncio.wait_for(watching, 10)

    run(waiting())


def test_what_waits_for_a_backlog_of_its_topic_has_not_stalled() -> None:
    """Nothing more of a topic is delivered while one of its partitions is being caught up; of other topics it is."""

    async def waiting() -> None:
        slow, waits = Held(), Partition("events", 4)
        slow.free.set()
        kafkas = {ONE: slow, waits: FakeKafka(), OTHER: FakeKafka()}
        worker = Worker(kafkas, tuning=Tuning(watch_every=1e9, bulk_from=0))
        await worker.ledgers.open(kafkas)
        for number in range(2):
            slow.produce(b"key", b"value-%d" % number)
        await worker.ledgers._open[ONE].ledger.look()
        slow.free.clear()
        applying = asyncio.create_task(worker.ledgers.apply(events_of(slow, 0, 1)))
        await until(lambda: ("pause", ONE, -1) in worker.delivery.asked)
        assert [False, True, False] == [worker.ledgers._is_held_up(each) for each in kafkas]
        # Two that are caught up at the same time do not hold up each other: either may stand still.
        worker.ledgers._catching_up.add(waits)
        assert not any(map(worker.ledgers._is_held_up, kafkas))
        worker.ledgers._catching_up.remove(waits)
        slow.free.set()
        await applying
        assert not any(map(worker.ledgers._is_held_up, kafkas))
        await worker.ledgers.close()

    run(waiting())


def test_an_event_loop_that_is_blocked_ends_the_worker() -> None:
    """A process that never returns leaves no turn for any other watch."""
    died: list[str] = []

    class Endless(Chaining):
        def apply(self, records: Sequence[Record]) -> Effects:
            while not died:
                time.sleep(0.001)
            return super().apply(records)

    async def blocked() -> None:
        kafka = kafka_of(1)
        tuning = Tuning(watch_every=0.001, blocked_for=0.02)
        worker = Worker({ONE: kafka}, lambda _: Endless(), tuning=tuning)

        def note(reason: str) -> None:
            # Where a process would end, its watch does: what a thread raises is found in the middle of another test.
            worker.ledgers._stopped.set()
            died.append(reason)

        worker.ledgers._die = note  # type: ignore[assignment]  # it returns, where the real one never does
        await worker.ledgers.open([ONE])
        await worker.ledgers.close()

    run(blocked())
    assert died[0].startswith("the event loop has been blocked for")


def test_a_quiet_source_that_ends_in_a_marker_is_no_stall() -> None:
    """The position steps over it, once, and is stored; then there is nothing to do."""

    async def quiet() -> None:
        kafka = kafka_of(3)
        kafka.source_open = 3
        tuning = Tuning(watch_every=0.001, quiet_for=0.002, stalled_for=0.05)
        worker = Worker({ONE: kafka}, tuning=tuning)
        await worker.ledgers.open([ONE])
        kafka.produce_hole(aborted=False)
        kafka.source_open = None
        await asyncio.sleep(0.15)
        assert worker.ledgers.positions() == {ONE: 4}
        assert kafka.positions == [3, 4]
        await worker.ledgers.close()

    run(quiet())


def test_the_figures_of_every_open_ledger_are_given() -> None:
    """Lag, counts and the last transaction's time are ours: Faust's come from its commits."""

    async def figures() -> None:
        kafka = kafka_of(30)
        worker = Worker({ONE: kafka}, tuning=Tuning(batch_max=10, watch_every=1e9))
        await worker.ledgers.open([ONE])
        (status,) = worker.ledgers.snapshot()
        assert (status.topic, status.partition, status.next, status.end) == ("events", 3, 30, 30)
        assert (status.records, status.gaps) == (30, 0)
        assert status.batches == len(kafka.committed) == len(worker.batches)
        assert status.transaction_ms == worker.batches[-1].ms
        assert isinstance(worker.ledgers.process(ONE), Chaining)
        assert worker.ledgers.process(OTHER) is None
        await worker.ledgers.close()

    run(figures())


def test_the_state_topic_is_named_after_the_source() -> None:
    """The catalogue makes topics by this name."""
    from baton.ledger import state_topic

    assert state_topic("events") == STATE
