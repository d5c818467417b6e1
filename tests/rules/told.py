"""Timetables in two words: what agencies told, as facts, for the tests of rules, engine and agents.

Monday 2 March 2015 at noon is every timetable's beginning: an ordinary working day in winter time. Who and what
nobody names are `woman-1`, `inc-1`, `case-1` and so on. Every fact is heard when it occurred, unless it says otherwise.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from baton.engine.policy_file import parse_policy
from baton.rules.chronology import Chronology, Feed
from baton.rules.facts import (
    BirthRecorded,
    DueDateRevised,
    Fact,
    FileRead,
    HandoverRecorded,
    IncidentClosed,
    IncidentRecorded,
    IncidentUpdated,
    NotificationRecorded,
    NotificationSent,
    Party,
    PregnancyBooked,
    PregnancyEnded,
    ReferralReceived,
    SourceHeartbeat,
    TransferAccepted,
    TransferRejected,
    TransferRequested,
    TransferWithdrawn,
)
from baton.rules.outcome import reasons

if TYPE_CHECKING:
    from baton.rules.outcome import Finding, Reason
    from baton.rules.policy import Policy
    from baton.rules.rule import Rule

NOON = datetime(2015, 3, 2, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
DUE_DATE = date(2015, 8, 20)
ITEMS = ("chronology", "plan", "risks", "domestic_abuse", "pregnancy", "adults", "open_actions")
CARE = "childrens_social_care"

POLICY_TEXT = (Path(__file__).parents[2] / "policy.toml").read_text()
POLICY: Policy = parse_policy(POLICY_TEXT)

FactT = TypeVar("FactT", bound=Fact)


def policy_with(overrides: str) -> Policy:
    """Give the real policy with some lines put over it."""
    return parse_policy(POLICY_TEXT, overrides=overrides)


def told_of(rule: Rule, about: str, *facts: Fact, feed: Feed | None = None) -> Chronology:
    """Give the chronology that a rule reads; the feed, if there is one, is that of children's services."""
    return Chronology(rule.reads, about, facts, {} if feed is None else {("local", CARE): feed})


def findings(
    rule: Rule,
    about: str,
    now: datetime,
    *facts: Fact,
    policy: Policy = POLICY,
    feed: Feed | None = None,
) -> list[Finding]:
    """Judge a timetable as of a moment."""
    return list(rule.judge(told_of(rule, about, *facts, feed=feed), now, policy))


def judged(
    rule: Rule,
    about: str,
    now: datetime,
    *facts: Fact,
    policy: Policy = POLICY,
    feed: Feed | None = None,
) -> dict[str, Reason]:
    """Give the reason of each finding by what the alert would be about, without the rule's name."""
    found = reasons(findings(rule, about, now, *facts, policy=policy, feed=feed))
    return {
        alert_id.removeprefix(f"{rule.slug}/").removesuffix(f"/{about}"): why
        for alert_id, why in found.items()
    }


def heard(fact: FactT, at: datetime) -> FactT:
    """Let baton be told of a fact at another moment than the one it occurred at."""
    return replace(fact, received_at=at)


def by(agency: str, fact: FactT) -> FactT:
    """Let another agency tell a fact."""
    return replace(fact, agency=agency)


def of_case(kind: type[FactT], days: float = 0, **fields: Any) -> FactT:
    """Give a fact of case-1, so many days after Monday noon; one that names no case, a booking, is of none."""
    at = NOON + days * DAY
    if kind is not PregnancyBooked:
        fields.setdefault("case", "case-1")
    event_id = f"{kind.__name__}-{days}-{fields}"
    return kind(event_id=event_id, occurred_at=at, received_at=at, agency=CARE, **fields)


def incident(
    at: datetime,
    pregnancy: str | None = "pregnant",
    *,
    incident: str = "inc-1",
    people: tuple[Party, ...] | None = None,
    who: str = "woman-1",
    event_id: str = "",
) -> IncidentRecorded:
    """Police record an incident, by default with one pregnant woman."""
    if people is None:
        people = (Party(person=who, role="victim", pregnancy=pregnancy),)
    return IncidentRecorded(
        event_id=event_id or f"recorded-{incident}-{at:%j%H%M%S}",
        occurred_at=at,
        received_at=at,
        agency="police",
        incident=incident,
        people=people,
    )


def updated(
    at: datetime,
    pregnancy: str | None = "pregnant",
    *,
    incident: str = "inc-1",
    who: str | None = "woman-1",
) -> IncidentUpdated:
    """Police learn more of their incident; nothing of its people, where `who` is None."""
    people = None if who is None else (Party(person=who, role="victim", pregnancy=pregnancy),)
    return IncidentUpdated(
        event_id=f"updated-{incident}-{at:%j%H%M%S}",
        occurred_at=at,
        received_at=at,
        agency="police",
        incident=incident,
        people=people,
    )


def closed(
    at: datetime, reason: str | None = "no_children", *, incident: str = "inc-1"
) -> IncidentClosed:
    """Police close their incident."""
    return IncidentClosed(
        event_id=f"closed-{incident}-{at:%j%H%M%S}",
        occurred_at=at,
        received_at=at,
        agency="police",
        incident=incident,
        reason=reason,
    )


def referral(
    at: datetime,
    *people: str,
    incident: str | None = None,
    referral: str = "ref-1",
    event_id: str = "",
) -> ReferralReceived:
    """A midwife refers; her woman-1, if nobody is named and no incident."""
    return ReferralReceived(
        event_id=event_id or f"received-{referral}-{at:%j%H%M%S}",
        occurred_at=at,
        received_at=at,
        agency="midwifery",
        referral=referral,
        people=people or (() if incident else ("woman-1",)),
        incident=incident,
    )


