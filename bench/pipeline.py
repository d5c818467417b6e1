"""The live way on a real Kafka: events a second, event to alert, deadline to alert, and what a quiet second costs.

    python -m bench.pipeline [--seconds 30] [--rate 100] [--backlog 20000]

An alert is visible when a reader of committed records has it. BATON_BROKERS names a Kafka; else one is started.
"""

from __future__ import annotations

import argparse
import os
import re
import tempfile
import threading
import time
import uuid
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from baton import topics
from baton.agents.pseudonym import make_key
from baton.cli.playback import WORKER
from baton.cli.supervisor import Supervisor
from baton.cli.up import CLOCK
from baton.contract import codec
from baton.contract.topics import ALERTS, TOPICS, prefixed
from baton.localkafka import use_kafka
from baton.reading import Reader
from baton.reading.alerts import alerts_of
from bench.figures import figure, quantile
from bench.histories import event, party

if TYPE_CHECKING:
    from baton.replay.told import Told

DUE_IN = 5
"""Seconds that the policy of this measure gives for a referral."""
SETTLE = 8.0
"""Seconds in which a worker that has just started comes to rest."""


class Line:
    """A running baton with topics of its own, and when each of its alerts was first seen."""

    def __init__(self, brokers: str, folder: Path, supervisor: Supervisor) -> None:
        """Start a worker and the clock, with a policy of seconds, and begin to watch."""
        self.brokers, self.prefix = brokers, f"bench-{uuid.uuid4().hex[:8]}-"
        topics.apply(brokers, self.prefix, replication=1)
        make_key(folder / "key")
        policy = Path("policy.toml").read_text(encoding="utf-8")
        rule = policy.index("[rule.unreferred-incident]")
        limit = re.compile(r"within\s*=.*")
        quick = policy[:rule] + limit.sub(
            f"within = {{ seconds = {DUE_IN} }}", policy[rule:], count=1
        )
        (folder / "policy.toml").write_text(quick, encoding="utf-8")
        environment = os.environ | {
            "BATON_BROKERS": brokers,
            "BATON_TOPIC_PREFIX": self.prefix,
            "BATON_POLICY": str(folder / "policy.toml"),
            "BATON_PSEUDONYM_KEY_FILE": str(folder / "key"),
            "BATON_LOG_FORMAT": "json",
        }
        log = (folder / "log").open("ab")
        supervisor.start("worker", WORKER, {**environment, "BATON_WORKER_NAME": "worker"}, log)
        supervisor.start("clock", CLOCK, environment, log)
        self.producer = KafkaProducer(bootstrap_servers=brokers, acks="all", linger_ms=0)
        self.seen: dict[str, float] = {}
        self.due: dict[str, float] = {}
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self) -> None:
        with Reader(self.brokers, prefixed(self.prefix, ALERTS.name)) as reader:
            for batch in reader.follow():
                now = time.time()
                for alert in alerts_of(batch):
                    self.seen.setdefault(alert["alert_id"], now)
                    self.due.setdefault(alert["alert_id"], alert["due_at"].timestamp())

    def tell(self, told: Told) -> Any:  # noqa: ANN401 (a future)
        """Send a record."""
        value = codec.encode(told.record, told.fields)
        return self.producer.send(prefixed(self.prefix, told.topic), value=value)

    def wait_for(self, ids: set[str], within: float) -> None:
        """Wait until these alerts were seen. Raises TimeoutError."""
        gives_up_at = time.monotonic() + within
        while not ids <= self.seen.keys():
            if time.monotonic() > gives_up_at:
                message = f"{len(ids - self.seen.keys())} of {len(ids)} alerts were not seen within {within:.0f} s"
                raise TimeoutError(message)
            time.sleep(0.05)

    def ends(self) -> int:
        """Return how many offsets are used on all topics."""
        consumer = KafkaConsumer(bootstrap_servers=self.brokers)
        partitions = [TopicPartition(prefixed(self.prefix, name), 0) for name in TOPICS]
        total = sum(consumer.end_offsets(partitions).values())
        consumer.close()
        return int(total)


