"""The supervisor keeps processes running, and lets one go when it is told to."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable

from baton.cli.supervisor import Supervisor

SLEEP = (sys.executable, "-c", "import time; time.sleep(600)")
WITHIN = 60.0


def wait_for(true: Callable[[], bool]) -> None:
    """Wait until something is so."""
    gives_up_at = time.monotonic() + WITHIN
    while not true():
        assert time.monotonic() < gives_up_at
        time.sleep(0.05)


def test_a_killed_process_is_started_again() -> None:
    """Under its name, as another process."""
    with Supervisor() as supervisor:
        first = supervisor.start("one", SLEEP, os.environ)

        os.kill(first, 9)
        wait_for(lambda: supervisor.pids()["one"] != first)

        assert supervisor.restarts == {"one": 1}


def test_a_removed_process_is_gone_and_stays_away() -> None:
    """It is stopped, the others run on, and its name can be used again."""
    with Supervisor() as supervisor:
        removed = supervisor.start("one", SLEEP, os.environ)
        other = supervisor.start("other", SLEEP, os.environ)

        supervisor.remove("one")
        supervisor.remove("nobody")

        assert supervisor.pids() == {"other": other}
        assert not exists(removed)
        assert exists(supervisor.start("one", SLEEP, os.environ))


def exists(pid: int) -> bool:
    """Say whether a process runs."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
