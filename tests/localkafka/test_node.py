"""The developer's Kafka: started, found again, stopped, and what it says when it cannot start."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest
from kafka import KafkaConsumer, KafkaProducer
from kafka.admin import KafkaAdminClient
from kafka.errors import KafkaError
from kafka.structs import TopicPartition

from baton.localkafka import (
    LocalKafka,
    LocalKafkaError,
    default_data_dir,
    needs,
    running_kafka,
    start_kafka,
    use_kafka,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def node(tmp_path: Path) -> Iterator[LocalKafka]:
    """Give a node of this test's own, stopped at the end."""
    started = start_kafka(tmp_path / "kafka", heap="256m")
    yield started
    started.stop()


@pytest.fixture(scope="module")
def lasting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalKafka]:
    """Give a node for the tests that leave it running."""
    started = start_kafka(tmp_path_factory.mktemp("kafka"), heap="256m")
    yield started
    started.stop()


def nothing_listens(bootstrap: str) -> bool:
    """Say whether the port of loopback refuses connections."""
    host, _, port = bootstrap.partition(":")
    with socket.socket() as client:
        return client.connect_ex((host, int(port))) != 0


@pytest.mark.broker
def test_a_started_node_serves_and_is_found_again(lasting: LocalKafka) -> None:
    """What is started is ready; starting it again gives the same process."""
    admin = KafkaAdminClient(bootstrap_servers=lasting.bootstrap)
    assert len(admin.describe_cluster()["brokers"]) == 1
    admin.close()

    again = start_kafka(lasting.data_dir)

    assert (again.pid, again.bootstrap, again.reused) == (lasting.pid, lasting.bootstrap, True)
    assert not lasting.reused


@pytest.mark.broker
def test_two_starts_at_once_share_one_node(node: LocalKafka) -> None:
    """Two commands typed together do not fight over the folder."""
    node.stop()
    found: list[LocalKafka] = []

    starters = [
        threading.Thread(target=lambda: found.append(start_kafka(node.data_dir, heap="256m")))
        for _ in range(2)
    ]
    for starter in starters:
        starter.start()
    for starter in starters:
        starter.join()

    assert len({each.pid for each in found}) == 1
    assert sorted(each.reused for each in found) == [False, True]
    for each in found:
        each.stop()


@pytest.mark.broker
def test_a_stopped_node_is_gone(node: LocalKafka) -> None:
    """After `stop` no process, no port and no note of it is left; stopping twice is no error."""
    node.stop()

    assert not node.is_running()
    assert nothing_listens(node.bootstrap)
    assert running_kafka(node.data_dir) is None
    node.stop()


@pytest.mark.broker
def test_a_killed_node_starts_again_with_its_data(node: LocalKafka) -> None:
    """What was acknowledged before a kill -9 is there after the next start, on whatever port."""
    admin = KafkaAdminClient(bootstrap_servers=node.bootstrap)
    admin.create_topics({"kept": {"num_partitions": 1, "replication_factor": 1}})
    admin.close()
    producer = KafkaProducer(bootstrap_servers=node.bootstrap, acks="all")
    producer.send("kept", b"told before the kill").get(timeout=10)
    producer.close()

    os.kill(node.pid, signal.SIGKILL)
    restarted = start_kafka(node.data_dir, heap="256m")

    assert not restarted.reused
    consumer = KafkaConsumer(
        bootstrap_servers=restarted.bootstrap,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        consumer_timeout_ms=20_000,
    )
    consumer.assign([TopicPartition("kept", 0)])
    assert next(consumer).value == b"told before the kill"
    consumer.close()
    restarted.stop()


@pytest.mark.broker
def test_topics_are_not_made_by_mistake(lasting: LocalKafka) -> None:
    """A mistyped topic name is an error, not a new topic."""
    producer = KafkaProducer(bootstrap_servers=lasting.bootstrap, max_block_ms=1_000)
    with pytest.raises(KafkaError):
        producer.send("domestic-incident", b"lost").get(timeout=10)
    producer.close()

    admin = KafkaAdminClient(bootstrap_servers=lasting.bootstrap)
    assert "domestic-incident" not in admin.list_topics()
    admin.close()


@pytest.mark.broker
def test_a_running_node_is_not_moved_to_another_port(lasting: LocalKafka) -> None:
    """Asking for a port other than the one it runs on says so, and leaves it running."""
    with pytest.raises(LocalKafkaError, match=r"runs already, on .* and not on port 1"):
        start_kafka(lasting.data_dir, port=1)

    assert lasting.is_running()


