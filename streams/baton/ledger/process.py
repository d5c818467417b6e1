"""What a ledger and the pure part it drives say to each other."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

Headers = tuple[tuple[str, bytes], ...]


@dataclass(frozen=True, slots=True)
class Record:
    """One source record, the same whether Faust delivered it or the ledger read it itself.

    `topic` is the name in the catalogue, without a deployment's prefix; `timestamp_ms` is the
    broker's, in milliseconds since 1970.
    """

    topic: str
    partition: int
    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: Headers = ()


@dataclass(frozen=True, slots=True)
class Output:
    """A record to write. Without a `partition` the key decides, as in every Kafka producer."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Headers = ()
    partition: int | None = None
    timestamp_ms: int | None = None


@dataclass(slots=True)
class Effects:
    """What a batch leads to. A row of None is removed; a key is written once in a batch."""

    outputs: list[Output] = field(default_factory=list)
    rows: dict[bytes, bytes | None] = field(default_factory=dict)
    not_yet: int = 0
    """How many of the records, the last ones, are to come again, after all that the others lead to is written."""
    routine: bool = False
    """Whether nothing happened but the passing of time, so that the log line is for those who look for it."""


class Process(Protocol):
    """The pure part: it knows no Kafka, no clock and no chance. One for each open ledger.

    It keeps the decoded memory. After a failed write the ledger and its process are dead: the
    next one is made afresh and loaded from the committed rows, so a process need not undo.
    """

    @property
    def unfinished(self) -> bool:
        """Whether what was applied leads to more than was written: applying nothing goes on with it."""

    def load(self, key: bytes, value: bytes) -> None:
        """Take one live row. Each comes once, before `loaded`, in the order of its last write."""

    def loaded(self) -> None:
        """Rebuild what follows from the rows: all of them have been loaded."""

    def apply(self, records: Sequence[Record]) -> Effects:
        """Apply records, in order, and return what to write; while it is unfinished some may have to wait.

        Whatever it raises stops the worker, with nothing written.
        """
