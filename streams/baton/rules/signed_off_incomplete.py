"""Flag an assessment signed off although the work it should rest on is missing.

Found at the authorisation: every item of `evidence_needed` is stated (child seen, both parents met, home seen,
checks, analysis, risk rating), over all authorisations of the assessment together. An unborn child cannot be seen
before birth, and no father be met where it was recorded by then that there is none.

Taught by Leicestershire and Rutland, Baby C: an assessment signed off as "comprehensive" was "only an outline".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from baton.rules.cases import episodes_of, pregnancy_lost, team_of
from baton.rules.checklist import Checklist
from baton.rules.deadline import Met, found_unless
from baton.rules.facts import AssessmentAuthorised, BirthRecorded, HouseholdRecorded
from baton.rules.rule import Rule, finding

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from baton.rules.cases import Episode
    from baton.rules.chronology import Chronology
    from baton.rules.outcome import Finding
    from baton.rules.policy import Policy

SLUG = "signed-off-incomplete"


def judge(told: Chronology, now: datetime, policy: Policy) -> Iterator[Finding]:
    """Ask of each assessment of this case that was signed off what it rests on."""
    by_assessment: dict[str, list[AssessmentAuthorised]] = {}
    for each in told.of(AssessmentAuthorised):
        if each.case == told.about:
            by_assessment.setdefault(each.assessment, []).append(each)
    for assessment, signed in by_assessment.items():
        first = signed[0]
        terms = policy.terms(SLUG, first.occurred_at, first.authority)
        episode = _episode(told, first.occurred_at)
        excused = _excused(told, episode, first.occurred_at)
        needed = Checklist.of(
            {
                item: [each for each in signed if item in each.evidence]
                for item in terms.words("evidence_needed")
                if item not in excused
            }
        )
        met = Met("answered", first.occurred_at)
        if needed.items:
            met = found_unless(needed.answers, at=first.occurred_at, now=now)
        if episode is not None and pregnancy_lost(told, episode, episode.opened.occurred_at, met):
            met = Met("not-asked", met.due_at)
        yield finding(
            SLUG,
            assessment,
            told,
            met,
            terms,
            trigger=(first,),
            evidence=tuple(signed),
            missing=needed.missing() or needed.missing(first.occurred_at),
            team=team_of(told, told.about),
        )


def _episode(told: Chronology, moment: datetime) -> Episode | None:
    """Return the time that the case was open at a moment, or None where nobody told of it."""
    return next((each for each in episodes_of(told, told.about) if each.is_open_at(moment)), None)


def _excused(told: Chronology, episode: Episode | None, moment: datetime) -> frozenset[str]:
    """Return what could not be asked for at a moment."""
    excused = set()
    if episode is not None and episode.unborn:
        born = any(
            each.person in episode.people
            and episode.opened.occurred_at <= each.occurred_at <= moment
            for each in told.of(BirthRecorded)
        )
        if not born:
            excused.add("child_seen")
    households = [
        each
        for each in told.of(HouseholdRecorded)
        if each.case == told.about and each.occurred_at <= moment
    ]
    if any(each.none_stated for each in households) and not any(each.men for each in households):
        excused.add("father_met")
    return frozenset(excused)


RULE = Rule(
    slug=SLUG,
    version=3,
    catalogue="B5",
    reads="case",
    also_reads=frozenset({"person"}),
    triggers=frozenset({AssessmentAuthorised}),
    judge=judge,
    sentence="An assessment signed off although the work it should rest on is missing.",
    missing="what the assessment should rest on",
    settings={"evidence_needed": tuple},
)
