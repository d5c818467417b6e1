"""Sessions, kept here and not in the cookie: the cookie is a random number that names one.

A restart signs everybody out, which is safe. What is kept of a session's number is a hash of it.
"""

from __future__ import annotations

import hashlib
import secrets
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from baton.access.operator import Operator

IDLE_SECONDS: Final = 30 * 60
"""Without a request that somebody made for this long a session is over."""
LONGEST_SECONDS: Final = 12 * 3_600
"""However busy, a session is over after a long shift."""
STRANGERS_SECONDS: Final = 15 * 60
"""How long somebody may take to sign in."""
MOST: Final = 10_000
"""Sessions kept at once, strangers' included: the longest unused go first, strangers' before all others."""


@dataclass(slots=True)
class Session:
    """What is remembered of one browser. `operator` is None until somebody has signed in."""

    began: float
    seen: float
    csrf: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    operator: Operator | None = None
    half_signed_in: str | None = None
    """The key of whoever has given the password and not yet the code."""
    data: dict[str, Any] = field(default_factory=dict)
    """What pages and the identity provider's library keep; small."""

    def is_over(self, now: float) -> bool:
        """Say whether the session has ended by `now`, in seconds."""
        if self.operator is None:
            return now - self.began > STRANGERS_SECONDS
        return now - self.seen > IDLE_SECONDS or now - self.began > LONGEST_SECONDS


class Sessions:
    """All sessions of this process."""

    def __init__(self) -> None:
        """Begin with none."""
        self._sessions: OrderedDict[str, Session] = OrderedDict()

    def begin(self, now: float, operator: Operator | None = None) -> tuple[str, Session]:
        """Begin a session; return the cookie's value and the session."""
        while len(self._sessions) >= MOST:
            strangers = (name for name, each in self._sessions.items() if each.operator is None)
            self._sessions.pop(next(strangers, None) or next(iter(self._sessions)))
        number = secrets.token_urlsafe(32)
        session = Session(began=now, seen=now, operator=operator)
        self._sessions[_hash(number)] = session
        return number, session

    def get(self, number: str, now: float, *, used: bool = True) -> Session | None:
        """Return the session that a cookie names, or None for a forged one or one that is over.

        Not `used`: a page that lies open asked by itself, and whoever left it is idle all the same.
        """
        name = _hash(number)
        session = self._sessions.get(name)
        if session is None:
            return None
        if session.is_over(now):
            del self._sessions[name]
            return None
        if used:
            session.seen = now
        self._sessions.move_to_end(name)
        return session

    def operator(self, number: str, now: float) -> Operator | None:
        """Return whose session it is, or None where it is nobody's or over; this is no use of it."""
        session = self._sessions.get(_hash(number))
        return None if session is None or session.is_over(now) else session.operator

    def end(self, number: str) -> None:
        """Forget a session."""
        self._sessions.pop(_hash(number), None)


def _hash(number: str) -> str:
    return hashlib.sha256(number.encode()).hexdigest()
