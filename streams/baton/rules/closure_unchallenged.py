"""Flag a case closed by its own worker, or closed unvisited with nobody else having looked at it.

Found at the close. A second person is one who is stated not to be the case's worker, or whose role (`second_roles`:
manager, head of service) says so. Without one, a visit that saw somebody of `seen` since the referral must stand
behind the close; a close by the case's own worker needs a second person whatever was visited.

Taught by Leicestershire and Rutland: a closure on a deadline passed unchallenged (a reader's comment on the review).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from baton.rules.cases import team_of
from baton.rules.closures import began, closures_of, unless_lost, visits
from baton.rules.deadline import answered_in_time, found_unless
from baton.rules.facts import CaseClosed
from baton.rules.rule import Rule, finding

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from baton.rules.chronology import Chronology
    from baton.rules.closures import Closure
    from baton.rules.deadline import Met
    from baton.rules.outcome import Finding
    from baton.rules.policy import Policy, Terms

SLUG = "closure-unchallenged"


def judge(told: Chronology, now: datetime, policy: Policy) -> Iterator[Finding]:
    """Ask of each closing of this case who besides its worker looked at it."""
    for closure in closures_of(told):
        closed = closure.first
        terms = policy.terms(SLUG, closed.occurred_at, closed.authority)
        yield finding(
            SLUG,
            closure.subject,
            told,
            unless_lost(_met(closure, told, now, terms), told, closure),
            terms,
            trigger=(closed,),
            evidence=closure.records,
            missing=("CaseClosed",),
            team=team_of(told, told.about),
        )


def _met(closure: Closure, told: Chronology, now: datetime, terms: Terms) -> Met:
    closed_at = closure.first.occurred_at
    seconded = [each for each in closure.records if _has_second(each, terms)]
    at_once = found_unless(seconded, at=closed_at, now=now)
    own_worker = any(
        each.by_case_worker for each in closure.records if each.occurred_at == closed_at
    )
    if at_once.reason == "answered" or own_worker:
        return at_once
    return answered_in_time(
        (*visits(told, terms.words("seen")), *seconded),
        since=began(told, closure),
        due_at=closed_at,
        now=now,
        told=told,
        terms=terms,
        authority=closure.first.authority,
    )


def _has_second(closed: CaseClosed, terms: Terms) -> bool:
    if closed.by_case_worker is not None:
        return not closed.by_case_worker
    return closed.role in terms.words("second_roles")


RULE = Rule(
    slug=SLUG,
    version=3,
    catalogue="B16",
    reads="case",
    also_reads=frozenset({"person"}),
    triggers=frozenset({CaseClosed}),
    judge=judge,
    sentence="A case closed by its own worker, or closed unvisited with no second person.",
    missing="a second person's authorisation of the close",
    settings={"answered_by": str, "seen": tuple, "second_roles": tuple},
)
