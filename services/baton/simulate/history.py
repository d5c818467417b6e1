"""One authority, day by day."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from baton.simulate.cases import Cases
from baton.simulate.families import MIDWIFERY, POLICE, Families
from baton.simulate.telling import DAY, MINUTE, day_number, time_text
from baton.simulate.world import CSC, World

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from baton.simulate.plan import Plan

FEEDS: Final = (CSC, MIDWIFERY, POLICE)
"""The agencies that have promised to say that they are alive."""


def _nobody(_: dict[str, Any]) -> None:
    pass


def events(plan: Plan, sow: Callable[[dict[str, Any]], None] = _nobody) -> Iterator[str]:
    """Give the lines of a log (`baton.replay.logs`), each with its line end, in the order of hearing.

    `sow` is told of each thing sown: `sown` (what), `alert` (the rule that must notice), `about` (the person, case,
    team or agency) and `of` (the record that asks for an answer). What was sown after the last event given, or so
    shortly before that nothing was due yet, has had no time to be noticed.
    """
    left = plan.events
    for line in _all_lines(plan, sow):
        if left is not None:
            if left == 0:
                return
            left -= 1
        yield line


def _all_lines(plan: Plan, sow: Callable[[dict[str, Any]], None]) -> Iterator[str]:
    world = World(plan, sow)
    cases = Cases(world)
    families = Families(world, cases)
    first = day_number(plan.begin)
    last = day_number(plan.begin + timedelta(days=round(plan.years * 365.25)))
    for day in range(first, last):
        _one_day(world, families, cases, day)
        yield from world.telling.heard_before((day + 1) * DAY)


def _one_day(world: World, families: Families, cases: Cases, day: int) -> None:
    chance, volumes, begin = world.chance, world.plan.volumes, day * DAY
    for agency in FEEDS:
        _feed(world, agency, begin)
    for _ in range(chance.count(volumes.incidents)):
        families.incident(begin)
    for _ in range(chance.count(volumes.bookings)):
        families.book(begin)
    # 1970 began on a Thursday.
    if (day + 3) % 7 < 5:
        _working_day(world, families, cases, begin)
    world.go_on_until(begin + DAY)


def _feed(world: World, agency: str, begin: int) -> None:
    """Let a feed say all day that it is alive, or fall silent."""
    chance, volumes, telling = world.chance, world.plan.volumes, world.telling
    if telling.silent_until(agency, begin) is None and chance.happens(volumes.silences):
        silent_from = begin + chance.between(1, 23 * 60) * MINUTE
        silent_to = silent_from + chance.between(2 * 60, 72 * 60) * MINUTE
        telling.silence(agency, silent_from, silent_to)
        world.sow("feed-silent", agency, time_text(silent_from))
    for at in range(begin, begin + DAY, volumes.heartbeat_minutes * MINUTE):
        telling.beat(agency, at)


def _working_day(world: World, families: Families, cases: Cases, begin: int) -> None:
    chance, volumes = world.chance, world.plan.volumes
    for _ in range(chance.count(volumes.referrals)):
        families.referral(begin)
    for _ in range(chance.count(volumes.transfers)):
        cases.transfer_one(begin)
    if chance.happens(volumes.blocks):
        cases.transfer_block(begin, 8, 24)
    if chance.happens(volumes.reorganisations):
        cases.transfer_block(begin, 40, 200)
