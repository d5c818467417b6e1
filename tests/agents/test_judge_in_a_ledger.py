"""The judge in a ledger, on a Kafka in memory: what waits while time stands comes again, whenever the worker is killed.

Each seed is one history: time comes in leaps and stops on its way, some facts and actions are told late, and a worker
after the other is killed at any await. What comes of it is what a judge without limit says. That the check can fail is
shown by planting bugs that it must find.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from itertools import count
from random import Random
from typing import TYPE_CHECKING

import pytest

from baton.agents.judge import CHAIN_ROW, Judge
from baton.audit import verify
from baton.contract import codec
from baton.contract.topics import AUDIT
from baton.ledger import POSITION_KEY, Batch, Ledger, Output, Span
from tests.agents.relay import Kept
from tests.agents.test_judge import action, alerts_in, by_moment, fact, on, ticks, transfer
from tests.ledger.conftest import SOURCE, STATE, FakeKafka, FakeLog, FakeWriter
from tests.rules.told import DAY, HOUR, MINUTE, NOON, POLICY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from baton.ledger import Effects, Reading, Record
    from baton.rules.facts import Fact

SEEDS = range(40)


class Counting(Judge):
    """A judge that counts how often it lets records wait."""

    waited = 0

    def apply(self, records: Sequence[Record]) -> Effects:
        """Apply, and count."""
        effects = super().apply(records)
        self.waited += effects.not_yet > 0
        return effects


class HearsWhatIsLateWhileTimeStands(Counting):
    """Lets nothing wait: what is told late is judged as of where time happens to have stopped."""

    def _is_late(self, told: Fact) -> bool:
        return not self.unfinished and super()._is_late(told)


class StoresThePositionBehindWhatWaits(Ledger):
    """Commits the position behind the whole batch: a worker that is killed then has lost what waits."""

    async def _write(self, span: Span, read: Reading) -> Batch:
        # The ledger takes the position from the first record that waits.
        behind = [replace(record, offset=span.position) for record in span.records]
        return await super()._write(Span(behind, span.position), read)


@pytest.fixture(autouse=True)
def _little_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """No record allows for more: time stops in logs as short as these, however long the batch."""
    monkeypatch.setattr("baton.agents.judge.MOST_EACH", 0)


@pytest.mark.parametrize("seed", SEEDS)
def test_every_history_ends_as_without_a_limit(seed: int) -> None:
    """The same alerts, rows and audit: nothing that had to wait is lost, doubled or judged as of another moment."""
    history(seed)


def test_records_do_wait() -> None:
    """In most histories, or they would prove nothing."""
    assert sum(history(seed) > 0 for seed in SEEDS[:10]) > 5


@pytest.mark.parametrize(
    ("ledger", "judge"),
    [(StoresThePositionBehindWhatWaits, Counting), (Ledger, HearsWhatIsLateWhileTimeStands)],
)
def test_a_planted_bug_is_found(ledger: type[Ledger], judge: type[Counting]) -> None:
    """The check is no decoration: each ends otherwise in some of the same histories."""
    with pytest.raises(AssertionError):
        sum(history(seed, ledger, judge) for seed in SEEDS)


def history(
    seed: int, make_ledger: type[Ledger] = Ledger, make_judge: type[Counting] = Counting
) -> int:
    """Play one history and check its end; return how often records had to wait. The last worker is not killed."""
    random = Random(seed)
    kafka = FakeKafka()
    for record in a_log(random):
        kafka.produce(b"key", record.value)
        if random.random() < 0.15:
            kafka.produce_hole(aborted=random.random() < 0.5)
    most, longest, waited = random.choice([1, 2, 3, 7]), random.choice([30, 100, 400]), 0
    lives = [random.randint(1, longest) for _ in range(random.randint(20, 60))]
    for steps in [*lives, 1_000_000]:
        judge = make_judge(POLICY, most)
        ledger = make_ledger(
            SOURCE,
            state_topic=STATE,
            log=FakeLog(kafka, random),
            writer=FakeWriter(kafka, random),
            process=judge,
            batch_max=random.choice([1, 8, 40, 2_000]),
        )
        worker = own(ledger, kafka, random)
        with suppress(StopIteration):
            for _ in range(steps):
                worker.send(None)
        worker.close()
        waited += judge.waited
    check(kafka)
    return waited


def a_log(random: Random) -> list[Record]:
    """Give transfers and leaps of time; in the midst of a leap and behind it, something is told as of before."""
    now, numbers = NOON, count()
    log = ticks(now)
    for _ in range(random.randint(4, 6)):
        asked = [now + random.choice([MINUTE, HOUR]) for _ in range(random.randint(2, 6))]
        log += [fact(transfer(next(numbers), at)) for at in asked]
        now += random.choice([HOUR, 3 * DAY, 9 * DAY])
        leap = ticks(now)
        for _ in range(random.choice([1, 2, 4])):
            number = next(numbers)
            # At a moment of its own: what is done at one that is too much at once may find an alert not raised yet.
            at = now - random.choice([0, 1, 5]) * DAY - timedelta(seconds=number)
            about = random.randint(0, number)
            alert = f"transfer-not-accepted/transfer-{about}/case-{about}"
            taken_up = action("AlertAcknowledged", at, alert=alert)
            late = random.choice([fact(transfer(number, at)), taken_up])
            leap.insert(random.choice([len(leap), random.randint(0, len(leap))]), late)
        log += leap
    return [*log, *ticks(now + 9 * DAY)]


async def own(ledger: Ledger, kafka: FakeKafka, random: Random) -> None:
    """Do what a worker does with a ledger, on deliveries that repeat and lose records."""
    await ledger.open()
    while ledger.next < kafka.end():
        if random.random() < 0.3:
            await random.choice([ledger.catch_up, ledger.settle])()
        start = max(0, ledger.next - random.choice([0, 0, 3]))
        records = kafka.records(start, ledger.next + random.choice([1, 4, 12, 40]))
        await ledger.apply([each for each in records if random.random() < 0.95])
    await ledger.catch_up()


def check(kafka: FakeKafka) -> None:
    """Compare what was committed with what a judge without limit says, record by record."""
    whole, expected = Kept(Judge(POLICY, 1_000_000)), list[Output]()
    for record in kafka.records(0, kafka.end()):
        expected += whole.apply([record]).outputs
    told, rows = kafka.committed_outputs(), kafka.committed_rows()

    assert sorted(kafka.positions) == kafka.positions
    assert [] == kafka.records(int(rows.pop(POSITION_KEY)), kafka.end())
    assert by_moment(alerts_in(expected)) == by_moment(alerts_in(told))
    # But for where the chain ends: in which order alerts of one moment come is open.
    assert whole.rows | {CHAIN_ROW: rows[CHAIN_ROW]} == rows
    said = [codec.decode(each.value)[1]["digest"] for each in on(AUDIT.name, expected)]
    entries = [codec.decode(each.value)[1] for each in on(AUDIT.name, told)]
    assert sorted(said) == sorted(each["digest"] for each in entries)
    assert verify(entries).holds
