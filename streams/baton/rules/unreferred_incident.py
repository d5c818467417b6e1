"""Flag a domestic incident involving a pregnancy that nothing answered in time.

Within `within` (one working day, at most 72 hours) of the incident, or of the update that first said she was
pregnant, children's services must have a referral for her, or record a notification that names the incident.
A pregnancy known only from a later booking is A3's.

Taught by Leicestershire and Rutland, Baby C: a police officer called to a row "incorrectly" believed that an
unborn child need not be referred.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from baton.rules.deadline import Met, answered_in_time
from baton.rules.facts import IncidentRecorded
from baton.rules.incidents import Mothers, answers_to, incidents_of, lost, pregnancy_known
from baton.rules.policy import Limit
from baton.rules.rule import Rule, finding

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from baton.rules.chronology import Chronology
    from baton.rules.outcome import Finding
    from baton.rules.policy import Policy

SLUG = "unreferred-incident"


def judge(told: Chronology, now: datetime, policy: Policy) -> Iterator[Finding]:
    """Ask of each incident of this person whether it was answered."""
    for incident in incidents_of(told):
        authority = incident.first.authority
        terms = policy.terms(SLUG, incident.occurred_at, authority)
        known = pregnancy_known(incident, told.about, told, terms.words("counts_as_pregnant"))
        if known is None or known.learned_late:
            met = Met("not-asked", terms.due_after(incident.occurred_at))
            yield finding(SLUG, incident.incident_id, told, met, terms, trigger=(incident.first,))
            continue
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
            trigger=(incident.first,),
            evidence=known.facts,
            missing=("ReferralReceived",),
        )


def unless_ended(
    met: Met, told: Chronology, since: datetime, mothers: Mothers | None = None
) -> Met:
    """Let the question fall away, in silence, when the pregnancy ended before anything answered.

    It is this chronology's person's, unless it is said who may be the mother.
    """
    end = lost(told, mothers or Mothers((told.about,), are_known=False), since)
    is_lost = end is not None and met.is_open_at(end.occurred_at)
    return Met("not-asked", met.due_at) if is_lost else met


RULE = Rule(
    slug=SLUG,
    version=1,
    catalogue="A1",
    reads="person",
    triggers=frozenset({IncidentRecorded}),
    judge=judge,
    sentence="A domestic incident involving a pregnancy that nothing answered in time.",
    missing="a referral, or a notification recorded by children's services",
    settings={"within": Limit, "answered_by": str, "counts_as_pregnant": tuple},
)