def accepted(name: str) -> Told:
    """Return an acceptance without a handover: an alert at once."""
    return event("TransferAccepted", datetime.now(UTC), transfer=f"t-{name}", case=name)


def incident(name: str) -> Told:
    """Return an incident that needs a referral."""
    return event(
        "IncidentRecorded",
        datetime.now(UTC),
        "police",
        incident=f"inc-{name}",
        people=[party(f"woman-{name}")],
    )


def event_to_alert(line: Line, seconds: int, rate: int) -> None:
    """Measure how long after it is sent an event's alert is visible, one event in ten leading to one."""
    sent: dict[str, float] = {}
    begin = time.monotonic()
    for number in range(seconds * rate):
        time.sleep(max(0.0, begin + number / rate - time.monotonic()))
        if number % 10:
            line.tell(event("ContactMade", datetime.now(UTC), case=f"calm-{number}"))
        else:
            sent[f"handover-incomplete/t-case-{number}/case-{number}"] = time.time()
            line.tell(accepted(f"case-{number}"))
    line.wait_for(set(sent), 60)
    late = [(line.seen[each] - at) * 1_000 for each, at in sent.items()]
    note = f"at {rate} events/s, {len(late)} alerts; p50 {quantile(late, 0.5):,.0f}, most {max(late):,.0f}"
    figure("event to alert visible, p99", quantile(late, 0.99), "ms", note)


def deadline_to_alert(line: Line, count: int) -> None:
    """Measure how long after its deadline an alert is visible on a quiet stream."""
    before = set(line.seen)
    for number in range(count):
        line.tell(incident(f"quiet-{number}")).get(timeout=10)
        time.sleep(0.37)
    gives_up_at = time.monotonic() + DUE_IN + 30
    while len(line.seen.keys() - before) < count and time.monotonic() < gives_up_at:
        time.sleep(0.05)
    late = [(line.seen[each] - line.due[each]) * 1_000 for each in line.seen.keys() - before]
    assert len(late) == count, f"{len(late)} of {count} deadlines raised an alert"
    note = f"{count} deadlines; p50 {quantile(late, 0.5):,.0f}, most {max(late):,.0f}"
    figure("deadline to alert visible, p99", quantile(late, 0.99), "ms", note)


def quiet_cost(line: Line, seconds: int) -> None:
    """Count the records, with transaction markers, that a quiet second writes."""
    before = line.ends()
    time.sleep(seconds)
    written = (line.ends() - before) / seconds
    figure(
        "records written in a quiet second",
        written,
        "",
        f"{written * 86_400:,.0f} a quiet day, markers included",
    )


def throughput(line: Line, count: int) -> None:
    """Measure how fast events that come at once are taken in and judged."""
    began = time.time()
    for number in range(count):
        line.tell(event("ContactMade", datetime.now(UTC), case=f"mass-{number}"))
    line.tell(accepted("last"))
    line.producer.flush()
    told = time.time() - began
    line.wait_for({"handover-incomplete/t-last/last"}, 300)
    took = line.seen["handover-incomplete/t-last/last"] - began
    figure(
        "live events/s, to the last one's alert",
        count / took,
        "events/s",
        f"{count:,} events, sent in {told:.1f} s",
    )


def main() -> None:
    """Measure everything on one running baton."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=30)
    parser.add_argument("--rate", type=int, default=100)
    parser.add_argument("--backlog", type=int, default=20_000)
    options = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        brokers = stack.enter_context(use_kafka(folder / "kafka"))
        line = Line(brokers, folder, stack.enter_context(Supervisor()))
        line.tell(accepted("first"))
        line.wait_for({"handover-incomplete/t-first/first"}, 60)
        time.sleep(SETTLE)
        quiet_cost(line, 10)
        deadline_to_alert(line, 30)
        event_to_alert(line, options.seconds, options.rate)
        throughput(line, options.backlog)
        # The policy's seconds must not run out into a stopped worker.
        line.producer.close()


if __name__ == "__main__":
    main()
