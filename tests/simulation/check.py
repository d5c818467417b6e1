"""What must be true at the end of a history, by one uninterrupted run over the same source logs."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from baton.agents.intake import Intake
from baton.agents.judge import Judge
from baton.contract import codec
from baton.contract.topics import (
    ALERTS,
    FACTS,
    REJECTED_EVENTS,
    SOURCE_TOPICS,
    STATE_TOPICS,
    TOPICS,
)
from baton.engine.alert_record import fields_of
from baton.engine.engine import Engine
from baton.engine.life import Lives
from baton.engine.translate import to_action, to_fact
from baton.ledger import POSITION_KEY, state_topic
from baton.rules.register import RULES
from tests.agents.relay import PSEUDONYMS
from tests.simulation.plan import POLICY

if TYPE_CHECKING:
    from datetime import datetime

    from baton.ledger import Effects, Process, Record
    from tests.simulation.cluster import Cluster


EVERYTHING_AT_ONCE = 1_000_000_000
"""How much the judge may do at once that is never made to stop."""

WRITTEN_BY_JUDGE = [
    topic.name
    for topic in TOPICS.values()
    if "judge" in topic.producers and topic not in STATE_TOPICS
]
"""The alerts, those of each agency, and the audit."""


class BrokenLawError(AssertionError):
    """The history contradicts what is promised."""


@dataclass(frozen=True, slots=True)
class Written:
    """A committed record, and what it says."""

    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]
    fields: dict[str, Any]

    @property
    def content(self) -> object:
        """What must be the same in every run."""
        return self.key, self.value, self.headers


def check(cluster: Cluster, *, stepped_back: bool, stood: bool) -> None:
    """Compare what was committed with what an uninterrupted run over the source logs makes of it.

    `stood`: whether time may have stood still within a moment, because the judge may do only little at once.
    """
    for topic in (*SOURCE_TOPICS, FACTS):
        _check_position(cluster, topic.name)
    facts: list[Written] = []
    ticks: dict[str, datetime] = {}
    for _, each in cluster.committed(FACTS.name):
        name, fields = codec.decode(each.value)
        if name == "FactHeard":
            facts.append(Written(each.key, each.value, each.headers, fields))
        else:
            last = ticks.get(fields["origin"], fields["at"])
            ticks[fields["origin"]] = max(last, fields["at"])
    rejected = [
        Written(each.key, each.value, each.headers, {})
        for _, each in cluster.committed(REJECTED_EVENTS.name)
    ]
    for topic in SOURCE_TOPICS:
        _check_intake(cluster, topic.name, facts, rejected)
    _check_judge(cluster, stood=stood)
    _check_alerts(cluster, facts, min(ticks.values()), stepped_back=stepped_back, stood=stood)


def _check_position(cluster: Cluster, topic: str) -> None:
    positions = [
        int(each.value or b"-1")
        for _, each in cluster.committed(state_topic(topic))
        if each.key == POSITION_KEY
    ]
    if positions != sorted(positions):
        raise BrokenLawError(f"{topic}: the position fell: {positions}")


def _check_intake(
    cluster: Cluster, topic: str, facts: list[Written], rejected: list[Written]
) -> None:
    """Check that every input is a fact, or was rejected with its reason: once, and in order."""
    records = cluster.records(topic, 0, cluster.stable_end(topic))
    effects, rows = _uninterrupted(Intake(topic, 0, PSEUDONYMS, 1.0), records)
    of_topic = [each.content for each in facts if each.fields["topic"] == topic]
    refused = [each.content for each in rejected if ("topic", topic.encode()) in each.headers]
    told = len(records) - sum(_is_tick(each) for each in records)
    if told != len(of_topic) + len(refused):
        raise BrokenLawError(
            f"{topic}: of {told} messages {len(of_topic)} are facts and {len(refused)} rejected"
        )
    expected = [
        (each.topic, (each.key, each.value, each.headers))
        for each in effects.outputs
        if ("topic", topic.encode()) in each.headers or codec.decode(each.value)[0] == "FactHeard"
    ]
    _same(f"facts of {topic}", [each for to, each in expected if to == FACTS.name], of_topic)
    _same(f"rejected of {topic}", [each for to, each in expected if to != FACTS.name], refused)
    _same(f"rows of {topic}", rows, _rows(cluster, topic))


def _check_judge(cluster: Cluster, *, stood: bool) -> None:
    """Check all that is written, and the rows, against a judge that was never stopped, over the same facts."""
    facts = cluster.records(FACTS.name, 0, cluster.stable_end(FACTS.name))
    effects, rows = _uninterrupted(Judge(POLICY, EVERYTHING_AT_ONCE), facts)
    found_rows = _rows(cluster, FACTS.name)
    for topic in WRITTEN_BY_JUDGE:
        expected = [
            (each.key, each.value, each.headers) for each in effects.outputs if each.topic == topic
        ]
        found = [(each.key, each.value, each.headers) for _, each in cluster.committed(topic)]
        what = f"{topic} of an uninterrupted judge"
        if not stood or expected == found:
            _same(what, expected, found)
            continue
        # Where time stood within a moment, in which order its alerts come is open; no other order is.
        moments, contents = zip(*map(_without_order, (expected, found)), strict=True)
        _same(f"moments of {what}", *moments)
        _same(what, *contents)
    if stood:
        rows, found_rows = _without_chain(rows), _without_chain(found_rows)
    _same("rows of facts", rows, found_rows)


def _without_order(written: list[Any]) -> tuple[list[datetime], list[str]]:
    """Return the moments in their order, and the contents in none: also not where each stands in the audit's chain."""
    fields = [codec.decode(value)[1] for _, value, _ in written]
    chained = ("sequence", "previous", "hash")
    contents = (
        str([key, headers, {name: said for name, said in each.items() if name not in chained}])
        for (key, _, headers), each in zip(written, fields, strict=True)
    )
    # A deed is noted when it is heard, which may be while time stands.
    deeds = [each["at"] for each in fields if each.get("what", "Alert") != "Alert"]
    alerts = [
        each.get("as_of") or each["at"] for each in fields if each.get("what", "Alert") == "Alert"
    ]
    return deeds + alerts, sorted(contents)


