"""Workers on a real Kafka, killed and frozen: what they leave behind is counted from outside."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PARTITIONS = 4
KEYS = 97
ALERT_EVERY = 10
SESSION_SECONDS = 6
WORKER = Path(__file__).with_name("counting_worker.py")
ROOT = Path(__file__).parents[2]


@dataclass
class Counted:
    """One test's topics, events and workers."""

    brokers: str
    prefix: str
    folder: Path
    sent: Counter[bytes] = field(default_factory=Counter)
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def create_topics(self) -> None:
        """Make the source, the outputs and the state."""
        compact = {"cleanup.policy": "compact"}
        topics = {
            "events": {"num_partitions": PARTITIONS, "replication_factor": 1},
            "counts": {"num_partitions": 1, "replication_factor": 1},
            "state-events": {
                "num_partitions": PARTITIONS,
                "replication_factor": 1,
                "configs": compact,
            },
        }
        admin = KafkaAdminClient(bootstrap_servers=self.brokers)
        admin.create_topics({self.prefix + name: config for name, config in topics.items()})
        admin.close()

    def send(self, count: int, transactional_id: str | None = None) -> None:
        """Append events to the source; with an id, in transactions, every third one aborted."""
        options: dict[str, Any] = {"bootstrap_servers": self.brokers, "linger_ms": 10}
        if transactional_id is None:
            producer = KafkaProducer(**options)
            self._send(producer, count)
            producer.close()
            return
        producer = KafkaProducer(transactional_id=self.prefix + transactional_id, **options)
        producer.init_transactions()
        for part in range(count // 100):
            producer.begin_transaction()
            if part % 3:
                self._send(producer, 100)
                producer.commit_transaction()
            else:
                before = self.sent.copy()
                self._send(producer, 100)
                producer.abort_transaction()
                self.sent = before
        producer.close()

    def _send(self, producer: KafkaProducer, count: int) -> None:
        already = self.sent.total()
        futures = []
        for number in range(already, already + count):
            key = b"key-%d" % (number % KEYS)
            futures.append(producer.send(self.prefix + "events", key=key, value=b"v" * 50))
            self.sent[key] += 1
        producer.flush()
        for future in futures:
            future.get(timeout=30)

    def start(self, **environment: str) -> subprocess.Popen[bytes]:
        """Start a worker."""
        roots = os.pathsep.join(str(ROOT / part) for part in ("schemas", "streams", "services"))
        worker = subprocess.Popen(
            [sys.executable, str(WORKER)],
            env={
                **os.environ,
                "PYTHONPATH": roots,
                "BROKERS": self.brokers,
                "PREFIX": self.prefix,
                "SESSION_TIMEOUT": str(SESSION_SECONDS),
                **environment,
            },
            stderr=(self.folder / f"worker-{len(self.workers)}.log").open("wb"),
        )
        self.workers.append(worker)
        return worker

    def log_of(self, worker: subprocess.Popen[bytes]) -> str:
        """Return what a worker has logged."""
        return (self.folder / f"worker-{self.workers.index(worker)}.log").read_text()

    def wait_until_open(self, worker: subprocess.Popen[bytes]) -> None:
        """Wait until a worker has its first ledger."""
        self.wait_for(lambda: "ledger_opened" in self.log_of(worker), "a worker has a ledger")

    def kill_at(self, point: str, after: int = 0) -> None:
        """Start a worker that stops at a point, and kill it there."""
        paused = self.folder / f"paused-{len(self.workers)}"
        worker = self.start(
            INSTANCE="one", PAUSE_AT=point, PAUSED=str(paused), PAUSE_AFTER=str(after)
        )
        self.wait_for(paused.exists, f"a worker reaches {point}")
        worker.kill()
        worker.wait()

    def wait_for(self, true: Callable[[], bool], what: str, seconds: float = 60) -> None:
        """Wait until something is true."""
        limit = time.monotonic() + seconds
        while not true():
            logs = "\n".join(self.log_of(worker)[-2_000:] for worker in self.workers)
            assert time.monotonic() < limit, f"waited in vain until {what}\n{logs}"
            time.sleep(0.1)

    def read(self, topic: str) -> list[Any]:
        """Read a topic's committed records from its start to its end."""
        consumer = KafkaConsumer(
            bootstrap_servers=self.brokers,
            isolation_level="read_committed",
            auto_offset_reset="earliest",
            enable_auto_commit=False,
            group_id=None,
        )
        name = self.prefix + topic
        partitions = [TopicPartition(name, part) for part in consumer.partitions_for_topic(name)]
        consumer.assign(partitions)
        consumer.seek_to_beginning(*partitions)
        ends = consumer.end_offsets(partitions)
        records: list[Any] = []
        while any(consumer.position(partition) < end for partition, end in ends.items()):
            for polled in consumer.poll(200).values():
                records.extend(polled)
        consumer.close()
        return records

    def state(self) -> dict[tuple[int, bytes], int]:
        """Return the live rows, by partition and key."""
        rows: dict[tuple[int, bytes], int] = {}
        for record in self.read("state-events"):
            rows[record.partition, record.key] = int(record.value)
        return rows

    def counts(self) -> Counter[bytes]:
        """Return what the rows say was counted."""
        return Counter(
            {key: n for (_, key), n in self.state().items() if not key.startswith(b"\0")}
        )

    def wait_until_counted(self, seconds: float = 60) -> None:
        """Wait until the rows hold everything that was sent."""
        self.wait_for(lambda: self.counts() == self.sent, "all events are counted", seconds)

    def check(self) -> None:
        """Compare rows and outputs with what was sent: 0 missing, 0 doubled, 0 extra."""
        assert self.sent == self.counts()
        expected = sorted(
            b"%s/%d" % (key, reached)
            for key, count in self.sent.items()
            for reached in range(ALERT_EVERY, count + 1, ALERT_EVERY)
        )
        assert expected == sorted(record.key for record in self.read("counts"))

    def stop(self) -> None:
        """End every worker."""
        for worker in self.workers:
            if worker.poll() is None:
                worker.send_signal(signal.SIGCONT)
                worker.kill()
            worker.wait()


@pytest.fixture
def counted(kafka: str, topic_prefix: str, tmp_path: Path) -> Iterator[Counted]:
    """Give topics of one's own, and end what was started."""
    counted = Counted(kafka, topic_prefix, tmp_path)
    counted.create_topics()
    yield counted
    counted.stop()


def test_killed_at_every_stage_and_still_exact(counted: Counted) -> None:
    """Killed while loading, while applying and between sending and committing: nothing shows."""
    counted.send(4_000)
    for point, after in [("apply", 0), ("send", 0), ("load", 0), ("apply", 2_000), ("load", 0)]:
        counted.kill_at(point, after)
    counted.send(1_000)
    counted.kill_at("send")
    worker = counted.start(INSTANCE="one")
    counted.wait_until_counted()
    worker.terminate()

    assert worker.wait(timeout=30) == 0
    counted.check()


def test_killed_again_and_again_under_load(counted: Counted) -> None:
    """Kills at moments that nobody chose, while events keep coming, with markers between them."""
    for kill in range(5):
        counted.send(3_000, transactional_id=f"source-{kill}")
        worker = counted.start(INSTANCE="one", BULK_FROM="1000000" if kill % 2 else "1000")
        time.sleep(2.0 + 0.35 * kill)
        counted.send(1_000)
        worker.kill()
        worker.wait()
    counted.start(INSTANCE="one")
    counted.wait_until_counted()
    counted.check()


def test_frozen_within_a_transaction_it_is_fenced_and_exits_70(counted: Counted) -> None:
    """Frozen before its commit until another has taken over, it shows nothing, and ends."""
    counted.send(1_000)
    paused = counted.folder / "paused"
    frozen = counted.start(PAUSE_AT="send", PAUSED=str(paused))
    counted.wait_for(paused.exists, "the worker is about to commit")
    frozen.send_signal(signal.SIGSTOP)
    other = counted.start()
    counted.wait_until_counted()
    paused.unlink()
    frozen.send_signal(signal.SIGCONT)

    assert frozen.wait(timeout=60) == 70
    assert "ProducerFenced" in counted.log_of(frozen)
    assert other.poll() is None
    counted.send(1_000)
    counted.wait_until_counted()
    counted.check()


def test_frozen_while_idle_it_comes_back_and_takes_its_share(counted: Counted) -> None:
    """A worker that missed its session with nothing in hand loads anew, and nothing is doubled."""
    frozen, other, before = two_workers(counted)
    freeze_past_its_session(counted, frozen, other)
    frozen.send_signal(signal.SIGCONT)
    counted.wait_for(
        lambda: counted.log_of(frozen).count("ledger_opened") > before, "it has its share again"
    )
    counted.send(3_000)
    counted.wait_until_counted()
    counted.check()


def test_frozen_while_events_come_it_comes_back_or_exits_70(counted: Counted) -> None:
    """Awake, it may be given an event before it hears that its session is over: then it is fenced, and ends."""
    frozen, other, before = two_workers(counted)
    freeze_past_its_session(counted, frozen, other)
    counted.send(1_000)
    counted.wait_until_counted()
    frozen.send_signal(signal.SIGCONT)
    counted.wait_for(
        lambda: frozen.poll() is not None or counted.log_of(frozen).count("ledger_opened") > before,
        "it has its share again, or has ended",
    )
    counted.send(2_000)
    counted.wait_until_counted()
    counted.check()

    assert frozen.poll() in {None, 70}
    assert (frozen.poll() == 70) == ("ProducerFenced" in counted.log_of(frozen))
    assert other.poll() is None


def two_workers(
    counted: Counted,
) -> tuple[subprocess.Popen[bytes], subprocess.Popen[bytes], int]:
    """Return two workers that have counted, and how often the first has opened a ledger."""
    first = counted.start()
    counted.wait_until_open(first)
    second = counted.start()
    counted.wait_until_open(second)
    counted.send(2_000)
    counted.wait_until_counted()
    return first, second, counted.log_of(first).count("ledger_opened")


def freeze_past_its_session(
    counted: Counted, worker: subprocess.Popen[bytes], other: subprocess.Popen[bytes]
) -> None:
    """Stop a worker, and wait until the other has its share."""
    before = counted.log_of(other).count("ledger_opened")
    worker.send_signal(signal.SIGSTOP)
    counted.wait_for(
        lambda: counted.log_of(other).count("ledger_opened") > before, "another has its share"
    )


def test_a_backlog_is_caught_up_in_bulk(counted: Counted) -> None:
    """Behind by 100,000 events, the ledgers read for themselves, and Faust delivers none of them."""
    counted.send(100_000)
    worker = counted.start()
    counted.wait_until_counted()

    log = counted.log_of(worker)
    assert "read=bulk" in log
    assert "read=delivered" not in log
    counted.check()
    counted.send(10)
    counted.wait_until_counted()
    assert "read=delivered" in counted.log_of(worker)


def test_what_faust_loses_and_repeats_is_put_right(counted: Counted) -> None:
    """Events dropped within batches, doubled and out of order, in a source full of markers."""
    worker = counted.start(FAULTY="2000")
    counted.wait_until_open(worker)
    for number in range(10):
        counted.send(300, transactional_id=f"source-{number}")
    counted.send(500)
    counted.wait_until_counted()

    assert "read=gap" in counted.log_of(worker)
    counted.check()


def test_workers_come_and_go(counted: Counted) -> None:
    """At every rebalance partitions change hands, and nothing is lost or doubled on the way."""
    counted.start()
    for guest in range(3):
        worker = counted.start()
        counted.send(1_500)
        counted.wait_until_open(worker)
        counted.send(1_500)
        if guest == 1:
            worker.kill()
            assert worker.wait() == -signal.SIGKILL
        else:
            worker.terminate()
            assert worker.wait(timeout=30) == 0
    counted.wait_until_counted()
    counted.check()
