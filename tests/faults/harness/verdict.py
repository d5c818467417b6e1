"""What is on the topics after a run, against what should be: every alert, once, as it should read; every input."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from kafka import KafkaConsumer, TopicPartition

from baton.agents.intake import Intake
from baton.agents.judge import ORIGINS, Judge
from baton.agents.pseudonym import Pseudonyms
from baton.contract import codec
from baton.contract.topics import (
    AUDIT,
    FACTS,
    REJECTED_EVENTS,
    SOURCE_TOPICS,
    prefixed,
)
from baton.ledger import Effects, Record
from baton.rules.policy import Policy
from tests.simulation.check import WRITTEN_BY_JUDGE

TIMES: Final = frozenset({"due_at", "raised_at", "answered_at", "as_of"})

NO_LIMIT: Final = 10**9

Alert = dict[str, Any]


@dataclass(slots=True)
class Counts:
    """How the alerts compare. Only zeros are right."""

    missed: list[str] = field(default_factory=list)
    false: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    mistimed: list[str] = field(default_factory=list)
    different: list[str] = field(default_factory=list)

    @property
    def right(self) -> bool:
        """Whether nothing is wrong."""
        return not any((self.missed, self.false, self.doubled, self.mistimed, self.different))

    def __str__(self) -> str:
        """Give the counts in one line."""
        names = ("missed", "false", "doubled", "mistimed", "different")
        return ", ".join(f"{name} {len(getattr(self, name))}" for name in names)


def compare(expected: Iterable[Alert], found: Iterable[Alert]) -> Counts:
    """Compare two sequences of alert records by id; within an id the order counts."""
    wanted, told = _by_id(expected), _by_id(found)
    counts = Counts()
    for alert_id in sorted(wanted.keys() | told.keys()):
        _compare_one(alert_id, wanted.get(alert_id, []), told.get(alert_id, []), counts)
    return counts


def _compare_one(alert_id: str, wanted: list[Alert], told: list[Alert], counts: Counts) -> None:
    once = [each for number, each in enumerate(told) if not number or each != told[number - 1]]
    if len(once) < len(told):
        counts.doubled.append(alert_id)
    if not wanted:
        counts.false.append(alert_id)
        return
    if len(once) < len(wanted):
        counts.missed.append(alert_id)
    elif len(once) > len(wanted):
        # More changes of an alert than there were; one that came back to what it was is told twice too.
        counts.doubled.append(alert_id)
    for one, other in zip(wanted, once, strict=False):
        if one != other:
            same = {name for name in one if one[name] == other.get(name)}
            kind = counts.mistimed if one.keys() - same <= TIMES else counts.different
            kind.append(alert_id)
            return


def _by_id(alerts: Iterable[Alert]) -> dict[str, list[Alert]]:
    by_id: dict[str, list[Alert]] = defaultdict(list)
    for alert in alerts:
        by_id[alert["alert_id"]].append(alert)
    return by_id


@dataclass(frozen=True, slots=True)
class Entry:
    """A record as it is on a topic."""

    offset: int
    timestamp_ms: int
    value: bytes | None
    headers: Mapping[str, bytes]


@dataclass(slots=True)
class Topics:
    """What is on a run's topics, read committed, after its end."""

    sources: dict[str, list[Entry]]
    facts: list[Entry]
    rejected: list[Entry]
    written: dict[str, list[Entry]]
    """What the judge wrote: the alerts, each agency's own, and the audit."""

    @classmethod
    def read(cls, brokers: str, prefix: str) -> Topics:
        """Read all of them from their beginning to their end."""

        def read(name: str) -> list[Entry]:
            return list(_read(brokers, prefixed(prefix, name)))

        return cls(
            {topic.name: read(topic.name) for topic in SOURCE_TOPICS},
            read(FACTS.name),
            read(REJECTED_EVENTS.name),
            {name: read(name) for name in WRITTEN_BY_JUDGE},
        )

    def told(self) -> dict[str, list[Alert]]:
        """Return every alert record by topic, in the topic's order."""
        return {
            name: _read_all(self.written[name]) for name in WRITTEN_BY_JUDGE if name != AUDIT.name
        }

    def audit(self) -> list[dict[str, Any]]:
        """Return the entries of the audit."""
        return _read_all(self.written[AUDIT.name])


@dataclass(slots=True)
class Inputs:
    """What became of every record on the source topics."""

    applied: int = 0
    rejected: int = 0
    ticks: int = 0
    waiting: list[str] = field(default_factory=list)
    """Neither applied nor rejected: where it is."""
    twice: list[str] = field(default_factory=list)
    """Applied or rejected more than once."""
    lost: list[str] = field(default_factory=list)
    """Confirmed to its sender, and not on the topic."""


