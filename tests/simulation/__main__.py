"""Replay a seed and make it smaller, or look for one that fails.

python -m tests.simulation 4711               what happens with this seed; if it fails, the fewest events and faults
python -m tests.simulation 0:5000             play these seeds, and show the first that fails
python -m tests.simulation 0:500 gap-skipped  the same with a fault planted, to see that it is found
"""

from __future__ import annotations

import sys
import time

from tests.simulation.check import BrokenLawError
from tests.simulation.plan import plan_of
from tests.simulation.planted import PLANTED
from tests.simulation.shrink import failure, shrink
from tests.simulation.worker import REAL
from tests.simulation.world import World, quiet


def main(arguments: list[str]) -> int:
    """Do what the arguments say; return 1 for a seed that fails."""
    usage = f"{__doc__}\nPlanted faults: {', '.join(PLANTED)}"
    if not 1 <= len(arguments) <= 2 or (arguments[1:] and arguments[1] not in PLANTED):
        _say(usage)
        return 2
    parts = PLANTED[arguments[1]] if arguments[1:] else REAL
    first, colon, end = arguments[0].partition(":")
    if not (first.isdigit() and (end.isdigit() or not colon)):
        _say(usage)
        return 2
    seeds = range(int(first), int(end) if colon else int(first) + 1)
    began, cpu = time.perf_counter(), time.process_time()
    with quiet():
        failing = next((seed for seed in seeds if failure(plan_of(seed), parts)), None)
        if failing is None and colon:
            wall, cpu = time.perf_counter() - began, time.process_time() - cpu
            _say(
                f"{len(seeds)} seeds, none fails: {60 * len(seeds) / wall:.0f} a minute, on one"
                f" core; {60 * len(seeds) / cpu:.0f} in a minute of processor time"
            )
            return 0
        plan = plan_of(seeds[0] if failing is None else failing)
        if failing is not None:
            _say(f"seed {failing} fails: {failure(plan, parts)}\n")
            plan = shrink(plan, parts)
        world = World(plan, parts, traced=True)
        try:
            world.run()
        except BrokenLawError as error:
            verdict = f"Broken: {error}"
        else:
            verdict = (
                "All that was told was applied or rejected, and the alerts are those expected."
            )
    _say(f"{plan}\n\n" + "\n".join(world.trace) + f"\n\n{verdict}")
    return int(failing is not None)


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
