"""Break everything on purpose, and count: `make faults SEED=…`.

    python -m tests.faults.harness --seed 1 [--short] [--page docs/failure-semantics.md]

Exit code 0 only if nothing was missed, false, doubled or lost, and everything was caught up.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from bench.figures import machine
from tests.faults.harness.plan import FULL, SHORT, make_plan
from tests.faults.harness.run import run
from tests.faults.harness.table import table, write


def main() -> int:
    """Plan, run, print."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.harness", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--short", action="store_true", help="as in `make test`")
    parser.add_argument("--page", type=Path, help="also write the figures between its marks")
    parser.add_argument("--keep", type=Path, help="a folder for logs and data, kept")
    options = parser.parse_args()
    plan = make_plan(options.seed, SHORT if options.short else FULL)
    sys.stdout.write(f"{plan}\n")
    sys.stdout.flush()
    with tempfile.TemporaryDirectory() as made:
        folder = options.keep or Path(made)
        folder.mkdir(parents=True, exist_ok=True)
        outcome = run(plan, folder)
    figures = table(outcome, f"make faults SEED={options.seed}", machine())
    sys.stdout.write(f"\n{figures}\n\n")
    for reason, count in outcome.deaths.most_common():
        sys.stdout.write(f"{count:>5} times a worker ended by itself: {reason}\n")
    for failure in outcome.failures:
        sys.stdout.write(f"not done: {failure}\n")
    for name in ("missed", "false", "doubled", "mistimed", "different"):
        for alert_id in getattr(outcome.counts, name)[:10]:
            sys.stdout.write(f"{name}: {alert_id}\n")
    for name in ("waiting", "twice", "lost"):
        for place in getattr(outcome.inputs, name)[:10]:
            sys.stdout.write(f"{name}: {place}\n")
    for name in ("twice", "never"):
        for place in getattr(outcome.told, name)[:10]:
            sys.stdout.write(f"people told {name}: {place}\n")
    if options.page:
        write(options.page, figures)
    return int(not outcome.right)


if __name__ == "__main__":
    sys.exit(main())
