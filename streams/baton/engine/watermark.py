"""The watermark: how far time has come everywhere, so that a backlog can never raise an alarm by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

TICK_ROW: Final = b"t/"
"""The rows of the judge that hold each origin's last tick begin with it."""


class Watermark:
    """The last tick of each origin (a source partition); the slowest of them is `now`.

    An origin not yet heard counts as slowest, not as absent. A tick that is older than the last one of its origin,
    from a repeated or frozen clock, changes nothing.
    """

    def __init__(self, origins: Iterable[str]) -> None:
        """Take every origin there is."""
        self._ticks: dict[str, datetime | None] = dict.fromkeys(origins)

    @property
    def now(self) -> datetime | None:
        """The slowest origin's last tick, or None while one has not been heard."""
        slowest: datetime | None = None
        for tick in self._ticks.values():
            if tick is None:
                return None
            if slowest is None or tick < slowest:
                slowest = tick
        return slowest

    @property
    def ticks(self) -> dict[str, datetime | None]:
        """The last tick of each origin."""
        return dict(self._ticks)

    def advance(self, origin: str, at: datetime) -> bool:
        """Hear a tick; say whether it was news. Raises KeyError for an origin that is not in the catalogue."""
        last = self._ticks[origin]
        if last is not None and at <= last:
            return False
        self._ticks[origin] = at
        return True
