"""A relay without Kafka: records come to one Intake for each source topic, and what they write goes to one Judge."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from baton.agents.intake import Intake
from baton.agents.judge import Judge
from baton.agents.pseudonym import Pseudonyms
from baton.contract import codec
from baton.contract.topics import ALERTS, FACTS, SOURCE_TOPICS
from baton.ledger.process import Effects, Output, Record
from tests.rules.told import POLICY

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from baton.ledger.process import Process
    from baton.rules.policy import Policy
    from tests.engine.generated import Told

PSEUDONYMS = Pseudonyms(b"k" * 32)
MILLISECOND = timedelta(milliseconds=1)


def ms(moment: datetime) -> int:
    """Give a moment as the broker does."""
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // MILLISECOND


def sent(
    topic: str, value: bytes | None, at: datetime, offset: int = 0, **headers: bytes
) -> Record:
    """Give a source record as the ledger hands it over."""
    return Record(topic, 0, offset, ms(at), b"a-key", value, tuple(headers.items()))


def tick(topic: str, at: datetime, offset: int = 0) -> Record:
    """Give the clock's tick."""
    return sent(topic, codec.encode("Tick", {}), at, offset)


def an_intake(topic: str, ceiling: float = 0.5) -> Intake:
    """Give an intake that knows nothing yet."""
    fresh = Intake(topic, 0, PSEUDONYMS, ceiling)
    fresh.loaded()
    return fresh


class Kept:
    """A process and the rows that it has written: it can be stopped and made afresh."""

    def __init__(self, process: Process, rows: Mapping[bytes, bytes] | None = None) -> None:
        """Load the rows."""
        self.process = process
        self.rows = dict(rows or {})
        for key, value in self.rows.items():
            process.load(key, value)
        process.loaded()

    def apply(self, records: Sequence[Record]) -> Effects:
        """Apply a batch and keep its rows."""
        effects = self.process.apply(records)
        for key, value in effects.rows.items():
            if value is None:
                self.rows.pop(key, None)
            else:
                self.rows[key] = value
        return effects


def source_log(told: Iterable[Told], until: datetime) -> dict[str, list[Record]]:
    """Give each topic's records, in the order in which they were received, and a tick of each at the end."""
    log: dict[str, list[Record]] = {topic.name: [] for topic in SOURCE_TOPICS}
    for each in sorted(told, key=lambda one: (one.received_at, one.offset)):
        topic = codec.topic_of(each.name)
        value = codec.encode(each.name, each.fields)
        log[topic].append(sent(topic, value, each.received_at, each.offset))
    for topic, records in log.items():
        records.append(tick(topic, until, 1_000_000))
    return log


def facts_of(log: Mapping[str, Sequence[Record]], batch: int = 1_000) -> list[Record]:
    """Give the facts topic as intake fills it: one topic after the other, in batches of so many records."""
    written: list[Output] = []
    for topic, records in log.items():
        intake = an_intake(topic, ceiling=1.0)
        for start in range(0, len(records), batch):
            written += intake.apply(records[start : start + batch]).outputs
    return as_facts(written)


def as_facts(written: Iterable[Output]) -> list[Record]:
    """Give what was written to the facts topic as it comes to the judge."""
    return [
        Record(FACTS.name, 0, offset, each.timestamp_ms or 0, each.key, each.value, each.headers)
        for offset, each in enumerate(written)
        if each.topic == FACTS.name
    ]


def a_judge(policy: Policy = POLICY, rows: Mapping[bytes, bytes] | None = None) -> Kept:
    """Give a judge, restored from its rows."""
    return Kept(Judge(policy), rows)


def judged(
    facts: Sequence[Record], batch: int = 1_000, *, restart_after: int = -1
) -> tuple[list[Output], Kept]:
    """Give the alerts topic, as a judge fills it that takes the facts in batches; stop it once."""
    judge = a_judge()
    alerts: list[Output] = []
    for place, start in enumerate(range(0, len(facts), batch)):
        alerts += [
            each
            for each in judge.apply(facts[start : start + batch]).outputs
            if each.topic == ALERTS.name
        ]
        if place == restart_after:
            judge = a_judge(rows=judge.rows)
    return alerts, judge
