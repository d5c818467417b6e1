"""All ledgers of a worker: opened on assignment, closed on revocation, fed by Faust's events."""

import asyncio
import threading
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic
from typing import Any, Protocol

import structlog

from baton.ledger.exit import Die, die, fatal
from baton.ledger.kafka import Kafka, KafkaLog, KafkaWriter
from baton.ledger.ledger import Batch, Ledger, LedgerClosedError, RefusedToOpenError, StalledError
from baton.ledger.log import Log, Partition, Writer
from baton.ledger.process import Process, Record


async def _nothing_before(_: Partition) -> int:
    """Say that nobody remembers anything."""
    return 0


MakeProcess = Callable[[Partition], Process]
Connect = Callable[[Partition], tuple[Log, Writer]]

logger = structlog.get_logger("baton.ledger")


def state_topic(source_topic: str) -> str:
    """Return the compacted topic that holds the rows for a source topic."""
    return f"state-{source_topic}"


class Delivery(Protocol):
    """What the ledgers ask of whoever delivers records."""

    def pause(self, source: Partition) -> None:
        """Deliver no more of this partition."""

    async def resume(self, source: Partition, offset: int) -> None:
        """Deliver this partition again, from an offset on."""


class Message(Protocol):
    """What is read of a message of Faust's."""

    @property
    def topic(self) -> str: ...  # noqa: D102 - as Faust's message has it
    @property
    def partition(self) -> int: ...  # noqa: D102 - as Faust's message has it
    @property
    def offset(self) -> int: ...  # noqa: D102 - as Faust's message has it
    @property
    def timestamp(self) -> float: ...  # noqa: D102 - as Faust's message has it
    @property
    def key(self) -> bytes | None: ...  # noqa: D102 - as Faust's message has it
    @property
    def value(self) -> bytes | None: ...  # noqa: D102 - as Faust's message has it
    @property
    def headers(self) -> Any: ...  # noqa: ANN401, D102 - as Faust's message has it


class Event(Protocol):
    """What is read of an event of Faust's, and how it is acknowledged."""

    @property
    def message(self) -> Any: ...  # noqa: ANN401, D102 - a Message; Faust types it as optional
    def ack(self) -> bool: ...  # noqa: D102 - as Faust's message has it


@dataclass(frozen=True, slots=True)
class Tuning:
    """How long and how much. Times are in seconds."""

    batch_max: int = 2_000
    """Most source records in one transaction, and in one call of a process."""
    batch_bytes: int = 4 * 1024 * 1024
    """Most bytes of source records in one transaction, but for a single larger record."""
    bulk_from: int = 5_000
    """This many records behind, Faust is paused and the ledger reads for itself."""
    watch_every: float = 1.0
    quiet_for: float = 3.0
    """After so long without progress, `next` steps over markers at the source's end."""
    still_for: float = 10.0
    """After so long without progress, though records wait, the log and the health page say so."""
    stalled_for: float = 30.0
    """After so long the worker stops."""
    slow_after: float = 30.0
    """After so long a ledger that is still being loaded is said to be slow."""
    blocked_for: float = 120.0
    """After so long without a turn for anybody, because a process never returns, it stops too."""
    open_within: float = 600.0
    close_within: float = 10.0


@dataclass(frozen=True, slots=True)
class Status:
    """One ledger's figures, for metrics and health."""

    topic: str
    partition: int
    next: int
    end: int
    """Where the source ended when last looked at; the lag is `end - next`."""
    transaction_ms: float
    """How long the last transaction took."""
    batches: int
    records: int
    gaps: int
    rows_loaded: int
    opened_in: float
    """Seconds that loading its rows and catching up took."""
    still_for: float
    """Seconds since `next` last moved, or something was committed."""


