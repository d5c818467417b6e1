"""`make bench`: every measure in one run, with the machine and the versions."""

from __future__ import annotations

import subprocess
import sys

from bench.figures import machine

MEASURES = (
    ("bench.replay",),
    ("bench.rules",),
    ("bench.deadlines",),
    ("bench.pipeline",),
    ("bench.console",),
    ("bench.ledger_catch_up", "--events", "500000"),
)


def main() -> int:
    """Run each measure; return 0 when all of them ended well."""
    print(machine(), flush=True)
    code = 0
    for command in MEASURES:
        print(f"\n$ python -m {' '.join(command)}", flush=True)
        code |= subprocess.run([sys.executable, "-m", *command], check=False).returncode
    return code


if __name__ == "__main__":
    sys.exit(main())
