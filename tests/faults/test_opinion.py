"""The second opinion on a run: it agrees with baton on the harness's own events, and finds what is planted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest

from baton.agents.pseudonym import Pseudonyms
from baton.contract import codec
from baton.contract.audit import digest
from baton.contract.topics import ALERT_ACTIONS, ALERTS, SOURCE_TOPICS, topic_of
from baton.engine.policy_file import parse_policy
from tests.faults.harness.actors import quick_policy
from tests.faults.harness.deeds import deed_on
from tests.faults.harness.opinion import second_opinion
from tests.faults.harness.plan import SHORT, make_plan
from tests.faults.harness.stories import Sending, at_once, backlog
from tests.faults.harness.verdict import Entry, Topics, by_topic, in_brief, oracle
from tests.faults.harness.verdict import compare as compare_briefs
from tests.simulation.check import WRITTEN_BY_JUDGE

# With microseconds, as a run's beginning has.
START = datetime(2026, 3, 2, 12, 0, 0, 123456, tzinfo=UTC)
UNTIL = START + timedelta(minutes=3)
POLICY = quick_policy()
PSEUDONYMS = Pseudonyms(b"k" * 32)

Told = tuple[datetime, str, bytes]
Alert = dict[str, Any]


def topics_of(told: list[Told], alerts: list[Alert]) -> Topics:
    """Return the topics of a run in which this was told and alerted, with a bad record and a tick between."""
    sources: dict[str, list[Entry]] = {topic.name: [] for topic in SOURCE_TOPICS}
    tick = codec.encode("Tick", {})
    poison = (START, "TransferRequested", b"poison")
    for at, record, value in sorted([*told, (START, "TransferRequested", tick), poison]):
        entries = sources[topic_of(record)]
        entries.append(Entry(len(entries), round(at.timestamp() * 1_000), value, {}))
    rejected = [
        Entry(0, 0, entry.value, {"topic": topic.encode(), "offset": str(entry.offset).encode()})
        for topic, entries in sources.items()
        for entry in entries
        if entry.value == b"poison"
    ]
    written: dict[str, list[Entry]] = {name: [] for name in WRITTEN_BY_JUDGE}
    written[ALERTS.name] = [
        Entry(number, 0, codec.encode("Alert", alert), key=alert["alert_id"].encode())
        for number, alert in enumerate(alerts)
    ]
    return Topics(sources, [], rejected, written)


def judged(told: list[Told]) -> list[Alert]:
    """Return what baton says of what was told."""
    policy = parse_policy(POLICY, "policy.toml")
    written = oracle(topics_of(told, []), policy, PSEUDONYMS, UNTIL)
    return [codec.decode(value)[1] for topic, value in written if topic == ALERTS.name]


def sent(sending: Sending) -> Told:
    """Return a planned event as it is told."""
    return START + timedelta(seconds=sending.at), sending.record, sending.value(START)


def deeds(alerts: list[Alert]) -> list[Told]:
    """Return what operators do to alerts when they are raised."""
    done: dict[str, Told] = {}
    for alert in alerts:
        at = alert["raised_at"] + timedelta(seconds=1)
        if alert["status"] == "raised" and alert["alert_id"] not in done and at < UNTIL:
            deed = deed_on(alert, at)
            if deed is not None:
                record, fields = deed
                who = {"event_id": f"deed-{len(done)}", "occurred_at": at, "agency": "police"}
                value = codec.encode(record, codec.complete(record, who | fields))
                done[alert["alert_id"]] = (at, record, value)
    return list(done.values())


@pytest.fixture(scope="module")
def run() -> tuple[list[Told], list[Alert]]:
    """Return what was told in a short run with a month's backlog and operators, and what baton says of it."""
    plan = make_plan(11, SHORT)
    told = [sent(each) for each in (*plan.sendings, *backlog(10.0, 200, Random(11)))]
    told += deeds(judged(told))
    return told, judged(told)


def test_it_agrees_on_the_events_of_a_run(run: tuple[list[Told], list[Alert]]) -> None:
    """Parts of seconds, silent feeds, events told twice, and alerts that people took up and closed."""
    told, alerts = run
    last = {alert["alert_id"]: alert["status"] for alert in alerts}

    found = second_opinion(topics_of(told, alerts), POLICY, PSEUDONYMS, UNTIL)

    assert {"raised", "answered", "closed", "withdrawn"} <= set(last.values())
    assert found.expected > 400
    assert found.differences == ()


def test_the_audit_should_have_what_people_did(run: tuple[list[Told], list[Alert]]) -> None:
    """And each record of an alert: the verdict compares the entries by what they are of."""
    told, alerts = run
    did = [value for _, record, value in told if topic_of(record) == ALERT_ACTIONS.name]
    policy = parse_policy(POLICY, "policy.toml")

    _, audited = by_topic(oracle(topics_of(told, []), policy, PSEUDONYMS, UNTIL))

    assert did
    said = [codec.encode("Alert", alert) for alert in alerts]
    assert Counter(map(digest, [*did, *said])) == audited


def test_an_alert_under_another_key_is_one_missed_and_one_false(
    run: tuple[list[Told], list[Alert]],
) -> None:
    """Whoever compacts the topic would lose it."""
    told, alerts = run
    topics = topics_of(told, alerts)
    entries = list(topics.written[ALERTS.name])
    first = alerts[0]["alert_id"]
    entries[0] = replace(entries[0], key=b"another")
    topics.written = {**topics.written, ALERTS.name: entries}

    counts = compare_briefs(in_brief(alerts), in_brief(topics.alerts(ALERTS.name)))

    assert [first] == counts.missed
    assert ["another"] == counts.false


@pytest.mark.parametrize(
    ("kind", "plant"),
    [
        ("missed", lambda alerts, one: [each for each in alerts if each["alert_id"] != one]),
        ("false", lambda alerts, _: [*alerts, {**alerts[-1], "alert_id": "block-transfer/x/y"}]),
        ("doubled", lambda alerts, _: [*alerts, alerts[-1]]),
        (
            "mistimed",
            lambda alerts, one: [
                {**each, "raised_at": START} if each["alert_id"] == one else each for each in alerts
            ],
        ),
    ],
)
def test_it_finds_what_is_planted(
    run: tuple[list[Told], list[Alert]],
    kind: str,
    plant: Callable[[list[Alert], str], list[Alert]],
) -> None:
    """One alert missed, false, doubled or mistimed is one difference of that kind."""
    told, alerts = run
    known = [each for each in alerts if each["rule"] == "transfer-not-accepted"]
    planted = plant(known, known[0]["alert_id"])

    def count(those: list[Alert]) -> dict[Any, int]:
        topics = topics_of(told, those)
        return dict(second_opinion(topics, POLICY, PSEUDONYMS, UNTIL).counts)

    before, after = count(known), count(planted)
    assert {**before, kind: before[kind] + 1} == after


def test_deadlines_of_one_second_do_fall() -> None:
    """Nobody answers, and the feed that would is heard all the while: each is raised, and both say so."""
    before = make_plan(11, SHORT).sendings
    heard = next(each for each in before if each.event_id == "beat-childrens_social_care-0")
    told = [sent(each) for each in (heard, *at_once(5.0, 60.0, 50))]
    alerts = judged(told)
    raised = [each["raised_at"] for each in alerts if each["rule"] == "transfer-not-accepted"]

    assert 50 == len(raised)
    assert max(raised) - min(raised) < timedelta(seconds=1)
    assert second_opinion(topics_of(told, alerts), POLICY, PSEUDONYMS, UNTIL).differences == ()
