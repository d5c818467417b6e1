"""One source partition, applied exactly once.

The law: *whatever was applied, and that it was applied, become visible in one transaction, or
neither does.* Outputs, changed rows and `next`, the offset of the next source record to apply, are
committed together by a producer that fences every earlier owner of the partition. Who delivers the
records is not trusted: it may lose, repeat and reorder, for `next` alone decides.

What always holds, and what `tests/ledger` and `tests/faults` check:

1. After any crash, committed rows and outputs equal a pure `apply` over the source's committed
   records below `next`: none missing, doubled or extra. A process that has more to write than fits
   one transaction says so (`unfinished`) and is asked for the rest, after a crash too.
2. Committed `next` never falls. No record below it is applied; none above before those between.
3. Of two open ledgers of one partition only the later opened commits; a fenced one is never
   revived.
4. Fence, load, apply, in that order. What happened before the fence is therefore in the rows.
5. After a failed or interrupted write a ledger refuses all further use. The process may have
   changed its memory in vain, so both are thrown away; the truth is what the next load finds.

A ledger knows nothing of what the records mean, and nothing of Faust. It has no path that logs an
error and goes on: whatever it raises must end the worker.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from time import perf_counter
from typing import Literal

from baton.ledger.log import Log, Partition, Span, Writer
from baton.ledger.process import Effects, Output, Process, Record

POSITION_KEY = b"\x00next"
"""The row that holds `next`, in decimal digits. No row of a process may have this key."""

Reading = Literal["delivered", "gap", "bulk"]
"""How records came: by Faust, or by the ledger's own reading of a hole or of a backlog."""

ROWS_BETWEEN_BREATHS = 5_000
"""Rows loaded before others may run, so that a long load stalls no health check."""


class LedgerError(Exception):
    """The ledger cannot go on. The worker must stop; a restart loads what is true."""


class RefusedToOpenError(LedgerError):
    """State and source do not fit together, and only a person can say what is right."""


class LedgerClosedError(LedgerError):
    """The ledger was closed or has failed, and takes no more work."""


class StalledError(LedgerError):
    """Records wait in the source, and none was applied for too long."""


@dataclass(frozen=True, slots=True)
class Batch:
    """One committed transaction, for the log line and the metrics."""

    topic: str
    partition: int
    offset: int
    """`next` after the commit."""
    count: int
    """Source records applied."""
    outputs: int
    rows: int
    ms: float
    """From the records in hand to the committed transaction."""
    read: Reading
    routine: bool = False


