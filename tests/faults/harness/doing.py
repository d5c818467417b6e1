"""How each kind of fault is done, for real, to a cluster and its crew. Each track is done by a thread of its own."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import Final

from baton.contract.topics import FACTS, SOURCE_TOPICS, prefixed
from baton.ledger import Partition
from baton.ledger.kafka import transactional_id
from baton.localkafka.cluster import NODES, LocalCluster
from baton.localkafka.node import LocalKafka
from tests.faults.harness.actors import Agencies, Crew, fill_disk
from tests.faults.harness.plan import Fault, Plan, Track
from tests.faults.harness.sight import Sight
from tests.faults.harness.stories import burst

TRANSACTIONS: Final = "__transaction_state"
BACK_WITHIN: Final = 45.0
"""Seconds for which the next fault of a track waits until the last one is survived."""
POISON: Final = 60
"""Bad records of a burst."""


def say(what: str) -> None:
    """Tell whoever waits for the run how far it is, with the time of day."""
    sys.stderr.write(f"{datetime.now(UTC):%H:%M:%S} {what}\n")
    sys.stderr.flush()


@dataclass(slots=True)
class Doing:
    """A run's faults, being done."""

    plan: Plan
    prefix: str
    cluster: LocalCluster
    crew: Crew
    agencies: Agencies
    sight: Sight
    began: float
    done: Counter[str] = field(default_factory=Counter)
    last_ended: float = 0.0
    """When the last fault was over, by the time of day."""
    failures: list[str] = field(default_factory=list)
    _number: int = 0

    def run(self) -> None:
        """Do all tracks, and return when the last of them is through."""
        tracks = [
            threading.Thread(target=self._follow, args=(track,), name=track, daemon=True)
            for track in self.plan.size.faults
        ]
        for track in tracks:
            track.start()
        for track in tracks:
            track.join()

    @property
    def names(self) -> list[str]:
        """The names of the workers."""
        return self.crew.names(self.plan.size.workers)

    def _follow(self, track: Track) -> None:
        ended = datetime.now(UTC)
        for fault in self.plan.of(track):
            time.sleep(fault.after)
            self._wait_until_back(ended)
            try:
                HOW[fault.kind](self, fault)
            except Exception as error:  # noqa: BLE001 - one that could not be done must not end the others
                self.failures.append(f"{fault.kind}: {type(error).__name__}: {error}")
            else:
                self.done[fault.kind] += 1
            ended = datetime.now(UTC)
            self.last_ended = max(self.last_ended, ended.timestamp())
            tried = self.done.total() + len(self.failures)
            if tried % 10 == 0:
                say(f"{tried} of {sum(self.plan.size.faults.values())} faults done")

    def _wait_until_back(self, since: datetime) -> None:
        """Wait until something told since the last fault of a track is judged: then it was survived.

        Not for ever: the faults of the other tracks may not let it come to that.
        """
        gives_up_at = time.monotonic() + BACK_WITHIN
        while time.monotonic() < gives_up_at:
            look = self.sight.look
            if look is not None and self.sight.judged_to(look) > since:
                return
            time.sleep(0.2)

    # Workers.

    def _one(self, fault: Fault) -> str:
        return self.names[fault.whom % len(self.names)]

    def kill_worker(self, fault: Fault) -> None:
        """Kill -9 one worker."""
        self.crew.send(self._one(fault), signal.SIGKILL)

    def kill_worker_twice(self, fault: Fault) -> None:
        """Kill one, and kill it again when it has just been started."""
        name = self._one(fault)
        killed = self.crew.send(name, signal.SIGKILL)
        _wait_for(lambda: self.crew.pid(name) != killed)
        time.sleep(fault.lasts)
        self.crew.send(name, signal.SIGKILL)

    def kill_all_workers(self, _: Fault) -> None:
        """Kill -9 all of them."""
        for name in self.names:
            self.crew.kill(name)

    def freeze_worker(self, fault: Fault) -> None:
        """Stop one's process, and let it go on as if nothing had happened."""
        pid = self.crew.send(self._one(fault), signal.SIGSTOP)
        time.sleep(fault.lasts)
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)

    def restart_workers(self, fault: Fault) -> None:
        """Stop and start them in good order, one after the other."""
        for name in self.names:
            self.crew.remove(name)
            self.crew.start_worker(name)
            time.sleep(fault.lasts)

    def add_worker(self, fault: Fault) -> None:
        """Start one more while a burst comes, and stop it in good order."""
        name = f"extra-{fault.whom}"
        self.crew.start_worker(name)
        self._burst(fault)
        time.sleep(fault.lasts)
        self.crew.remove(name)

    def take_worker_away(self, fault: Fault) -> None:
        """Stop one in good order, and start it later."""
        name = self._one(fault)
        self.crew.remove(name)
        time.sleep(fault.lasts)
        self.crew.start_worker(name)

    def take_all_workers_away(self, fault: Fault) -> None:
        """Kill all, and start them when deadlines and answers have passed them by."""
        for name in self.names:
            self.crew.kill(name)
            self.crew.remove(name)
        time.sleep(fault.lasts)
        for name in self.names:
            self.crew.start_worker(name)

    # Brokers. Each fault ends with a cluster that is whole again, for two at a time are a kind of their own.

    def kill_leader(self, fault: Fault) -> None:
        """Kill -9 the broker that leads the facts."""
        self._without([self._leader(prefixed(self.prefix, FACTS.name), 0, fault)], fault)

    def kill_coordinator(self, fault: Fault) -> None:
        """Kill -9 the broker that coordinates the judge's transactions."""
        name = transactional_id(self.prefix, Partition(FACTS.name, 0))
        # As Kafka finds it: Java's hash of the name, its sign bit cleared, by the number of partitions.
        partition = _java_hash(name) % 4
        self._without([self._leader(TRANSACTIONS, partition, fault)], fault)

    def kill_two_brokers(self, fault: Fault) -> None:
        """Kill -9 two: nothing can be written, until they are back."""
        first = fault.whom % NODES
        self._without([first + 1, (first + 1) % NODES + 1], fault)

    def freeze_broker(self, fault: Fault) -> None:
        """Stop a broker's process, and let it go on."""
        node = self._upon(fault.whom % NODES + 1, lambda pid: os.kill(pid, signal.SIGSTOP))
        time.sleep(fault.lasts)
        with suppress(ProcessLookupError):
            os.kill(node.pid, signal.SIGCONT)
        self.cluster.wait_until_whole()

    def fill_disk(self, fault: Fault) -> None:
        """Make every write of a broker fail; it is killed and started with a disk that takes writes again."""
        node = self._upon(fault.whom % NODES + 1, fill_disk)
        time.sleep(fault.lasts)
        node.kill()
        self.cluster.wait_until_whole()

    def restart_brokers(self, fault: Fault) -> None:
        """Stop and start the brokers in good order, one after the other."""
        for number in range(1, NODES + 1):
            self._living(number)[0].stop()
            time.sleep(fault.lasts)
            self.cluster.start(number)
            self.cluster.wait_until_whole()

    def _leader(self, topic: str, partition: int, fault: Fault) -> int:
        return self.cluster.leader(topic, partition) or fault.whom % NODES + 1

    def _living(self, *numbers: int) -> list[LocalKafka]:
        """Return brokers that live: one that has ended by itself since the last fault is brought back first."""
        gone = [number for number in numbers if not self.cluster.node(number).is_running()]
        for number in gone:
            self.cluster.start(number)
        if gone:
            self.cluster.wait_until_whole()
        return [self.cluster.node(number) for number in numbers]

    def _upon(self, number: int, do: Callable[[int], object]) -> LocalKafka:
        """Do something to the process of a broker that lives, whatever becomes of it before, and return the broker."""
        while True:
            (node,) = self._living(number)
            with suppress(ProcessLookupError):
                do(node.pid)
                return node

    def _without(self, numbers: list[int], fault: Fault) -> None:
        for node in self._living(*numbers):
            node.kill()
        time.sleep(fault.lasts)
        for number in numbers:
            self.cluster.start(number)
        self.cluster.wait_until_whole()

    # The clock.

    def stop_clock(self, fault: Fault) -> None:
        """Let no clock tick."""
        self.crew.remove("clock")
        time.sleep(fault.lasts)
        self.crew.start_clock()

    def kill_clock(self, _: Fault) -> None:
        """Kill -9 the clock."""
        self.crew.send("clock", signal.SIGKILL)

    def add_clock(self, fault: Fault) -> None:
        """Let two clocks tick."""
        self._with_clock(fault, ahead=False)

    def add_clock_ahead(self, fault: Fault) -> None:
        """Let another clock tick whose host is an hour ahead."""
        self._with_clock(fault, ahead=True)

    def _with_clock(self, fault: Fault, *, ahead: bool) -> None:
        name = f"clock-{fault.whom}"
        self.crew.start_clock(name, ahead=ahead)
        time.sleep(fault.lasts)
        self.crew.remove(name)

    # Who tells people.

    def kill_notifier(self, _: Fault) -> None:
        """Kill -9 the notifier, perhaps in the middle of a delivery."""
        self.crew.send("notifier", signal.SIGKILL)

    def take_notifier_away(self, fault: Fault) -> None:
        """Stop the notifier in good order, and start it upon what was to be told meanwhile."""
        self.crew.remove("notifier")
        time.sleep(fault.lasts)
        self.crew.start_notifier()

    # The load.

    def send_poison(self, fault: Fault) -> None:
        """Send what nobody can read."""
        chance = Random(fault.whom)
        topic = SOURCE_TOPICS[fault.whom % len(SOURCE_TOPICS)].name
        for _ in range(POISON):
            shape = chance.choice(
                (b"", b"{}", b"\xc3\x01" + b"x" * 20, b"\x00\x00\x00\x00\x01poison")
            )
            self.agencies.tell_poison(topic, shape)

    def send_burst(self, fault: Fault) -> None:
        """Send many events at once."""
        self._burst(fault)

    def _burst(self, fault: Fault) -> None:
        self._number += 1
        at = time.time() - self.began
        name = f"{fault.track}-{fault.whom}-{self._number}"
        for sending in burst(name, at, self.plan.size.burst, Random(fault.whom)):
            self.agencies.tell(sending)


