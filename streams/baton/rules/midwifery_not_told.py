"""Flag a referral about an unborn child of which midwifery has not been told, or has not said that it knows.

Due `within` (one working day) of the referral: an agency told midwifery of the referral or of the mother, and
midwifery acknowledged it then or later. A referral by midwifery itself needs neither.

It is about the mother. Where a referral names several people, perhaps a sibling first, that is each who had booked by
then or whom the incident that it names states to be pregnant; where that is nobody, whom it names first, and then
midwifery may be told of any of them, and the pregnancy of any of them may have ended.

Taught by Leicestershire and Rutland: a "robust relationship" between children's services and midwifery.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from baton.rules.deadline import Met, answered_in_time, first
from baton.rules.facts import AgencyInformed, InformationAcknowledged, ReferralReceived
from baton.rules.incidents import pregnancies_of, stated_pregnant, told_of
from baton.rules.policy import Limit
from baton.rules.rule import Rule, finding
from baton.rules.unreferred_incident import unless_ended
from baton.rules.whom import referral_is_about

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from baton.rules.chronology import Chronology
    from baton.rules.outcome import Finding
    from baton.rules.policy import Policy

SLUG = "midwifery-not-told"
MIDWIFERY = "midwifery"


def judge(told: Chronology, now: datetime, policy: Policy) -> Iterator[Finding]:
    """Ask of each referral about this woman's unborn child whether midwifery knows of it."""
    for referral_id, received, trigger in _about_unborn(told):
        terms = policy.terms(SLUG, trigger.occurred_at, trigger.authority)
        counts = terms.words("counts_as_pregnant")
        others = _others(received, told.about)
        is_mother = _expects(told.about, received, trigger, told, counts)
        if not is_mother and not referral_is_about(received, told, counts):
            continue
        mothers = {told.about} if is_mother else {told.about, *others}
        informed = first(
            (
                each
                for each in told.of(AgencyInformed)
                if each.to_agency == MIDWIFERY and _concerns(each, referral_id, mothers)
            ),
            trigger.occurred_at,
        )
        acknowledged = [
            each
            for each in told.of(InformationAcknowledged)
            if each.agency == MIDWIFERY
            and _concerns(each, referral_id, mothers)
            and informed is not None
            and each.occurred_at >= informed.occurred_at
        ]
        met = answered_in_time(
            acknowledged,
            since=trigger.occurred_at,
            due_at=terms.due_after(trigger.occurred_at),
            now=now,
            told=told,
            terms=terms,
            authority=trigger.authority,
        )
        for each in sorted(mothers):
            met = unless_ended(met, told, trigger.occurred_at, each)
        if not is_mother and any(
            _expects(each, received, trigger, told, counts) for each in others
        ):
            met = Met("not-asked", met.due_at)
        not_told = () if informed is not None else ("AgencyInformed",)
        yield finding(
            SLUG,
            referral_id,
            told,
            met,
            terms,
            trigger=(trigger,),
            evidence=() if informed is None else (informed,),
            missing=(*not_told, "InformationAcknowledged"),
            awaits=others,
        )


def _about_unborn(
    told: Chronology,
) -> Iterator[tuple[str, tuple[ReferralReceived, ...], ReferralReceived]]:
    """Give the referrals about an unborn child, by others than midwifery, each with the record that first says so."""
    referrals: dict[str, list[ReferralReceived]] = {}
    for each in told.of(ReferralReceived):
        referrals.setdefault(each.referral, []).append(each)
    for referral_id, received in referrals.items():
        unborn = next((each for each in received if each.about_unborn), None)
        if unborn is not None and all(each.agency != MIDWIFERY for each in received):
            yield referral_id, tuple(received), unborn


def _others(received: tuple[ReferralReceived, ...], person: str) -> tuple[str, ...]:
    """Return whom a referral names besides, if it names this person first."""
    people = tuple(dict.fromkeys(each for record in received for each in record.people))
    return people[1:] if people[:1] == (person,) else ()


def others_named(told: Chronology, policy: Policy) -> tuple[str, ...]:  # noqa: ARG001 (asked of every rule)
    """Return the persons whose facts the rule needs: one of them may be the mother, and not whom it names first."""
    return tuple(
        dict.fromkeys(
            each for _, received, _ in _about_unborn(told) for each in _others(received, told.about)
        )
    )


def _expects(
    person: str,
    received: tuple[ReferralReceived, ...],
    trigger: ReferralReceived,
    told: Chronology,
    counts: tuple[str, ...],
) -> bool:
    """Say whether a person whom a referral names is known to be the mother: booked by then, or stated pregnant."""
    if not any(person in each.people for each in received):
        return False
    named = {each.incident for each in received}
    return any(
        each.booking.occurred_at <= trigger.occurred_at and each.covers(trigger.occurred_at)
        for each in pregnancies_of(told, person)
    ) or any(
        stated_pregnant(each, person, counts) for each in told_of(told) if each.incident_id in named
    )


def _concerns(
    fact: AgencyInformed | InformationAcknowledged, referral_id: str, mothers: set[str]
) -> bool:
    """Say whether information is about this referral: it names it, or names the mother and no other referral."""
    return fact.referral == referral_id or (
        fact.referral is None and not mothers.isdisjoint(fact.people)
    )


RULE = Rule(
    slug=SLUG,
    version=2,
    catalogue="A9",
    reads="person",
    also_reads=frozenset({"person"}),
    also_named=others_named,
    triggers=frozenset({ReferralReceived}),
    judge=judge,
    sentence="A referral about an unborn child that midwifery was not told of, or has not acknowledged.",
    missing="midwifery told of the referral, and its acknowledgement",
    settings={"within": Limit, "answered_by": str, "counts_as_pregnant": tuple},
)