class Ledger:
    """The ledger of one source partition. Open it once, then apply and catch up; then close it."""

    def __init__(  # noqa: PLR0913 - the parts are given, so that tests can give others
        self,
        source: Partition,
        *,
        state_topic: str,
        log: Log,
        writer: Writer,
        process: Process,
        batch_max: int = 2_000,
        batch_bytes: int = 4 * 1024 * 1024,
    ) -> None:
        """Take its parts, and the most source records, or bytes of them, in one transaction."""
        self.source = source
        self.next = 0
        """Offset of the next source record to apply."""
        self.end = 0
        """The source's end when last looked at: `end - next` is the lag."""
        self.gaps = 0
        """How often the delivered records had a hole that had to be read."""
        self.rows_loaded = 0
        self.transactions = 0
        """How many were committed since it was opened."""
        self.new = False
        """Whether it was opened without any row: nothing of its source was ever applied, or all was lost."""
        self.closing = False
        """No transaction will begin any more."""
        self._stored = 0
        self._state_topic = state_topic
        self._log = log
        self._writer = writer
        self.process = process
        self._batch_max = batch_max
        self._batch_bytes = batch_bytes
        self._turn = asyncio.Lock()
        self._usable = False

    async def open(self) -> None:
        """Fence earlier owners, load the rows, check the position against the source.

        Raises:
            RefusedToOpenError: rows and source do not fit: says which, and what was found.
            LedgerClosedError: it is to be closed before it was ever open.

        """
        async with self._turn:
            await self._writer.fence()
            # Only now: whatever the earlier owner had in flight is committed or will never be.
            rows = await self._load_rows()
            self.next = self._position_of(rows, await self._log.earliest(), await self.look())
            self.rows_loaded = len(rows)
            # Let go one by one, the first last in the list: what is made of the next takes the place in memory.
            waiting = list(rows.items())
            rows.clear()
            waiting.reverse()
            while waiting:
                self.process.load(*waiting.pop())
                if len(waiting) % ROWS_BETWEEN_BREATHS == 0:
                    await self._breathe()
            self.process.loaded()
            self._stored = self.next
            self._usable = True

    async def apply(self, records: Sequence[Record]) -> list[Batch]:
        """Apply delivered records, with whatever lies between them and `next`.

        Records below `next` are skipped. If any is missing the whole range up to the last one is
        read from the source, for a hole may be a commit marker, an aborted record or a loss, and
        only the source can say which. Returns the transactions; none if all were applied already.
        """
        async with self._turn:
            self._check_usable()
            fresh, whole = self._sift(records)
            if not whole:
                self.gaps += 1
                stop = max(record.offset for record in records) + 1
                return [batch async for batch in self._advance(stop, "gap")]
            span = Span(fresh, self.next + len(fresh))
            return [batch async for batch in self._write_all(span, "delivered")]

    async def catch_up(self, report: Callable[[Batch], None] = lambda _: None) -> None:
        """Read and apply in bulk all that the source held when this was called, and a bit more.

        Ends once the ledger is less than one batch behind, or raises `LedgerClosedError` as soon as
        the ledger is to be closed.
        """
        async with self._turn:
            self._check_usable()
            async for batch in self._finish("bulk"):
                report(batch)
            while await self.look() > self.next:
                nearly_there = self.end - self.next < self._batch_max
                async for batch in self._advance(self.end, "bulk"):
                    report(batch)
                if nearly_there:
                    break

    async def settle(self) -> None:
        """Step over commit markers at the source's end, and store the position behind them.

        A source that is written in transactions ends in a marker, which nobody delivers: `next`
        would stay below the end for ever, and below the start once retention had run. For use when
        nothing was delivered for a while. If there are records, they are left to be delivered.
        """
        async with self._turn:
            self._check_usable()
            if await self.look() > self.next:
                span = await self._log.read(self.next, self.end, self._batch_max)
                if span.records:
                    return
                self.next = span.position
            if self.next > self._stored:
                await self._write(Span([], self.next), "gap")

    async def look(self) -> int:
        """Ask where the source ends, and remember it."""
        self.end = await self._log.end()
        return self.end

    @property
    def settled(self) -> bool:
        """Whether there is nothing to apply, nor to step over, nor to store."""
        return self.end <= self.next == self._stored

    @property
    def busy(self) -> bool:
        """Whether something is being applied."""
        return self._turn.locked()

    def stop_soon(self) -> None:
        """Let the transaction in flight finish, and begin no other."""
        self.closing = True

    async def close(self) -> None:
        """Wait for the transaction in flight, then close the connections. No way back."""
        self.stop_soon()
        async with self._turn:
            self._usable = False
        await self._writer.close()
        await self._log.close()

    async def _load_rows(self) -> dict[bytes, bytes]:
        rows: dict[bytes, bytes] = {}
        async for chunk in self._log.rows():
            await self._breathe()
            for key, value in chunk:
                # Removed first, so that rows stand in the order of their last write. That is also
                # what compaction keeps: the order does not depend on how far it has come.
                rows.pop(key, None)
                if value is not None:
                    rows[key] = value
        return rows

    async def _breathe(self) -> None:
        """Let others run, and give up if this ledger is to be closed."""
        await asyncio.sleep(0)
        if self.closing:
            self._check_usable()

    def _position_of(self, rows: dict[bytes, bytes], earliest: int, end: int) -> int:
        """Take the stored position out of the rows and check it."""
        stored = rows.pop(POSITION_KEY, None)
        if stored is None:
            if rows:
                self._refuse(f"{self._state_topic} has {len(rows)} rows and no position")
            self.new = True
            return earliest
        if not stored.isdigit():
            self._refuse(f"the position in {self._state_topic} cannot be read")
        position = int(stored)
        if position < earliest:
            self._refuse(
                f"retention has removed records not yet applied: next is {position}, "
                f"the source starts at {earliest}"
            )
        if position > end:
            self._refuse(f"the source was made anew: next is {position}, the source ends at {end}")
        return position

    def _refuse(self, why: str) -> None:
        raise RefusedToOpenError(f"{self.source}: {why}")

    def _check_usable(self) -> None:
        if self.closing or not self._usable:
            raise LedgerClosedError(f"{self.source}: the ledger is closed")

    def _sift(self, records: Sequence[Record]) -> tuple[list[Record], bool]:
        """Return the records from `next` on, and whether they follow each other without a hole.

        Every record is looked at, not only the first: Faust can drop one in mid-stream.
        """
        fresh = []
        expected = self.next
        for record in records:
            if record.offset > expected:
                return [], False
            if record.offset == expected:
                fresh.append(record)
                expected += 1
        return fresh, True

    async def _advance(self, stop: int, read: Reading) -> AsyncIterator[Batch]:
        """Read the source up to `stop` and apply it, one transaction for each range."""
        while self.next < stop:
            span = await self._log.read(self.next, stop, self._batch_max)
            self._check_span(span, stop)
            async for batch in self._write_all(span, read):
                yield batch
            # If there were none, only markers or aborted records: going past them again after a
            # crash costs nothing, so they are worth no transaction.
            self.next = span.position

    def _check_span(self, span: Span, stop: int) -> None:
        bounds = [self.next - 1, *(record.offset for record in span.records), span.position]
        rising = all(low < high for low, high in pairwise(bounds))
        if not rising or not self.next < span.position <= stop:
            raise LedgerError(
                f"{self.source}: the read from {self.next} to {stop} is not one range"
            )

    async def _write_all(self, span: Span, read: Reading) -> AsyncIterator[Batch]:
        """Write a range in as many transactions as its size asks for."""
        begin = size = 0
        for last, record in enumerate(span.records):
            size += len(record.key or b"") + len(record.value or b"")
            full = last + 1 - begin == self._batch_max or size >= self._batch_bytes
            if full or last + 1 == len(span.records):
                part = span.records[begin : last + 1]
                position = span.position if last + 1 == len(span.records) else record.offset + 1
                async for batch in self._write_part(Span(part, position), read):
                    yield batch
                begin, size = last + 1, 0

    async def _write_part(self, part: Span, read: Reading) -> AsyncIterator[Batch]:
        """Write records in one transaction, and all that they lead to; what has to wait for that comes in the next."""
        while part.records:
            async for batch in self._finish(read):
                yield batch
            if self.closing:
                self._check_usable()  # Raises: between two transactions is the place to stop.
            batch = await self._write(part, read)
            yield batch
            if not batch.count:
                raise LedgerError(f"{self.source}: a process lets records wait for nothing")
            part = Span(part.records[batch.count :], part.position)
        async for batch in self._finish(read):
            yield batch

    async def _finish(self, read: Reading) -> AsyncIterator[Batch]:
        """Write all that the records applied so far lead to: a process does no more at once than fits a transaction."""
        while self.process.unfinished:
            self._check_usable()
            yield await self._write(Span([], self.next), read)

    async def _write(self, span: Span, read: Reading) -> Batch:
        """Apply the records and commit everything they lead to: the only place that writes.

        A crash before the commit leaves nothing; after it, `next` says *done* when the same
        records come again.
        """
        began = perf_counter()
        self._usable = False
        applied = bool(span.records) or self.process.unfinished
        effects = self.process.apply(span.records) if applied else Effects()
        if POSITION_KEY in effects.rows:
            raise LedgerError(f"{self.source}: a process wrote the row of the position")
        count = len(span.records) - effects.not_yet
        position = span.records[count].offset if effects.not_yet else span.position
        changed: dict[bytes, bytes | None] = {
            **effects.rows,
            POSITION_KEY: str(position).encode(),
        }
        rows = [
            Output(self._state_topic, key, value, partition=self.source.number)
            for key, value in changed.items()
        ]
        await self._writer.begin()
        await self._writer.send([*effects.outputs, *rows])
        await self._writer.commit()
        self.next = self._stored = position
        self.transactions += 1
        self._usable = True
        return Batch(
            topic=self.source.topic,
            partition=self.source.number,
            offset=self.next,
            count=count,
            outputs=len(effects.outputs),
            rows=len(effects.rows),
            ms=(perf_counter() - began) * 1_000,
            read=read,
            routine=effects.routine or not applied,
        )
