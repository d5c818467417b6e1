"""A Kafka in memory, of one source partition, that can stop its clients at every await."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from baton.ledger import Effects, Output, Partition, Record, Span

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Generator, Sequence
    from random import Random

    from baton.ledger import Row

SOURCE = Partition("events", 3)
STATE = "state-events"


class FencedError(Exception):
    """A later producer has taken this one's name."""


class UnknownOutcomeError(Exception):
    """The connection broke while a commit was under way."""


class Point:
    """An await at which a test may stop a client, for a while or for good."""

    def __await__(self) -> Generator[None, None, None]:
        """Hand control to whoever steps the client: a test, or asyncio as in `sleep(0)`."""
        yield


class Broker(Protocol):
    """What the log and the writer below ask of a Kafka in memory, for one source partition."""

    earliest: int

    def point(self) -> Awaitable[None]:
        """Return an await at which the client may be stopped."""

    def end(self) -> int:
        """Return the source's committed end."""

    def records(self, start: int, stop: int) -> Sequence[Record]:
        """Return the committed source records of a range."""

    def stable_end_of_state(self) -> int:
        """Return the offset of the first state record whose transaction is open, or the end."""

    def rows(self, start: int, stop: int) -> Sequence[Row]:
        """Return the committed state records of a range."""

    def take_over(self) -> int:
        """Give the source's transactional name a new epoch; abort what an earlier one left open."""

    def is_current(self, epoch: int) -> bool:
        """Say whether nobody has taken the name over since."""

    def new_transaction(self) -> int:
        """Number a transaction; it is open once something is stored in it."""

    def store(self, transaction: int, epoch: int, output: Output) -> None:
        """Store a record in a transaction."""

    def end_transaction(self, transaction: int, *, commit: bool) -> None:
        """Make a transaction visible, or make it nothing."""


@dataclass
class Stored:
    """One offset of a log: a record, or the marker of a commit or an abort."""

    offset: int
    key: bytes | None = None
    value: bytes | None = None
    transaction: int | None = None
    marker: bool = False


@dataclass
class FakeKafka:
    """A source, a state partition and the outputs, with transactions, holes and epochs."""

    source: list[Stored] = field(default_factory=list)
    earliest: int = 0
    source_open: int | None = None
    """Where a transaction of the source's own writers is still open."""
    aborted: set[int] = field(default_factory=set)
    state: list[Stored] = field(default_factory=list)
    outputs: list[tuple[int, Output]] = field(default_factory=list)
    epoch: int = 0
    transactions: int = 0
    ongoing: dict[int, int] = field(default_factory=dict)
    """Open transactions and the epoch of their producer."""
    committed: set[int] = field(default_factory=set)
    positions: list[int] = field(default_factory=list)
    """Every position committed, in order."""

    def point(self) -> Awaitable[None]:
        """Return an await at which a test may stop a client."""
        return Point()

    def produce(self, key: bytes, value: bytes | None) -> int:
        """Append a committed record to the source."""
        self.source.append(Stored(len(self.source), key, value))
        return len(self.source) - 1

    def produce_hole(self, *, aborted: bool) -> None:
        """Append a marker to the source, or a record that was aborted and is never to be seen."""
        self.source.append(Stored(len(self.source), b"aborted", b"?", marker=not aborted))
        if aborted:
            self.aborted.add(len(self.source) - 1)

    def records(self, start: int, stop: int) -> list[Record]:
        """Return the committed source records of a range."""
        return [
            Record(*SOURCE, stored.offset, 1_000 + stored.offset, stored.key, stored.value)
            for stored in self.source[start:stop]
            if not stored.marker and stored.offset not in self.aborted
        ]

    def end(self) -> int:
        """Return the source's committed end."""
        return len(self.source) if self.source_open is None else self.source_open

    def stable_end_of_state(self) -> int:
        """Return the offset of the first state record whose transaction is open, or the end."""
        still_open = (row.offset for row in self.state if row.transaction in self.ongoing)
        return min(still_open, default=len(self.state))

    def rows(self, start: int, stop: int) -> list[Row]:
        """Return the committed state records of a range."""
        return [
            (row.key, row.value)
            for row in self.state[start:stop]
            if row.key is not None and row.transaction in self.committed
        ]

    def take_over(self) -> int:
        """Begin the next epoch, and end what is open."""
        self.epoch += 1
        for transaction in list(self.ongoing):
            self.end_transaction(transaction, commit=False)
        return self.epoch

    def is_current(self, epoch: int) -> bool:
        """Say whether this is the last epoch."""
        return epoch == self.epoch

    def new_transaction(self) -> int:
        """Number a transaction."""
        self.transactions += 1
        return self.transactions

    def store(self, transaction: int, epoch: int, output: Output) -> None:
        """Append a row to the state, or keep an output."""
        self.ongoing[transaction] = epoch
        if output.topic == STATE:
            assert output.partition == SOURCE.number
            self.state.append(Stored(len(self.state), output.key, output.value, transaction))
        else:
            self.outputs.append((transaction, output))

    def committed_rows(self) -> dict[bytes, bytes]:
        """Return what a reader of the state partition makes of it, all transactions ended."""
        rows: dict[bytes, bytes] = {}
        for row in self.state:
            if row.marker or row.transaction not in self.committed or row.key is None:
                continue
            rows.pop(row.key, None)
            if row.value is not None:
                rows[row.key] = row.value
        return rows

    def committed_outputs(self) -> list[Output]:
        """Return what a reader of the outputs sees."""
        return [output for transaction, output in self.outputs if transaction in self.committed]

    def end_transaction(self, transaction: int, *, commit: bool) -> None:
        """Make a transaction visible, or make it nothing; either leaves a marker."""
        self.ongoing.pop(transaction, None)
        if commit:
            self.committed.add(transaction)
            for row in self.state:
                if row.transaction == transaction and row.key == b"\x00next":
                    self.positions.append(int(row.value or b"-1"))
        self.state.append(Stored(len(self.state), marker=True))