def notified(
    at: datetime, *, incident: str | None = "inc-1", notification: str = "note-1"
) -> NotificationSent:
    """Police send children's services a notification."""
    return NotificationSent(
        event_id=f"sent-{notification}-{at:%j%H%M%S}",
        occurred_at=at,
        received_at=at,
        agency="police",
        notification=notification,
        incident=incident,
        to_agency=CARE,
    )


def noted(
    at: datetime,
    *people: str,
    incident: str | None = None,
    notification: str = "note-1",
    agency: str = CARE,
) -> NotificationRecorded:
    """Children's services record a notification."""
    return NotificationRecorded(
        event_id=f"noted-{notification}-{at:%j%H%M%S}",
        occurred_at=at,
        received_at=at,
        agency=agency,
        notification=notification,
        incident=incident,
        people=people,
    )


def booking(at: datetime, due_date: date = DUE_DATE, *, who: str = "woman-1") -> PregnancyBooked:
    """A midwife books a pregnancy."""
    return PregnancyBooked(
        event_id=f"booked-{who}-{at:%j%H%M%S}",
        occurred_at=at,
        received_at=at,
        agency="midwifery",
        person=who,
        due_date=due_date,
    )


def revised(at: datetime, due_date: date, *, who: str = "woman-1") -> DueDateRevised:
    """The scan says another due date."""
    return DueDateRevised(
        event_id=f"revised-{who}-{at:%j%H%M%S}",
        occurred_at=at,
        received_at=at,
        agency="midwifery",
        person=who,
        due_date=due_date,
    )


def birth(at: datetime, *, who: str = "woman-1") -> BirthRecorded:
    """The child is born."""
    return BirthRecorded(
        event_id=f"born-{who}-{at:%j%H%M%S}",
        occurred_at=at,
        received_at=at,
        agency="midwifery",
        person=who,
        child="child-1",
    )


def ended(at: datetime, *, who: str = "woman-1") -> PregnancyEnded:
    """The pregnancy ends; nobody says why."""
    return PregnancyEnded(
        event_id=f"ended-{who}-{at:%j%H%M%S}",
        occurred_at=at,
        received_at=at,
        agency="midwifery",
        person=who,
    )


def request(
    at: datetime,
    *,
    transfer: str = "transfer-1",
    case: str = "case-1",
    to_team: str | None = "team-2",
    from_team: str | None = "team-1",
    block: str | None = None,
) -> TransferRequested:
    """team-1 offers a case to team-2."""
    return TransferRequested(
        event_id=f"requested-{transfer}-{case}-{at:%j%H%M%S}",
        occurred_at=at,
        received_at=at,
        agency=CARE,
        transfer=transfer,
        case=case,
        from_team=from_team,
        to_team=to_team,
        block=block,
    )


def accepted(
    at: datetime, *, transfer: str = "transfer-1", case: str = "case-1", event_id: str = ""
) -> TransferAccepted:
    """The receiving team says yes."""
    return TransferAccepted(
        event_id=event_id or f"accepted-{transfer}-{case}-{at:%j%H%M%S}",
        occurred_at=at,
        received_at=at,
        agency=CARE,
        transfer=transfer,
        case=case,
        by_team="team-2",
    )


def rejected(
    at: datetime, *, transfer: str = "transfer-1", case: str = "case-1"
) -> TransferRejected:
    """The receiving team says no."""
    return TransferRejected(
        event_id=f"rejected-{transfer}-{case}-{at:%j%H%M%S}",
        occurred_at=at,
        received_at=at,
        agency=CARE,
        transfer=transfer,
        case=case,
    )


def withdrawn(
    at: datetime, *, transfer: str = "transfer-1", case: str = "case-1", event_id: str = ""
) -> TransferWithdrawn:
    """The sending team takes its offer back."""
    return TransferWithdrawn(
        event_id=event_id or f"withdrawn-{transfer}-{case}-{at:%j%H%M%S}",
        occurred_at=at,
        received_at=at,
        agency=CARE,
        transfer=transfer,
        case=case,
    )


def handover(
    at: datetime, *items: str, transfer: str = "transfer-1", case: str = "case-1"
) -> HandoverRecorded:
    """The sending team writes a handover note."""
    return HandoverRecorded(
        event_id=f"handover-{transfer}-{case}-{at:%j%H%M%S}-{'-'.join(items)}",
        occurred_at=at,
        received_at=at,
        agency=CARE,
        transfer=transfer,
        case=case,
        items=items,
    )


def read(at: datetime, *, transfer: str = "transfer-1", case: str = "case-1") -> FileRead:
    """Somebody of the receiving team reads the file."""
    return FileRead(
        event_id=f"read-{transfer}-{case}-{at:%j%H%M%S}",
        occurred_at=at,
        received_at=at,
        agency=CARE,
        transfer=transfer,
        case=case,
    )


def beat(
    complete_to: datetime, *, heard_at: datetime | None = None, agency: str = CARE
) -> SourceHeartbeat:
    """A feed says that everything up to `complete_to` was sent."""
    told_at = heard_at or complete_to
    return SourceHeartbeat(
        event_id=f"beat-{agency}-{complete_to:%j%H%M%S}",
        occurred_at=told_at,
        received_at=told_at,
        agency=agency,
        complete_to=complete_to,
    )
