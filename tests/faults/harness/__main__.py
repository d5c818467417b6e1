"""Break everything on purpose, and count: `make faults SEED=…`.

    python -m tests.faults.harness --seed 1 [--short] [--faults 20] [--deadlines 10000] [--page FILE]

Exit code 0 only if nothing was missed, false, doubled or lost, by either opinion, and everything was caught up.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from bench.figures import machine
from tests.faults.harness.plan import FULL, SHORT, make_plan, smaller
from tests.faults.harness.run import Outcome, run
from tests.faults.harness.table import A_FULL_RUN, table, write


def main() -> int:
    """Plan, run, print."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.harness", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--short", action="store_true", help="as in `make test`")
    parser.add_argument("--faults", type=at_least(1), help="so many instead of 120")
    parser.add_argument(
        "--deadlines", type=at_least(0), help="so many in one second instead of 100,000; 0: none"
    )
    parser.add_argument("--page", type=Path, help="also write the figures between its marks")
    parser.add_argument("--keep", type=Path, help="a folder for logs and data, kept")
    options = parser.parse_args()
    size = SHORT if options.short else FULL
    plan = make_plan(
        options.seed, smaller(size, faults=options.faults, deadlines=options.deadlines)
    )
    sys.stdout.write(f"{plan}\n")
    sys.stdout.flush()
    with tempfile.TemporaryDirectory() as made:
        folder = options.keep or Path(made)
        folder.mkdir(parents=True, exist_ok=True)
        outcome = run(plan, folder)
    chosen = (
        "--short" if options.short else "",
        _given("faults", options),
        _given("deadlines", options),
    )
    arguments = " ".join(filter(None, chosen))
    command = f"make faults SEED={options.seed}" + (f' ARGS="{arguments}"' if arguments else "")
    figures = table(outcome, command, machine())
    sys.stdout.write(f"\n{figures}\n\n")
    sys.stdout.writelines(f"{line}\n" for line in _details(outcome))
    whole = sum(outcome.faults.values()) >= A_FULL_RUN
    if options.page and whole and plan.size.deadlines >= FULL.deadlines:
        write(options.page, figures)
    elif options.page:
        sys.stdout.write(f"{options.page} keeps its figures: they are of a full run.\n")
    return int(not outcome.right)


def at_least(least: int) -> Callable[[str], int]:
    """Return a reader of whole numbers from `least` on."""

    def number(text: str) -> int:
        if int(text) < least:
            raise argparse.ArgumentTypeError(f"must be {least} or more, not {text}")
        return int(text)

    return number


def _given(option: str, options: argparse.Namespace) -> str:
    value = getattr(options, option)
    return "" if value is None else f"--{option} {value}"


def _details(outcome: Outcome) -> Iterator[str]:
    """Give what went wrong, a line each, and at most so many of one kind."""
    for reason, count in outcome.deaths.most_common():
        yield f"{count:>5} times a worker ended by itself: {reason}"
    yield from (f"not done: {failure}" for failure in outcome.failures)
    yield from (f"second opinion: {each}" for each in outcome.second.differences[:40])
    counts, inputs, told = outcome.counts, outcome.inputs, outcome.told
    wrong = {
        "missed": counts.missed,
        "false": counts.false,
        "doubled": counts.doubled,
        "mistimed": counts.mistimed,
        "different": counts.different,
        "waiting": inputs.waiting,
        "applied twice": inputs.twice,
        "lost": inputs.lost,
        "people told twice": told.twice,
        "people told never": told.never,
    }
    for what, places in wrong.items():
        yield from (f"{what}: {place}" for place in places[:10])


if __name__ == "__main__":
    sys.exit(main())
