"""Flag an incident closed although the record of it was not complete.

Due at the close: it is stated that parties, children, pregnancy and risk were recorded, and that safeguarding
action was taken or shown not to be needed; nobody's pregnancy question stands as "not asked", and that of the person
it is about has an answer. "Unknown" is one. What is not stated is not so. The close or an update that completes it
later answers late.

It is about each pregnant person of the incident, else the victim, as are the rules about its notifications. Where
only a booking says that somebody who is not the victim was pregnant, both are asked about: the booking is told of her
alone.

What the booleans stand for (the parties, the children, the grade) is the police's own statement: the rule does not
look for it in the record.

Taught by Leicestershire and Rutland: the police "cannot close a case without" this information.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from baton.rules.deadline import Met
from baton.rules.facts import IncidentClosed
from baton.rules.incidents import incidents_of
from baton.rules.rule import Rule, finding
from baton.rules.whom import incident_is_about

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from baton.rules.chronology import Chronology
    from baton.rules.facts import Fact
    from baton.rules.incidents import Incident
    from baton.rules.outcome import Finding
    from baton.rules.policy import Policy

SLUG = "incident-closed-incomplete"


def judge(told: Chronology, now: datetime, policy: Policy) -> Iterator[Finding]:
    """Ask of each closed incident of this person whether it could be closed."""
    for incident in incidents_of(told):
        terms = policy.terms(SLUG, incident.occurred_at, incident.first.authority)
        closes = [
            each
            for each in told.of(IncidentClosed)
            if each.incident == incident.incident_id and each.occurred_at >= incident.occurred_at
        ]
        about = incident_is_about(incident, told.about, told, terms.words("counts_as_pregnant"))
        if not closes or not about:
            continue
        # A later close may unsay what the first one said: the first that was incomplete is asked about.
        closed = next(
            (each for each in closes if _missing(incident, told.about, closes, each.occurred_at)),
            closes[0],
        )
        met = _met(incident, told.about, closes, closed, now)
        by = now if met.reason == "found" else closed.occurred_at
        yield finding(
            SLUG,
            incident.incident_id,
            told,
            met,
            terms,
            trigger=(closed,),
            evidence=(incident.first, *closes),
            missing=_missing(incident, told.about, closes, max(by, closed.occurred_at)),
        )


def _met(
    incident: Incident,
    person: str,
    closes: list[IncidentClosed],
    closed: IncidentClosed,
    now: datetime,
) -> Met:
    due_at = closed.occurred_at
    if not _missing(incident, person, closes, due_at):
        return Met("answered", due_at)
    if now < due_at:
        return Met("waiting", due_at, wake_at=due_at)
    later: list[Fact] = [each for each in (*incident.told, *closes) if each.occurred_at > due_at]
    later.sort(key=lambda each: each.occurred_at)
    for each in later:
        if not _missing(incident, person, closes, each.occurred_at):
            return Met("answered-late", due_at, each)
    return Met("found", due_at)


def _missing(
    incident: Incident, person: str, closes: list[IncidentClosed], by: datetime
) -> tuple[str, ...]:
    """Return what had not been stated by a moment; of two statements the later holds, of one instant the worse."""
    stated = [each for each in closes if each.occurred_at <= by]
    missing = []
    for name in ("information_recorded", "safety_ensured"):
        said = [each for each in stated if getattr(each, name) is not None]
        last = [each for each in said if each.occurred_at == said[-1].occurred_at]
        if not (last and all(getattr(each, name) for each in last)):
            missing.append(name)
    asked: dict[str, str] = {}
    for record in incident.told:
        for party in record.people or ():
            if party.pregnancy is not None and record.occurred_at <= by:
                asked[party.person] = party.pregnancy
    if "not_asked" in asked.values() or person not in asked:
        missing.append("pregnancy_question")
    return tuple(missing)


RULE = Rule(
    slug=SLUG,
    version=2,
    catalogue="A4",
    reads="person",
    triggers=frozenset({IncidentClosed}),
    judge=judge,
    sentence="An incident closed although the record of it was not complete.",
    missing="what the record of the incident lacks",
    settings={"counts_as_pregnant": tuple},
)
