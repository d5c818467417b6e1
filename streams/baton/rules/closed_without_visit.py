"""Flag a case closed although no visit had seen the child or a parent since the referral.

Due at the close: a visit that saw somebody of `seen` (child, mother, father), from the referral on; from the opening
where there was none, or where the case was opened again. Contact by telephone is no visit, nor is a close that says
the child was seen.

Taught by Leicestershire and Rutland, Baby C: the case was closed "before visiting the family".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from baton.rules.cases import team_of
from baton.rules.closures import began, closures_of, unless_lost, visits
from baton.rules.deadline import answered_in_time
from baton.rules.facts import CaseClosed
from baton.rules.rule import Rule, finding

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from baton.rules.chronology import Chronology
    from baton.rules.outcome import Finding
    from baton.rules.policy import Policy

SLUG = "closed-without-visit"


def judge(told: Chronology, now: datetime, policy: Policy) -> Iterator[Finding]:
    """Ask of each closing of this case whether the family had been visited."""
    for closure in closures_of(told):
        closed = closure.first
        terms = policy.terms(SLUG, closed.occurred_at, closed.authority)
        met = answered_in_time(
            visits(told, terms.words("seen")),
            since=began(told, closure),
            due_at=closed.occurred_at,
            now=now,
            told=told,
            terms=terms,
            authority=closed.authority,
        )
        yield finding(
            SLUG,
            closure.subject,
            told,
            unless_lost(met, told, closure),
            terms,
            trigger=(closed,),
            evidence=closure.openings,
            missing=("VisitCompleted",),
            team=team_of(told, told.about),
        )


RULE = Rule(
    slug=SLUG,
    version=3,
    catalogue="B1",
    reads="case",
    also_reads=frozenset({"person"}),
    triggers=frozenset({CaseClosed}),
    judge=judge,
    sentence="A case closed although no visit had seen the child or a parent since the referral.",
    missing="a visit that saw the child or a parent",
    settings={"answered_by": str, "seen": tuple},
)
