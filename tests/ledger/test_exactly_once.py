"""Model check of the ledger's law: any log, any delivery, a crash or a second owner at any await.

Each seed is one history. The oracle is a pure `apply` over the committed source records below the
committed position. That the check can fail is shown by planting bugs that it must find.
"""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from baton.ledger import POSITION_KEY, Batch, Ledger, LedgerClosedError, LedgerError, Output
from tests.ledger.conftest import (
    SOURCE,
    STATE,
    Chaining,
    FakeKafka,
    FakeLog,
    FakeWriter,
    FencedError,
    UnknownOutcomeError,
)

if TYPE_CHECKING:
    from collections.abc import Coroutine, Sequence

    from baton.ledger import Reading, Record, Span

SEEDS = 3_000
BUG_SEEDS = 1_500


class BrokenLawError(AssertionError):
    """The history that a seed made contradicts an invariant."""


class PositionFirst(Ledger):
    """Commits the position before what it stands for."""

    async def _write(self, span: Span, read: Reading) -> Batch:
        position = Output(STATE, POSITION_KEY, b"%d" % span.position, partition=SOURCE.number)
        await self._writer.begin()
        await self._writer.send([position])
        await self._writer.commit()
        return await super()._write(span, read)


class PositionLast(Ledger):
    """Commits outputs and rows, and the position afterwards."""

    async def _write(self, span: Span, read: Reading) -> Batch:
        effects = self.process.apply(span.records)
        rows = [Output(STATE, k, v, partition=SOURCE.number) for k, v in effects.rows.items()]
        await self._writer.begin()
        await self._writer.send([*effects.outputs, *rows])
        await self._writer.commit()
        self.process = Chaining()
        self.process.loaded()
        return await super()._write(type(span)([], span.position), read)


class SkipsGaps(Ledger):
    """Believes that what Faust delivers is all there is."""

    def _sift(self, records: Sequence[Record]) -> tuple[list[Record], bool]:
        return [record for record in records if record.offset >= self.next], True


class LooksAtTheFirstOnly(Ledger):
    """Checks for a gap before a batch, not within it."""

    def _sift(self, records: Sequence[Record]) -> tuple[list[Record], bool]:
        fresh, whole = super()._sift(records[:1])
        return ([r for r in records if r.offset >= self.next], True) if whole else (fresh, False)


class BelievesRepeats(Ledger):
    """Does not skip what is already applied."""

    def _sift(self, records: Sequence[Record]) -> tuple[list[Record], bool]:
        whole = not records or records[0].offset <= self.next
        return list(records), whole


class LoadsBeforeItFences(Ledger):
    """Reads the rows while the earlier owner may still commit."""

    async def open(self) -> None:
        """Load, then fence."""
        rows = await self._load_rows()
        self.next = self._position_of(rows, await self._log.earliest(), await self._log.end())
        for key, value in rows.items():
            self.process.load(key, value)
        self.process.loaded()
        await self._writer.fence()
        self._usable = True


class GoesOnAfterAFailure(Ledger):
    """Believes its memory after a write that failed."""

    async def _write(self, span: Span, read: Reading) -> Batch:
        try:
            return await super()._write(span, read)
        finally:
            self._usable = True


class NeverFences(FakeWriter):
    """Shares the name with the earlier owner instead of taking it over."""

    async def fence(self) -> None:
        """Take the name on as it is."""
        assert isinstance(self._kafka, FakeKafka)
        self._epoch = self._kafka.epoch


def test_every_history_ends_exact() -> None:
    """Whatever is lost, repeated, broken or killed: rows and outputs are those of a pure apply."""
    totals = [history(seed) for seed in range(SEEDS)]

    assert sum(totals) > SEEDS, "the histories commit too little to prove anything"


@pytest.mark.parametrize(
    "bug",
    [
        PositionFirst,
        PositionLast,
        SkipsGaps,
        LooksAtTheFirstOnly,
        BelievesRepeats,
        LoadsBeforeItFences,
        GoesOnAfterAFailure,
    ],
)
def test_a_planted_bug_is_found(bug: type[Ledger]) -> None:
    """The check is no decoration: each wrong ledger breaks the law within some of the histories."""
    assert any(breaks_the_law(seed, bug, FakeWriter) for seed in range(BUG_SEEDS))


def test_two_owners_without_a_fence_are_found() -> None:
    """Without fencing two owners both commit, and the check sees it."""
    assert any(breaks_the_law(seed, Ledger, NeverFences) for seed in range(BUG_SEEDS))


def breaks_the_law(seed: int, ledger: type[Ledger], writer: type[FakeWriter]) -> bool:
    """Say whether a seed's history contradicts an invariant."""
    try:
        history(seed, ledger, writer)
    except (AssertionError, LedgerError):
        return True
    return False