@pytest.mark.broker
def test_the_with_form_stops_only_what_it_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A `with` inside another uses the same node; it is stopped by the outer one."""
    monkeypatch.delenv("BATON_BROKERS", raising=False)
    with use_kafka(tmp_path) as outer:
        with use_kafka(tmp_path) as inner:
            assert inner == outer
        assert not nothing_listens(outer)
    assert nothing_listens(outer)


@pytest.mark.broker
def test_in_the_foreground_it_stops_when_asked(tmp_path: Path) -> None:
    """`make kafka` says where it listens, and Ctrl-C leaves nothing behind."""
    with subprocess.Popen(
        [sys.executable, "-m", "baton.localkafka", "--port", "0", "--data", str(tmp_path)],
        stdout=subprocess.PIPE,
        text=True,
    ) as foreground:
        assert foreground.stdout is not None
        ready = foreground.stdout.readline()
        node = running_kafka(tmp_path)
        assert node is not None
        assert node.bootstrap in ready

        foreground.send_signal(signal.SIGINT)

        assert foreground.wait(timeout=60) == 0
    assert not node.is_running()


def test_another_cluster_is_used_as_it_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """With BATON_BROKERS nothing is started and nothing is written."""
    monkeypatch.setenv("BATON_BROKERS", "kafka-1:9092,kafka-2:9092")

    with use_kafka(tmp_path) as bootstrap:
        assert bootstrap == "kafka-1:9092,kafka-2:9092"

    assert list(tmp_path.iterdir()) == []


def test_the_data_folder_can_be_chosen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """BATON_DATA_DIR moves the data; without it, it is in the project's folder."""
    monkeypatch.setenv("BATON_DATA_DIR", str(tmp_path))
    assert default_data_dir() == tmp_path / "kafka"

    monkeypatch.delenv("BATON_DATA_DIR")
    assert default_data_dir() == needs.PROJECT / ".baton" / "kafka"


def test_a_taken_port_is_refused_before_anything_starts(tmp_path: Path) -> None:
    """The sentence names the port and what to do."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]

        with pytest.raises(
            LocalKafkaError, match=rf"^Port {port} of 127\.0\.0\.1 is taken .*: stop"
        ):
            start_kafka(tmp_path, port=port)

    assert running_kafka(tmp_path) is None


def test_a_missing_java_is_said_with_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No Java on PATH: one sentence, which names the Debian package."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)

    with pytest.raises(LocalKafkaError, match=r"needs Java 17 .* apt install default-jre-headless"):
        start_kafka(tmp_path / "kafka")


@pytest.mark.parametrize(
    ("says", "expected"),
    [
        ('openjdk version "11.0.2" 2019-01-15', "is version 11:"),
        ('java version "1.8.0_292"', "is version 8:"),
        ("Unable to locate a Java Runtime.", "does not run:"),
    ],
)
def test_an_old_java_is_said_with_its_version(
    says: str, expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A Java that is too old, or the stub of macOS, is not mistaken for one that will do."""
    java = tmp_path / "bin" / "java"
    java.parent.mkdir()
    java.write_text(f"#!/bin/sh\necho '{says}' >&2\n")
    java.chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))

    with pytest.raises(LocalKafkaError, match=expected):
        start_kafka(tmp_path / "kafka")


def test_missing_jars_are_said_with_the_command_that_brings_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A clone in which nothing was set up says `make setup`."""
    monkeypatch.setattr(needs, "JARS", tmp_path / "none")

    with pytest.raises(LocalKafkaError, match="run `make setup`"):
        start_kafka(tmp_path / "kafka")


def test_data_of_another_cluster_is_left_alone(tmp_path: Path) -> None:
    """A folder that another Kafka wrote is refused and not touched."""
    meta = tmp_path / "log" / "meta.properties"
    meta.parent.mkdir()
    meta.write_text("version=1\ncluster.id=AnotherClusterOfSomeone\nnode.id=1\n")

    with pytest.raises(LocalKafkaError, match="holds the data of another Kafka cluster"):
        start_kafka(tmp_path)

    assert "AnotherClusterOfSomeone" in meta.read_text()


@pytest.mark.broker
def test_a_node_that_cannot_start_says_why(tmp_path: Path) -> None:
    """A heap that Java refuses: the end of the log is in the message, and nothing is left running."""
    with pytest.raises(LocalKafkaError, match=r"stopped at once; .*[\s\S]*[Hh]eap"):
        start_kafka(tmp_path, heap="1k")

    assert running_kafka(tmp_path) is None


@pytest.mark.broker
def test_a_node_that_is_too_slow_is_given_up(tmp_path: Path) -> None:
    """The wait for a node has an end, and what did not answer is stopped."""
    with pytest.raises(LocalKafkaError, match=r"did not answer on .* within 0 seconds"):
        start_kafka(tmp_path, heap="256m", within_s=0.2)

    assert running_kafka(tmp_path) is None


def test_a_process_that_only_has_the_same_number_is_never_touched(tmp_path: Path) -> None:
    """Process ids are used again: a note left by a crash may name somebody else's process."""
    other = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    note = {"pid": other.pid, "bootstrap": "127.0.0.1:1"}
    (tmp_path / "running.json").write_text(json.dumps(note))

    assert running_kafka(tmp_path) is None
    LocalKafka("127.0.0.1:1", other.pid, tmp_path, reused=True).stop()

    assert other.poll() is None
    other.kill()
    other.wait()


def test_a_note_cut_short_is_no_node(tmp_path: Path) -> None:
    """A crash while the note was written does not stop the next start."""
    (tmp_path / "running.json").write_text('{"pid": 12')

    assert running_kafka(tmp_path) is None
