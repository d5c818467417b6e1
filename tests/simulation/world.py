"""The simulated world: agencies, clocks, workers and their group around one cluster, one step at a time."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import TYPE_CHECKING, Any

import structlog
from kafka.errors import KafkaError, KafkaTimeoutError

from baton.clock import Clock
from baton.contract.topics import SOURCE_TOPICS
from tests.agents.relay import ms
from tests.rules.told import NOON
from tests.simulation.check import BrokenLawError, check
from tests.simulation.cluster import Cluster, Stored
from tests.simulation.plan import ENOUGH, STEPS, Plan
from tests.simulation.worker import PARTITIONS, REAL, Parts, Worker

if TYPE_CHECKING:
    from collections.abc import Iterator

    from baton.ledger import Partition
    from tests.simulation.plan import Fault

MOST_STEPS = 60_000
"""A history that has not come to its end by then is stuck."""
DAY_MS = timedelta(days=1) // timedelta(milliseconds=1)
LONGEST_MS = 70 * DAY_MS
"""When what was told last is due; later, alerts would only be chased."""
EXPECTED_DEATHS = ("killed", "FencedError", "UnknownOutcomeError", "a transaction has not ended")
"""What faults may lead to. A worker that dies of anything else shows a defect, though the next one may recover."""


@contextmanager
def quiet() -> Iterator[None]:
    """Write no log: a thousand histories a minute have a million lines."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    try:
        yield
    finally:
        structlog.configure(**before)


@dataclass(slots=True)
class Confirmed:
    """What the producer gives for a message: where it stands, once it does."""

    offset: int = -1
    timestamp: int = 0

    def get(self, timeout: float) -> Confirmed:
        """Return it, or raise as Kafka does."""
        assert timeout
        if self.offset < 0:
            raise KafkaTimeoutError
        return self


class ClocksKafka:
    """The clock's producer and its consumer."""

    def __init__(self, world: World) -> None:
        """Write into the world's cluster."""
        self._world = world
        self._sent: list[tuple[str, bytes, Confirmed]] = []

    def send(self, topic: str, value: bytes, partition: int) -> Confirmed:
        """Queue a message."""
        assert partition == 0
        confirmed = Confirmed()
        self._sent.append((topic, value, confirmed))
        return confirmed

    def flush(self, timeout: float) -> None:
        """Store what is queued, in any order of topics, and other things between; or die of it."""
        assert timeout
        world = self._world
        world.random.shuffle(self._sent)
        for topic, value, confirmed in self._sent:
            if world.clock_dies and world.random.random() < 0.3:
                break
            confirmed.offset = world.append(topic, value)
            confirmed.timestamp = world.cluster.now_ms
            world.between_ticks()
        self._sent.clear()

    def end_offsets(self, partitions: list[Any], timeout_ms: int) -> dict[Any, int]:
        """Give the ends of topics, open transactions included, as the clock's consumer sees them."""
        assert timeout_ms
        return {each: len(self._world.cluster.logs[each.topic]) for each in partitions}