def history(
    seed: int,
    make_ledger: type[Ledger] = Ledger,
    make_writer: type[FakeWriter] = FakeWriter,
) -> int:
    """Play one history and check it; return the number of transactions committed.

    Up to two owners are alive at once, stepped from await to await in any order, and killed at any
    of them. The source grows meanwhile. In the end a last owner catches up undisturbed.
    """
    random = Random(seed)
    kafka = FakeKafka()

    def owner() -> Coroutine[Any, Any, None]:
        writer = make_writer(kafka, random, break_share=random.choice([0.0, 0.0, 0.2]))
        ledger = make_ledger(
            SOURCE,
            state_topic=STATE,
            log=FakeLog(kafka, random),
            writer=writer,
            process=Chaining(),
            batch_max=random.randint(1, 5),
            batch_bytes=random.choice([1, 20, 1_000]),
        )
        return own(ledger, kafka, random)

    alive = [owner()]
    for _ in range(random.randint(20, 200)):
        if random.random() < 0.3:
            grow(kafka, random)
        if random.random() < 0.04 and len(alive) < 2:
            alive.append(owner())
        if random.random() < 0.02 and alive:
            alive.pop(random.randrange(len(alive))).close()
        if alive:
            actor = random.choice(alive)
            if not step(actor):
                alive.remove(actor)
    for actor in alive:
        actor.close()
    kafka.source_open = None
    last = owner_that_catches_up(kafka, random, make_ledger, make_writer)
    while step(last):
        pass
    check(kafka)
    return len(kafka.committed)


def grow(kafka: FakeKafka, random: Random) -> None:
    """Append a record, a removal, a marker or an aborted record to the source."""
    chance = random.random()
    key = b"k%d" % random.randint(0, 3)
    if chance < 0.7:
        kafka.produce(key, b"v%d" % len(kafka.source))
    elif chance < 0.8:
        kafka.produce(key, None)
    else:
        kafka.produce_hole(aborted=chance < 0.9)
    if random.random() < 0.1:
        kafka.source_open = None if kafka.source_open is not None else len(kafka.source)


async def own(ledger: Ledger, kafka: FakeKafka, random: Random) -> None:
    """Do what a worker does with a ledger, on deliveries nobody can trust."""
    await ledger.open()
    for _ in range(random.randint(1, 12)):
        try:
            chance = random.random()
            if chance < 0.1:
                await ledger.catch_up()
            elif chance < 0.2:
                await ledger.settle()
            else:
                await ledger.apply(deliver(kafka, ledger.next, random))
        except (FencedError, UnknownOutcomeError):
            # It must refuse from now on. Going on is what a careless caller would do.
            try:
                await ledger.apply(deliver(kafka, ledger.next, random))
            except LedgerClosedError:
                return
    await ledger.close()


async def catch_up(ledger: Ledger) -> None:
    """Open and catch up, undisturbed."""
    await ledger.open()
    await ledger.catch_up()


def owner_that_catches_up(
    kafka: FakeKafka, random: Random, ledger: type[Ledger], writer: type[FakeWriter]
) -> Coroutine[Any, Any, None]:
    """Make the owner of the end of a history."""
    return catch_up(
        ledger(
            SOURCE,
            state_topic=STATE,
            log=FakeLog(kafka, random),
            writer=writer(kafka, random),
            process=Chaining(),
        )
    )


def deliver(kafka: FakeKafka, position: int, random: Random) -> list[Record]:
    """Deliver from about the position on: late, early, with losses, repeats and disorder."""
    end = kafka.end()
    start = max(0, min(end, position + random.choice([0, 0, 0, 0, -2, -1, 1, 2])))
    records = kafka.records(start, min(end, start + random.randint(0, 7)))
    if random.random() < 0.3:
        records = [record for record in records if random.random() < 0.7]
    if random.random() < 0.2:
        records = records + records[: random.randint(0, 2)]
    if random.random() < 0.1:
        random.shuffle(records)
    return records


def step(actor: Coroutine[Any, Any, None]) -> bool:
    """Run an owner to its next await; False when it has ended, or died of what Kafka told it."""
    try:
        actor.send(None)
    except (StopIteration, FencedError, UnknownOutcomeError, LedgerClosedError):
        return False
    return True


def check(kafka: FakeKafka) -> None:
    """Compare what was committed with the pure apply, and the positions with the law."""
    if kafka.positions != sorted(kafka.positions):
        raise BrokenLawError("the position fell")
    rows = kafka.committed_rows()
    position = int(rows.pop(POSITION_KEY, b"0"))
    if kafka.records(position, kafka.end()):
        raise BrokenLawError("a record was never applied")
    expected = Chaining()
    expected.loaded()
    effects = expected.apply(kafka.records(0, position))
    if expected.rows != rows:
        raise BrokenLawError("the rows are not those of a pure apply")
    if effects.outputs != kafka.committed_outputs():
        raise BrokenLawError("the outputs are not those of a pure apply")
