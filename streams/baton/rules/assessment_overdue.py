"""Flag an assessment that was not authorised in time, and warn before.

Due `within` (45 working days) of the referral, where the case was opened for one, else of the start of the assessment;
one that was decided and never started, of the decision. `first_warning`, `second_warning` and `last_warning` (10, 20
and 35 working days) raise the same alert early, each with its own severity. Of a referral's case the first assessment
started since belongs to it; later ones have a clock of their own. A close before the due moment ends the question.

Without a case it is about the person whom the referral names first.

Taught by Leicestershire and Rutland, Baby W: assessments "out-of-timescale".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from baton.rules.cases import (
    Episode,
    decided,
    episodes_of,
    pregnancy_lost,
    received,
    team_of,
)
from baton.rules.deadline import Met
from baton.rules.facts import AssessmentAuthorised, AssessmentStarted, Fact, ReferralDecided
from baton.rules.policy import Limit
from baton.rules.rule import Rule, finding
from baton.rules.steps import Step, decided_without_case, stands

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from baton.rules.chronology import Chronology
    from baton.rules.outcome import Finding
    from baton.rules.policy import Policy, Terms

SLUG = "assessment-overdue"
WARNINGS = ("first_warning", "second_warning", "last_warning")


@dataclass(frozen=True, slots=True)
class Clock:
    """One assessment that is due: what it is known by, the fact from which it runs, and what would answer it."""

    subject: str
    start: Fact
    trigger: Fact
    answers: tuple[AssessmentAuthorised, ...]
    episode: Episode | None


def judge(told: Chronology, now: datetime, policy: Policy) -> Iterator[Finding]:
    """Ask of each assessment of this case whether it was authorised."""
    for clock in clocks_of(told, policy):
        start = clock.start.occurred_at
        terms = policy.terms(SLUG, start, clock.start.authority)
        met, step = stands(
            _steps(start, terms),
            clock.answers,
            since=start,
            now=now,
            told=told,
            terms=terms,
            authority=clock.start.authority,
            ended_at=None if clock.episode is None else clock.episode.closed_at,
        )
        if clock.episode is not None and pregnancy_lost(told, clock.episode, start, met):
            met = Met("not-asked", met.due_at)
        yield finding(
            SLUG,
            clock.subject,
            told,
            met,
            terms,
            trigger=(clock.trigger,),
            evidence=(clock.start,),
            missing=("AssessmentAuthorised",),
            team=team_of(told, told.about),
            severity=step.severity,
            tell=step.tell,
        )


def clocks_of(told: Chronology, policy: Policy) -> Iterator[Clock]:
    """Give each assessment that is, or was, due on this case."""
    begun: dict[str, AssessmentStarted] = {}
    for each in told.of(AssessmentStarted):
        if each.case == told.about:
            begun.setdefault(each.assessment, each)
    authorised = [each for each in told.of(AssessmentAuthorised) if each.case == told.about]
    episodes = episodes_of(told, told.about)
    for episode in episodes:
        if episode.referral is None:
            continue
        referral = received(told, episode.referral)
        since = min(each.occurred_at for each in (referral, episode.opened) if each is not None)
        first = next(
            (
                each
                for each in begun.values()
                if since <= each.occurred_at
                and (episode.closed_at is None or each.occurred_at <= episode.closed_at)
            ),
            None,
        )
        if first is not None:
            del begun[first.assessment]
            answers = tuple(each for each in authorised if each.assessment == first.assessment)
            yield Clock(episode.referral, referral or first, first, answers, episode)
            continue
        terms = policy.terms(SLUG, since, episode.opened.authority)
        decision = decided(told, episode.referral, terms.words("decisions"))
        if decision is not None:
            yield Clock(episode.referral, decision, decision, tuple(authorised), episode)
    for assessment, start in begun.items():
        answers = tuple(each for each in authorised if each.assessment == assessment)
        during = next((each for each in episodes if each.is_open_at(start.occurred_at)), None)
        yield Clock(assessment, start, start, answers, during)


def without_case(told: Chronology, now: datetime, policy: Policy) -> Iterator[Finding]:
    """Ask of each referral of this person that an assessment was decided for, and that no case was opened for."""
    return decided_without_case(
        SLUG,
        told,
        now,
        policy,
        steps=lambda decision, terms: _steps(decision.occurred_at, terms),
        missing=("AssessmentStarted", "AssessmentAuthorised"),
    )


def _steps(start: datetime, terms: Terms) -> Iterator[Step]:
    for warning in WARNINGS:
        severity = terms.number(f"severity_{warning}")
        yield Step(
            terms.due_after(start, warning), severity, terms.words("tell_warned"), warns=True
        )
    yield Step(terms.due_after(start), terms.severity, terms.tell)


RULE = Rule(
    slug=SLUG,
    version=3,
    catalogue="B12",
    reads="case",
    also_reads=frozenset({"person"}),
    without_case=without_case,
    triggers=frozenset({AssessmentStarted, ReferralDecided}),
    judge=judge,
    sentence="An assessment that was not authorised in time.",
    missing="an authorised assessment",
    settings={
        "within": Limit,
        **dict.fromkeys(WARNINGS, Limit),
        **{f"severity_{warning}": int for warning in WARNINGS},
        "tell_warned": tuple,
        "decisions": tuple,
        "answered_by": str,
    },
)
