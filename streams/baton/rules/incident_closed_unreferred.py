"""Flag an incident closed as "no children" or "not required" while a party was pregnant and not yet referred.

Due at the close: what was known by then counts, what is learned afterwards is A3's.

Taught by Leicestershire and Rutland, Baby C: the officer "assumed there was no requirement" to refer an unborn
child.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from baton.rules.deadline import Met, answered_in_time
from baton.rules.facts import BirthRecorded, IncidentClosed
from baton.rules.incidents import answers_to, incidents_of, pregnancy_known
from baton.rules.rule import Rule, finding
from baton.rules.unreferred_incident import unless_ended

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from baton.rules.chronology import Chronology
    from baton.rules.outcome import Finding
    from baton.rules.policy import Policy

SLUG = "incident-closed-unreferred"


def judge(told: Chronology, now: datetime, policy: Policy) -> Iterator[Finding]:
    """Ask of each incident that was closed as needing nothing whether that could be."""
    for incident in incidents_of(told):
        terms = policy.terms(SLUG, incident.occurred_at, incident.first.authority)
        closes = [
            each
            for each in told.of(IncidentClosed)
            if each.incident == incident.incident_id
            and each.reason in terms.words("reasons")
            and each.occurred_at >= incident.occurred_at
        ]
        if not closes:
            continue
        known = pregnancy_known(incident, told.about, told, terms.words("counts_as_pregnant"))
        # What was not known at a first close may have been at one made again.
        wrong = (
            each
            for each in closes
            if known is not None
            and known.since <= each.occurred_at
            and not _born_by(told, incident.occurred_at, each)
        )
        closed = next(wrong, None)
        if known is None or closed is None:
            closed = closes[0]
            met = Met("not-asked", closed.occurred_at)
            yield finding(SLUG, incident.incident_id, told, met, terms, trigger=(closed,))
            continue
        met = answered_in_time(
            answers_to(incident, told.about, told),
            since=incident.occurred_at,
            due_at=closed.occurred_at,
            now=now,
            told=told,
            terms=terms,
            authority=incident.first.authority,
        )
        yield finding(
            SLUG,
            incident.incident_id,
            told,
            unless_ended(met, told, incident.occurred_at),
            terms,
            trigger=(closed,),
            evidence=(incident.first, *known.facts),
            missing=("ReferralReceived",),
        )


def _born_by(told: Chronology, since: datetime, closed: IncidentClosed) -> bool:
    """Say whether the child was born before the close: then no pregnancy was live, and A1 watches on."""
    births = (each.occurred_at for each in told.of(BirthRecorded) if each.person == told.about)
    return any(since <= born <= closed.occurred_at for born in births)


RULE = Rule(
    slug=SLUG,
    version=1,
    catalogue="A2",
    reads="person",
    triggers=frozenset({IncidentClosed}),
    judge=judge,
    sentence='An incident closed as "no children" or "not required" while a party was pregnant and not referred.',
    missing="a referral before the incident was closed",
    settings={"answered_by": str, "reasons": tuple, "counts_as_pregnant": tuple},
)