class World:
    """One history."""

    def __init__(self, plan: Plan, parts: Parts = REAL, *, traced: bool = False) -> None:
        """Begin on Monday at noon, with all workers to be started."""
        self.plan = plan
        self.random = Random(f"{plan.seed}/{plan.order}")
        self.cluster = Cluster(now_ms=ms(NOON))
        self.trace: list[str] = []
        self.deaths: list[str] = []
        self.steps = 0
        self.clock_dies = False
        self.stepped_back = False
        self._parts = parts
        self._traced = traced
        self._messages = list(reversed(plan.messages))
        self._faults = list(reversed(plan.faults))
        self._workers: list[Worker | None] = [None] * plan.workers
        self._frozen: dict[int, int] = {}
        """Until which step a worker is frozen."""
        self._assignment: dict[int, tuple[Partition, ...]] = {}
        self._rebalancing = False
        self._clock = self._new_clock()
        self._clock_stands_until = 0
        self._transaction: int | None = None
        self._commits = True
        self._transaction_until = 0
        self._agency_share = 1.5 * len(plan.messages) / STEPS

    def run(self) -> None:
        """Play the history to its end and check it. Raises BrokenLawError."""
        try:
            while self._messages or self._faults or self.steps < STEPS:
                self._step()
            self._end()
        finally:
            for worker in self._workers:
                if worker is not None:
                    worker.end("over")
                    worker.loop.forget()
        stood = self.plan.most < ENOUGH
        check(self.cluster, stepped_back=self.stepped_back, stood=stood)

    def tell(self, what: str) -> None:
        """Note what happened, for whoever replays a seed."""
        if self._traced:
            self.trace.append(f"{self.steps}: {what}")

    # Steps.

    def _step(self) -> None:
        self.steps += 1
        if self.steps > MOST_STEPS:
            ends = {each.topic: self.cluster.stable_end(each.topic) for each in PARTITIONS}
            at = {each.topic: self.cluster.position(each.topic) for each in PARTITIONS}
            raise BrokenLawError(f"stuck: ends {ends}, positions {at}, deaths {self.deaths}")
        while self._faults and self._faults[-1].step <= self.steps:
            self._fault(self._faults.pop())
        if self._transaction is not None and self.steps >= self._transaction_until:
            self._end_transaction()
        chance = self.random.random()
        if chance < self._agency_share:
            self._send_next()
        elif chance < self._agency_share + 0.015:
            self._turn_of_the_clock()
        elif chance > 0.97:
            self._tend()
        else:
            self._turn_of_a_worker()

    def _turn_of_a_worker(self) -> bool:
        first = int(self.random.random() * len(self._workers))
        for number in (*range(first, len(self._workers)), *range(first)):
            worker = self._workers[number]
            if worker is not None and number not in self._frozen and worker.step():
                if worker.dead:
                    self._bury(number)
                elif self._rebalancing:
                    self._hand_out()
                return True
        return False

    def _bury(self, number: int) -> None:
        worker = self._workers[number]
        assert worker is not None
        worker.loop.forget()
        self._workers[number] = None
        self._frozen.pop(number, None)
        self.tell(f"worker {number} died: {worker.dead}")
        self.deaths.append(worker.dead)
        if not any(expected in worker.dead for expected in EXPECTED_DEATHS):
            raise BrokenLawError(f"a worker died of what no fault explains: {worker.dead}")
        if self._rebalancing:
            self._hand_out()

    # Agencies and clocks.

    def append(self, topic: str, value: bytes | None, transaction: int | None = None) -> int:
        """Let the broker store a message of an agency or of the clock, and stamp it."""
        if self.random.random() < 0.5:
            self.cluster.now_ms += 1
        stored = Stored(b"a-key", value, (), self.cluster.now_ms, transaction)
        return self.cluster.append(topic, stored)

    def between_ticks(self) -> None:
        """Let something come between two ticks of one round, now and then."""
        if self.random.random() < 0.05:
            self._send_next()

    def _send_next(self) -> None:
        if self._messages:
            message = self._messages.pop()
            self.cluster.now_ms = max(self.cluster.now_ms, message.at_ms)
            self.append(message.topic, message.value, self._transaction)
            self.tell(f"told {message}")

    def _end_transaction(self) -> None:
        assert self._transaction is not None
        self.cluster.end(self._transaction, commit=self._commits)
        self._transaction = None

    def _turn_of_the_clock(self) -> None:
        if self.steps < self._clock_stands_until:
            return
        if self.random.random() < 0.7:
            self._let_time_pass()
        self._tick()

    def _let_time_pass(self) -> None:
        now = self.cluster.now_ms
        until = now + self.random.choice([60_000, DAY_MS, 10 * DAY_MS])
        if self._messages:
            until = self._messages[-1].at_ms
        self.cluster.now_ms = max(now, now + int((until - now) * self.random.random()))

    def _tick(self) -> None:
        self.tell(f"tick at {(self.cluster.now_ms - ms(NOON)) / 60_000:.0f} min")
        try:
            self._clock.tick()
        except KafkaError:
            self.tell("the clock died")
            self.clock_dies = False
            self._clock = self._new_clock()

    def _new_clock(self) -> Clock:
        kafka = ClocksKafka(self)
        return Clock(kafka, kafka)

    # The group, and the supervisor.

    def _tend(self) -> None:
        """Do one of the things that a group and a supervisor do in their own time."""
        for number, until in list(self._frozen.items()):
            if until <= self.steps:
                self.tell(f"worker {number} goes on")
                del self._frozen[number]
        dead = [number for number, worker in enumerate(self._workers) if worker is None]
        if dead and self.random.random() < 0.8:
            self._start(self.random.choice(dead))
        elif self._rebalancing and not self._waiting():
            self._hand_out()
        elif self._group_is_wrong():
            self._rebalance()

    def _group_is_wrong(self) -> bool:
        """Say whether a member is gone or frozen, or somebody waits to be one."""
        members = {n for n, worker in enumerate(self._workers) if worker and worker.member}
        return self._waiting() or self._assignment.keys() != members or bool(self._frozen)

    def _waiting(self) -> bool:
        return any(
            worker is not None and not worker.member and number not in self._frozen
            for number, worker in enumerate(self._workers)
        )

    def _start(self, number: int) -> None:
        worker = Worker(self.cluster, self.plan, self.random, self._parts, self.tell)
        self._workers[number] = worker
        self.tell(f"worker {number} started")
        if number in self._assignment and not self._rebalancing:
            # A static member that is back before its session has ended gets what it had.
            worker.member = True
            worker.take(self._assignment[number])
        else:
            self._rebalance()

    def _rebalance(self) -> None:
        """Let every member give up what it has. Who is frozen is not waited for, and does not know."""
        self.tell("rebalance")
        self._rebalancing = True
        self._assignment = {}
        for number, worker in enumerate(self._workers):
            if worker is None:
                continue
            if number in self._frozen:
                worker.member = False
            elif not (worker.member and worker.joined):
                worker.member = True
                worker.joined = False
                worker.leave()

    def _hand_out(self) -> None:
        """Give the partitions to the members, once all of them wait for that."""
        members = [
            (number, worker)
            for number, worker in enumerate(self._workers)
            if worker is not None and worker.member and number not in self._frozen
        ]
        if not members or not all(worker.joined for _, worker in members):
            return
        given: dict[int, list[Partition]] = {number: [] for number, _ in members}
        for partition in PARTITIONS:
            given[self.random.choice(members)[0]].append(partition)
        self._assignment = {number: tuple(partitions) for number, partitions in given.items()}
        self._rebalancing = False
        for number, worker in enumerate(self._workers):
            if worker is not None and number in self._assignment:
                worker.joined = False
                worker.take(self._assignment[number])
            elif worker is not None:
                worker.member = False

    # Faults.

    def _fault(self, fault: Fault) -> None:  # noqa: C901, PLR0912 - one case for each fault
        number = fault.worker % self.plan.workers
        worker = self._workers[number]
        self.tell(str(fault))
        match fault.kind:
            case "clock-stops":
                self._clock_stands_until = self.steps + fault.amount
            case "clock-dies":
                self.clock_dies = True
            case "second-clock":
                first, self._clock = self._clock, self._new_clock()
                self._tick()
                self._clock = first
            case "broker-steps-back":
                self.cluster.now_ms -= fault.amount * 3_600_000
                self.stepped_back = True
            case "agency-aborts" | "agency-commits" if self._transaction is None:
                self._transaction = self.cluster.begin()
                self._commits = fault.kind == "agency-commits"
                self._transaction_until = self.steps + 3 * fault.amount
            case "compact":
                self.cluster.compact()
            case "rebalance":
                self._rebalance()
            case "kill" if worker is not None:
                worker.end("killed")
                self._bury(number)
            case "freeze" if worker is not None:
                self._frozen[number] = self.steps + fault.amount
            case "lose" if worker is not None:
                worker.loses = True
            case "repeat" if worker is not None:
                worker.seek(-fault.amount)
            case "skip-ahead" if worker is not None:
                worker.seek(fault.amount)
            case "unknown-commit" if worker is not None:
                worker.commit_breaks = True

    # The end.

    def _end(self) -> None:
        """Let everything recover, time come to where nothing is open, and all that was told be applied."""
        self.tell("the end begins")
        self._frozen.clear()
        if self._transaction is not None:
            self._end_transaction()
        self.clock_dies = False
        self._run_until_idle()
        if self.random.random() < 0.5:
            self._rebalance()
        self.cluster.now_ms += LONGEST_MS
        idle = 0
        while idle == 0 or not self._done():
            if idle % 4 == 0:
                # What was lost at the end of a log is found by the next tick behind it.
                self.cluster.now_ms += 1
                self._tick()
            self._step_when_idle()
            idle += 1

    def _run_until_idle(self) -> None:
        while self._turn_of_a_worker():
            self.steps += 1

    def _step_when_idle(self) -> None:
        self.steps += 100
        self._step()
        self._tend()
        self._run_until_idle()
        for transaction in list(self.cluster.ongoing):
            # Nobody is at it any more: the broker's limit for a transaction.
            self.cluster.end(transaction, commit=False)
        for worker in self._workers:
            if worker is not None:
                worker.loop.pass_time()

    def _done(self) -> bool:
        return all(
            self.cluster.position(each.topic) == len(self.cluster.logs[each.topic])
            for each in PARTITIONS
        )


def play(plan: Plan, parts: Parts = REAL, *, traced: bool = False) -> World:
    """Play a plan and return its world. Raises BrokenLawError."""
    world = World(plan, parts, traced=traced)
    world.run()
    return world


SOURCES = tuple(topic.name for topic in SOURCE_TOPICS)
