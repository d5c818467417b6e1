"""Flag an incident whose pregnancy only a later booking shows, and that nothing has answered since.

From the booking, a referral (or a recorded notification) is due within `within` (one working day, at most 72
hours). One that came between the incident and the booking answers too.

Taught by Leicestershire and Rutland, Baby C: health did not know of the incident, and the police did not know of
the pregnancy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from baton.rules.deadline import answered_in_time
from baton.rules.facts import PregnancyBooked
from baton.rules.incidents import answers_to, incidents_of, pregnancy_known
from baton.rules.policy import Limit
from baton.rules.rule import Rule, finding
from baton.rules.unreferred_incident import unless_ended

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from baton.rules.chronology import Chronology
    from baton.rules.outcome import Finding
    from baton.rules.policy import Policy

SLUG = "pregnancy-learned-late"


def judge(told: Chronology, now: datetime, policy: Policy) -> Iterator[Finding]:
    """Ask of each incident that a later booking covers whether it was answered."""
    for incident in incidents_of(told):
        authority = incident.first.authority
        counts = policy.terms(SLUG, incident.occurred_at, authority).words("counts_as_pregnant")
        known = pregnancy_known(incident, told.about, told, counts)
        if known is None or not known.learned_late:
            continue
        terms = policy.terms(SLUG, known.since, authority)
        met = answered_in_time(
            answers_to(incident, told.about, told),
            since=incident.occurred_at,
            due_at=terms.due_after(known.since),
            now=now,
            told=told,
            terms=terms,
            authority=authority,
        )
        yield finding(
            SLUG,
            incident.incident_id,
            told,
            unless_ended(met, told, incident.occurred_at),
            terms,
            trigger=known.facts,
            evidence=(incident.first,),
            missing=("ReferralReceived",),
        )


RULE = Rule(
    slug=SLUG,
    version=1,
    catalogue="A3",
    reads="person",
    triggers=frozenset({PregnancyBooked}),
    judge=judge,
    sentence="An incident whose pregnancy only a later booking shows, and that nothing has answered.",
    missing="a referral, or a notification recorded by children's services",
    settings={"within": Limit, "answered_by": str, "counts_as_pregnant": tuple},
)
