"""Replay a seed and make it smaller, or look for one that fails.

python -m tests.simulation 4711               what happens with this seed; if it fails, the fewest events and faults
python -m tests.simulation 0:5000             play these seeds, on every core, and show the first that fails
python -m tests.simulation 0:500 gap-skipped  the same with a fault planted, to see that it is found
"""

from __future__ import annotations

import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from itertools import repeat
from typing import Final

from tests.simulation.check import BrokenLawError
from tests.simulation.plan import plan_of
from tests.simulation.planted import PLANTED
from tests.simulation.shrink import failure, shrink
from tests.simulation.worker import REAL, Parts
from tests.simulation.world import World, quiet

AT_A_TIME: Final = 50
"""Seeds that a process plays before it says whether one failed."""


def main(arguments: list[str]) -> int:
    """Do what the arguments say; return 1 for a seed that fails."""
    usage = f"{__doc__}\nPlanted faults: {', '.join(PLANTED)}"
    if not 1 <= len(arguments) <= 2 or (arguments[1:] and arguments[1] not in PLANTED):
        _say(usage)
        return 2
    planted = arguments[1] if arguments[1:] else ""
    first, colon, end = arguments[0].partition(":")
    if not (first.isdigit() and (end.isdigit() or not colon)):
        _say(usage)
        return 2
    seeds = range(int(first), int(end) if colon else int(first) + 1)
    began, cpu = time.perf_counter(), _processor_time()
    failing = first_failing(seeds, planted)
    if failing is None and colon:
        wall, cpu = time.perf_counter() - began, _processor_time() - cpu
        _say(
            f"{len(seeds)} seeds, none fails: {60 * len(seeds) / wall:.0f} a minute, on {_cores()}"
            f" cores; {60 * len(seeds) / cpu:.0f} in a minute of one core's time"
        )
        return 0
    with quiet():
        return _show(seeds[0] if failing is None else failing, planted, fails=failing is not None)


def _cores() -> int:
    return len(os.sched_getaffinity(0))


def _processor_time() -> float:
    """Return the seconds that this process and those that it has ended have computed."""
    return sum(os.times()[:4])


def first_failing(seeds: range, planted: str) -> int | None:
    """Return the first of these seeds that fails, played on every core."""
    parts = [seeds[start : start + AT_A_TIME] for start in range(0, len(seeds), AT_A_TIME)]
    if len(parts) <= 1:
        return _first(seeds, planted)
    with ProcessPoolExecutor(_cores()) as pool:
        found = pool.map(_first, parts, repeat(planted))
        failing = next((seed for seed in found if seed is not None), None)
        pool.shutdown(cancel_futures=True)
    return failing


def _first(seeds: range, planted: str) -> int | None:
    with quiet():
        return next((seed for seed in seeds if failure(plan_of(seed), _parts(planted))), None)


def _parts(planted: str) -> Parts:
    return PLANTED[planted] if planted else REAL


def _show(seed: int, planted: str, *, fails: bool) -> int:
    """Print the history of a seed, made smaller if it fails; return 1 then."""
    parts, plan = _parts(planted), plan_of(seed)
    if fails:
        _say(f"seed {seed} fails: {failure(plan, parts)}\n")
        plan = shrink(plan, parts)
    world = World(plan, parts, traced=True)
    try:
        world.run()
    except BrokenLawError as error:
        verdict = f"Broken: {error}"
    else:
        verdict = "All that was told was applied or rejected, and the alerts are those expected."
    _say(f"{plan}\n\n" + "\n".join(world.trace) + f"\n\n{verdict}")
    return int(fails)


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
