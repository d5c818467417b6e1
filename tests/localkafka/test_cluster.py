"""Three nodes that replicate: one may die, and what was confirmed is still there."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from typer.testing import CliRunner

from baton import topics
from baton.cli.app import app
from baton.contract.topics import FACTS, prefixed
from baton.localkafka.cluster import NODES, LocalCluster

PREFIX = "three-"
WITHIN = 120.0


@pytest.mark.broker
def test_a_cluster_outlives_the_broker_that_leads(tmp_path: Path) -> None:
    """Another one leads, what was confirmed is there, and whoever asks is answered by one of those that live."""
    facts = prefixed(PREFIX, FACTS.name)
    with LocalCluster(tmp_path, heap="384m") as cluster:
        topics.apply(cluster.bootstrap, PREFIX, replication=3)
        cluster.wait_until_whole()
        producer = KafkaProducer(bootstrap_servers=cluster.bootstrap.split(","), acks="all")
        producer.send(facts, b"told before the kill").get(timeout=WITHIN)
        producer.close()
        first = cluster.leader(facts)
        assert first is not None

        cluster.node(first).kill()

        # It is in the others' lists for some seconds more: a worker that starts now must not give up.
        for _ in range(2 * NODES):
            assert topics.cluster_size(cluster.bootstrap) >= NODES - 1
        topics.apply(cluster.bootstrap, "later-", replication=3)
        gives_up_at = time.monotonic() + WITHIN
        while cluster.leader(facts) in {None, first}:
            assert time.monotonic() < gives_up_at, "nobody else leads"
        assert read_first(cluster, facts) == b"told before the kill"
        assert sorted({1, 2, 3} - {first}) == cluster.running()

        cluster.start(first)
        cluster.wait_until_whole()
        assert cluster.running() == [1, 2, 3]
        # Created while one was down: it has its copies all the same.
        assert topics.check(cluster.bootstrap, "later-", replication=3) == []
        one = ("--replication", "1", "--brokers", cluster.bootstrap, "--prefix", "later-")
        checked = CliRunner().invoke(app, ["topics", "check", *one])
        assert (checked.exit_code, checked.stdout) == (0, "")
        assert "could keep 3 copies" in checked.stderr
    assert cluster.running() == []


def read_first(cluster: LocalCluster, topic: str) -> bytes:
    """Read the first message of a topic."""
    consumer = KafkaConsumer(
        bootstrap_servers=cluster.bootstrap.split(","),
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        consumer_timeout_ms=int(WITHIN * 1_000),
    )
    consumer.assign([TopicPartition(topic, 0)])
    value: bytes = next(consumer).value
    consumer.close()
    return value
