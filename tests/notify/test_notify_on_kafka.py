"""The service on a real Kafka, telling a real web hook: once, also when it is killed in the middle."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from kafka import KafkaProducer

from baton import topics
from baton.contract import codec
from baton.contract.topics import ALERT_ACTIONS, ALERTS, prefixed
from baton.notify.tellings import TOGETHER
from baton.reading import Reader
from baton.wording import reference
from tests.notify.conftest import alert

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.notify.conftest import Webhook

POLICY = Path(__file__).parents[2] / "policy.toml"
PATIENCE = 300.0
THIRD = 3
"""Seconds to wait for what must come: a loaded machine is slow."""


@pytest.fixture
def place(kafka: str, topic_prefix: str) -> tuple[str, str]:
    """Give a Kafka with topics of its own."""
    topics.apply(kafka, topic_prefix, replication=1)
    return kafka, topic_prefix


@pytest.fixture
def recipients(tmp_path: Path, webhook: Webhook) -> Path:
    """Give a file with one desk, told by the web hook."""
    path = tmp_path / "recipients.toml"
    path.write_text(
        '[[recipient]]\nkey = "desk-1"\nrole = "hub_manager"\n'
        f'url = "json://127.0.0.1:{webhook.port}/?rto=90&cto=90"\n'
    )
    path.chmod(0o600)
    return path


@contextmanager
def running(place: tuple[str, str], recipients: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run the service; it is killed at the end, if it lives."""
    environment = {**os.environ, "BATON_LOG_FORMAT": "json"} | {
        "BATON_BROKERS": place[0],
        "BATON_TOPIC_PREFIX": place[1],
        "BATON_POLICY": str(POLICY),
        "BATON_RECIPIENTS_FILE": str(recipients),
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "baton.cli", "notify"], env=environment, start_new_session=True
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
        process.wait()


def write(place: tuple[str, str], *alerts: dict[str, Any]) -> None:
    """Write alerts as the judge would."""
    producer = KafkaProducer(bootstrap_servers=place[0], acks="all")
    topic = prefixed(place[1], ALERTS.name)
    sent = [
        producer.send(topic, key=each["alert_id"].encode(), value=codec.encode("Alert", each))
        for each in alerts
    ]
    for each in sent:
        each.get(timeout=30)
    producer.close()


def told(place: tuple[str, str]) -> list[tuple[int, str, str]]:
    """Give what baton was told, as committed: step, role, outcome. What is told again under one id counts once."""
    with Reader(place[0], prefixed(place[1], ALERT_ACTIONS.name)) as reader:
        records = [
            codec.decode(message.value)
            for batch in reader.to_end()
            for message in batch
            if message.value
        ]
    first: dict[str, dict[str, Any]] = {}
    for name, fields in records:
        if name == "AlertTold":
            first.setdefault(fields["event_id"], fields)
    return [(each["step"], each["role"], each["outcome"]) for each in first.values()]


def wait_for(true: Callable[[], object]) -> None:
    """Wait until something is so."""
    gives_up_at = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < gives_up_at, "it never came to be"
        time.sleep(0.2)


def test_a_step_is_told_and_that_it_was_is_told_to_baton(
    place: tuple[str, str], recipients: Path, webhook: Webhook
) -> None:
    """And after a restart it is told no more; a role without a desk is said to have nobody."""
    step_2 = {"number": 2, "kind": "chased", "roles": ["head_of_service"], "at": alert()["as_of"]}
    first = alert()
    write(place, {**first, "steps": [*first["steps"], step_2]})
    expected = [(1, "hub_manager", "told"), (2, "head_of_service", "nobody")]
    with running(place, recipients):
        wait_for(lambda: sorted(told(place)) == expected)
    with running(place, recipients):
        write(place, alert(alert_id="unreferred-incident/inc-2/p-2"))
        wait_for(lambda: len(webhook.came) == 2)

    assert "unreferred incident" in webhook.came[0]["title"]
    assert webhook.came[0]["message"] != webhook.came[1]["message"]


def test_an_attempt_that_fails_is_told_to_baton_and_followed_by_another(
    place: tuple[str, str], recipients: Path, webhook: Webhook
) -> None:
    """Also by one that is started after it was killed between two: what was not taken is in no doubt."""
    failed = (1, "hub_manager", "attempt_failed")
    webhook.answer = lambda number: (200 if number > THIRD else 503, {})
    write(place, alert())
    with running(place, recipients) as first:
        # After the third it waits for a minute.
        wait_for(lambda: told(place) == [failed] * THIRD)
        first.send_signal(signal.SIGKILL)
    with running(place, recipients):
        wait_for(lambda: len(told(place)) > THIRD)

    assert [failed] * THIRD + [(1, "hub_manager", "told")] == told(place)


def test_killed_in_the_middle_of_a_delivery_nobody_is_told_twice(
    place: tuple[str, str], recipients: Path, webhook: Webhook
) -> None:
    """What was being delivered may have been: baton hears `unknown`, and asks the next role."""
    webhook.held = threading.Event()
    write(place, alert())
    with running(place, recipients) as first:
        assert webhook.arrived.wait(PATIENCE)
        first.send_signal(signal.SIGKILL)
    webhook.held.set()
    with running(place, recipients):
        wait_for(lambda: told(place) == [(1, "hub_manager", "unknown")])

    assert 1 == len(webhook.came)


def test_a_storm_is_told_once_also_when_it_is_killed_in_the_middle(
    place: tuple[str, str], recipients: Path, webhook: Webhook
) -> None:
    """Thousands at once: many messages and transactions; what was under way at the kill is in doubt, not repeated."""
    webhook.held = threading.Event()
    ids = [f"unreferred-incident/inc-{number}/p-{number}" for number in range(5_000)]
    write(place, *(alert(alert_id=each) for each in ids))
    with running(place, recipients) as first:
        assert webhook.arrived.wait(PATIENCE)
        first.send_signal(signal.SIGKILL)
    webhook.held.set()
    with running(place, recipients):
        wait_for(lambda: len(told(place)) == len(ids))

    outcomes = Counter(outcome for _, _, outcome in told(place))
    assert {"unknown": TOGETHER, "told": len(ids) - TOGETHER} == outcomes
    named = Counter(re.findall(r"Reference ([0-9a-f]{12})", str(webhook.came)))
    assert named == Counter(map(reference, ids))


def test_of_two_at_the_same_time_one_is_fenced_and_nobody_is_told_twice(
    place: tuple[str, str], recipients: Path, webhook: Webhook
) -> None:
    """The one that started first ends at its next word to Kafka; the supervisor would start it again."""
    written = 0
    with running(place, recipients) as first:
        write(place, alert())
        wait_for(lambda: told(place) == [(1, "hub_manager", "told")])
        with running(place, recipients) as second:
            while first.poll() is None:
                written += 1
                assert written < PATIENCE, "the first was never fenced"
                write(place, alert(alert_id=f"unreferred-incident/inc-{written}/p-{written}"))
                time.sleep(1)
            wait_for(lambda: len(told(place)) == 1 + written)
            assert second.poll() is None

    assert 0 != first.returncode
    messages = [each["message"] for each in webhook.came]
    outcomes = [outcome for _, _, outcome in told(place)]
    assert len(messages) == len(set(messages))
    # At most the one that was on its way when the first was fenced is in doubt.
    assert outcomes.count("told") <= len(messages)
    assert outcomes.count("unknown") <= 1
    assert {"told", "unknown"} >= set(outcomes)
