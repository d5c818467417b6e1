"""A Kafka in memory, of all topics: transactions across them, markers, epochs, last stable offsets, compaction."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from baton.contract.topics import STATE_TOPICS, TOPICS
from baton.ledger import POSITION_KEY, Record, state_topic

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Sequence

    from baton.ledger import Output, Partition, Row
    from baton.ledger.process import Headers


@dataclass(slots=True)
class Stored:
    """One offset of a topic's one partition."""

    key: bytes | None = None
    value: bytes | None = None
    headers: Headers = ()
    timestamp_ms: int = 0
    transaction: int | None = None
    marker: bool = False
    """The end of a transaction, or what compaction has removed: no reader sees anything here."""


@dataclass
class Cluster:
    """Every topic of the catalogue, each of one partition."""

    now_ms: int
    """The broker's clock."""
    logs: dict[str, list[Stored]] = field(default_factory=lambda: {name: [] for name in TOPICS})
    ongoing: dict[int, dict[str, int]] = field(default_factory=dict)
    """Open transactions: which topics they wrote, and where first."""
    producers: dict[int, tuple[str, int]] = field(default_factory=dict)
    """The transactional name and the epoch of each open transaction."""
    aborted: set[int] = field(default_factory=set)
    epochs: dict[str, int] = field(default_factory=dict)
    transactions: int = 0
    _ends: dict[str, int] = field(default_factory=lambda: dict.fromkeys(TOPICS, 0))

    def append(self, topic: str, stored: Stored) -> int:
        """Append to a topic, within a transaction if the record names one; return its offset."""
        log = self.logs[topic]
        log.append(stored)
        if stored.transaction is not None:
            self.ongoing.setdefault(stored.transaction, {}).setdefault(topic, len(log) - 1)
        self._look_at_end(topic)
        return len(log) - 1

    def stable_end(self, topic: str) -> int:
        """Return the last stable offset: up to it every transaction has ended."""
        return self._ends[topic]

    def visible(self, topic: str, start: int, stop: int) -> Iterator[tuple[int, Stored]]:
        """Give what a read_committed reader sees of a range."""
        for offset, stored in enumerate(self.logs[topic][start:stop], start):
            if not stored.marker and stored.transaction not in self.aborted:
                yield offset, stored

    def committed(self, topic: str) -> Iterator[tuple[int, Stored]]:
        """Give what a read_committed reader sees of a topic."""
        return self.visible(topic, 0, self.stable_end(topic))

    def records(self, topic: str, start: int, stop: int) -> list[Record]:
        """Give a range as a ledger reads it."""
        return [
            Record(topic, 0, offset, each.timestamp_ms, each.key, each.value, each.headers)
            for offset, each in self.visible(topic, start, stop)
        ]

    def begin(self) -> int:
        """Number a transaction."""
        self.transactions += 1
        return self.transactions

    def end(self, transaction: int, *, commit: bool) -> None:
        """End a transaction: a marker in every topic that it wrote to."""
        self.producers.pop(transaction, None)
        if not commit:
            self.aborted.add(transaction)
        for topic in self.ongoing.pop(transaction, {}):
            self.logs[topic].append(Stored(marker=True))
            self._look_at_end(topic)

    def fence(self, name: str) -> int:
        """Give a transactional name its next epoch; abort what an earlier one left open."""
        self.epochs[name] = self.epochs.get(name, 0) + 1
        for transaction, (owner, _) in list(self.producers.items()):
            if owner == name:
                self.end(transaction, commit=False)
        return self.epochs[name]

    def _look_at_end(self, topic: str) -> None:
        opened = (wrote[topic] for wrote in self.ongoing.values() if topic in wrote)
        self._ends[topic] = min(opened, default=len(self.logs[topic]))

    def compact(self) -> None:
        """Remove from the state topics what a later committed record of its key replaces."""
        for topic in STATE_TOPICS:
            last: dict[bytes | None, Stored] = {}
            for _, stored in self.committed(topic.name):
                before = last.get(stored.key)
                if before is not None:
                    before.marker = True
                last[stored.key] = stored

    def rows(self, source: str) -> dict[bytes, bytes]:
        """Give the rows of a ledger as the next load finds them, in the order of their last write."""
        rows: dict[bytes, bytes] = {}
        for _, stored in self.committed(state_topic(source)):
            assert stored.key is not None
            rows.pop(stored.key, None)
            if stored.value is not None:
                rows[stored.key] = stored.value
        return rows

    def position(self, source: str) -> int:
        """Give the committed position of a ledger."""
        for stored in reversed(list(self.committed(state_topic(source)))):
            if stored[1].key == POSITION_KEY:
                return int(stored[1].value or b"-1")
        return 0


class View:
    """The cluster as one ledger sees it."""

    def __init__(
        self, cluster: Cluster, source: Partition, point: Callable[[], Awaitable[None]]
    ) -> None:
        """Take the source, and the awaits at which its worker may be stopped."""
        self.cluster = cluster
        self.earliest = 0
        self.point = point
        self._source = source.topic
        self._state = state_topic(source.topic)

    def end(self) -> int:
        """Return the source's last stable offset."""
        return self.cluster.stable_end(self._source)

    def records(self, start: int, stop: int) -> Sequence[Record]:
        """Return the committed source records of a range."""
        return self.cluster.records(self._source, start, stop)

    def stable_end_of_state(self) -> int:
        """Return the last stable offset of the state."""
        return self.cluster.stable_end(self._state)

    def rows(self, start: int, stop: int) -> Sequence[Row]:
        """Return the committed state records of a range."""
        return [
            (each.key or b"", each.value)
            for _, each in self.cluster.visible(self._state, start, stop)
        ]

    def uncommitted_rows(self) -> Sequence[Row]:
        """Return every state record there is: only what is planted reads that."""
        log = self.cluster.logs[self._state]
        return [(each.key, each.value) for each in log if each.key is not None]

    def take_over(self) -> int:
        """Fence whoever wrote for this source before."""
        return self.cluster.fence(self._source)

    def is_current(self, epoch: int) -> bool:
        """Say whether nobody has taken over since."""
        return self.cluster.epochs.get(self._source, 0) == epoch

    def new_transaction(self) -> int:
        """Number a transaction."""
        return self.cluster.begin()

    def store(self, transaction: int, epoch: int, output: Output) -> None:
        """Store a record in a transaction; the broker stamps what others will read as a source."""
        self.cluster.producers[transaction] = (self._source, epoch)
        self.cluster.append(output.topic, self._stored(output, transaction))

    def store_at_once(self, output: Output) -> None:
        """Store a record outside any transaction: only what is planted does that."""
        self.cluster.append(output.topic, self._stored(output, None))

    def end_transaction(self, transaction: int, *, commit: bool) -> None:
        """End a transaction."""
        self.cluster.end(transaction, commit=commit)

    def _stored(self, output: Output, transaction: int | None) -> Stored:
        return Stored(output.key, output.value, output.headers, self.cluster.now_ms, transaction)
