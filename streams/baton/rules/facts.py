"""What agencies told us, one immutable type per record of the contract.

The names and fields are those of the contract (`schemas/`), so that one word means one thing from the wire to
the rule. A person, a case or a team is an opaque pseudonymous key. A field that was not stated is None (or
empty), and what was not stated satisfies no check.

Every fact carries three times: when it happened (`occurred_at`), when the agency wrote it down (`recorded_at`)
and when baton was told (`received_at`). Rules judge by the first; the engine decides what is known by the last.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from datetime import date, datetime

CHILDRENS_SOCIAL_CARE = "childrens_social_care"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """What every record says: the envelope of the contract, and when baton was told."""

    event_id: str
    occurred_at: datetime
    received_at: datetime
    agency: str
    recorded_at: datetime | None = None
    authority: str = "local"

    @property
    def identity(self) -> tuple[str, str, str, str]:
        """What makes two tellings the same record: agencies number their own records, and often each kind of them."""
        return (self.authority, self.agency, type(self).__name__, self.event_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """One person's part in an incident, as the agency that recorded it stated it."""

    person: str
    role: str | None = "other"
    pregnancy: str | None = None
    due_date: date | None = None


# Domestic incidents, and telling children's services of them.


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentRecorded(Fact):
    """An agency recorded a domestic incident."""

    incident: str
    people: tuple[Party, ...] = ()
    grade: str | None = None
    children_present: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentUpdated(Fact):
    """More, or something else, was learned of an incident; what is not stated stays as it was."""

    incident: str
    people: tuple[Party, ...] | None = None
    grade: str | None = None
    children_present: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentClosed(Fact):
    """The agency closed its incident."""

    incident: str
    reason: str | None = None
    information_recorded: bool | None = None
    safety_ensured: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationSent(Fact):
    """An agency sent a notification of an incident; alone it answers nothing."""

    notification: str
    incident: str | None = None
    to_agency: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationRecorded(Fact):
    """An agency recorded a notification as received."""

    notification: str
    incident: str | None = None
    people: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationTriaged(Fact):
    """Children's services decided what to do with a notification."""

    notification: str
    outcome: str | None = None
    level: str | None = None
    rationale_given: bool | None = None
    grade: str | None = None


# Referrals.


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferralReceived(Fact):
    """Children's services were asked to act; the envelope's agency is the referrer."""

    referral: str
    people: tuple[str, ...] = ()
    concerns: tuple[str, ...] = ()
    about_unborn: bool | None = None
    incident: str | None = None
    source: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferralDecided(Fact):
    """Children's services decided a referral."""

    referral: str
    outcome: str | None = None
    level: str | None = None
    rationale_given: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedbackGiven(Fact):
    """The referrer was told the outcome."""

    referral: str
    to_agency: str | None = None
    outcome: str | None = None
    rationale_given: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedbackAcknowledged(Fact):
    """The referrer acknowledged the feedback."""

    referral: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EscalationRaised(Fact):
    """An agency escalated a referral or a case."""

    referral: str | None = None
    case: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferrerObjected(Fact):
    """The referrer objected to the outcome."""

    referral: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectionAnswered(Fact):
    """Children's services answered the referrer's objection."""

    referral: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AgencyInformed(Fact):
    """Another agency was told about people, a referral or an incident."""

    people: tuple[str, ...] = ()
    to_agency: str | None = None
    referral: str | None = None
    incident: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InformationAcknowledged(Fact):
    """An agency acknowledged what it was told."""

    people: tuple[str, ...] = ()
    referral: str | None = None
    incident: str | None = None


# Transfers between teams, and moves between areas.


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferRequested(Fact):
    """A team offered a case to another team."""

    transfer: str
    case: str
    people: tuple[str, ...] = ()
    from_team: str | None = None
    to_team: str | None = None
    reason: str | None = None
    block: str | None = None
    open_items: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferAccepted(Fact):
    """The receiving team said yes."""

    transfer: str
    case: str
    by_team: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferRejected(Fact):
    """The receiving team said no."""

    transfer: str
    case: str
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferWithdrawn(Fact):
    """The sending team took the offer back."""

    transfer: str
    case: str
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoverRecorded(Fact):
    """A handover note: what was handed over, and which items are still open."""

    transfer: str
    case: str
    items: tuple[str, ...] = ()
    open_items: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenItemClosed(Fact):
    """An open item of a case was dealt with."""

    case: str
    item: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRead(Fact):
    """Somebody of the receiving team recorded reading the file."""

    transfer: str
    case: str
    role: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressChanged(Fact):
    """The family lives in another authority's area now. Never an address."""

    people: tuple[str, ...] = ()
    case: str | None = None
    to_authority: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferInRequested(Fact):
    """The new area was asked to take the case over."""

    people: tuple[str, ...] = ()
    case: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferInConferenceHeld(Fact):
    """The new area held its conference."""

    people: tuple[str, ...] = ()
    case: str | None = None


