"""What somebody sees of alerts on a terminal, noted in the audit before it is shown, where it is known who they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from baton.cli.options import reaching
from baton.cli.output import say

if TYPE_CHECKING:
    from baton.runtime.settings import Settings

FROM_A_TERMINAL: Final = "terminal"
"""From where, in the audit. Never the machine's name: it is often a person's, and the audit is kept for ever."""


def note_seen(settings: Settings, what: str, page: str, alert: str | None = None) -> None:
    """Note a look (`viewed`, `listed`) of whoever works here, and say where it is nobody's.

    Raises CommandError where it cannot be noted, and InvalidEvent for a key that is none: then show nothing.
    """
    if not settings.operator:
        say("Not noted in the audit: BATON_OPERATOR says whose look it is.")
        return
    note(settings, what, page, alert)


def note(settings: Settings, what: str, page: str, alert: str | None = None) -> None:
    """Note a look of an operator who is known; raises as `note_seen`."""
    from baton.audit import Trail

    with reaching(settings), Trail(settings) as trail:
        trail.note(settings.operator, what, FROM_A_TERMINAL, alert=alert, page=page)
