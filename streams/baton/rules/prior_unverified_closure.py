"""Flag a family whose case was closed without anybody having verified it, and who come to notice again.

Asked by each new booking, birth or incident within `look_back` (24 months) of a close that B1, B3 or B5 flagged. Due at
once: a second look since the close, which is a case of the family opened or an assessment started by children's
services, or a visit of any agency that saw somebody; or a case of children's services still open. That another agency
holds a case (early help) is no look. One alert for the person, which later events join. An incident is told of the
person whom the closed case named first among those who took part. A booking whose pregnancy ended asks nothing.

A visit to an emergency department, which the review names too, is no record of the contract: it is seen only as the
incident or referral that follows it.

Taught by Leicestershire and Rutland, Baby C: injured "over a year later" than the closure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from baton.rules.cases import FAMILY, cases_named, episodes_of
from baton.rules.deadline import Met, answered_in_time, gravest
from baton.rules.facts import (
    CHILDRENS_SOCIAL_CARE,
    AssessmentStarted,
    BirthRecorded,
    CaseOpened,
    CaseReopened,
    Fact,
    IncidentRecorded,
    PregnancyBooked,
    VisitCompleted,
)
from baton.rules.incidents import ended_after, incidents_of
from baton.rules.policy import Limit
from baton.rules.rule import Rule, finding
from baton.rules.unverified import unverified_closures

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from baton.rules.chronology import Chronology
    from baton.rules.outcome import Finding
    from baton.rules.policy import Policy
    from baton.rules.unverified import Unverified

SLUG = "prior-unverified-closure"


def judge(told: Chronology, now: datetime, policy: Policy) -> Iterator[Finding]:
    """Ask of everything new about this person whether an earlier close must be looked at again."""
    closures = list(unverified_closures(told, told.about, now, policy))
    asked = [
        (closure, event)
        for closure in closures
        for event in _events(told, closure)
        if closure.closed.occurred_at < event.occurred_at <= _looked_back_until(closure, policy)
    ]
    if not asked:
        return
    events = sorted(
        {id(event): event for _, event in asked}.values(), key=lambda each: each.occurred_at
    )
    terms = policy.terms(SLUG, events[0].occurred_at, events[0].authority)
    yield finding(
        SLUG,
        "family",
        told,
        gravest(_met(told, closure, event, now, policy) for closure, event in asked),
        terms,
        trigger=tuple(events),
        evidence=tuple(closure.closed for closure, _ in asked),
        missing=("CaseReopened",),
    )


def _events(told: Chronology, closure: Unverified) -> Iterator[Fact]:
    """Give what brings this person to notice."""
    for booked in told.of(PregnancyBooked):
        if (
            booked.person == told.about
            and ended_after(told, told.about, booked.occurred_at) is None
        ):
            yield booked
    for born in told.of(BirthRecorded):
        if born.person == told.about:
            yield born
    for incident in incidents_of(told):
        took_part = {party.person for record in incident.told for party in record.people or ()}
        if next((each for each in closure.people if each in took_part), None) == told.about:
            yield incident.first


def _looked_back_until(closure: Unverified, policy: Policy) -> datetime:
    closed = closure.closed
    return policy.terms(SLUG, closed.occurred_at, closed.authority).due_after(
        closed.occurred_at, "look_back"
    )


def _met(told: Chronology, closure: Unverified, event: Fact, now: datetime, policy: Policy) -> Met:
    closed_at = closure.closed.occurred_at
    cases = cases_named(told, told.about)
    for case in cases:
        for episode in episodes_of(told, case):
            opened = next(filter(_is_ours, episode.openings), None)
            if (
                opened is not None
                and episode.is_open_at(event.occurred_at)
                and episode.closed_at != closed_at
            ):
                return Met("answered", event.occurred_at, opened)
    looks: tuple[CaseOpened | CaseReopened | AssessmentStarted | VisitCompleted, ...] = (
        *filter(_is_ours, told.of(CaseOpened)),
        *filter(_is_ours, told.of(CaseReopened)),
        *filter(_is_ours, told.of(AssessmentStarted)),
        *(each for each in told.of(VisitCompleted) if FAMILY.intersection(each.seen)),
    )
    return answered_in_time(
        (each for each in looks if each.case in cases and each.occurred_at > closed_at),
        since=closed_at,
        due_at=event.occurred_at,
        now=now,
        told=told,
        terms=policy.terms(SLUG, event.occurred_at, event.authority),
        authority=event.authority,
    )


def _is_ours(fact: Fact) -> bool:
    """Say whether children's services tell it: another agency that holds a case has not looked at theirs again."""
    return fact.agency == CHILDRENS_SOCIAL_CARE


RULE = Rule(
    slug=SLUG,
    version=2,
    catalogue="B14",
    reads="person",
    also_reads=frozenset({"case"}),
    triggers=frozenset({PregnancyBooked, BirthRecorded, IncidentRecorded}),
    judge=judge,
    sentence="A family whose case was closed without anybody having verified it, and who come to notice again.",
    missing="a second look at the family whose case was closed",
    settings={"look_back": Limit, "answered_by": str},
)
