"""Flag a referral about an unborn child of which midwifery has not been told, or has not said that it knows.

Due `within` (one working day) of the referral: an agency told midwifery of the referral or of the mother, and
midwifery acknowledged it then or later. A referral by midwifery itself needs neither.

Taught by Leicestershire and Rutland: a "robust relationship" between children's services and midwifery.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from baton.rules.deadline import answered_in_time, first
from baton.rules.facts import AgencyInformed, InformationAcknowledged, ReferralReceived
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
    referrals: dict[str, list[ReferralReceived]] = {}
    for each in told.of(ReferralReceived):
        referrals.setdefault(each.referral, []).append(each)
    for referral_id, received in referrals.items():
        unborn = [each for each in received if each.about_unborn]
        if not unborn or any(each.agency == MIDWIFERY for each in received):
            continue
        trigger = unborn[0]
        terms = policy.terms(SLUG, trigger.occurred_at, trigger.authority)
        if not referral_is_about(tuple(received), told, terms.words("counts_as_pregnant")):
            continue
        informed = first(
            (
                each
                for each in told.of(AgencyInformed)
                if each.to_agency == MIDWIFERY and _concerns(each, referral_id, told.about)
            ),
            trigger.occurred_at,
        )
        acknowledged = [
            each
            for each in told.of(InformationAcknowledged)
            if each.agency == MIDWIFERY
            and _concerns(each, referral_id, told.about)
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
        not_told = () if informed is not None else ("AgencyInformed",)
        yield finding(
            SLUG,
            referral_id,
            told,
            unless_ended(met, told, trigger.occurred_at),
            terms,
            trigger=(trigger,),
            evidence=() if informed is None else (informed,),
            missing=(*not_told, "InformationAcknowledged"),
        )


def _concerns(
    fact: AgencyInformed | InformationAcknowledged, referral_id: str, mother: str
) -> bool:
    """Say whether information is about this referral: it names it, or names the mother and no other referral."""
    return fact.referral == referral_id or (fact.referral is None and mother in fact.people)


RULE = Rule(
    slug=SLUG,
    version=1,
    catalogue="A9",
    reads="person",
    triggers=frozenset({ReferralReceived}),
    judge=judge,
    sentence="A referral about an unborn child that midwifery was not told of, or has not acknowledged.",
    missing="midwifery told of the referral, and its acknowledgement",
    settings={"within": Limit, "answered_by": str, "counts_as_pregnant": tuple},
)
