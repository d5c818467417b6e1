"""The watchdog on a real Kafka: a frozen worker and a stopped clock are told of, and answered when they are back."""

from __future__ import annotations

import json
import os
import signal
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from baton import topics
from baton.agents.pseudonym import make_key
from baton.cli.playback import WORKER
from baton.cli.supervisor import Supervisor
from baton.cli.up import CLOCK, WATCHDOG
from baton.contract.topics import ALERTS, prefixed
from baton.localkafka.needs import free_ports
from baton.reading import Reader, newest
from baton.watchdog import sight

if TYPE_CHECKING:
    from collections.abc import Callable

POLICY = Path(__file__).parents[2] / "policy.toml"
BLIND_AFTER = 8
WITHIN = 300.0
"""Seconds by which anything must have come, on the slowest machine; what is awaited is a condition, never a time."""


def alerts(kafka: str, prefix: str) -> list[dict[str, Any]]:
    """Return the alerts as they stand."""
    with Reader(kafka, prefixed(prefix, ALERTS.name)) as reader:
        return list(newest(reader.to_end()).values())


def ready(port: int) -> str:
    """Return what the watchdog's page says."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/-/ready", timeout=5) as answer:
            return str(answer.read().decode().strip())
    except urllib.error.HTTPError as refused:
        return refused.read().decode().strip()
    except OSError:
        return "not up yet"


def wait_for(what: Callable[[], bool], log: Path) -> float:
    """Wait until something is so, and return for how many seconds; show the log if it does not come."""
    began = time.monotonic()
    while not what():
        assert time.monotonic() < began + WITHIN, log.read_text(encoding="utf-8")[-4_000:]
        time.sleep(0.2)
    return time.monotonic() - began


@pytest.mark.broker
def test_a_frozen_worker_and_a_stopped_clock_are_told_of(
    kafka: str, topic_prefix: str, tmp_path: Path
) -> None:
    """Each is one alert with where and since when; each is answered with its length, and nothing else is alerted."""
    topics.apply(kafka, topic_prefix, replication=1)
    make_key(tmp_path / "key")
    (port,) = free_ports(1)
    environment = os.environ | {
        "BATON_BROKERS": kafka,
        "BATON_TOPIC_PREFIX": topic_prefix,
        "BATON_POLICY": str(POLICY),
        "BATON_PSEUDONYM_KEY_FILE": str(tmp_path / "key"),
        "BATON_LOG_FORMAT": "json",
        "BATON_BLIND_AFTER": str(BLIND_AFTER),
        "BATON_WORKER_NAME": "worker",
    }
    watched = environment | {"BATON_HEALTH_PORT": str(port)}
    log = tmp_path / "log"

    def by_status(status: str) -> list[dict[str, Any]]:
        return [each for each in alerts(kafka, topic_prefix) if each["status"] == status]

    took: dict[str, float] = {}
    with log.open("ab") as output, Supervisor() as supervisor:
        supervisor.start("worker", WORKER, environment, output)
        supervisor.start("clock", CLOCK, environment, output)
        supervisor.start("watchdog", WATCHDOG, watched, output)
        wait_for(lambda: ready(port) == "ok", log)
        # Until its first ticks were judged it may rightly have been blind.
        wait_for(lambda: not by_status("raised"), log)
        before = len(alerts(kafka, topic_prefix))
        # Frozen, the worker has ledgers at which something waits; which ones is chance.
        places = (("worker", sight.LEDGERS), ("clock", (sight.CLOCK,)))
        for number, (who, where) in enumerate(places, start=1):
            pid = supervisor.pids()[who]
            os.kill(pid, signal.SIGSTOP)
            try:
                took[who] = wait_for(lambda: bool(by_status("raised")), log)
                (raised,) = by_status("raised")
                page = ready(port)
            finally:
                os.kill(pid, signal.SIGCONT)
            assert raised["rule"] == "pipeline-blind"
            assert "baton is blind: nothing is judged since" in page
            wait_for(lambda: not by_status("raised"), log)
            wait_for(lambda: ready(port) == "ok", log)
            (answered,) = (
                each
                for each in alerts(kafka, topic_prefix)
                if each["alert_id"] == raised["alert_id"]
            )
            assert {*where} & {each["key"] for each in answered["members"]}
            assert answered["status"] == "answered"
            assert (answered["answered_at"] - answered["due_at"]).total_seconds() >= BLIND_AFTER
            assert len(alerts(kafka, topic_prefix)) == before + number
    lines = [
        json.loads(line)
        for line in log.read_text(encoding="utf-8").splitlines()
        if line.startswith("{")
    ]
    said = [line["event"] for line in lines if line.get("service") == "watchdog"]
    assert {"pipeline_blind", "pipeline_seen_again"} <= set(said)
    print(took)  # noqa: T201 (with -s: how soon it stood)