class FakeLog:
    """Reads a Kafka in memory. Ranges come in pieces of any size, as they may from the real one."""

    def __init__(self, kafka: Broker, random: Random, most: int = 6) -> None:
        """Take the Kafka, chance for the sizes of pieces, and the most rows in one."""
        self._kafka = kafka
        self._random = random
        self._most = most

    async def rows(self) -> AsyncIterator[Sequence[Row]]:
        """Read the state partition up to its committed end, asked once."""
        await self._kafka.point()
        end = self._kafka.stable_end_of_state()
        begin = 0
        while begin < end:
            stop = min(end, begin + self._random.randint(1, self._most))
            yield self._kafka.rows(begin, stop)
            await self._kafka.point()
            begin = stop

    async def earliest(self) -> int:
        """Return the first offset that retention has left."""
        await self._kafka.point()
        return self._kafka.earliest

    async def end(self) -> int:
        """Return the committed end."""
        await self._kafka.point()
        return self._kafka.end()

    async def read(self, start: int, stop: int, limit: int) -> Span:
        """Return some piece of the range, at least one offset long."""
        await self._kafka.point()
        position = min(stop, start + self._random.randint(1, limit))
        records = self._kafka.records(start, position)
        await self._kafka.point()
        return Span(records, position)

    async def close(self) -> None:
        """Nothing is open."""
        await self._kafka.point()


class FakeWriter:
    """Writes transactions to a Kafka in memory, which may break at a commit."""

    def __init__(self, kafka: Broker, random: Random, *, break_share: float = 0.0) -> None:
        """Take the Kafka, and how often a commit's outcome stays unknown."""
        self._kafka = kafka
        self._random = random
        self._break_share = break_share
        self._epoch = -1
        self._transaction = -1

    async def fence(self) -> None:
        """Take the name over; end what its earlier owner left open."""
        await self._kafka.point()
        self._epoch = self._kafka.take_over()
        await self._kafka.point()

    async def begin(self) -> None:
        """Begin a transaction: Kafka hears of it with the first record."""
        await self._kafka.point()
        self._transaction = self._kafka.new_transaction()

    async def send(self, outputs: Sequence[Output]) -> None:
        """Store records one by one, so that a crash may come between any two."""
        for output in outputs:
            await self._kafka.point()
            self._check_epoch()
            self._kafka.store(self._transaction, self._epoch, output)

    async def commit(self) -> None:
        """Commit; now and then break, before or after it has taken effect."""
        await self._kafka.point()
        self._check_epoch()
        breaks = self._breaks()
        if breaks and self._random.random() < 0.5:
            raise UnknownOutcomeError
        self._kafka.end_transaction(self._transaction, commit=True)
        if breaks:
            raise UnknownOutcomeError
        await self._kafka.point()

    async def close(self) -> None:
        """Nothing is open."""
        await self._kafka.point()

    def _breaks(self) -> bool:
        return self._random.random() < self._break_share

    def _check_epoch(self) -> None:
        if not self._kafka.is_current(self._epoch):
            raise FencedError


class Chaining:
    """A process whose every row and output depends on all records of its key, in their order."""

    def __init__(self) -> None:
        """Begin with no keys."""
        self.rows: dict[bytes, bytes] = {}
        self.is_loaded = False

    @property
    def unfinished(self) -> bool:
        """Whether there is more to write: never."""
        return False

    def load(self, key: bytes, value: bytes) -> None:
        """Take a live row, once."""
        assert not self.is_loaded
        assert key not in self.rows
        self.rows[key] = value

    def loaded(self) -> None:
        """Note that the rows are complete."""
        self.is_loaded = True

    def apply(self, records: Sequence[Record]) -> Effects:
        """Chain each record to its key; a record without a value removes the key."""
        assert self.is_loaded
        effects = Effects()
        for record in records:
            key = record.key or b""
            before = self.rows.pop(key, b"")
            if record.value is None:
                effects.rows[key] = None
                effects.outputs.append(Output("told", key, None))
                continue
            seen = b"%s|%d|%d|%s" % (before, record.offset, record.timestamp_ms, record.value)
            chained = hashlib.blake2b(seen, digest_size=8).digest()
            self.rows[key] = effects.rows[key] = chained
            effects.outputs.append(Output("told", key, chained))
        return effects


class CountingDown(Chaining):
    """A process that counts down from what it was told, one step in each transaction."""

    @property
    def unfinished(self) -> bool:
        """Whether there is more to count."""
        return self.rows.get(b"left", b"0") != b"0"

    def apply(self, records: Sequence[Record]) -> Effects:
        """Count one step."""
        left = int(self.rows.get(b"left", b"0")) + sum(int(each.value or b"0") for each in records)
        self.rows[b"left"] = b"%d" % (left - 1)
        return Effects([Output("told", b"key", b"%d" % left)], {b"left": self.rows[b"left"]})


class OneAtATime(CountingDown):
    """A process that takes a record, and lets all behind it wait until it has counted down what that told it."""

    def apply(self, records: Sequence[Record]) -> Effects:
        """Count one step."""
        taken = [] if self.unfinished else records[:1]
        effects = super().apply(taken)
        effects.not_yet = len(records) - len(taken)
        return effects
