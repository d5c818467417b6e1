"""Flag an open case whose last worker ended and that nobody took over.

Due `within` (one working day) of the end, or of the reopening of a case that nobody holds: a worker allocated, or
the case closed. At the end of the same day (`urgent_days` local midnights later) where the plan is one of
`urgent_plans`, or where the case is about an unborn child of `urgent_weeks` weeks or more, by the booking of a
person of the case. With or without a transfer; where another worker holds the case there is no gap.

Taught by Sunderland: cases moved between teams in blocks, amid high caseloads and turnover, and fell between them.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from baton.rules.deadline import answered_in_time
from baton.rules.facts import CaseReopened, WorkerEnded
from baton.rules.holding import held_case
from baton.rules.incidents import pregnancies_of
from baton.rules.policy import Limit
from baton.rules.rule import Rule, finding
from baton.rules.working_days import local_date, midnight_after

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from baton.rules.chronology import Chronology
    from baton.rules.holding import HeldCase
    from baton.rules.outcome import Finding
    from baton.rules.policy import Policy, Terms

SLUG = "case-without-worker"
WEEKS_TO_DUE_DATE = 40


def judge(told: Chronology, now: datetime, policy: Policy) -> Iterator[Finding]:
    """Ask of each moment at which this case lost its last worker whether another took it over."""
    case = held_case(told)
    for began, trigger in _gaps(case).items():
        terms = policy.terms(SLUG, began, trigger.authority)
        met = answered_in_time(
            (*case.allocations, *case.closings),
            since=began,
            due_at=_due_at(case, began, told, terms),
            now=now,
            told=told,
            terms=terms,
            authority=trigger.authority,
        )
        yield finding(
            SLUG,
            began,
            told,
            met,
            terms,
            trigger=(trigger,),
            missing=("WorkerAllocated",),
            team=case.team(began),
        )


def _gaps(case: HeldCase) -> dict[datetime, WorkerEnded | CaseReopened]:
    """Return each moment from which nobody held the open case, though somebody had, and what told so."""
    ends = [each.ended for each in case.holdings if each.ended is not None]
    first_end = min((each.occurred_at for each in ends), default=None)
    reopened = [
        each
        for each in case.life
        if isinstance(each, CaseReopened)
        and first_end is not None
        and first_end <= each.occurred_at
    ]
    triggers: list[WorkerEnded | CaseReopened] = [*ends, *reopened]
    found: dict[datetime, WorkerEnded | CaseReopened] = {}
    for trigger in triggers:
        moment = trigger.occurred_at
        if case.is_open(moment) and not case.held_by(moment):
            found.setdefault(moment, trigger)
    return found


def _due_at(case: HeldCase, began: datetime, told: Chronology, terms: Terms) -> datetime:
    if case.plan(began) in terms.words("urgent_plans") or _is_far_gone(case, began, told, terms):
        return midnight_after(began, terms.number("urgent_days"))
    return terms.due_after(began)


def _is_far_gone(case: HeldCase, moment: datetime, told: Chronology, terms: Terms) -> bool:
    """Say whether the case is about an unborn child of so many weeks, at a moment."""
    if not case.is_unborn(moment):
        return False
    before_due = timedelta(weeks=WEEKS_TO_DUE_DATE - terms.number("urgent_weeks"))
    return any(
        pregnancy.covers(moment) and pregnancy.due_date - before_due <= local_date(moment)
        for person in case.people
        for pregnancy in pregnancies_of(told, person)
    )


RULE = Rule(
    slug=SLUG,
    version=2,
    catalogue="C6",
    reads="case",
    also_reads=frozenset({"person"}),
    triggers=frozenset({WorkerEnded}),
    judge=judge,
    sentence="An open case whose last worker ended and that nobody took over.",
    missing="a worker allocated to the case",
    settings={
        "within": Limit,
        "answered_by": str,
        "urgent_plans": tuple,
        "urgent_weeks": int,
        "urgent_days": int,
    },
)
