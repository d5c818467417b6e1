"""Flag an assessment signed off, or a case closed, before a check on every man of the household had come back.

Due at the authorisation and at the close: for each man that a household record had named by then (father, partner,
other men), an agency's answer about him. Where no household was recorded by the authorisation, neither men nor that
there are none, the assessment did not look for the father: any returned check, or "agency checks" among its evidence,
says that it did. At a close only the men on record are asked about. One alert for the case, however many men,
assessments and closes.

Taught by Leicestershire and Rutland, Baby C: there was "no police information regarding father".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from baton.rules.cases import episodes_of, pregnancy_lost, team_of
from baton.rules.checklist import Checklist
from baton.rules.closures import closures_of
from baton.rules.deadline import GRAVEST_FIRST, Met, gravest
from baton.rules.facts import (
    AgencyCheckReturned,
    AssessmentAuthorised,
    CaseClosed,
    HouseholdRecorded,
)
from baton.rules.rule import Rule, finding

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from baton.rules.chronology import Chronology
    from baton.rules.facts import Fact
    from baton.rules.outcome import Finding
    from baton.rules.policy import Policy, Terms

SLUG = "adult-checks-missing"
CHECKED = "agency_checks"
Trigger = AssessmentAuthorised | CaseClosed


def judge(told: Chronology, now: datetime, policy: Policy) -> Iterator[Finding]:
    """Ask of each signature and close of this case whether the men had been checked by then."""
    signed = [each for each in told.of(AssessmentAuthorised) if each.case == told.about]
    triggers: list[Trigger] = [*signed, *(closure.first for closure in closures_of(told))]
    clocks = []
    for trigger in triggers:
        terms = policy.terms(SLUG, trigger.occurred_at, trigger.authority)
        clocks.append((_met(trigger, told, now, terms), trigger, terms))
    if not clocks:
        return
    worst, trigger, terms = min(
        clocks, key=lambda clock: (GRAVEST_FIRST.index(clock[0].reason), clock[0].due_at)
    )
    whole = gravest(met for met, _, _ in clocks)
    yield finding(
        SLUG,
        told.about,
        told,
        whole,
        terms,
        trigger=(trigger,),
        evidence=_recorded_by(told, worst.due_at),
        missing=("AgencyCheckReturned",),
        team=team_of(told, told.about),
    )


def _recorded(told: Chronology) -> list[HouseholdRecorded]:
    return [each for each in told.of(HouseholdRecorded) if each.case == told.about]


def _recorded_by(told: Chronology, moment: datetime) -> tuple[HouseholdRecorded, ...]:
    return tuple(each for each in _recorded(told) if each.occurred_at <= moment)


def _met(trigger: Trigger, told: Chronology, now: datetime, terms: Terms) -> Met:
    households = _recorded_by(told, trigger.occurred_at)
    checks = [each for each in told.of(AgencyCheckReturned) if each.case == told.about]
    due: dict[str, list[Fact]] = {
        man: [each for each in checks if each.about == man]
        for each in households
        for man in each.men
    }
    stated = bool(due) or any(each.none_stated for each in households)
    if isinstance(trigger, AssessmentAuthorised) and not stated and CHECKED not in trigger.evidence:
        due["father"] = [*checks, *(each for each in _recorded(told) if each.none_stated)]
    met = Checklist.of(due).met(
        due_at=trigger.occurred_at,
        now=now,
        told=told,
        terms=terms,
        authority=trigger.authority,
    )
    for episode in episodes_of(told, told.about):
        if episode.is_open_at(trigger.occurred_at) and pregnancy_lost(
            told, episode, episode.opened.occurred_at, met
        ):
            return Met("not-asked", met.due_at)
    return met


RULE = Rule(
    slug=SLUG,
    version=3,
    catalogue="B4",
    reads="case",
    also_reads=frozenset({"person"}),
    triggers=frozenset({AssessmentAuthorised, CaseClosed}),
    judge=judge,
    sentence="An assessment signed off, or a case closed, before every man of the household was checked.",
    missing="an agency's answer about each man of the household",
    settings={"answered_by": str},
)
