"""`baton watchdog`: the background process that says when baton is blind."""

from __future__ import annotations

import signal
from datetime import timedelta
from threading import Event

from baton.runtime.settings import Settings


def run_watchdog_service(settings: Settings) -> None:
    """Watch until it is told to stop. Raises PolicyErrors and OSError for what a person must mend."""
    from baton.engine.policy_file import parse_policy
    from baton.runtime.logs import configure_logs
    from baton.watchdog import run_watchdog

    configure_logs(settings.log_format, "watchdog")
    policy = parse_policy(settings.policy.read_text(encoding="utf-8"), str(settings.policy))
    stop = Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    run_watchdog(
        settings.brokers,
        settings.topic_prefix,
        policy,
        stop,
        within=timedelta(seconds=settings.blind_after),
        health_port=settings.health_port,
    )
