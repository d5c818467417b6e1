"""Flag a family that was accepted for help and that nobody has reached, or taken to supervision, in time.

The clock starts when the case is opened or an assessment is decided, whichever is earlier. Due `within` (five working
days), told to the team manager; unanswered at `escalated_within` (ten), it is one step more serious and goes to the
head of service. A decision to hold a strategy discussion leaves `within_strategy` (one working day). A visit that saw
somebody of the family, a contact, or a supervision entry answers; an attempt does not. A close before the due moment
ends the question, for what was not done by then is asked at the close.

Without a case it is about the person whom the referral names first.

Taught by Leicestershire and Rutland, Baby C: "unable to contact mother" for a month, when ten days were the limit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from baton.rules.cases import (
    FAMILY,
    decided,
    episodes_of,
    pregnancy_lost,
    received,
    team_of,
)
from baton.rules.deadline import Met
from baton.rules.facts import (
    CaseOpened,
    CaseReopened,
    ContactMade,
    Fact,
    ReferralDecided,
    SupervisionRecorded,
    VisitCompleted,
)
from baton.rules.policy import Limit
from baton.rules.rule import Rule, finding
from baton.rules.steps import Step, decided_without_case, stands

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from baton.rules.chronology import Chronology
    from baton.rules.outcome import Finding
    from baton.rules.policy import Policy, Terms

SLUG = "family-not-contacted"
STRATEGY_DISCUSSION = "strategy_discussion"


def judge(told: Chronology, now: datetime, policy: Policy) -> Iterator[Finding]:
    """Ask of each time that this case was open whether the family was reached."""
    for episode in episodes_of(told, told.about):
        opened = episode.opened
        terms = policy.terms(SLUG, opened.occurred_at, opened.authority)
        decision = decided(told, episode.referral, terms.words("decisions"))
        started = (
            opened if decision is None or decision.occurred_at > opened.occurred_at else decision
        )
        terms = policy.terms(SLUG, started.occurred_at, started.authority)
        referral = received(told, episode.referral)
        met, step = stands(
            _steps(started.occurred_at, decision, terms),
            _answers(told, terms),
            since=min(each.occurred_at for each in (referral, started) if each is not None),
            now=now,
            told=told,
            terms=terms,
            authority=started.authority,
            ended_at=episode.closed_at,
        )
        if pregnancy_lost(told, episode, started.occurred_at, met):
            met = Met("not-asked", met.due_at)
        yield finding(
            SLUG,
            episode.referral or f"{opened.occurred_at:%Y-%m-%d}",
            told,
            met,
            terms,
            trigger=(started,),
            evidence=() if decision is None else (decision,),
            missing=("ContactMade", "VisitCompleted", "SupervisionRecorded"),
            team=team_of(told, told.about),
            severity=step.severity,
            tell=step.tell,
        )


def without_case(told: Chronology, now: datetime, policy: Policy) -> Iterator[Finding]:
    """Ask of each referral of this person that was accepted, and that no case was opened for."""
    return decided_without_case(
        SLUG,
        told,
        now,
        policy,
        steps=lambda decision, terms: _steps(decision.occurred_at, decision, terms),
        missing=("CaseOpened", "ContactMade"),
    )


def _steps(start: datetime, decision: ReferralDecided | None, terms: Terms) -> Iterator[Step]:
    yield Step(terms.due_after(start), terms.severity, terms.tell)
    yield Step(
        terms.due_after(start, "escalated_within"),
        terms.number("severity_escalated"),
        terms.words("tell_escalated"),
    )
    if decision is not None and decision.outcome == STRATEGY_DISCUSSION:
        yield Step(
            terms.due_after(decision.occurred_at, "within_strategy"), terms.severity, terms.tell
        )


def _answers(told: Chronology, terms: Terms) -> list[Fact]:
    answers: list[ContactMade | VisitCompleted | SupervisionRecorded] = [
        *told.of(ContactMade),
        *(each for each in told.of(VisitCompleted) if FAMILY.intersection(each.seen)),
    ]
    if terms.flag("supervision_answers"):
        answers += told.of(SupervisionRecorded)
    return [each for each in answers if each.case == told.about]


RULE = Rule(
    slug=SLUG,
    version=3,
    catalogue="B2",
    reads="case",
    also_reads=frozenset({"person"}),
    without_case=without_case,
    triggers=frozenset({CaseOpened, CaseReopened, ReferralDecided}),
    judge=judge,
    sentence="A family accepted for help that nobody has reached, or taken to supervision, in time.",
    missing="a contact with the family, or a supervision entry about there being none",
    settings={
        "within": Limit,
        "escalated_within": Limit,
        "within_strategy": Limit,
        "decisions": tuple,
        "supervision_answers": bool,
        "severity_escalated": int,
        "tell_escalated": tuple,
        "answered_by": str,
    },
)
