"""A worker: the real ledgers, intake and judge on a loop that can be stopped, fed as unreliably as Faust may."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Never

from baton.agents.intake import Intake
from baton.agents.judge import Judge
from baton.contract.topics import FACTS, SOURCE_TOPICS
from baton.ledger import Ledgers, Partition, Tuning, fatal
from tests.agents.relay import PSEUDONYMS
from tests.ledger.conftest import FakeLog, FakeWriter
from tests.simulation.cluster import View
from tests.simulation.loop import Loop
from tests.simulation.plan import POLICY

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Awaitable, Callable, Generator, Sequence
    from random import Random

    from baton.ledger import Log, Process, Writer
    from tests.simulation.cluster import Cluster
    from tests.simulation.plan import Plan

PARTITIONS = (*(Partition(topic.name, 0) for topic in SOURCE_TOPICS), Partition(FACTS.name, 0))
"""Whatever has a ledger."""


class DiedError(BaseException):
    """The worker's process has ended here."""


@dataclass(frozen=True, slots=True)
class Message:
    """What Faust has of a record."""

    topic: str
    partition: int
    offset: int
    timestamp: float
    key: bytes | None
    value: bytes | None
    headers: Any


@dataclass(frozen=True, slots=True)
class Event:
    """What Faust delivers. That it was acknowledged is a hint which nobody here takes."""

    message: Message

    def ack(self) -> bool:
        """Note nothing."""
        return True


class Now:
    """An await that is over at once."""

    def __await__(self) -> Generator[None, None, None]:
        """Go on."""
        yield from ()


NOW = Now()


class SimulatedWriter(FakeWriter):
    """Breaks at a commit when the plan says so."""

    worker: Worker

    def _breaks(self) -> bool:
        breaks, self.worker.commit_breaks = self.worker.commit_breaks, False
        return breaks


@dataclass(frozen=True, slots=True)
class Parts:
    """What a worker is made of: the real parts, or others in which something is wrong on purpose."""

    ledgers: type[Ledgers] = Ledgers
    judge: type[Judge] = Judge
    log: type[FakeLog] = FakeLog
    writer: type[SimulatedWriter] = SimulatedWriter


REAL = Parts()


