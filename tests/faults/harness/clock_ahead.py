"""A clock on a host that is an hour ahead: started as a program by the harness."""

from __future__ import annotations

import sys
import time

from baton.cli import main

_really = time.time


def _ahead() -> float:
    return _really() + 3_600


if __name__ == "__main__":
    time.time = _ahead
    sys.argv = ["baton", "clock"]
    main()
