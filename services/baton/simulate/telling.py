"""How what happened is told: written down later, sent later, out of order, twice, or held up by a silent feed.

Times are whole milliseconds since 1970, UTC. Whatever was told is kept until nothing earlier can come, so that a
history of any length needs no more memory than what is under way.
"""

from __future__ import annotations

import heapq
import json
from bisect import bisect_right
from collections import defaultdict
from datetime import date, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from baton.simulate.chance import Chance
    from baton.simulate.plan import Plan

SECOND: Final = 1_000
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR

BACKLOG_WITHIN: Final = 10 * MINUTE
"""How soon after a silence everything that was held up has been told."""

_EPOCH: Final = date(1970, 1, 1)
_as_json = json.JSONEncoder(separators=(",", ":")).encode


def day_number(day: date) -> int:
    """Return the days since 1970."""
    return (day - _EPOCH).days


@lru_cache(maxsize=10_000)
def date_text(number: int) -> str:
    """Return the date of so many days since 1970."""
    return (_EPOCH + timedelta(days=number)).isoformat()


@lru_cache(maxsize=100_000)
def _minute_text(number: int) -> str:
    day, minutes = divmod(number, DAY // MINUTE)
    return f"{date_text(day)}T{minutes // 60:02}:{minutes % 60:02}:"


def time_text(at: int) -> str:
    """Return a moment as RFC 3339 has it."""
    minutes, rest = divmod(at, MINUTE)
    if not rest:
        return _minute_text(minutes) + "00Z"
    seconds, thousandths = divmod(rest, SECOND)
    fraction = f".{thousandths:03}" if thousandths else ""
    return f"{_minute_text(minutes)}{seconds:02}{fraction}Z"


class Telling:
    """Everything told and not yet due, in the order of hearing."""

    def __init__(self, plan: Plan, chance: Chance) -> None:
        """Begin with nothing told."""
        self._plan = plan
        self._chance = chance
        self._prefix = plan.prefix
        self._authority = _as_json(plan.authority)
        self._waiting: list[tuple[int, int, str]] = []
        self._count = 0
        self._silent_from: dict[str, list[int]] = defaultdict(list)
        self._silent_to: dict[str, list[int]] = defaultdict(list)

    def silence(self, agency: str, begin: int, end: int) -> None:
        """Let a feed be silent; silences of one feed come in order."""
        self._silent_from[agency].append(begin)
        self._silent_to[agency].append(end)

    def silent_until(self, agency: str, at: int) -> int | None:
        """Return when a feed that is silent at a moment is heard again, or None."""
        number = bisect_right(self._silent_from[agency], at) - 1
        if number >= 0 and at < self._silent_to[agency][number]:
            return self._silent_to[agency][number]
        return None

    def tell(self, record: str, agency: str, at: int, **fields: Any) -> None:  # noqa: ANN401 (any field)
        """Tell what happened at a moment, with this agency's delays."""
        chance = self._chance
        recorded = at + chance.between(0, 90) * MINUTE
        received = recorded + chance.between(1, 600) * SECOND
        if chance.happens(self._plan.told_late):
            received += chance.between(1, 6) * DAY
            if chance.happens(0.1):
                received += chance.between(7, 40) * DAY
        self._put(record, agency, at, recorded, received, fields)

    def beat(self, agency: str, at: int) -> None:
        """Let a feed say that everything up to a minute ago was sent, unless it is silent."""
        if self.silent_until(agency, at) is None and (
            self.silent_until(agency, at - BACKLOG_WITHIN) is None
        ):
            complete_to = time_text(at - MINUTE)
            self._put("SourceHeartbeat", agency, at, at, at + SECOND, {"complete_to": complete_to})

    def heard_before(self, moment: int) -> Iterator[str]:
        """Give, as lines of a log, what is heard before a moment."""
        waiting = self._waiting
        while waiting and waiting[0][0] < moment:
            received, _, rest = heapq.heappop(waiting)
            yield f'{{"received_at":"{time_text(received)}",{rest}\n'

    def _put(  # noqa: PLR0913, PLR0917 (the envelope of an event)
        self,
        record: str,
        agency: str,
        at: int,
        recorded: int,
        received: int,
        fields: dict[str, Any],
    ) -> None:
        chance = self._chance
        self._count += 1
        # Half as long as making a dictionary of it; nothing here needs escaping.
        rest = (
            f'"record":"{record}","event_id":"{self._prefix}event-{self._count}",'
            f'"occurred_at":"{time_text(at)}","recorded_at":"{time_text(recorded)}",'
            f'"agency":"{agency}","authority":{self._authority},{_as_json(fields)[1:]}'
        )
        received = self._held_up(agency, received)
        heapq.heappush(self._waiting, (received, 2 * self._count, rest))
        if chance.happens(self._plan.repeated):
            again = self._held_up(agency, received + chance.between(0, 3 * 24 * 60) * MINUTE)
            heapq.heappush(self._waiting, (again, 2 * self._count + 1, rest))

    def _held_up(self, agency: str, received: int) -> int:
        while (until := self.silent_until(agency, received)) is not None:
            received = until + self._chance.between(0, BACKLOG_WITHIN // MINUTE - 1) * MINUTE
        return received