HOW: Final[dict[str, Callable[[Doing, Fault], None]]] = {
    "worker killed": Doing.kill_worker,
    "worker killed again while it loads": Doing.kill_worker_twice,
    "all workers killed at once": Doing.kill_all_workers,
    "worker frozen past its session, then awake": Doing.freeze_worker,
    "worker frozen for a moment": Doing.freeze_worker,
    "workers restarted one after the other": Doing.restart_workers,
    "worker added under load, later removed": Doing.add_worker,
    "worker away": Doing.take_worker_away,
    "all workers away across deadlines": Doing.take_all_workers_away,
    "leader of the facts killed": Doing.kill_leader,
    "transaction coordinator killed": Doing.kill_coordinator,
    "two of three brokers killed": Doing.kill_two_brokers,
    "broker frozen": Doing.freeze_broker,
    "broker's disk takes no more": Doing.fill_disk,
    "brokers restarted one after the other": Doing.restart_brokers,
    "clock dead": Doing.stop_clock,
    "clock killed": Doing.kill_clock,
    "two clocks": Doing.add_clock,
    "clock's host an hour ahead": Doing.add_clock_ahead,
    "burst of poison": Doing.send_poison,
    "burst of events": Doing.send_burst,
    "notifier killed": Doing.kill_notifier,
    "notifier away": Doing.take_notifier_away,
}
"""What each kind of the plan does; a test holds the two together."""


def _wait_for(true: Callable[[], bool], within: float = 60.0) -> None:
    gives_up_at = time.monotonic() + within
    while not true():
        if time.monotonic() > gives_up_at:
            raise TimeoutError("what a fault waits for has not come about")
        time.sleep(0.1)


def _java_hash(text: str) -> int:
    """Return Java's hash of a text, its sign bit cleared."""
    value = 0
    for each in text:
        value = (31 * value + ord(each)) & 0xFFFFFFFF
    return value & 0x7FFFFFFF
