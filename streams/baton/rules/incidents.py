"""What is known of an incident: who took part, who was pregnant and since when we were told, what answers it.

Shared by the rules about incidents (A1 to A6). Sources of the definitions: design, sections 4 and 8.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from baton.rules.facts import (
    CHILDRENS_SOCIAL_CARE,
    BirthRecorded,
    DueDateRevised,
    Fact,
    IncidentRecorded,
    IncidentUpdated,
    NotificationRecorded,
    NotificationSent,
    PregnancyBooked,
    PregnancyEnded,
    ReferralReceived,
)
from baton.rules.working_days import local_date

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from baton.rules.chronology import Chronology

GESTATION = timedelta(days=280)
"""From the first day of the last period to the due date (domain handbook, section 3)."""
WEEK_22 = timedelta(days=(40 - 22) * 7)
"""From the start of week 22 of a pregnancy to its due date (the handbook's arithmetic): no child is born earlier."""
PREGNANT = ("pregnant",)
"""What counts as pregnant in an incident's records, where a rule has no setting for it."""
OVERDUE_BIRTH = timedelta(days=21)
"""How long after the due date a booked pregnancy may still be going on (design, section 8)."""


@dataclass(frozen=True, slots=True)
class Known:
    """A pregnancy at an incident: since when it was known, and from which facts.

    `learned_late` when it was known only from a booking made after the incident (rule A3 instead of A1).
    """

    since: datetime
    facts: tuple[Fact, ...]
    learned_late: bool = False


@dataclass(frozen=True, slots=True)
class Incident:
    """One incident, however often it was recorded or updated."""

    incident_id: str
    told: tuple[IncidentRecorded | IncidentUpdated, ...]

    @property
    def first(self) -> IncidentRecorded | IncidentUpdated:
        """The record that began it."""
        return self.told[0]

    @property
    def occurred_at(self) -> datetime:
        """When the incident happened."""
        return self.first.occurred_at


def incidents_of(told: Chronology) -> tuple[Incident, ...]:
    """Group what was recorded and updated by incident, for the incidents in which this person took part.

    They come in the order in which they occurred. An update whose record was never told waits for it: without the
    record nobody knows when the incident was.
    """
    return told.once(_incidents)


def _incidents(told: Chronology) -> Iterator[Incident]:
    for incident in every_incident(told):
        if any(party.person == told.about for each in incident.told for party in each.people or ()):
            yield incident


def every_incident(told: Chronology) -> tuple[Incident, ...]:
    """Group likewise what was told of every incident, also of those in which this person took no part."""
    return told.once(_every_incident)


def _every_incident(told: Chronology) -> Iterator[Incident]:
    updates = told.of(IncidentUpdated)
    seen: dict[str, list[IncidentRecorded | IncidentUpdated]] = {}
    for record in told.of(IncidentRecorded):
        seen.setdefault(record.incident, []).append(record)
    for incident_id, records in seen.items():
        began = records[0].occurred_at
        later = [each for each in updates if each.incident == incident_id]
        # What one instant says in an update outweighs what the record says at the same instant.
        told_in_order = sorted(
            [*records, *later],
            key=lambda each: (max(each.occurred_at, began), isinstance(each, IncidentUpdated)),
        )
        yield Incident(
            incident_id, (records[0], *[x for x in told_in_order if x is not records[0]])
        )


def stated_pregnant(incident: Incident, person: str, counts: tuple[str, ...]) -> Known | None:
    """Return since when the incident's own records say that the person was pregnant, or None.

    `counts` are the answers that count as pregnant (policy). Not asked and unknown unsay nothing; any other
    answer is a correction.
    """
    known: Known | None = None
    for record in incident.told:
        for party in record.people or ():
            if party.person != person or party.pregnancy in {None, "unknown", "not_asked"}:
                continue
            if party.pregnancy not in counts:
                known = None
            elif known is None:
                known = Known(max(record.occurred_at, incident.occurred_at), (record,))
    return known


@dataclass(frozen=True, slots=True)
class Pregnancy:
    """A booked pregnancy, with the due date as it stands and, where one was recorded, its birth or end."""

    booking: PregnancyBooked
    due_date: date
    over_at: datetime | None

    def covers(self, moment: datetime) -> bool:
        """Say whether the person was pregnant at this moment, by the due date and unless over before it."""
        earliest, latest = self.due_date - GESTATION, self.due_date + OVERDUE_BIRTH
        return earliest <= local_date(moment) <= latest and (
            self.over_at is None or self.over_at >= moment
        )


def pregnancies_of(told: Chronology, person: str) -> tuple[Pregnancy, ...]:
    """Return the person's booked pregnancies, by when they were booked.

    A birth or an end closes every pregnancy booked before it, and one booked after it that by its due date was past
    week 22 by then: the booking was late. A revised due date, or a second booking, replaces the due date of those
    still going on: a woman who books at another hospital is pregnant once.
    """
    return told.once(_pregnancies, person)


def _pregnancies(told: Chronology, person: str) -> list[Pregnancy]:
    bookings = [each for each in told.of(PregnancyBooked) if each.person == person]
    births_and_ends: tuple[BirthRecorded | PregnancyEnded, ...] = (
        *told.of(BirthRecorded),
        *told.of(PregnancyEnded),
    )
    overs = [each.occurred_at for each in births_and_ends if each.person == person]
    dated: list[PregnancyBooked | DueDateRevised] = [
        *bookings,
        *(each for each in told.of(DueDateRevised) if each.person == person),
    ]
    dated.sort(key=lambda fact: fact.occurred_at)
    pregnancies = []
    for booking in bookings:
        due_date = booking.due_date
        viable = due_date - WEEK_22
        over_at = min(
            (at for at in overs if at >= booking.occurred_at or local_date(at) >= viable),
            default=None,
        )
        for fact in dated:
            going_on = fact.occurred_at >= booking.occurred_at and (
                over_at is None or fact.occurred_at < over_at
            )
            if going_on and local_date(fact.occurred_at) <= due_date + OVERDUE_BIRTH:
                due_date = fact.due_date
        pregnancies.append(Pregnancy(booking, due_date, over_at))
    return pregnancies


def ended_after(told: Chronology, person: str, moment: datetime) -> PregnancyEnded | None:
    """Return the end of the pregnancy that was going on at a moment, or None; a birth is not an end."""
    births = [each.occurred_at for each in told.of(BirthRecorded) if each.person == person]
    for each in told.of(PregnancyEnded):
        if (
            each.person == person
            and moment <= each.occurred_at <= moment + GESTATION + OVERDUE_BIRTH
        ):
            born_before = any(moment <= born <= each.occurred_at for born in births)
            return None if born_before else each
    return None


@dataclass(frozen=True, slots=True)
class Mothers:
    """Who may be the mother of an unborn child: who is known to expect one, or, where nobody is, everybody named."""

    people: tuple[str, ...]
    are_known: bool


def mothers_among(
    told: Chronology, people: tuple[str, ...], moment: datetime, incidents: Collection[str | None]
) -> Mothers:
    """Return who of these people may be the mother of the child that was expected at a moment (`expecting`)."""
    known = expecting(told, people, moment, incidents)
    return Mothers(known or people, bool(known))


def expecting(
    told: Chronology,
    people: Iterable[str],
    moment: datetime,
    incidents: Collection[str | None],
    counts: tuple[str, ...] = PREGNANT,
) -> tuple[str, ...]:
    """Return who of these people is known to expect a child at a moment, and so may be the mother whom nobody states.

    That is who had booked by then, or is stated pregnant in one of the `incidents`, by `counts`. Where anybody is, also
    who booked afterwards. Where nobody is, a booking changes nothing: it would ask anew, about somebody else.
    """
    named = [each for each in every_incident(told) if each.incident_id in incidents]
    booked = {
        person: [x.booking.occurred_at for x in pregnancies_of(told, person) if x.covers(moment)]
        for person in people
    }
    known = {
        person
        for person, moments in booked.items()
        if any(at <= moment for at in moments)
        or any(_is_stated(told, each, person, moment, counts) for each in named)
    }
    return tuple(
        person for person, moments in booked.items() if known and (moments or person in known)
    )


def _is_stated(
    told: Chronology, incident: Incident, person: str, moment: datetime, counts: tuple[str, ...]
) -> bool:
    """Say whether what an incident states of a pregnancy may hold at a moment: it was not over by then."""
    if stated_pregnant(incident, person, counts) is None:
        return False
    since = incident.occurred_at
    over: tuple[BirthRecorded | PregnancyEnded, ...] = (
        *told.of(BirthRecorded),
        *told.of(PregnancyEnded),
    )
    return moment - since <= GESTATION + OVERDUE_BIRTH and not any(
        each.person == person and since <= each.occurred_at < moment for each in over
    )


def lost(told: Chronology, mothers: Mothers, moment: datetime) -> PregnancyEnded | None:
    """Return the end of the pregnancy that one of these was expecting a child by at a moment, or None.

    While one of them is known to expect a child, and her pregnancy has not ended, nobody can tell that it is not hers.
    Where several ended, it is the last.
    """
    ends = {person: ended_after(told, person, moment) for person in mothers.people}
    if not any(ends.values()):
        return None
    for person, end in ends.items():
        if end is None and (
            mothers.are_known or any(each.covers(moment) for each in pregnancies_of(told, person))
        ):
            return None
    return max((end for end in ends.values() if end), key=lambda end: end.occurred_at)


def pregnancy_known(
    incident: Incident, person: str, told: Chronology, counts: tuple[str, ...]
) -> Known | None:
    """Return the first that was known of a pregnancy at the incident, from any agency, or None.

    The incident's own statement, a booking that was there already (known since the incident), or a booking made
    later (known since that booking). A booking outweighs a statement that she was not pregnant.
    """
    known = stated_pregnant(incident, person, counts)
    for pregnancy in pregnancies_of(told, person):
        if pregnancy.covers(incident.occurred_at):
            booking = pregnancy.booking
            late = booking.occurred_at > incident.occurred_at
            since = booking.occurred_at if late else incident.occurred_at
            if known is None or since < known.since:
                known = Known(since, (booking,), learned_late=late)
    return known


def answers_to(incident: Incident, person: str, told: Chronology) -> list[Fact]:
    """Return what answers an incident for a person, whenever it occurred.

    A referral for the same person or naming the incident, or a notification recorded by children's services that
    names it, itself or through the notification that was sent (design, section 4).
    """
    named = {
        n.notification for n in told.of(NotificationSent) if n.incident == incident.incident_id
    }
    referrals = [
        referral
        for referral in told.of(ReferralReceived)
        if person in referral.people or referral.incident == incident.incident_id
    ]
    notifications = [
        each
        for each in told.of(NotificationRecorded)
        if each.agency == CHILDRENS_SOCIAL_CARE
        and (each.incident == incident.incident_id or each.notification in named)
    ]
    return [*referrals, *notifications]
