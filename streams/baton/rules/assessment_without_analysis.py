"""Flag an assessment that was authorised without an analysis.

Due at the authorisation: `analysis` among what the assessment rests on. Nothing stated is no analysis. The same
assessment authorised again, with one, answers late. Whether an analysis is tiny, or copied from another, cannot be
told: its words stay in the agency's own system.

Taught by Leicestershire and Rutland, Baby W: assessments with "no depth of analysis".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from baton.rules.cases import team_of
from baton.rules.deadline import answered_in_time
from baton.rules.facts import AssessmentAuthorised
from baton.rules.rule import Rule, finding

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from baton.rules.chronology import Chronology
    from baton.rules.outcome import Finding
    from baton.rules.policy import Policy

SLUG = "assessment-without-analysis"
ANALYSIS = "analysis"


def judge(told: Chronology, now: datetime, policy: Policy) -> Iterator[Finding]:
    """Ask of each assessment authorised on this case whether it had an analysis."""
    first: dict[str, AssessmentAuthorised] = {}
    for authorised in told.of(AssessmentAuthorised):
        if authorised.case == told.about:
            first.setdefault(authorised.assessment, authorised)
    for assessment, authorised in first.items():
        at = authorised.occurred_at
        terms = policy.terms(SLUG, at, authorised.authority)
        with_analysis = [
            each
            for each in told.of(AssessmentAuthorised)
            if (each.case, each.assessment) == (told.about, assessment)
            and ANALYSIS in each.evidence
        ]
        met = answered_in_time(
            with_analysis,
            since=at,
            due_at=at,
            now=now,
            told=told,
            terms=terms,
            authority=authorised.authority,
        )
        yield finding(
            SLUG,
            assessment,
            told,
            met,
            terms,
            trigger=(authorised,),
            missing=(ANALYSIS,),
            team=team_of(told, told.about),
        )


RULE = Rule(
    slug=SLUG,
    version=1,
    catalogue="B13",
    reads="case",
    triggers=frozenset({AssessmentAuthorised}),
    judge=judge,
    sentence="An assessment that was authorised without an analysis.",
    missing="an analysis in the assessment",
    settings={"answered_by": str},
)