class _Entry:
    """An open ledger with its counters."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.batches = 0
        self.records = 0
        self.transaction_ms = 0.0
        self.opened_in = 0.0
        self.moved_at = monotonic()
        self.seen = (ledger.next, ledger.transactions)

    def still_for(self) -> float:
        now = (self.ledger.next, self.ledger.transactions)
        if now != self.seen:
            self.seen = now
            self.held_up()
        return monotonic() - self.moved_at

    def held_up(self) -> None:
        """Note that it could not move until now."""
        self.moved_at = monotonic()


class Ledgers:
    """Keeps one ledger for each assigned partition of the given source topics.

    Only three things are needed of the delivering side: *assigned*, *revoked* and *records*. The
    rest of its bookkeeping, committed offsets above all, is a hint for where to begin delivering.
    """

    def __init__(  # noqa: PLR0913 - the parts are given, so that tests can give others
        self,
        processes: Mapping[str, MakeProcess],
        connect: Connect | Kafka,
        delivery: Delivery,
        *,
        die: Die = die,
        tuning: Tuning = Tuning(),
        on_batch: Callable[[Batch], None] = lambda _: None,
        applied_before: Callable[[Partition], Awaitable[int]] = _nothing_before,
    ) -> None:
        """Take the process factories by source topic; other topics have no ledger.

        `on_batch` is called after each commit, for metrics; it must not raise. `applied_before`
        says up to which offset of a source somebody else remembers that it was applied: a ledger
        without rows that should have some has lost them, and must not begin again at the start.
        """
        self._processes = dict(processes)
        self._connect = _connect_to(connect) if isinstance(connect, Kafka) else connect
        self._plain = connect.plain if isinstance(connect, Kafka) else str
        self._delivery = delivery
        self._die = die
        self._tuning = tuning
        self._on_batch = on_batch
        self._applied_before = applied_before
        self._assigned: frozenset[Partition] = frozenset()
        self._opening: dict[Partition, Ledger] = {}
        self._opening_since: dict[Partition, float] = {}
        self._said: set[tuple[str, Partition]] = set()
        self._open: dict[Partition, _Entry] = {}
        self._catching_up: set[Partition] = set()
        self._doors: defaultdict[Partition, asyncio.Lock] = defaultdict(asyncio.Lock)
        """One opening of a partition at a time, however often it is revoked and given again."""
        self._watching: asyncio.Task[None] | None = None
        self._looked_at = 0.0
        self._stopped = threading.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self, partitions: Iterable[tuple[str, int]]) -> None:
        """Open, load and catch up the ledgers of an assignment, all at once; then watch them.

        The caller must not let anything be delivered meanwhile. If the partitions are revoked
        before this is done, it gives up and returns. Partitions that have a ledger keep it.
        """
        wanted = [source for source in map(self._source, partitions) if source is not None]
        self._assigned = frozenset(wanted)
        if self._watching is None:
            self._watching = asyncio.create_task(fatal(self._die, "watch")(self._watch)())
            self._looked_at = monotonic()
            threading.Thread(target=self._watch_the_watch, daemon=True).start()
        async with asyncio.timeout(self._tuning.open_within):
            await asyncio.gather(
                *(self._open_one(source) for source in wanted if not self._has(source))
            )

    async def revoke(self, partitions: Iterable[tuple[str, int]]) -> None:
        """Let the transactions in flight finish, then close and forget these ledgers.

        Whatever Faust still holds of these partitions finds no ledger, and is dropped: opening one
        for it would fence the rightful owner.
        """
        revoked = {source for source in map(self._source, partitions) if source is not None}
        self._assigned -= revoked
        ledgers = [
            entry.ledger for source, entry in list(self._open.items()) if source in revoked
        ] + [ledger for source, ledger in list(self._opening.items()) if source in revoked]
        for source in revoked:
            self._open.pop(source, None)
        for ledger in ledgers:
            ledger.stop_soon()
        try:
            async with asyncio.timeout(self._tuning.close_within):
                await asyncio.gather(*(ledger.close() for ledger in ledgers))
        except TimeoutError:
            self._die(f"revoke: a transaction has not ended in {self._tuning.close_within} s")

    async def close(self) -> None:
        """Close all ledgers, for an orderly stop."""
        self._stopped.set()
        if self._watching is not None:
            self._watching.cancel()
            with suppress(asyncio.CancelledError):
                await self._watching
            self._watching = None
        await self.revoke([*self._assigned, *self._open, *self._opening])

    async def apply(self, events: Sequence[Event]) -> None:
        """Apply what Faust delivered, partitions mixed; return when all is committed.

        Partitions are applied at the same time, one transaction at a time in each. Cancelling this
        cancels no transaction: an agent is cancelled at every stop.
        """
        by_source: dict[Partition, list[Event]] = defaultdict(list)
        for event in events:
            source = self._source((event.message.topic, event.message.partition))
            if source is None:
                self._die(f"apply: no process for the topic {event.message.topic}")
            by_source[source].append(event)
        applied = fatal(self._die, "apply")(self._apply_one)
        tasks = [asyncio.create_task(applied(source, mine)) for source, mine in by_source.items()]
        self._tasks.update(tasks)
        for task in tasks:
            task.add_done_callback(self._tasks.discard)
        if tasks:
            await asyncio.wait(tasks)
        for task in tasks:
            task.result()

    def snapshot(self) -> list[Status]:
        """Give the figures of every open ledger, sorted by topic and partition."""
        return [
            Status(
                topic=source.topic,
                partition=source.number,
                next=entry.ledger.next,
                end=max(entry.ledger.end, entry.ledger.next),
                transaction_ms=entry.transaction_ms,
                batches=entry.batches,
                records=entry.records,
                gaps=entry.ledger.gaps,
                rows_loaded=entry.ledger.rows_loaded,
                opened_in=entry.opened_in,
                still_for=self._still_for(source, entry),
            )
            for source, entry in sorted(self._open.items())
        ]

    @property
    def ready(self) -> bool:
        """Whether there is an assignment, and all its ledgers are open and have caught up."""
        return self._watching is not None and all(map(self._has, self._assigned))

    def opening(self) -> dict[Partition, float]:
        """Return for how many seconds each ledger that is not open yet has been loading."""
        return {source: monotonic() - since for source, since in self._opening_since.items()}

    def troubles(self) -> list[tuple[str, Partition]]:
        """Return what is not well, as the log has said it: `slow`, `still` or `behind`, and where."""
        return sorted(self._said)

    def positions(self) -> dict[Partition, int]:
        """Return `next` of every open ledger: where delivery should go on."""
        return {source: entry.ledger.next for source, entry in self._open.items()}

    def process(self, source: Partition) -> Process | None:
        """Return the process of an open ledger, to read its figures, or None."""
        entry = self._open.get(source)
        return None if entry is None else entry.ledger.process

    def _source(self, partition: tuple[str, int]) -> Partition | None:
        topic = self._plain(partition[0])
        return Partition(topic, partition[1]) if topic in self._processes else None

    def _has(self, source: Partition) -> bool:
        return source in self._open

    async def _open_one(self, source: Partition) -> None:
        async with self._doors[source]:
            # It may have been revoked before its opening had a turn, and given again since.
            if source in self._assigned and not self._has(source):
                await self._open_now(source)

    async def _open_now(self, source: Partition) -> None:
        ledger = self._new_ledger(source)
        self._opening[source] = ledger
        entry = _Entry(ledger)
        began = self._opening_since[source] = monotonic()
        try:
            await ledger.open()
            if ledger.new:
                await self._check_new(source)
            await ledger.catch_up(lambda batch: self._report(entry, batch))
        except LedgerClosedError:
            return  # Revoked meanwhile, and closed by whoever revoked it.
        finally:
            self._let_go()
            del self._opening[source]
            del self._opening_since[source]
        if ledger.closing:
            return
        entry.still_for()
        entry.opened_in = monotonic() - began
        self._open[source] = entry
        logger.info(
            "ledger_opened",
            topic=source.topic,
            partition=source.number,
            offset=ledger.next,
            rows=ledger.rows_loaded,
            count=entry.records,
            ms=round(entry.opened_in * 1_000, 1),
        )

    def _new_ledger(self, source: Partition) -> Ledger:
        log, writer = self._connect(source)
        return Ledger(
            source,
            state_topic=state_topic(source.topic),
            log=log,
            writer=writer,
            process=self._processes[source.topic](source),
            batch_max=self._tuning.batch_max,
            batch_bytes=self._tuning.batch_bytes,
        )

    async def _check_new(self, source: Partition) -> None:
        """Refuse a ledger without a position where the source was applied before: its rows are lost."""
        before = await self._applied_before(source)
        if before > 0:
            raise RefusedToOpenError(
                f"{source}: {state_topic(source.topic)} is empty, and records up to {before} were applied before: "
                "its rows are lost. Do as docs/runbooks/state-topic-lost.md says"
            )

    async def _apply_one(self, source: Partition, events: list[Event]) -> None:
        entry = self._open.get(source)
        if entry is None:
            logger.info(
                "late_records_dropped",
                topic=source.topic,
                partition=source.number,
                count=len(events),
            )
            return
        ledger = entry.ledger
        records = [self._record(source.topic, event.message) for event in events]
        try:
            if ledger.end - records[-1].offset > self._tuning.bulk_from:
                await self._catch_up(source, entry)
            batches = await ledger.apply(records)
        except LedgerClosedError:
            return  # Revoked meanwhile: the next owner will be given these records.
        # Committed; now acknowledge, then log. A crash between them loses a hint and a log line.
        for event in events:
            event.ack()
        for batch in batches:
            self._report(entry, batch)

    async def _catch_up(self, source: Partition, entry: _Entry) -> None:
        self._delivery.pause(source)
        self._catching_up.add(source)
        try:
            await entry.ledger.catch_up(lambda batch: self._report(entry, batch))
        finally:
            self._let_go()
            self._catching_up.discard(source)
        await self._delivery.resume(source, entry.ledger.next)

    def _is_held_up(self, source: Partition) -> bool:
        """Say whether it is we who keep its records from being delivered, however long it takes.

        Nothing is delivered before every ledger of an assignment is open, and nothing more of a topic while one of its
        partitions is being caught up.
        """
        if self._opening:
            return True
        if source in self._catching_up:
            return False
        return any(each.topic == source.topic for each in self._catching_up)

    def _let_go(self) -> None:
        """Measure from now on how long what we have held up until now stands still."""
        for source, entry in self._open.items():
            if self._is_held_up(source):
                entry.held_up()

    def _still_for(self, source: Partition, entry: _Entry) -> float:
        """Return for how many seconds a ledger has stood still, and not because we held it up."""
        return 0.0 if self._is_held_up(source) else entry.still_for()

    def _report(self, entry: _Entry, batch: Batch) -> None:
        entry.batches += 1
        entry.records += batch.count
        entry.transaction_ms = batch.ms
        log = logger.debug if batch.routine else logger.info
        log(
            "batch_applied",
            topic=batch.topic,
            partition=batch.partition,
            offset=batch.offset,
            count=batch.count,
            outputs=batch.outputs,
            ms=round(batch.ms, 1),
            read=batch.read,
        )
        self._on_batch(batch)

    @staticmethod
    def _record(topic: str, message: Message) -> Record:
        return Record(
            topic,
            message.partition,
            message.offset,
            # Faust keeps seconds as a float, which is exact enough to give back the milliseconds.
            round(message.timestamp * 1_000),
            message.key,
            message.value,
            _headers(message.headers),
        )

    async def _watch(self) -> None:
        """Look at every ledger about once a second; stop the worker if one stands still."""
        while True:
            self._looked_at = monotonic()
            await asyncio.sleep(self._tuning.watch_every)
            self._say_what_is_not_well()
            await asyncio.gather(
                *(self._look(source, entry) for source, entry in list(self._open.items()))
            )

    def _say_what_is_not_well(self) -> None:
        """Log each trouble once when it begins, and keep it for the health page while it lasts."""
        tuning = self._tuning
        troubles: dict[tuple[str, Partition], dict[str, float]] = {
            ("slow", source): {"seconds": round(seconds, 1)}
            for source, seconds in self.opening().items()
            if seconds > tuning.slow_after
        }
        for source, entry in self._open.items():
            ledger, still_for = entry.ledger, self._still_for(source, entry)
            where: dict[str, float] = {"next": ledger.next, "end": ledger.end}
            if ledger.next < ledger.end and still_for > tuning.still_for:
                troubles["still", source] = {**where, "seconds": round(still_for, 1)}
            if ledger.end - ledger.next > tuning.bulk_from:
                troubles["behind", source] = where
        for kind, source in troubles.keys() - self._said:
            logger.warning(
                "ledger_in_trouble",
                reason=kind,
                topic=source.topic,
                partition=source.number,
                **troubles[kind, source],
            )
        self._said = set(troubles)

    def _watch_the_watch(self) -> None:
        """Stop the worker, from a thread of its own, if the event loop has no turns any more.

        Faust's thread would go on telling the group that all is well.
        """
        while not self._stopped.wait(self._tuning.watch_every):
            blocked_for = monotonic() - self._looked_at - self._tuning.watch_every
            if blocked_for > self._tuning.blocked_for:
                self._die(f"the event loop has been blocked for {blocked_for:.0f} s")

    async def _look(self, source: Partition, entry: _Entry) -> None:
        ledger = entry.ledger
        try:
            await ledger.look()
            still_for = self._still_for(source, entry)
            if ledger.settled or still_for < self._tuning.quiet_for:
                return
            if ledger.next < ledger.end and still_for > self._tuning.stalled_for:
                raise StalledError(  # noqa: TRY301 - not caught here unless the ledger is closing
                    f"{source}: records wait from offset {ledger.next} to {ledger.end}, "
                    f"and nothing was applied for {still_for:.0f} s"
                )
            if not ledger.busy:
                await ledger.settle()
        except Exception:
            if not ledger.closing:
                raise


def _headers(headers: Any) -> tuple[tuple[str, bytes], ...]:  # noqa: ANN401 - as Faust has them
    pairs = headers.items() if isinstance(headers, Mapping) else headers or ()
    return tuple((name, value) for name, value in pairs)


def _connect_to(kafka: Kafka) -> Connect:
    def connect(source: Partition) -> tuple[Log, Writer]:
        return KafkaLog(kafka, source, state_topic(source.topic)), KafkaWriter(kafka, source)

    return connect
