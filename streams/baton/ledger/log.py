"""What a ledger needs of Kafka, as interfaces: `kafka.py` gives the real ones, tests give fakes."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from baton.ledger.process import Output, Record


class Partition(NamedTuple):
    """A source partition; its topic is the name in the catalogue, without a prefix."""

    topic: str
    number: int

    def __str__(self) -> str:
        return f"{self.topic}-{self.number}"


Row = tuple[bytes, bytes | None]


@dataclass(frozen=True, slots=True)
class Span:
    """All committed records from where a read began up to, not including, `position`."""

    records: Sequence[Record]
    position: int


class Log(Protocol):
    """Reading for one ledger. Every read is of committed records alone."""

    def rows(self) -> AsyncIterator[Sequence[Row]]:
        """Read the state partition, from its start to the end it had when the reading began.

        Rows come in the order they were written; a key may come again, and None removes it.
        """

    async def earliest(self) -> int:
        """Return the offset of the first record that the source still holds."""

    async def end(self) -> int:
        """Return the offset behind the last committed record of the source."""

    async def read(self, start: int, stop: int, limit: int) -> Span:
        """Read source records from `start`, below `stop`, at most `limit` of them.

        Returns only when it is known what lies below the span's `position`: that nothing was
        returned for an offset means that no committed record is there.
        """

    async def close(self) -> None:
        """Close whatever connections are open."""


class Writer(Protocol):
    """Writing for one ledger: one transaction at a time, under one identity."""

    async def fence(self) -> None:
        """Take the partition over: nothing that an earlier owner has not committed ever will be."""

    async def begin(self) -> None:
        """Begin a transaction."""

    async def send(self, outputs: Sequence[Output]) -> None:
        """Send records within the transaction."""

    async def commit(self) -> None:
        """Make everything sent since `begin` visible at once.

        Returns only if every record was stored and the transaction committed; raises otherwise,
        also when the outcome is unknown.
        """

    async def close(self) -> None:
        """Close the connection. A transaction that is open stays uncommitted."""
