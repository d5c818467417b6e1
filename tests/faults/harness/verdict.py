"""What is on the topics after a run, against what should be: every alert, once, as it should read; every input."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any, Final, NamedTuple

from kafka import KafkaConsumer, TopicPartition

from baton.agents.intake import Intake
from baton.agents.judge import ORIGINS, Judge
from baton.agents.pseudonym import Pseudonyms
from baton.contract import codec
from baton.contract.topics import AUDIT, FACTS, REJECTED_EVENTS, SOURCE_TOPICS, prefixed
from baton.ledger import Effects, Record
from baton.rules.policy import Policy
from tests.simulation.check import WRITTEN_BY_JUDGE

TIMES: Final = frozenset({"due_at", "raised_at", "answered_at", "as_of"})

AT_ONCE: Final = 20_000
"""How many records, or alerts, the oracle has in its hands at once: ten times as many as a worker."""

Alert = dict[str, Any]


class Brief(NamedTuple):
    """An alert record as two hashes, of all of it and of all but its times: a run's records do not fit in memory."""

    whole: int
    but_times: int


Briefs = dict[str, list[Brief]]
"""What was said of each alert, in order."""


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


def in_brief(alerts: Iterable[Alert]) -> Briefs:
    """Return what alert records say, by id."""
    briefs: Briefs = defaultdict(list)
    for alert in alerts:
        briefs[alert["alert_id"]].append(brief(alert))
    return briefs


def by_topic(written: Iterable[tuple[str, bytes]]) -> tuple[dict[str, Briefs], Counter[str]]:
    """Return what alert records say, by topic and id, and the digests of what the audit has an entry for."""
    briefs: dict[str, Briefs] = defaultdict(lambda: defaultdict(list))
    audited: Counter[str] = Counter()
    for topic, value in written:
        fields = codec.decode(value)[1]
        if topic == AUDIT.name:
            audited[fields["digest"]] += 1
        else:
            briefs[topic][fields["alert_id"]].append(brief(fields))
    return briefs, audited


def brief(alert: Alert) -> Brief:
    """Return an alert record in brief."""
    fields = sorted(alert.items())
    but_times = [(name, said) for name, said in fields if name not in TIMES]
    return Brief(hash(repr(fields)), hash(repr(but_times)))


def compare(wanted: Briefs, told: Briefs) -> Counts:
    """Compare what should have been said with what was, by id; within an id the order counts."""
    counts = Counts()
    for alert_id in sorted(wanted.keys() | told.keys()):
        _compare_one(alert_id, wanted.get(alert_id, []), told.get(alert_id, []), counts)
    return counts


def _compare_one(alert_id: str, wanted: list[Brief], told: list[Brief], counts: Counts) -> None:
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
            mistimed = one.but_times == other.but_times
            (counts.mistimed if mistimed else counts.different).append(alert_id)
            return


@dataclass(frozen=True, slots=True)
class Entry:
    """A record as it is on a topic."""

    offset: int
    timestamp_ms: int
    value: bytes | None
    headers: Mapping[str, bytes] = field(default_factory=dict)
    key: bytes | None = None


@dataclass(frozen=True, slots=True)
class OnTopic:
    """The records of a topic, read committed, from Kafka anew whenever they are gone through."""

    brokers: str
    topic: str

    def __iter__(self) -> Iterator[Entry]:
        """Give them from their beginning to the end that there is now."""
        partition = TopicPartition(self.topic, 0)
        with closing(_consumer(self.brokers)) as consumer:
            consumer.assign([partition])
            consumer.seek_to_beginning(partition)
            end = consumer.end_offsets([partition])[partition]
            while consumer.position(partition) < end:
                for records in consumer.poll(500).values():
                    for each in records:
                        yield Entry(
                            each.offset, each.timestamp, each.value, dict(each.headers), each.key
                        )


@dataclass(slots=True)
class Topics:
    """What is on a run's topics after its end."""

    sources: Mapping[str, Iterable[Entry]]
    facts: Iterable[Entry]
    rejected: Iterable[Entry]
    written: Mapping[str, Iterable[Entry]]
    """What the judge wrote: the alerts, each agency's own, and the audit."""

    @classmethod
    def on(cls, brokers: str, prefix: str) -> Topics:
        """Return those of a cluster."""

        def on_topic(name: str) -> OnTopic:
            return OnTopic(brokers, prefixed(prefix, name))

        return cls(
            {topic.name: on_topic(topic.name) for topic in SOURCE_TOPICS},
            on_topic(FACTS.name),
            on_topic(REJECTED_EVENTS.name),
            {name: on_topic(name) for name in WRITTEN_BY_JUDGE},
        )

    def audit(self) -> Iterator[dict[str, Any]]:
        """Give the audit's entries, in the topic's order."""
        return (codec.decode(each.value)[1] for each in self.written[AUDIT.name])

    def alerts(self, name: str) -> Iterator[Alert]:
        """Give the alerts of a topic, in its order; by their records' key, which is what compaction goes by."""
        for each in self.written[name]:
            yield {**codec.decode(each.value)[1], "alert_id": (each.key or b"").decode()}


@dataclass(slots=True)
class Inputs:
    """What became of every record on the source topics."""

    records: int = 0
    """All but the clock's ticks."""
    applied: int = 0
    rejected: int = 0
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
                continue
            inputs.records += 1
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


def oracle(
    topics: Topics, policy: Policy, pseudonyms: Pseudonyms, until: datetime
) -> Iterator[tuple[str, bytes]]:
    """Give every record that the judge should have written up to `until`, and its topic: all heard first, then judged.

    The same intake and judge as in the workers, without Kafka; what is compared is all that lies around them.
    """
    judge = Judge(policy, most=AT_ONCE)
    judge.loaded()
    for topic, entries in topics.sources.items():
        intake = Intake(topic, 0, pseudonyms, ceiling=1.0)
        told = (
            Record(topic, 0, each.offset, each.timestamp_ms, None, each.value)
            for each in entries
            if _name(each) != "Tick"
        )
        while part := list(islice(told, AT_ONCE)):
            # Nothing is due before the ticks, but what people did is entered in the audit when it is heard.
            yield from _written(judge.apply(list(_facts(intake.apply(part)))))
    yield from _written(judge.apply([_tick(origin, until) for origin in ORIGINS]))
    while judge.unfinished:
        yield from _written(judge.apply([]))


def _written(effects: Effects) -> Iterator[tuple[str, bytes]]:
    return ((each.topic, each.value) for each in effects.outputs if each.value)


def _facts(effects: Effects) -> Iterator[Record]:
    for each in effects.outputs:
        if each.topic == FACTS.name:
            yield Record(FACTS.name, 0, 0, each.timestamp_ms or 0, each.key, each.value)


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


def _consumer(brokers: str) -> KafkaConsumer:
    return KafkaConsumer(
        bootstrap_servers=brokers.split(","),
        isolation_level="read_committed",
        enable_auto_commit=False,
        group_id=None,
        max_poll_records=5_000,
    )
