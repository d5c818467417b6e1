"""`baton clock`: the background process through which time enters the log."""

from __future__ import annotations

import signal
from threading import Event

from baton.runtime.settings import Settings


def run_clock_service(settings: Settings) -> None:
    """Tick until it is told to stop. Raises ClockError."""
    from baton.clock import run_clock
    from baton.runtime.logs import configure_logs

    configure_logs(settings.log_format, "clock")
    stop = Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    run_clock(settings.brokers, settings.topic_prefix, stop)