# Work on a case.


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseOpened(Fact):
    """Children's services opened a case."""

    case: str
    people: tuple[str, ...] = ()
    team: str | None = None
    referral: str | None = None
    unborn: bool | None = None
    plan: str = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerAllocated(Fact):
    """A named worker took the case."""

    case: str
    worker: str
    team: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerEnded(Fact):
    """A worker no longer holds the case."""

    case: str
    worker: str
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerLeft(Fact):
    """A worker left the team."""

    worker: str
    team: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerAbsent(Fact):
    """A worker is absent."""

    worker: str
    team: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamClosed(Fact):
    """A team ended, merged or was renamed."""

    team: str
    successor: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactMade(Fact):
    """A worker reached the family."""

    case: str
    with_: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NonEngagementReviewed(Fact):
    """It was considered why the family could not be reached."""

    case: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitAttempted(Fact):
    """A visit that found nobody."""

    case: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitCompleted(Fact):
    """A visit, and whom or what it saw."""

    case: str
    seen: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AssessmentStarted(Fact):
    """An assessment began."""

    case: str
    assessment: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AssessmentAuthorised(Fact):
    """An assessment was signed off."""

    case: str
    assessment: str
    evidence: tuple[str, ...] = ()
    role: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AgencyCheckReturned(Fact):
    """An agency answered a check about one person."""

    case: str
    about: str | None = None
    from_agency: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HouseholdRecorded(Fact):
    """Which men belong to the household, or that there are none."""

    case: str
    men: tuple[str, ...] = ()
    none_stated: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SupervisionRecorded(Fact):
    """A manager's oversight of a case was recorded."""

    case: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConcernResolved(Fact):
    """A concern of a referral got an outcome."""

    case: str
    concern: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseClosed(Fact):
    """A case was closed, and on what evidence."""

    case: str
    reason: str | None = None
    evidence: tuple[str, ...] = ()
    safety_rationale_given: bool | None = None
    role: str | None = None
    by_case_worker: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseReopened(Fact):
    """A closed case was opened again."""

    case: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanStarted(Fact):
    """A plan began."""

    case: str
    plan: str = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanChanged(Fact):
    """A plan changed to another."""

    case: str
    plan: str = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanOffered(Fact):
    """A plan was offered to the family."""

    case: str
    plan: str = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanDeclined(Fact):
    """The family declined a plan."""

    case: str
    plan: str = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanStepHeld(Fact):
    """A step of a plan took place."""

    case: str
    step: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacementStarted(Fact):
    """A child was placed with a carer."""

    case: str
    kind: str | None = None
    carer: str | None = None
    carer_other_children: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CarerCapacityReviewed(Fact):
    """It was reviewed what a carer can bear."""

    carer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacementVisited(Fact):
    """A placement was visited."""

    case: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacementEnded(Fact):
    """A placement ended."""

    case: str


# Maternity.


@dataclass(frozen=True, slots=True, kw_only=True)
class PregnancyBooked(Fact):
    """A pregnancy was booked with maternity services."""

    person: str
    due_date: date


@dataclass(frozen=True, slots=True, kw_only=True)
class DueDateRevised(Fact):
    """The expected date of birth changed."""

    person: str
    due_date: date


@dataclass(frozen=True, slots=True, kw_only=True)
class MilestoneRecorded(Fact):
    """A step of the unborn procedures took place."""

    person: str
    milestone: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BirthRecorded(Fact):
    """The child was born."""

    person: str
    child: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PregnancyEnded(Fact):
    """The pregnancy ended; never why."""

    person: str


# Feeds.


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceHeartbeat(Fact):
    """An agency's feed says: everything up to `complete_to` has been sent."""

    complete_to: datetime


# What operators did, and what came of telling people. No rule reads these: they change what becomes of an alert that
# is raised, never whether it is (`baton.engine.life`).


@dataclass(frozen=True, slots=True, kw_only=True)
class Action(Fact):
    """Something that was done to alerts, `by` an operator's key; of a telling, by what means."""

    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertAcknowledged(Action):
    """An operator takes an alert up, until a time of their own or the policy's."""

    alert: str
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertAssigned(Action):
    """An alert was given to somebody."""

    alert: str
    to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertNoted(Action):
    """An operator made a note, which stays in the agency's own system."""

    alert: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertClosed(Action):
    """An operator closed an alert, or asked a second person to."""

    alert: str
    outcome: str
    rationale: str | None = None
    second_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertReopened(Action):
    """An operator opened a closed alert again."""

    alert: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertsSilenced(Action):
    """Alerts that match are told to nobody for a while."""

    matcher: str
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SilenceEnded(Action):
    """A silence was ended before its time; `silence` is the event that began it."""

    silence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertTold(Action):
    """A step of an alert was told to a role, or could not be."""

    alert: str
    step: int
    role: str
    outcome: str


def _kinds_of(base: type[Fact]) -> dict[str, type[Fact]]:
    return {
        name: kind
        for name, kind in tuple(globals().items())
        if isinstance(kind, type) and issubclass(kind, base) and kind not in {Fact, Action}
    }


ACTIONS = cast("dict[str, type[Action]]", _kinds_of(Action))
"""Every type of action by the name of its record in the contract."""

FACTS = {name: kind for name, kind in _kinds_of(Fact).items() if name not in ACTIONS}
"""Every type of fact that a rule may read, by the name of its record in the contract."""
