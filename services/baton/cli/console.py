"""`baton console`: the operators' pages."""

from __future__ import annotations

from baton.cli.options import policy_of
from baton.cli.output import say
from baton.runtime.settings import Settings


def run_console_service(settings: Settings) -> None:
    """Serve the pages until it is told to stop. Raises what `run_console` raises, and PolicyErrors."""
    from baton.console.serve import run_console
    from baton.runtime.logs import configure_logs

    configure_logs(settings.log_format, "console")
    policy = policy_of(settings)
    run_console(settings, {name: role.agency for name, role in policy.roles.items()}, say)