def inputs_of(topics: Topics, confirmed: Iterable[str]) -> Inputs:
    """Say what became of every record; `confirmed` are the ids of what Kafka has confirmed."""
    heard: Counter[tuple[str, int]] = Counter()
    for entry in topics.facts:
        name, fields = codec.decode(entry.value or b"")
        if name == "FactHeard":
            heard[fields["topic"], fields["offset"]] += 1
    refused: Counter[tuple[str, int]] = Counter(
        (entry.headers["topic"].decode(), int(entry.headers["offset"])) for entry in topics.rejected
    )
    inputs = Inputs()
    there: set[str] = set()
    for topic, entries in topics.sources.items():
        for entry in entries:
            read = _decoded(entry)
            if read is not None and read[0] == "Tick":
                inputs.ticks += 1
                continue
            if read is not None:
                there.add(read[1]["event_id"])
            place = (topic, entry.offset)
            inputs.applied += heard[place]
            inputs.rejected += refused[place]
            times = heard[place] + refused[place]
            if times != 1 or (read is None) != (refused[place] == 1):
                (inputs.twice if times > 1 else inputs.waiting).append(f"{topic}@{entry.offset}")
    inputs.lost = sorted(
        each for each in confirmed if each not in there and not each.startswith("poison-")
    )
    return inputs


def _read_all(entries: Iterable[Entry]) -> list[dict[str, Any]]:
    return [codec.decode(each.value)[1] for each in entries if each.value is not None]


def oracle(
    topics: Topics, policy: Policy, pseudonyms: Pseudonyms, until: datetime
) -> dict[str, list[Alert]]:
    """Return, by topic, every record that the judge should have written up to `until`: judged in one go, without Kafka.

    The same intake and judge as in the workers; what is compared is all that lies around them.
    """
    facts: list[Record] = []
    for topic, entries in topics.sources.items():
        told = [entry for entry in entries if _name(entry) != "Tick"]
        effects = Intake(topic, 0, pseudonyms, ceiling=1.0).apply(
            [Record(topic, 0, each.offset, each.timestamp_ms, None, each.value) for each in told]
        )
        facts += _facts(effects)
    judge = Judge(policy, most=NO_LIMIT)
    judge.loaded()
    ticks = [_tick(origin, until) for origin in ORIGINS]
    written: dict[str, list[Alert]] = {name: [] for name in WRITTEN_BY_JUDGE}
    for output in judge.apply([*facts, *ticks]).outputs:
        written[output.topic].append(codec.decode(output.value)[1])
    return written


def _facts(effects: Effects) -> list[Record]:
    return [
        Record(FACTS.name, 0, number, each.timestamp_ms or 0, each.key, each.value)
        for number, each in enumerate(effects.outputs)
        if each.topic == FACTS.name
    ]


def _tick(origin: str, at: datetime) -> Record:
    value = codec.encode("TickForwarded", {"origin": origin, "at": at})
    return Record(FACTS.name, 0, 0, 0, None, value)


def _name(entry: Entry) -> str:
    read = _decoded(entry)
    return "" if read is None else read[0]


def _decoded(entry: Entry) -> tuple[str, dict[str, Any]] | None:
    """Return a source record that intake should take, or None for one that it should reject."""
    try:
        return codec.decode(entry.value)
    except codec.InvalidEvent:
        return None


def still_for(seen: Sequence[tuple[float, float]]) -> float:
    """Return the longest time for which alerts that were due did not come.

    Each of `seen` is as of when an alert is, and when it became visible.
    """
    in_order = sorted(seen, key=lambda each: each[1])
    longest = 0.0
    oldest_after = [float("inf")] * (len(in_order) + 1)
    for number in range(len(in_order) - 1, -1, -1):
        oldest_after[number] = min(in_order[number][0], oldest_after[number + 1])
    last_seen = float("-inf")
    for number, (_, seen_at) in enumerate(in_order):
        longest = max(longest, seen_at - max(last_seen, oldest_after[number]))
        last_seen = seen_at
    return longest


def _read(brokers: str, topic: str) -> Iterable[Entry]:
    consumer = KafkaConsumer(
        bootstrap_servers=brokers.split(","),
        isolation_level="read_committed",
        enable_auto_commit=False,
        group_id=None,
        max_poll_records=5_000,
    )
    partition = TopicPartition(topic, 0)
    consumer.assign([partition])
    consumer.seek_to_beginning(partition)
    end = consumer.end_offsets([partition])[partition]
    while consumer.position(partition) < end:
        for records in consumer.poll(500).values():
            for each in records:
                yield Entry(each.offset, each.timestamp, each.value, dict(each.headers))
    consumer.close()
