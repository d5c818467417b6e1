"""`baton notify`: the background process that tells people."""

from __future__ import annotations

import signal
from threading import Event
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from baton.rules.policy import Policy
    from baton.runtime.settings import Settings


def run_notify_service(settings: Settings, policy: Policy) -> None:
    """Tell people until it is told to stop. Raises NotifyError and RecipientsError."""
    from baton.notify import run_notify
    from baton.runtime.logs import configure_logs

    configure_logs(settings.log_format, "notify")
    stop = Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    run_notify(settings, frozenset(policy.roles), stop)