def _without_chain(rows: dict[bytes, bytes]) -> dict[bytes, bytes]:
    return {key: row for key, row in rows.items() if not key.startswith(b"c/")}


def _check_alerts(
    cluster: Cluster, facts: list[Written], until: datetime, *, stepped_back: bool, stood: bool
) -> None:
    """Check the alerts against an engine that hears all first, and then lets all time pass at once."""
    engine, lives = Engine(POLICY, RULES), Lives(POLICY)
    for each in facts:
        name, fields = codec.decode(each.fields["event"])
        received_at = each.fields["received_at"]
        order = (each.fields["topic"], each.fields["partition"], each.fields["offset"])
        fact = to_fact(name, fields, received_at)
        action = to_action(name, fields, received_at)
        if fact is not None:
            engine.hear(fact, order)
        if action is not None:
            lives.hear(action, order)
    said = [alert for _, alert in engine.advance(until).alerts]
    expected = [fields_of(alert) for alert in lives.advance(until, said).alerts]
    found = [codec.decode(each.value)[1] for _, each in cluster.committed(ALERTS.name)]
    if stepped_back:
        # What is told as of a moment to which time had come already is judged later than it was told.
        _same("alerts that stand", _standing(expected), _standing(found))
    else:
        values = [codec.encode("Alert", each) for each in expected]
        written = [each.value or b"" for _, each in cluster.committed(ALERTS.name)]
        if stood:
            values, written = sorted(values), sorted(written)
        _same("alerts", values, written)


def _standing(alerts: list[dict[str, Any]]) -> dict[str, str]:
    last = {each["alert_id"]: each["status"] for each in alerts}
    return {alert_id: status for alert_id, status in last.items() if status != "withdrawn"}


def _uninterrupted(process: Process, records: list[Record]) -> tuple[Effects, dict[bytes, bytes]]:
    process.loaded()
    effects = process.apply(records)
    assert not process.unfinished
    return effects, {key: row for key, row in effects.rows.items() if row is not None}


def _rows(cluster: Cluster, topic: str) -> dict[bytes, bytes]:
    rows = cluster.rows(topic)
    rows.pop(POSITION_KEY, None)
    return rows


def _is_tick(record: Record) -> bool:
    try:
        return codec.decode(record.value)[0] == "Tick"
    except codec.InvalidEvent:
        return False


def _same(what: str, expected: object, found: object) -> None:
    if expected != found:
        raise BrokenLawError(f"{what}: {_difference(expected, found)}")


def _difference(expected: object, found: object) -> str:
    if isinstance(expected, dict) and isinstance(found, dict):
        keys = [key for key in {**expected, **found} if expected.get(key) != found.get(key)]
        return f"they differ at {sorted(keys)[:5]}"
    if isinstance(expected, list) and isinstance(found, list):
        missing, more = Counter(expected) - Counter(found), Counter(found) - Counter(expected)
        if not (missing or more):
            return "in another order"
        return (
            f"{missing.total()} of {len(expected)} missing, {more.total()} of {len(found)} too"
            f" many, such as {next((missing or more).elements())}"
        )
    return f"{expected} expected, {found} found"