class Worker:
    """One process, from its start to its death."""

    def __init__(
        self,
        cluster: Cluster,
        plan: Plan,
        random: Random,
        parts: Parts,
        tell: Callable[[str], None],
    ) -> None:
        """Start, without any partition."""
        self.loop = Loop()
        self.dead = ""
        """What it died of."""
        self.member = False
        """Whether the group counts on it; a frozen worker may not know that it does not."""
        self.joined = False
        """Whether it has given up what it had, and waits for what it is given."""
        self.commit_breaks = False
        self.loses = False
        self._cluster = cluster
        self._random = random
        self._parts = parts
        self._sharp = plan.sharp
        self._most = plan.most
        self._tell = tell
        self._assigned: tuple[Partition, ...] = ()
        self._flowing = False
        self._leaving = False
        self._times = 0
        self._position: dict[Partition, int] = {}
        self._paused: set[Partition] = set()
        self._hungry: dict[str, asyncio.Future[Sequence[Event]]] = {}
        intake = partial(self._intake)
        self.ledgers = parts.ledgers(
            {**{topic.name: intake for topic in SOURCE_TOPICS}, FACTS.name: self._judge},
            self._connect,
            self,
            die=self.die,
            tuning=Tuning(
                batch_max=plan.batch_max,
                bulk_from=plan.bulk_from,
                quiet_for=0.0,
                stalled_for=1e9,
                blocked_for=1e9,
                open_within=1e9,
                close_within=20.0,
            ),
        )
        for source in PARTITIONS:
            self.loop.start(self._agent(source.topic))

    # What the scheduler does to it.

    def step(self) -> bool:
        """Run one callback, or let Kafka answer or deliver; say no if only time can bring anything."""
        loop = self.loop
        if loop.has_ready and self._random.random() < 0.8:
            loop.run_one()
            return True
        deliverable = self._deliverable()
        count = len(loop.waiting) + len(deliverable)
        if count:
            place = int(self._random.random() * count)
            if place < len(loop.waiting):
                loop.answer(place)
            else:
                self._deliver(deliverable[place - len(loop.waiting)])
        elif loop.has_ready:
            loop.run_one()
        else:
            return False
        return True

    def die(self, reason: str) -> Never:
        """End the process."""
        self.end(reason)
        raise DiedError(reason)

    def end(self, reason: str) -> None:
        """Be killed; whoever steps the worker forgets its loop."""
        self.dead = reason
        # The thread that watches the watch of real time would find no loop.
        self.ledgers._stopped.set()

    def seek(self, by: int) -> None:
        """Let Faust deliver again what it has, or go past what it has not."""
        for source in sorted(self._position):
            end = self._cluster.stable_end(source.topic)
            self._position[source] = max(0, min(end, self._position[source] + by))

    # What the group does to it.

    def leave(self) -> None:
        """Give up all partitions."""
        if self._leaving:
            return
        self._leaving = True
        self._times += 1
        self._flowing = False
        self.loop.start(fatal(self.die, "revoke")(self._leave)())

    def take(self, partitions: tuple[Partition, ...]) -> None:
        """Open the ledgers of an assignment, and let it be delivered."""
        self._times += 1
        self.loop.start(fatal(self.die, "assign")(self._take)(partitions, self._times))

    async def _leave(self) -> None:
        await self.ledgers.revoke(self._assigned)
        self._assigned = ()
        self._leaving = False
        self.joined = True

    async def _take(self, partitions: tuple[Partition, ...], times: int) -> None:
        self._assigned = partitions
        await self.ledgers.open(partitions)
        if times == self._times:
            self._position = dict(self.ledgers.positions())
            self._paused.clear()
            self._flowing = True

    # What the ledgers ask of the delivering side.

    def pause(self, source: Partition) -> None:
        """Deliver no more of this partition."""
        self._paused.add(source)

    async def resume(self, source: Partition, offset: int) -> None:
        """Deliver this partition again, from an offset on, if it is still ours."""
        await self._point()
        if source in self._assigned:
            self._position[source] = offset
            self._paused.discard(source)

    # Within.

    async def _agent(self, topic: str) -> None:
        """Hand what is delivered to the ledgers, as the app's agents do."""
        apply = fatal(self.die, f"agent {topic}")(self.ledgers.apply)
        while True:
            hungry: asyncio.Future[Sequence[Event]] = self.loop.create_future()
            self._hungry[topic] = hungry
            events = await hungry
            # Between the two a partition may be lost, and come back.
            await self._point()
            await apply(events)

    def _point(self) -> Awaitable[None]:
        """Return an await at which this worker may be stopped; in some histories only now and then."""
        if self._sharp == 1.0 or self._random.random() < self._sharp:
            return self.loop.point()
        return NOW

    def _deliverable(self) -> list[Partition]:
        if not self._flowing:
            return []
        return [
            source
            for source, position in self._position.items()
            if source.topic in self._hungry
            and source not in self._paused
            and position < self._cluster.stable_end(source.topic)
        ]

    def _deliver(self, source: Partition) -> None:
        start = self._position[source]
        end = self._cluster.stable_end(source.topic)
        stop = self._random.randint(start + 1, end)
        events = [
            Event(Message(*source, r.offset, r.timestamp_ms / 1_000, r.key, r.value, r.headers))
            for r in self._cluster.records(source.topic, start, stop)
        ]
        self._position[source] = stop
        if events and self.loses:
            self.loses = False
            lost = events.pop(self._random.randrange(len(events)))
            self._tell(f"lost {source} {lost.message.offset}")
        if events:
            self._hungry.pop(source.topic).set_result(events)

    def _intake(self, source: Partition) -> Process:
        return Intake(source.topic, source.number, PSEUDONYMS, 1.0)

    def _judge(self, _: Partition) -> Process:
        return self._parts.judge(POLICY, self._most)

    def _connect(self, source: Partition) -> tuple[Log, Writer]:
        view = View(self._cluster, source, self._point)
        writer = self._parts.writer(view, self._random)
        writer.worker = self
        return self._parts.log(view, self._random, most=40), writer
