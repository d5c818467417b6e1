"""Flag a referral about an unborn child that was not assessed before birth, or whose concerns got no outcome.

An assessment authorised, or recorded as a milestone of the pregnancy, is due `within` (45 working days) of the
referral, or at its `milestone` before the due date (six weeks: week 34), or at the birth, whichever is earliest. A
milestone that was past when the referral came is the due date itself. Children's services may decide otherwise: one of
the `declined` outcomes, with its rationale, answers.

At the close of the case every concern of the referral needs an outcome, and the assessment must be there: what is
missing then is due then. A close for one of `excused` reasons (the loss of a pregnancy among them) asks nothing, and
neither does a pregnancy that ended. One alert for a referral: about its case, else about the person it names first; the
pregnancy is that of whom it names who had booked by then or is stated pregnant in the incident that it names, else of
any of them.
The concerns are not named in it: they are health and allegations.

Taught by Leicestershire and Rutland, Baby C: concerns were left "unaddressed".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import TYPE_CHECKING

from baton.rules.cases import episodes_of, received_of, referrals_without_case, team_of
from baton.rules.checklist import Checklist
from baton.rules.deadline import Met, answered_in_time, gravest
from baton.rules.facts import (
    AssessmentAuthorised,
    BirthRecorded,
    CaseOpened,
    ConcernResolved,
    Fact,
    MilestoneRecorded,
    ReferralDecided,
    ReferralReceived,
)
from baton.rules.incidents import Mothers, mothers_among, pregnancies_of
from baton.rules.policy import Limit
from baton.rules.rule import Rule, finding
from baton.rules.unreferred_incident import unless_ended
from baton.rules.working_days import LONDON

if TYPE_CHECKING:
    from collections.abc import Iterator

    from baton.rules.cases import Received
    from baton.rules.chronology import Chronology
    from baton.rules.facts import CaseClosed
    from baton.rules.outcome import Finding
    from baton.rules.policy import Policy, Terms

SLUG = "unborn-concerns-unaddressed"
NO_CONCERN = "21"
ASSESSMENT = "assessment"


@dataclass(frozen=True, slots=True)
class Unborn:
    """A referral about an unborn child: whose records tell of it, who may be the mother, and the case opened for it."""

    referral: ReferralReceived
    mothers: Mothers
    case: str | None = None
    closed: CaseClosed | None = None


def judge(told: Chronology, now: datetime, policy: Policy) -> Iterator[Finding]:
    """Ask of each unborn child's referral of this case what became of it."""
    asked: set[str | None] = set()
    for episode in episodes_of(told, told.about):
        referral = received_of(told).get(episode.referral)
        if referral is None or episode.referral in asked:
            continue
        # The referral's word counts, else that of the case opened for it.
        if not (episode.unborn if referral.about_unborn is None else referral.about_unborn):
            continue
        asked.add(episode.referral)
        people = tuple(dict.fromkeys((*referral.people, *episode.people)))
        unborn = _unborn(told, referral, people, told.about, episode.closed)
        yield _judged(unborn, told, now, policy)


def without_case(told: Chronology, now: datetime, policy: Policy) -> Iterator[Finding]:
    """Ask the same of each unborn child's referral of this person that no case was opened for."""
    for first in referrals_without_case(told):
        referral = received_of(told)[first.referral]
        if referral.about_unborn:
            yield _judged(_unborn(told, referral, referral.people), told, now, policy)


def _unborn(
    told: Chronology,
    referral: Received,
    people: tuple[str, ...],
    case: str | None = None,
    closed: CaseClosed | None = None,
) -> Unborn:
    first = referral.records[0]
    mothers = mothers_among(told, people, first.occurred_at, referral.incidents)
    return Unborn(first, mothers, case, closed)


