"""When baton counts as blind: looks in, judgement out; no Kafka and no clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from baton.watchdog.sight import LEDGERS, ORIGINS, Blindness, Look, Sight

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
LIMIT = timedelta(seconds=60)
FACTS = "facts-0"
INCIDENTS = ORIGINS[0]


def at(seconds: int) -> datetime:
    """Return the moment so many seconds after noon."""
    return NOON + timedelta(seconds=seconds)


def look(
    seconds: int,
    *,
    judged: int | None = None,
    clock: int | None = None,
    ends: dict[str, int] | None = None,
    positions: dict[str, int] | None = None,
) -> Look:
    """Return a look so many seconds after noon, at a pipeline that is well but for what is given.

    Each source grows by a tick a second, and everything is applied up to `judged`.
    """
    clock = seconds if clock is None else clock
    judged = clock if judged is None else judged
    return Look(
        seconds=1_000.0 + seconds,
        ends=dict.fromkeys(LEDGERS, 100 + clock) | (ends or {}),
        positions=dict.fromkeys(LEDGERS, 100 + clock) | (positions or {}),
        ticks={origin: at(judged) for origin in ORIGINS},
        clock=at(clock),
    )


def seen(*looks: Look) -> Sight:
    """Return the sight after these looks."""
    sight = Sight(LIMIT, NOON)
    for each in looks:
        sight.see(each)
    return sight


def test_what_is_judged_up_to_now_is_seen() -> None:
    """A second behind the clock is no blindness."""
    sight = seen(look(0), look(30, judged=29), look(60, judged=59))

    assert (None, timedelta(seconds=1)) == (sight.blindness, sight.behind)


def test_a_judge_that_stands_still_is_blind_since_its_last_judged_tick() -> None:
    """Not before the limit; and the partition that stands still is named."""
    looks = [
        look(second, judged=0, ends={FACTS: 100 + second}, positions={FACTS: 100})
        for second in range(62)
    ]

    assert seen(*looks[:61]).blindness is None
    assert seen(*looks).blindness == Blindness(NOON, {FACTS: frozenset({"stands-still"})})


def test_an_intake_that_stands_still_is_named() -> None:
    """One source that is not read holds time back for all."""
    looks = [look(second, judged=0, positions={INCIDENTS: 100}) for second in (0, 30, 61)]

    assert seen(*looks).blindness == Blindness(NOON, {INCIDENTS: frozenset({"stands-still"})})


def test_a_clock_that_has_stopped_is_blindness() -> None:
    """Nothing falls due any more, though everything that was told is judged."""
    looks = [look(second, clock=0) for second in (0, 30, 61)]

    assert seen(*looks).blindness == Blindness(NOON, {"clock": frozenset({"silent"})})


def test_a_source_without_ticks_is_named() -> None:
    """The clock ticks, but not into this one."""
    looks = [
        look(second, judged=0, ends={INCIDENTS: 100}, positions={INCIDENTS: 100})
        for second in (0, 30, 61)
    ]

    assert seen(*looks).blindness == Blindness(NOON, {INCIDENTS: frozenset({"without-ticks"})})


def test_a_backlog_that_is_being_read_is_blindness_too() -> None:
    """It moves, and still nobody is told what happens now; the gap says where."""
    looks = [
        look(second, judged=second - 600, ends={FACTS: 90_000}, positions={FACTS: 100 + second})
        for second in (600, 630)
    ]

    assert seen(*looks).blindness == Blindness(NOON, {FACTS: frozenset({"behind"})})


def test_sight_comes_back_at_half_the_limit() -> None:
    """A pipeline that is at the limit is not blind and seeing by turns."""
    sight = seen(look(0, judged=0), look(61, judged=0, clock=61))
    assert sight.blindness is not None

    assert [False, False, True] == [
        sight.see(look(second, judged=judged)) is True and sight.blindness is None
        for second, judged in ((70, 20), (80, 49), (90, 60))
    ]
    assert sight.watermark == at(60)


def test_what_was_seen_once_stays_in_the_blindness() -> None:
    """An alert does not change with every look: each state of each partition is told once."""
    sight = seen(
        *(
            look(second, judged=0, ends={FACTS: 100 + second}, positions={FACTS: 100})
            for second in (0, 30, 61)
        )
    )
    catching_up = look(90, judged=20, ends={FACTS: 9_000}, positions={FACTS: 500})

    assert sight.see(catching_up)
    assert not sight.see(look(91, judged=21, ends={FACTS: 9_000}, positions={FACTS: 600}))
    assert sight.blindness == Blindness(NOON, {FACTS: frozenset({"stands-still", "behind"})})


def test_nobody_ever_judged() -> None:
    """The clock ticks and no worker has ever run: blind since the first tick that was seen."""

    def fresh(second: int) -> Look:
        """Return a look at a deployment without a worker."""
        return Look(
            seconds=float(second),
            ends=dict.fromkeys(ORIGINS, second) | {FACTS: 0},
            positions={},
            ticks={},
            clock=at(second),
        )

    sight = seen(*map(fresh, (0, 30, 61)))

    assert sight.blindness is not None
    assert sight.blindness.since == NOON
    assert set(sight.blindness.members) == set(ORIGINS)
    assert set(sight.blindness.members.values()) == {frozenset({"not-begun"})}


def test_nothing_ever_ticked() -> None:
    """Without a clock the watch itself says how long it has waited."""
    sight = Sight(LIMIT, NOON)
    for second in (0, 30, 61):
        sight.see(
            Look(
                seconds=float(second),
                ends=dict.fromkeys(LEDGERS, 0),
                positions={},
                ticks={},
                clock=None,
            )
        )

    assert sight.blindness == Blindness(NOON, {"clock": frozenset({"silent"})})


def test_an_earlier_blindness_goes_on() -> None:
    """A watchdog that is started again keeps the blindness that its alert tells of, and ends it."""
    known = Blindness(at(-500), {FACTS: frozenset({"stands-still"})})
    sight = Sight(LIMIT, NOON)
    sight.adopt(known)

    assert not sight.see(look(0, judged=-500))
    assert sight.blindness == known
    assert sight.see(look(5))
    assert sight.blindness is None


def test_a_watchdog_that_is_started_while_the_clock_is_dead_does_not_see() -> None:
    """How old the last tick is nobody can tell, and all that ticked is judged; the next tick says what time it is."""
    known = Blindness(at(0), {"clock": frozenset({"silent"})})
    sight = Sight(LIMIT, at(3_600))
    sight.adopt(known)
    host = at(9_000)

    assert not sight.see(look(3_600, clock=0))
    assert not sight.see(look(3_601, clock=0))
    assert (known, host) == (sight.blindness, sight.now(host))
    assert sight.see(look(3_602, judged=3_601))
    assert (None, at(3_602)) == (sight.blindness, sight.now(host))


def test_a_wrong_clock_of_this_host_changes_nothing() -> None:
    """The time of day at which the watch began is used only where no clock ever ticked."""
    ahead = Sight(LIMIT, NOON + timedelta(days=365))
    for second in (0, 30, 90):
        ahead.see(look(second, judged=second - 1))

    assert ahead.blindness is None


def test_the_sentence_names_where_and_since_when() -> None:
    """As it stands on the health page."""
    blind = Blindness(NOON, {FACTS: frozenset({"stands-still"}), "clock": frozenset({"silent"})})

    assert str(blind) == (
        "baton is blind: nothing is judged since 2026-03-02T12:00:00Z (clock silent; facts-0 stands still)"
    )
