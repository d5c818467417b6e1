"""What a ledger's rows should be, by a replay of its source; and the writing of only what differs.

Nothing here is a second way of judging: the replay calls the same `Process` with the same records. And nothing has to
be switched: what differs is written to the live state topic in **one transaction, under the partition's own
transactional id**. So a worker that still runs is fenced; a crash anywhere leaves the old rows whole, and the next try
begins again from nothing; and when all is equal nothing is written.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from baton.ledger.ledger import POSITION_KEY, LedgerError, RefusedToOpenError
from baton.ledger.process import Effects, Output

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from baton.ledger.log import Log, Partition, Writer
    from baton.ledger.process import Process, Record

RANGE: Final = 10_000
"""Most source records that are read, and applied, at once."""


class Replay:
    """The source applied again from its first record, by a process that knows nothing yet."""

    def __init__(
        self, log: Log, process: Process, told: Callable[[Output], None] = lambda _: None
    ) -> None:
        """Take where to read, a fresh process, and who hears of each output."""
        self.first = 0
        """The first record that the source still holds; above 0 retention has removed what came before."""
        self.position = 0
        """The offset behind the last record that was applied."""
        self.records = 0
        self.rows: dict[bytes, bytes] = {}
        """Live rows, in the order of their last write, without the position."""
        self._log = log
        self._process = process
        self._told = told

    async def begin(self) -> None:
        """Find the first record."""
        self.first = self.position = await self._log.earliest()
        self._process.loaded()

    async def to(self, stop: int, beyond: Callable[[Sequence[Output]], bool] | None = None) -> None:
        """Apply what lies before `stop`, and before the first record whose outputs are `beyond` what was told.

        After one that is beyond, the process knows more than the rows: nothing more may be applied.
        """
        while self.position < stop:
            span = await self._log.read(self.position, stop, RANGE)
            whole = [span.records] if span.records else []
            for part in whole if beyond is None else [[record] for record in span.records]:
                effects = self._apply(part)
                if beyond is not None and beyond(effects.outputs):
                    self.position = part[0].offset
                    return
                self.records += len(part)
                for key, value in effects.rows.items():
                    self.rows.pop(key, None)
                    if value is not None:
                        self.rows[key] = value
                for output in effects.outputs:
                    self._told(output)
            self.position = span.position

    def _apply(self, records: Sequence[Record]) -> Effects:
        """Apply records, and all that they lead to."""
        whole = Effects()
        while True:
            # What was unfinished before is something to wait for, even if this is the last of it.
            finished = not self._process.unfinished
            effects = self._process.apply(records)
            whole.outputs += effects.outputs
            whole.rows |= effects.rows
            if finished and records and effects.not_yet == len(records):
                raise LedgerError("a process lets records wait for nothing")
            records = records[len(records) - effects.not_yet :]
            if not (records or self._process.unfinished):
                return whole


@dataclass(frozen=True, slots=True)
class Difference:
    """One key on which the stored rows and the replay do not agree; None: there is no such row."""

    key: bytes
    stored: bytes | None
    expected: bytes | None

    @property
    def how(self) -> str:
        """`missing`, `not expected` or `differs`: how the stored row is, seen from the replay."""
        if self.stored is None:
            return "missing"
        return "not expected" if self.expected is None else "differs"


async def stored_rows(log: Log) -> tuple[dict[bytes, bytes], int | None]:
    """Return the live rows and the position, as of one moment: they are written in one transaction."""
    rows: dict[bytes, bytes] = {}
    async for chunk in log.rows():
        for key, value in chunk:
            rows.pop(key, None)
            if value is not None:
                rows[key] = value
    position = rows.pop(POSITION_KEY, None)
    if position is not None and not position.isdigit():
        raise RefusedToOpenError("the stored position cannot be read")
    return rows, None if position is None else int(position)


def differences(stored: Mapping[bytes, bytes], expected: Mapping[bytes, bytes]) -> list[Difference]:
    """Return every key on which two sets of rows differ, sorted."""
    return [
        Difference(key, stored.get(key), expected.get(key))
        for key in sorted(stored.keys() | expected.keys())
        if stored.get(key) != expected.get(key)
    ]


def rows_to_write(
    source: Partition, state_topic: str, changes: list[Difference], position: int
) -> list[Output]:
    """Return what makes the stored rows the expected ones: tombstones too, and the position last."""
    rows: list[tuple[bytes, bytes | None]] = [(each.key, each.expected) for each in changes]
    rows.append((POSITION_KEY, str(position).encode()))
    return [Output(state_topic, key, value, partition=source.number) for key, value in rows]


async def write(writer: Writer, outputs: list[Output]) -> None:
    """Write everything in one transaction; the writer has fenced already."""
    await writer.begin()
    await writer.send(outputs)
    await writer.commit()
