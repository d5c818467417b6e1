"""A replay finds what rows should be, and a repair is whole or absent, wherever it is stopped."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from baton.ledger import POSITION_KEY, Effects, Ledger, LedgerError
from baton.ledger.repair import (
    Difference,
    Replay,
    differences,
    rows_to_write,
    stored_rows,
    write,
)
from tests.ledger.conftest import (
    SOURCE,
    STATE,
    Chaining,
    CountingDown,
    FakeKafka,
    FakeLog,
    FakeWriter,
    OneAtATime,
    Stored,
)

if TYPE_CHECKING:
    from collections.abc import Coroutine, Generator, Sequence

    from baton.ledger import Output, Record

RECORDS = 25


def run(client: Coroutine[Any, Any, Any], stop_after: int | None = None) -> bool:
    """Step a client to its end, or kill it after so many steps; say whether it came to the end."""
    steps: Generator[Any, Any, Any] = client.__await__()
    try:
        for step in range(100_000):
            if step == stop_after:
                break
            next(steps)
    except StopIteration:
        return True
    # As kill -9: no `finally` of it does anything that Kafka sees.
    client.close()
    return False


def applied(seed: int = 1) -> FakeKafka:
    """Return a Kafka of which a ledger has applied everything."""
    kafka, random = FakeKafka(), Random(seed)
    for number in range(RECORDS):
        kafka.produce(b"key-%d" % random.randrange(9), None if number % 7 == 6 else b"%d" % number)

    async def all_of_it() -> None:
        ledger = Ledger(
            SOURCE,
            state_topic=STATE,
            log=FakeLog(kafka, random),
            writer=FakeWriter(kafka, random),
            process=Chaining(),
            batch_max=5,
        )
        await ledger.open()
        await ledger.catch_up()

    assert run(all_of_it())
    return kafka


def damage(kafka: FakeKafka) -> None:
    """Change a row, remove one and add one, as nobody should."""
    one, other = sorted(kafka.committed_rows().keys() - {POSITION_KEY})[:2]
    kafka.committed.add(-1)
    for key, value in ((one, b"wrong"), (other, None), (b"stray", b"x")):
        kafka.state.append(Stored(len(kafka.state), key, value, transaction=-1))


async def repair(kafka: FakeKafka, found: list[Difference], told: list[Output]) -> None:
    """Repair as `baton ledger rebuild` does: fence, look, replay, write what differs."""
    random = Random(2)
    log, writer = FakeLog(kafka, random), FakeWriter(kafka, random)
    await writer.fence()
    stored, position = await stored_rows(log)
    again = Replay(log, Chaining(), told.append)
    await again.begin()
    await again.to(await log.end() if position is None else position)
    found[:] = differences(stored, again.rows)
    if found:
        await write(writer, rows_to_write(SOURCE, STATE, found, again.position))


def test_a_replay_finds_the_rows_and_outputs_of_the_ledger() -> None:
    """In other batches than the ledger had: nothing differs, and nothing is written."""
    kafka = applied()
    before = len(kafka.state)
    found: list[Difference] = []
    told: list[Output] = []

    assert run(repair(kafka, found, told))

    assert [] == found
    assert kafka.committed_outputs() == told
    assert before == len(kafka.state)


def test_each_kind_of_damage_is_named_and_put_right() -> None:
    """A row that differs, one that is missing, one that should not be."""
    kafka = applied()
    right = kafka.committed_rows()
    damage(kafka)
    found: list[Difference] = []

    assert run(repair(kafka, found, []))

    assert ["differs", "missing", "not expected"] == sorted(each.how for each in found)
    assert right == kafka.committed_rows()


def test_a_lost_state_comes_back_with_its_position() -> None:
    """All rows, and the offset at which a ledger goes on."""
    kafka = applied()
    right = kafka.committed_rows()
    kafka.state.clear()

    assert run(repair(kafka, [], []))

    assert right == kafka.committed_rows()
    assert b"%d" % RECORDS == right[POSITION_KEY]


def test_a_replay_stops_before_what_was_never_told() -> None:
    """The record whose outputs are beyond is not in the rows, and the position is its offset."""
    kafka = applied()
    told: list[Output] = []
    seen: list[Output] = []

    def beyond(outputs: Sequence[Output]) -> bool:
        seen.extend(outputs)
        return len(seen) > 10

    async def partly() -> Replay:
        again = Replay(FakeLog(kafka, Random(4)), Chaining(), told.append)
        await again.begin()
        await again.to(RECORDS, beyond)
        assert again.position == 10
        assert again.records == 10
        whole = Replay(FakeLog(kafka, Random(5)), Chaining())
        await whole.begin()
        await whole.to(10)
        assert whole.rows == again.rows
        return again

    assert run(partly())
    assert kafka.committed_outputs()[:10] == told


def test_killed_anywhere_it_has_done_all_or_nothing() -> None:
    """At every await; and run again, it puts right what is wrong."""
    whole = 0
    for stop_after in range(10_000):
        kafka = applied()
        right = kafka.committed_rows()
        damage(kafka)
        wrong = kafka.committed_rows()

        finished = run(repair(kafka, [], []), stop_after)
        assert kafka.committed_rows() in (wrong, right)
        whole += kafka.committed_rows() == right
        assert run(repair(kafka, [], []))
        assert right == kafka.committed_rows()
        if finished:
            break
    assert stop_after > 20
    assert whole >= 1


def test_an_older_owner_cannot_write_into_a_repair() -> None:
    """A worker that still runs is fenced by the repair; a repair by a worker that comes back, and then fails whole."""
    kafka = applied()
    right = kafka.committed_rows()
    damage(kafka)
    wrong = kafka.committed_rows()
    client = repair(kafka, [], [])
    steps = client.__await__()
    for _ in range(10):
        next(steps)
    newer = FakeWriter(kafka, Random(3))
    assert run(newer.fence())

    fenced = False
    try:
        for _ in range(100_000):
            next(steps)
    except Exception as error:  # noqa: BLE001 (whichever the fake raises)
        fenced = type(error).__name__ == "FencedError"
    assert fenced
    assert wrong == kafka.committed_rows()
    assert run(repair(kafka, [], []))
    assert right == kafka.committed_rows()


async def replayed(replay: Replay, stop: int) -> None:
    """Replay all that lies before `stop`."""
    await replay.begin()
    await replay.to(stop)


def test_a_replay_finishes_what_is_too_much_at_once() -> None:
    """As the ledger does: the rows of a whole replay are those of a process that has nothing left to do."""
    kafka = FakeKafka()
    kafka.produce(b"key", b"4")
    told: list[Output] = []
    again = Replay(FakeLog(kafka, Random(4)), CountingDown(), told.append)

    assert run(replayed(again, 1))

    assert [b"4", b"3", b"2", b"1"] == [each.value for each in told]
    assert {b"left": b"0"} == again.rows


def test_a_replay_gives_again_what_had_to_wait() -> None:
    """As the ledger does: what a record leads to is finished before the next that has to wait for it."""
    kafka = FakeKafka()
    for count in (b"2", b"1", b"3"):
        kafka.produce(b"key", count)
    told: list[Output] = []
    again = Replay(FakeLog(kafka, Random(4)), OneAtATime(), told.append)

    assert run(replayed(again, 3))

    assert [b"2", b"1", b"1", b"3", b"2", b"1"] == [each.value for each in told]
    assert 3 == again.records


def test_a_replay_of_a_process_that_lets_records_wait_for_nothing_is_refused() -> None:
    """As the ledger does: they would be given to it for ever."""

    class Idle(Chaining):
        def apply(self, records: Sequence[Record]) -> Effects:
            return Effects(not_yet=len(records))

    kafka = FakeKafka()
    kafka.produce(b"key", b"1")
    again = Replay(FakeLog(kafka, Random(4)), Idle())

    with pytest.raises(LedgerError, match="wait for nothing"):
        run(replayed(again, 1))
