"""The whole way of an event under every fault that a seed can think of: does the law hold, and can the check fail?"""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.simulation.__main__ import AT_A_TIME, first_failing
from tests.simulation.plan import KINDS, plan_of
from tests.simulation.planted import PLANTED
from tests.simulation.shrink import failure, shrink
from tests.simulation.world import play, quiet

if TYPE_CHECKING:
    from collections.abc import Iterator

SEEDS = 500
WITHIN = 300
"""Each planted fault shows in one of so many seeds; most show in the first dozen."""


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    with quiet():
        yield


def test_no_seed_loses_doubles_or_invents_an_alert() -> None:
    """Alerts, rows and positions are those of one uninterrupted run, whatever was killed, frozen, lost or repeated."""
    alerts = deaths = 0
    for seed in range(SEEDS):
        broken = failure(plan_of(seed))
        assert not broken, f"python -m tests.simulation {seed}\n{broken}"
    for seed in range(20):
        world = play(plan_of(seed))
        alerts += len(list(world.cluster.committed("alerts")))
        deaths += len(world.deaths)
    assert alerts > 20, "the histories raise too little to prove anything"
    assert deaths > 5, "the histories kill too little to prove anything"


@pytest.mark.parametrize("planted", PLANTED)
def test_a_planted_fault_is_found(planted: str) -> None:
    """The check is no decoration: each wrong worker breaks the law in some history."""
    assert any(failure(plan_of(seed), PLANTED[planted]) for seed in range(WITHIN))


def test_a_failing_seed_becomes_small() -> None:
    """What is left is needed: without any one of its messages or faults nothing fails."""
    parts = PLANTED["deadline-lost-on-load"]
    seed = next(seed for seed in range(WITHIN) if failure(plan_of(seed), parts))

    small = shrink(plan_of(seed), parts)

    assert failure(small, parts)
    assert 1 <= len(small.messages) <= 3
    assert len(small.faults) <= 1
    for place in range(len(small.messages)):
        fewer = (*small.messages[:place], *small.messages[place + 1 :])
        assert not failure(replace(small, messages=fewer), parts)


def test_on_every_core_the_first_seed_that_fails_is_found() -> None:
    """As one after the other: which process is done first does not matter."""
    planted = "position-before-the-commit"
    one_by_one = [seed for seed in range(3) if failure(plan_of(seed), PLANTED[planted])]

    assert one_by_one[:1] == [first_failing(range(3 * AT_A_TIME), planted)]


def test_a_seed_is_the_same_history_everywhere() -> None:
    """In another process, whose sets are in another order: step for step the same."""

    def replayed(hash_seed: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "tests.simulation", "5"],
            cwd=Path(__file__).parents[2],
            env=os.environ | {"PYTHONHASHSEED": hash_seed},
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout

    first, second = replayed("1"), replayed("2")

    assert "step" in first
    assert first == second


def test_each_kind_of_fault_comes() -> None:
    """Within the seeds that are played."""
    drawn = {fault.kind for seed in range(SEEDS) for fault in plan_of(seed).faults}

    assert set(KINDS) == drawn
