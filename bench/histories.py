"""Histories for the measures: families with a booking, an incident, what follows it, and a transfer; from a seed."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from baton.contract import codec
from baton.replay.told import SCENARIO, Told

if TYPE_CHECKING:
    from collections.abc import Iterator

BEGIN = datetime(2020, 1, 1, tzinfo=UTC)
EVENTS_OF_A_FAMILY = 10


def history(families: int, seed: int = 1) -> Iterator[Told]:
    """Give the events of so many families in the order of hearing, ten a family, one family every forty minutes.

    Four of five incidents are referred in time, nine of ten handovers are complete.
    """
    # Families overlap by three weeks; so many are kept back until nothing earlier can come.
    chance = random.Random(seed)  # noqa: S311 (not a secret)
    waiting: list[Told] = []
    for number in range(families):
        at = BEGIN + number * timedelta(minutes=40)
        waiting += family(number, at, chance)
        if number % 2_000 == 1_999:
            waiting.sort(key=lambda each: each.received_at)
            settled = [each for each in waiting if each.received_at < at]
            yield from settled
            waiting = waiting[len(settled) :]
    yield from sorted(waiting, key=lambda each: each.received_at)


def family(number: int, at: datetime, chance: random.Random) -> list[Told]:
    """Return the events of one family that begin at a moment."""
    woman, incident, case = f"woman-{number}", f"inc-{number}", f"case-{number}"
    transfer = f"transfer-{number}"
    teams = {"from_team": f"team-{number % 200}", "to_team": f"team-{(number + 7) % 200}"}
    row_at = at + timedelta(days=2)
    moved_at = at + timedelta(days=9)
    items = ["chronology", "plan", "risks", "domestic_abuse", "pregnancy", "adults", "open_actions"]
    due = (at + timedelta(days=170)).date()
    told = [
        event("PregnancyBooked", at, "midwifery", person=person(woman), due_date=due),
        event("IncidentRecorded", row_at, "police", incident=incident, people=[party(woman)]),
        event(
            "NotificationSent",
            row_at + timedelta(hours=1),
            "police",
            notification=f"n-{number}",
            incident=incident,
        ),
        event(
            "IncidentClosed",
            row_at + timedelta(hours=2),
            "police",
            incident=incident,
            reason="referred",
        ),
        event(
            "CaseOpened",
            row_at + timedelta(days=4),
            case=case,
            people=[person(woman)],
            team=teams["from_team"],
        ),
        event(
            "WorkerAllocated",
            row_at + timedelta(days=5),
            case=case,
            worker=f"worker-{number % 300}",
        ),
        event("TransferRequested", moved_at, transfer=transfer, case=case, **teams),
        event(
            "HandoverRecorded",
            moved_at + timedelta(hours=3),
            transfer=transfer,
            case=case,
            items=items[chance.random() < 0.1 :],
        ),
        event(
            "TransferAccepted",
            moved_at + timedelta(hours=5),
            transfer=transfer,
            case=case,
            by_team=teams["to_team"],
        ),
    ]
    if chance.random() < 0.8:
        told.append(
            event(
                "ReferralReceived",
                row_at + timedelta(hours=4),
                "police",
                referral=f"ref-{number}",
                people=[person(woman)],
            )
        )
    else:
        told.append(event("ContactMade", moved_at + timedelta(days=1), case=case))
    return told


def person(value: str) -> dict[str, str]:
    """Return a person by an agency's own id."""
    return {"scheme": SCENARIO, "value": value}


def party(value: str) -> dict[str, Any]:
    """Return a pregnant victim."""
    return {"person": person(value), "role": "victim", "pregnancy": "pregnant"}


def event(record: str, at: datetime, agency: str = "childrens_social_care", **fields: Any) -> Told:  # noqa: ANN401 (any field)
    """Return a record as told at a moment; its id is made of what it says it is about."""
    subject = (
        next(value for value in fields.values() if isinstance(value, str))
        if "person" not in fields
        else fields["person"]["value"]
    )
    envelope = {"event_id": f"{record}-{subject}", "occurred_at": at, "agency": agency}
    return Told(record, codec.complete(record, envelope | fields), at)
