"""Faults are done to what lives: a process that has just gone by itself is waited for or brought back first."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import psutil
import pytest

from baton.cli.supervisor import Supervisor
from baton.localkafka.cluster import NODES, LocalCluster
from baton.localkafka.node import LocalKafka
from tests.faults.harness.actors import Crew
from tests.faults.harness.doing import HOW, Doing
from tests.faults.harness.plan import SHORT, Fault, make_plan

Start = Callable[[], "subprocess.Popen[bytes]"]


@pytest.fixture
def start() -> Iterator[Start]:
    """Start processes that sleep, and end them."""
    started: list[subprocess.Popen[bytes]] = []

    def begin() -> subprocess.Popen[bytes]:
        started.append(subprocess.Popen((sys.executable, "-c", "import time; time.sleep(60)")))
        return started[-1]

    yield begin
    for process in started:
        process.kill()
        process.wait()


@dataclass
class Cluster:
    """Three brokers that are sleeping processes."""

    begin: Start
    nodes: dict[int, LocalKafka] = field(default_factory=dict)

    def start(self, number: int) -> None:
        """Start a broker that does not run."""
        if number not in self.nodes or not self.nodes[number].is_running():
            process = self.begin()
            self.nodes[number] = LocalKafka(
                "", process.pid, Path("/nonexistent"), reused=False, _process=process
            )

    def node(self, number: int) -> LocalKafka:
        """Return a broker."""
        return self.nodes[number]

    def leader(self, *_: object) -> None:
        """Say that nobody leads."""

    def wait_until_whole(self) -> None:
        """Start what has stopped."""
        for number in range(1, NODES + 1):
            self.start(number)


def doing(cluster: Any = None, crew: Any = None) -> Doing:
    """Return faults that are done to these, and to nothing else."""
    nothing = cast("Any", None)
    return Doing(make_plan(1, SHORT), "", cluster, crew, nothing, nothing, 0.0)


@pytest.mark.parametrize(
    "kind",
    [
        "broker frozen",
        "broker's disk takes no more",
        "leader of the facts killed",
        "two of three brokers killed",
        "brokers restarted one after the other",
    ],
)
def test_a_broker_that_has_gone_by_itself_is_brought_back_to_be_broken(
    kind: str, start: Start
) -> None:
    """It is the new one that the fault is done to, and afterwards all run."""
    cluster = Cluster(start)
    cluster.wait_until_whole()
    gone = cluster.node(2)
    gone.kill()

    HOW[kind](doing(cast("LocalCluster", cluster)), Fault(0, "brokers", kind, 0, 1))

    assert cluster.node(2).pid != gone.pid
    for number in range(1, NODES + 1):
        assert cluster.node(number).is_running()
        assert psutil.Process(cluster.node(number).pid).status() != psutil.STATUS_STOPPED


@dataclass
class Names:
    """A supervisor that says one process id after the other, as where it starts what has ended."""

    given: list[int]

    def pids(self) -> dict[str, int]:
        """Return what a name stands for now."""
        return {"worker-1": self.given.pop(0) if len(self.given) > 1 else self.given[0]}


def test_a_worker_that_has_ended_by_itself_is_waited_for(start: Start) -> None:
    """The one that is started in its place is killed: a fault that is counted was done."""
    ended, living = start(), start()
    ended.kill()
    ended.wait()
    crew = Crew(cast("Supervisor", Names([ended.pid, living.pid])), {}, cast("Any", None))

    assert living.pid == crew.send("worker-1", signal.SIGKILL)
    assert -signal.SIGKILL == living.wait(10)
    crew.kill("worker-1")
