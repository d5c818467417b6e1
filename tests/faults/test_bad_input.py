"""Bad input on a real Kafka: nothing is lost, the stream goes on, and too much of it stops the worker with a reason."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from kafka import KafkaProducer

from baton import topics
from baton.agents.pseudonym import make_key
from baton.cli.playback import WORKER
from baton.cli.supervisor import Supervisor
from baton.contract import codec
from baton.contract.topics import FACTS, REFERRALS, REJECTED_EVENTS, prefixed
from baton.reading import Reader

if TYPE_CHECKING:
    from collections.abc import Callable

POLICY = Path(__file__).parents[2] / "policy.toml"
WITHIN = 60.0


def environment(kafka: str, prefix: str, folder: Path, ceiling: float) -> dict[str, str]:
    """Return how a worker is started."""
    make_key(folder / "key")
    return os.environ | {
        "BATON_BROKERS": kafka,
        "BATON_TOPIC_PREFIX": prefix,
        "BATON_POLICY": str(POLICY),
        "BATON_PSEUDONYM_KEY_FILE": str(folder / "key"),
        "BATON_LOG_FORMAT": "json",
        "BATON_REJECTED_CEILING": str(ceiling),
    }


def values(kafka: str, topic: str) -> list[bytes | None]:
    """Return what is on a topic now."""
    with Reader(kafka, topic) as reader:
        return [message.value for batch in reader.to_end() for message in batch]


def wait_for(what: Callable[[], bool], log: Path) -> None:
    """Wait until something is so; show the worker's log if it does not come."""
    gives_up_at = time.monotonic() + WITHIN
    while not what():
        assert time.monotonic() < gives_up_at, log.read_text(encoding="utf-8")[-3_000:]
        time.sleep(0.2)


@pytest.mark.broker
def test_ten_thousand_bad_records_stop_the_worker_and_none_is_lost(
    kafka: str, topic_prefix: str, tmp_path: Path
) -> None:
    """Past the ceiling the worker stops and says why; with a higher one every original is in `rejected-events`."""
    topics.apply(kafka, topic_prefix, replication=1)
    source, rejected = (
        prefixed(topic_prefix, REFERRALS.name),
        prefixed(topic_prefix, REJECTED_EVENTS.name),
    )
    example = codec.examples("FeedbackAcknowledged")[0]
    good = codec.encode("FeedbackAcknowledged", codec.from_json("FeedbackAcknowledged", example))
    # Truncated, with a foreign fingerprint, no Avro at all, and as large as Kafka lets through.
    bad = [good[:-3], b"\xc3\x01" + b"x" * 30, b"{}", b"n" * 1_000_000] + [
        b"bad-%d" % n for n in range(9_996)
    ]
    producer = KafkaProducer(bootstrap_servers=kafka, acks="all", max_request_size=2 << 20)
    for value in bad:
        producer.send(source, value=value)
    producer.send(source, value=good)
    producer.flush()
    producer.close()
    log = tmp_path / "log"

    with log.open("ab") as output, Supervisor() as supervisor:
        supervisor.start("worker", WORKER, environment(kafka, topic_prefix, tmp_path, 0.5), output)
        wait_for(lambda: supervisor.restarts["worker"] >= 2, log)
    said = log.read_text(encoding="utf-8")
    assert "the ceiling is 50%" in said
    assert values(kafka, rejected) == []

    with log.open("ab") as output, Supervisor() as supervisor:
        supervisor.start("worker", WORKER, environment(kafka, topic_prefix, tmp_path, 1.0), output)
        wait_for(lambda: bool(values(kafka, prefixed(topic_prefix, FACTS.name))), log)
    assert values(kafka, rejected) == bad
    assert "bad-17" not in log.read_text(encoding="utf-8")
