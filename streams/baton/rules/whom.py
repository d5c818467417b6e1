"""Whom an alert about an incident or a referral is about (design, section 8). Shared by the rules of A and B.

Of an incident: each pregnant person, else the victim. Where no victim is stated, the person named first, so that
nothing is lost for want of a role. Of a referral: the person it names first, else those of the incident it names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from baton.rules.facts import IncidentRecorded
from baton.rules.incidents import incidents_of, pregnancy_known, stated_pregnant

if TYPE_CHECKING:
    from collections.abc import Iterable

    from baton.rules.chronology import Chronology
    from baton.rules.facts import ReferralReceived
    from baton.rules.incidents import Incident


def incident_is_about(
    incident: Incident, person: str, told: Chronology, counts: tuple[str, ...]
) -> bool:
    """Say whether an alert on an incident is about this person of it; `counts` are the answers that mean pregnant.

    A booking made after the incident changes nothing here: what is learned late is A3's. It does not unsay what the
    incident itself says, either, though it was known first: else nobody would be asked about. Of another person only
    what the incident itself says is known: her bookings are in her own chronology.
    """
    known = pregnancy_known(incident, person, told, counts)
    if known is not None and not known.learned_late:
        return True
    if stated_pregnant(incident, person, counts):
        return True
    parties = [party for record in incident.told for party in record.people or ()]
    others = {party.person for party in parties} - {person}
    if any(stated_pregnant(incident, other, counts) for other in others):
        return False
    victims = {party.person for party in parties if party.role == "victim"}
    return person in victims if victims else person == parties[0].person


def named_is_about(
    incident_id: str | None, people: Iterable[str], told: Chronology, counts: tuple[str, ...]
) -> bool:
    """Say whether an alert on a record that names an incident, or people, is about this chronology's person.

    The incident's own parties come first; the people that the record names, of whom the first, where the incident
    was never told, or names nobody.
    """
    incident = next((each for each in incidents_of(told) if each.incident_id == incident_id), None)
    if incident is not None:
        return incident_is_about(incident, told.about, told, counts)
    if any(each.incident == incident_id and each.people for each in told.of(IncidentRecorded)):
        return False
    return next(iter(people), None) == told.about


def referral_is_about(
    received: tuple[ReferralReceived, ...], told: Chronology, counts: tuple[str, ...]
) -> bool:
    """Say whether an alert on a referral is about this chronology's person."""
    people = [person for each in received for person in each.people]
    if people:
        return people[0] == told.about
    incidents = {each.incident for each in received if each.incident is not None}
    return any(named_is_about(each, (), told, counts) for each in incidents)
