"""What all stories of one authority share: chance, telling, an agenda of what is still to come, ids, and the truth."""

from __future__ import annotations

import heapq
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from baton.simulate.chance import Chance
from baton.simulate.plan import RULE_OF, Plan
from baton.simulate.telling import DAY, HOUR, MINUTE, Telling

if TYPE_CHECKING:
    from collections.abc import Callable

CSC = "childrens_social_care"


class World:
    """One authority while its history is being made."""

    def __init__(self, plan: Plan, sow: Callable[[dict[str, Any]], None]) -> None:
        """Begin with nobody; `sow` is told of each thing that is sown."""
        self.plan = plan
        self.chance = Chance(f"{plan.seed}/{plan.authority}")
        self.telling = Telling(plan, self.chance)
        self.tell = self.telling.tell
        self._sow = sow
        self._prefix = plan.prefix
        self._counts: dict[str, int] = defaultdict(int)
        self._agenda: list[tuple[int, int, Callable[[int], None]]] = []
        self._planned = 0

    def new(self, kind: str) -> str:
        """Return an id that nothing had before, such as `inc-7`."""
        self._counts[kind] += 1
        return f"{self._prefix}{kind}-{self._counts[kind]}"

    def named(self, name: str) -> str:
        """Return an id of this authority, such as a team's."""
        return f"{self._prefix}{name}"

    def fails(self, failure: str) -> bool:
        """Say whether a failure happens here."""
        return self.chance.happens(self.plan.failures.get(failure, 0.0))

    def sow(self, failure: str, about: str, of: str) -> None:
        """Write down what was sown: the alert that must follow, about whom, and the record that asks for an answer."""
        self._sow({"sown": failure, "alert": RULE_OF[failure], "about": about, "of": of})

    def at(self, moment: int, story: Callable[[int], None]) -> None:
        """Let a story go on at a moment."""
        self._planned += 1
        heapq.heappush(self._agenda, (moment, self._planned, story))

    def go_on_until(self, end: int) -> None:
        """Let every story go on whose moment comes before `end`."""
        while self._agenda and self._agenda[0][0] < end:
            moment, _, story = heapq.heappop(self._agenda)
            story(moment)

    # Times.

    def soon(self) -> int:
        """Draw how long an answer takes that is in time by any limit of a working day: up to twenty hours."""
        return self.chance.between(1, 20 * 60) * MINUTE

    def answer(self) -> int:
        """Draw how long an answer takes: mostly soon, sometimes to the minute a day or two, sometimes many days."""
        drawn = self.chance.between(1, 100)
        if drawn <= 78:
            return self.soon()
        if drawn <= 84:
            return self.chance.between(1, 3) * DAY
        if drawn <= 87:
            return self.chance.between(1, 5) * DAY + self.chance.of((-1, 1)) * MINUTE
        return self.chance.between(20, 14 * 24) * HOUR + self.chance.between(0, 59) * MINUTE

    def within(self, day: int) -> int:
        """Draw a moment of a day, mostly to the minute."""
        moment = day + self.chance.between(0, 24 * 60 - 1) * MINUTE
        return moment + self.chance.between(1, 59_999) if self.chance.happens(0.1) else moment

    def in_office(self, day: int) -> int:
        """Draw a moment of a day between eight and six."""
        return day + 8 * HOUR + self.chance.between(0, 10 * 60 - 1) * MINUTE


def person(value: str) -> dict[str, str]:
    """Return a person by the agencies' own id."""
    return {"scheme": "local", "value": value}