def _judged(unborn: Unborn, told: Chronology, now: datetime, policy: Policy) -> Finding:
    referral, closed = unborn.referral, unborn.closed
    terms = policy.terms(SLUG, referral.occurred_at, referral.authority)
    excused = closed is not None and closed.reason in terms.words("excused")
    answers = _answers(unborn, told, terms)
    due_at = _due_at(unborn, told, terms)
    if closed is not None and not excused:
        due_at = min(due_at, max(closed.occurred_at, referral.occurred_at))
    assessed = answered_in_time(
        answers,
        since=referral.occurred_at,
        due_at=due_at,
        now=now,
        told=told,
        terms=terms,
        authority=referral.authority,
    )
    clocks = [assessed]
    if closed is not None and not excused:
        clocks.append(
            _concerns(unborn, told).met(
                due_at=closed.occurred_at,
                now=now,
                told=told,
                terms=terms,
                authority=closed.authority,
            )
        )
    met = gravest(clocks)
    met = unless_ended(met, told, referral.occurred_at, unborn.mothers)
    if excused and met.reason in {"waiting", "overdue"} and closed and closed.occurred_at <= due_at:
        met = Met("not-asked", met.due_at)
    return finding(
        SLUG,
        referral.referral,
        told,
        met,
        terms,
        trigger=(referral,),
        evidence=() if closed is None else (closed,),
        missing=_missing(clocks),
        team=None if unborn.case is None else team_of(told, unborn.case),
    )


def _missing(clocks: list[Met]) -> tuple[str, ...]:
    """Return which of the two is not there: the assessment, or an outcome of a concern."""
    names = ("AssessmentAuthorised", "ConcernResolved")
    return tuple(
        name for name, clock in zip(names, clocks, strict=False) if clock.reason != "answered"
    )


def _answers(unborn: Unborn, told: Chronology, terms: Terms) -> list[Fact]:
    declined = [
        each
        for each in told.of(ReferralDecided)
        if each.referral == unborn.referral.referral
        and each.outcome in terms.words("declined")
        and each.rationale_given
    ]
    milestones = [
        each
        for each in told.of(MilestoneRecorded)
        if each.person in unborn.mothers.people and each.milestone == ASSESSMENT
    ]
    authorised = [each for each in told.of(AssessmentAuthorised) if each.case == unborn.case]
    return [*authorised, *milestones, *declined]


def _due_at(unborn: Unborn, told: Chronology, terms: Terms) -> datetime:
    """Return when the assessment is due, whatever becomes of the case."""
    at = unborn.referral.occurred_at
    moments = [terms.due_after(at)]
    moments += [
        each.occurred_at
        for each in told.of(BirthRecorded)
        if each.person in unborn.mothers.people and each.occurred_at >= at
    ]
    before = terms.due_after(at, "milestone") - at
    for person in unborn.mothers.people:
        for pregnancy in pregnancies_of(told, person):
            born = pregnancy.over_at is not None and pregnancy.over_at < at
            due = datetime.combine(pregnancy.due_date, time.min, LONDON)
            moments += [
                each.astimezone(UTC) for each in (due - before, due) if each > at and not born
            ]
    return min(moments)


def _concerns(unborn: Unborn, told: Chronology) -> Checklist:
    """Return the referral's concerns, each with what gave it an outcome."""
    since = unborn.referral.occurred_at
    return Checklist.of(
        {
            concern: [
                each
                for each in told.of(ConcernResolved)
                if each.case == unborn.case
                and each.concern == concern
                and each.occurred_at >= since
            ]
            for concern in unborn.referral.concerns
            if concern != NO_CONCERN
        }
    )


RULE = Rule(
    slug=SLUG,
    version=3,
    catalogue="B6",
    reads="case",
    also_reads=frozenset({"person"}),
    without_case=without_case,
    triggers=frozenset({CaseOpened, ReferralReceived}),
    judge=judge,
    sentence="A referral about an unborn child that was not assessed before birth, or whose concerns got no outcome.",
    missing="a pre-birth assessment, and an outcome for each concern",
    settings={
        "within": Limit,
        "milestone": Limit,
        "declined": tuple,
        "excused": tuple,
        "answered_by": str,
    },
)
