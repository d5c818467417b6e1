"""Several things that are due together: which of them are settled, by what and when the last one was."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from baton.rules.deadline import Met, answered_in_time

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from baton.rules.chronology import Chronology
    from baton.rules.facts import Fact
    from baton.rules.policy import Terms


@dataclass(frozen=True, slots=True)
class Checklist:
    """What is due, each item with the fact that settled it first, or None."""

    items: Mapping[str, Fact | None]

    @classmethod
    def of(cls, answers: Mapping[str, Iterable[Fact]]) -> Checklist:
        """Take, for each item, everything that would settle it."""
        return cls(
            {
                item: min(facts, key=lambda fact: fact.occurred_at, default=None)
                for item, facts in answers.items()
            }
        )

    def missing(self, by: datetime | None = None) -> tuple[str, ...]:
        """Return the items that nothing settled, by a moment or (None) at all, in the order in which they are due."""
        return tuple(
            item
            for item, fact in self.items.items()
            if fact is None or (by is not None and fact.occurred_at > by)
        )

    @property
    def answers(self) -> tuple[Fact, ...]:
        """Return the fact with which the last item was settled; nothing while one is missing."""
        if self.missing():
            return ()
        facts = [fact for fact in self.items.values() if fact is not None]
        return (max(facts, key=lambda fact: fact.occurred_at),) if facts else ()

    def met(
        self, *, due_at: datetime, now: datetime, told: Chronology, terms: Terms, authority: str
    ) -> Met:
        """Say how the deadline for all items stands as of `now`; a list without items is answered."""
        if not self.items:
            return Met("answered", due_at)
        answers = self.answers
        return answered_in_time(
            answers,
            since=answers[0].occurred_at if answers else due_at,
            due_at=due_at,
            now=now,
            told=told,
            terms=terms,
            authority=authority,
        )

    @property
    def evidence(self) -> tuple[Fact, ...]:
        """Return the facts that settled something."""
        return tuple(fact for fact in self.items.values() if fact is not None)
