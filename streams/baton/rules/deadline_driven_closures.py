"""Report a team whose unvisited closures and sign-offs cluster in the last days before a deadline.

Judged at the end of each local month, by when the case was closed or its assessment signed off. One counts if no visit
had seen somebody of the family since the referral (else since the opening), and if it came within `last` (two working
days) of the end of the assessment's `deadline` (45 working days from the same moment) and no later. From `count` of
them on, in the team that held the cases by then, it is one alert for the team and the month, with the cases as its
members.

Other deadlines than the assessment's are not in what agencies tell. The reader of the review who asked for this rule
saw the pattern in performance figures; it says nothing of any one case.

Taught by the response to the reviews: visits were "closely monitored" against a limit of days.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from baton.rules.cases import FAMILY, episodes_of, received
from baton.rules.deadline import Met
from baton.rules.facts import AssessmentAuthorised, CaseClosed, VisitCompleted
from baton.rules.holding import held_cases
from baton.rules.months import month_end, month_of
from baton.rules.outcome import Member
from baton.rules.policy import Limit
from baton.rules.rule import Rule, finding

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from baton.rules.chronology import Chronology
    from baton.rules.outcome import Finding
    from baton.rules.policy import Policy, Terms

SLUG = "deadline-driven-closures"


def judge(told: Chronology, now: datetime, policy: Policy) -> Iterator[Finding]:
    """Ask, of each month in which a case of this team was closed or signed off, how many had to be ready by then."""
    by_month: dict[str, list[CaseClosed | AssessmentAuthorised]] = defaultdict(list)
    ends: tuple[CaseClosed | AssessmentAuthorised, ...] = (
        *told.of(CaseClosed),
        *told.of(AssessmentAuthorised),
    )
    cases = held_cases(told)
    for each in sorted(ends, key=lambda each: (each.occurred_at, each.case)):
        case = cases.get(each.case)
        if case is not None and case.team(each.occurred_at) == told.about:
            by_month[month_of(each.occurred_at)].append(each)
    for month, ended in by_month.items():
        terms = policy.terms(SLUG, ended[0].occurred_at, ended[0].authority)
        driven = [each for each in ended if _is_driven(each, told, terms)]
        members = sorted({each.case for each in driven})
        due_at = month_end(month)
        met = Met("waiting", due_at, wake_at=due_at)
        if now >= due_at:
            met = Met("found" if len(members) >= terms.number("count") else "answered", due_at)
        yield finding(
            SLUG,
            month,
            told,
            met,
            terms,
            trigger=tuple(driven or ended),
            members=tuple(Member(key=case) for case in members),
            team=told.about,
        )


def _is_driven(ended: CaseClosed | AssessmentAuthorised, told: Chronology, terms: Terms) -> bool:
    """Say whether a close or a sign-off came unvisited and just before the deadline."""
    at = ended.occurred_at
    began = None
    for episode in episodes_of(told, ended.case):
        if episode.is_open_at(at):
            referral = received(told, episode.referral)
            began = episode.opened.occurred_at if referral is None else referral.occurred_at
    if began is None or not at <= terms.due_after(began, "deadline") <= terms.due_after(at, "last"):
        return False
    return not any(
        each.case == ended.case
        and began <= each.occurred_at <= at
        and FAMILY.intersection(each.seen)
        for each in told.of(VisitCompleted)
    )


RULE = Rule(
    slug=SLUG,
    version=1,
    catalogue="B11",
    reads="team",
    monthly=True,
    triggers=frozenset({CaseClosed, AssessmentAuthorised}),
    judge=judge,
    sentence="A team whose unvisited closures and sign-offs cluster in the last days before a deadline.",
    missing="a look by a quality analyst at how these cases came to be closed or signed off when they were",
    settings={"deadline": Limit, "last": Limit, "count": int},
)
