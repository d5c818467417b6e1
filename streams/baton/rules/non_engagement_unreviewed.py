"""Flag a family that several visits did not find, when nobody reviewed why.

The question is asked by the third (`attempts`) visit that found nobody within 30 days (`during`), whichever agencies
made them. Due `within` (five working days) of it: a review of the non-engagement. A contact is no review, and neither
is a close: families who avoid their worker do meet him now and then. After a review the count begins anew. More
failed visits are the same alert.

What an agency does not tell as a visit that found nobody (a missed appointment, an unanswered call) cannot be counted.

Taught by Leicestershire and Rutland, Baby C: not engaging was not seen as an "avoidance tactic".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from baton.rules.cases import episodes_of, pregnancy_lost, team_of
from baton.rules.deadline import Met, answered_in_time
from baton.rules.facts import NonEngagementReviewed, VisitAttempted
from baton.rules.policy import Limit
from baton.rules.rule import Rule, finding

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from baton.rules.chronology import Chronology
    from baton.rules.outcome import Finding
    from baton.rules.policy import Policy

SLUG = "non-engagement-unreviewed"


def judge(told: Chronology, now: datetime, policy: Policy) -> Iterator[Finding]:
    """Ask of each run of failed visits on this case whether it was reviewed."""
    attempts = [each for each in told.of(VisitAttempted) if each.case == told.about]
    reviews = [each for each in told.of(NonEngagementReviewed) if each.case == told.about]
    number = 0
    while (run := _first_run(attempts, policy)) is not None:
        number += 1
        last = run[-1]
        terms = policy.terms(SLUG, last.occurred_at, last.authority)
        met = answered_in_time(
            reviews,
            since=last.occurred_at,
            due_at=terms.due_after(last.occurred_at),
            now=now,
            told=told,
            terms=terms,
            authority=last.authority,
        )
        reviewed_at = met.answered_at
        attempts = [
            each for each in attempts if reviewed_at is not None and each.occurred_at > reviewed_at
        ]
        if any(
            pregnancy_lost(told, each, each.opened.occurred_at, met)
            for each in episodes_of(told, told.about)
        ):
            met = Met("not-asked", met.due_at)
        yield finding(
            SLUG,
            str(number),
            told,
            met,
            terms,
            trigger=run,
            missing=("NonEngagementReviewed",),
            team=team_of(told, told.about),
        )


def _first_run(attempts: list[VisitAttempted], policy: Policy) -> tuple[VisitAttempted, ...] | None:
    """Return the first failed visits that are enough, and near enough to each other, or None."""
    for start, first in enumerate(attempts):
        terms = policy.terms(SLUG, first.occurred_at, first.authority)
        run = attempts[start : start + terms.number("attempts")]
        near = run[-1].occurred_at <= terms.due_after(first.occurred_at, "during")
        if len(run) == terms.number("attempts") and near:
            return tuple(run)
    return None


RULE = Rule(
    slug=SLUG,
    version=3,
    catalogue="B7",
    reads="case",
    also_reads=frozenset({"person"}),
    triggers=frozenset({VisitAttempted}),
    judge=judge,
    sentence="A family that several visits did not find, when nobody reviewed why.",
    missing="a review of why the family cannot be reached",
    settings={"within": Limit, "during": Limit, "attempts": int, "answered_by": str},
)
