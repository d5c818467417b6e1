"""The question that most rules ask: was it answered in time? Written once, for all of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from baton.rules.chronology import Chronology
    from baton.rules.facts import Fact
    from baton.rules.outcome import Reason
    from baton.rules.policy import Terms


@dataclass(frozen=True, slots=True)
class Met:
    """How a deadline stands: why, which fact answered it and when time alone may change that."""

    reason: Reason
    due_at: datetime
    answer: Fact | None = None
    wake_at: datetime | None = None

    @property
    def answered_at(self) -> datetime | None:
        """When the answer occurred, or None."""
        return None if self.answer is None else self.answer.occurred_at

    def is_open_at(self, moment: datetime) -> bool:
        """Say whether nothing had answered by then; what answers at that very moment has."""
        return self.answered_at is None or self.answered_at > moment


def first(answers: Iterable[Fact], since: datetime) -> Fact | None:
    """Return the earliest of the answers that occurred at `since` or later, or None.

    An answer counts by its own `occurred_at`, from the trigger's moment, included (design, section 8). Of those of
    one instant it is the first given.
    """
    later = [answer for answer in answers if answer.occurred_at >= since]
    return min(later, key=lambda answer: answer.occurred_at, default=None)


def answered_in_time(  # noqa: PLR0913 (a deadline is all of these, and each has a name)
    answers: Iterable[Fact],
    *,
    since: datetime,
    due_at: datetime,
    now: datetime,
    told: Chronology,
    terms: Terms,
    authority: str,
) -> Met:
    """Say how a deadline stands as of `now`: from `since` to `due_at`, both included, any of the answers meets it.

    Due, not answered in time and the answering agency's feed silent is `cannot-tell`; the engine asks again when it
    is heard. A late answer that is known meanwhile is told of an alert that stands already, and raises none.
    """
    answer = first(answers, since)
    if answer is not None and answer.occurred_at <= due_at:
        return Met("answered", due_at, answer)
    if now < due_at:
        return Met("waiting", due_at, answer, wake_at=due_at)
    if not told.can_tell(terms.waits_for, authority, due_at, now):
        # A late answer proves nothing: one in time may be among what the silent feed holds back.
        return Met("cannot-tell", due_at, answer)
    return Met("overdue" if answer is None else "answered-late", due_at, answer)


GRAVEST_FIRST: tuple[Reason, ...] = (
    "overdue",
    "found",
    "answered-late",
    "due-soon",
    "cannot-tell",
    "waiting",
    "answered",
    "not-asked",
)
"""How several clocks of one alert are told as one: by the gravest, of equal ones that which was due first.

Where all that was due came late, it is answered when the last of it came.
"""


def gravest(clocks: Iterable[Met]) -> Met:
    """Return the gravest of several clocks that share an alert, waking as early as any of them would."""
    every = list(clocks)
    worst = min(every, key=lambda each: (GRAVEST_FIRST.index(each.reason), each.due_at))
    wakes = [each.wake_at for each in every if each.wake_at is not None]
    answer = worst.answer
    if worst.reason == "answered-late":
        late = [each.answer for each in every if each.reason == worst.reason and each.answer]
        answer = max(late, key=lambda fact: fact.occurred_at)
    return replace(worst, answer=answer, wake_at=min(wakes, default=None))


def found_unless(answers: Iterable[Fact], *, at: datetime, now: datetime) -> Met:
    """Say how something stands that a record of its own moment shows or lacks: nothing else is awaited.

    An answer of the same moment was there in time, one later than `at` came late; without one it is found.
    """
    answer = first(answers, at)
    if answer is not None and answer.occurred_at == at:
        return Met("answered", at, answer)
    if now < at:
        return Met("waiting", at, wake_at=at)
    return Met("found", at) if answer is None else Met("answered-late", at, answer)
