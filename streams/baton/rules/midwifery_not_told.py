"""Flag a referral about an unborn child of which midwifery has not been told, or has not said that it knows.

Due `within` (one working day) of the referral: an agency told midwifery of the referral or of the mother, and
midwifery acknowledged it then or later. A referral by midwifery itself needs neither.

It is about the mother. A referral may name several people, perhaps a sibling first: then it is about each who had
booked by then, or whom the incident that it names states to be pregnant, and with these about each who books later.
Where nobody of them is known to expect a child, it is about whom it names first; midwifery may be told of any of them,
and the pregnancy of any of them may have ended, unless another's is known and has not. Of two women of whom one had
booked it cannot be told that the other is the mother: nothing is asked about her until she books or is stated pregnant.

Taught by Leicestershire and Rutland: a "robust relationship" between children's services and midwifery.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from baton.rules.cases import received_of
from baton.rules.deadline import answered_in_time, first
from baton.rules.facts import AgencyInformed, InformationAcknowledged, ReferralReceived
from baton.rules.incidents import Mothers, expecting
from baton.rules.policy import Limit
from baton.rules.rule import Rule, finding
from baton.rules.unreferred_incident import unless_ended
from baton.rules.whom import referral_is_about

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from baton.rules.cases import Received
    from baton.rules.chronology import Chronology
    from baton.rules.outcome import Finding
    from baton.rules.policy import Policy

SLUG = "midwifery-not-told"
MIDWIFERY = "midwifery"


def judge(told: Chronology, now: datetime, policy: Policy) -> Iterator[Finding]:
    """Ask of each referral about this woman's unborn child whether midwifery knows of it."""
    for referral in received_of(told).values():
        trigger = next((each for each in referral.records if each.about_unborn), None)
        if trigger is None or any(each.agency == MIDWIFERY for each in referral.records):
            continue
        terms = policy.terms(SLUG, trigger.occurred_at, trigger.authority)
        mothers = _mothers(referral, trigger, told, terms.words("counts_as_pregnant"))
        if mothers is None:
            continue
        informed = first(
            (
                each
                for each in told.of(AgencyInformed)
                if each.to_agency == MIDWIFERY and _concerns(each, trigger.referral, mothers)
            ),
            trigger.occurred_at,
        )
        acknowledged = [
            each
            for each in told.of(InformationAcknowledged)
            if each.agency == MIDWIFERY
            and _concerns(each, trigger.referral, mothers)
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
            trigger.referral,
            told,
            unless_ended(met, told, trigger.occurred_at, mothers),
            terms,
            trigger=(trigger,),
            evidence=() if informed is None else (informed,),
            missing=(*not_told, "InformationAcknowledged"),
        )


def _mothers(
    referral: Received, trigger: ReferralReceived, told: Chronology, counts: tuple[str, ...]
) -> Mothers | None:
    """Return who may be the mother, if a question about her is about this chronology's person; else None."""
    known = expecting(told, referral.people, trigger.occurred_at, referral.incidents, counts)
    if known:
        return Mothers((told.about,), are_known=True) if told.about in known else None
    if not referral_is_about(referral.records, told, counts):
        return None
    return Mothers(referral.people or (told.about,), are_known=False)


def _concerns(
    fact: AgencyInformed | InformationAcknowledged, referral: str, mothers: Mothers
) -> bool:
    """Say whether information is about this referral: it names it, or the mother and no other referral."""
    return fact.referral == referral or (
        fact.referral is None and not set(mothers.people).isdisjoint(fact.people)
    )


RULE = Rule(
    slug=SLUG,
    version=2,
    catalogue="A9",
    reads="person",
    triggers=frozenset({ReferralReceived}),
    judge=judge,
    sentence="A referral about an unborn child that midwifery was not told of, or has not acknowledged.",
    missing="midwifery told of the referral, and its acknowledgement",
    settings={"within": Limit, "answered_by": str, "counts_as_pregnant": tuple},
)
