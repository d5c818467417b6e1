"""The watchdog: a process of its own that says when baton is blind, because a worker that is dead cannot.

It reads no events: only where the source topics end, how far the ledgers' positions and the judge's time have come,
and when the clock last ticked. What it finds is an alert, `pipeline-blind`, a metric, a health state and a log line.
"""

from baton.watchdog.lookout import Lookout
from baton.watchdog.service import run_watchdog
from baton.watchdog.sight import ORIGINS, Blindness, Look, Sight

__all__ = ["ORIGINS", "Blindness", "Look", "Lookout", "Sight", "run_watchdog"]
