"""The events of a run: families whose incidents, transfers and cases go well or do not, by chance. Pure.

Times are seconds from the start of the run. With the run's policy of seconds their deadlines fall during the faults.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Final

from baton.contract import codec

ITEMS: Final = (
    "chronology",
    "plan",
    "risks",
    "domestic_abuse",
    "pregnancy",
    "adults",
    "open_actions",
)
FEEDS: Final = ("police", "childrens_social_care")
BEAT_EVERY: Final = 6.0
AFTERWARDS: Final = 15.0
"""Seconds for which a feed is heard after the deadlines of one second begin, for which nobody answers."""
MASS: Final = "mass-"
"""How the transfers of these deadlines, and their cases, are called."""
MONTH: Final = 30 * 86_400.0


@dataclass(frozen=True, slots=True)
class Sending:
    """An event that an agency sends at a moment of the run, and when it says that it occurred."""

    at: float
    occurred: float
    record: str
    agency: str
    event_id: str
    fields: tuple[tuple[str, Any], ...]

    def value(self, start: datetime) -> bytes:
        """Return the event as bytes, its times counted from the start of the run."""
        fields = dict(self.fields)
        if self.record == "SourceHeartbeat":
            fields["complete_to"] = _moment(start, self.occurred)
        envelope = {
            "event_id": self.event_id,
            "occurred_at": _moment(start, self.occurred),
            "agency": self.agency,
        }
        return codec.encode(self.record, codec.complete(self.record, envelope | fields))


def stories(chance: Random, seconds: float, rate: float) -> list[Sending]:
    """Return the events of a run in the order of their sending."""
    sendings: list[Sending] = list(_heartbeats(chance, seconds))
    at, number, told = 0.0, 0, 0
    while at < seconds:
        story = _Story(number, at, chance)
        chance.choice((story.incident, story.transfer, story.case, story.block))()
        sendings += story.sendings
        told += len(story.sendings)
        number += 1
        at = told / rate
    return sorted(sendings, key=lambda each: each.at)


def burst(name: str, at: float, count: int, chance: Random) -> list[Sending]:
    """Return events that come all at once."""
    sendings: list[Sending] = []
    family = 0
    while len(sendings) < count:
        story = _Story(f"burst-{name}-{family}", at, chance)
        chance.choice((story.incident, story.transfer))()
        sendings += story.sendings
        family += 1
    return sendings


def backlog(at: float, count: int, chance: Random) -> list[Sending]:
    """Return a month's events, all sent at once: what occurred is spread over the month before."""
    sendings: list[Sending] = []
    family = 0
    while len(sendings) < count:
        story = _Story(f"month-{family}", at, chance, ago=chance.uniform(0, MONTH))
        chance.choice((story.incident, story.transfer, story.case))()
        sendings += story.sendings
        family += 1
    return sendings


def at_once(at: float, due_in: float, count: int) -> list[Sending]:
    """Return transfers that nobody will accept, whose deadlines fall into the same second.

    And the heartbeats of those who would: of a silent feed nothing falls due.
    """
    transfers = [
        Sending(
            at,
            at + due_in + number / count,
            "TransferRequested",
            "childrens_social_care",
            f"{MASS}{number}",
            (
                ("transfer", f"{MASS}{number}"),
                ("case", f"{MASS}{number}"),
                ("from_team", f"from-{number}"),
                ("to_team", f"to-{number}"),
            ),
        )
        for number in range(count)
    ]
    beats = int((due_in + AFTERWARDS) / BEAT_EVERY) + 1
    return [
        *transfers,
        *(_beat("childrens_social_care", at + number * BEAT_EVERY) for number in range(beats)),
    ]


def _beat(feed: str, at: float) -> Sending:
    return Sending(at, at, "SourceHeartbeat", feed, f"beat-{feed}-{at:.0f}", ())


def _heartbeats(chance: Random, seconds: float) -> Iterator[Sending]:
    """Say of two feeds that they are alive, but for one silence of each in a third of the runs' length."""
    for feed in FEEDS:
        silent_from = chance.uniform(0.1, 0.7) * seconds
        silent_to = silent_from + chance.uniform(0.1, 0.2) * seconds
        at = 0.0
        while at < seconds:
            if not silent_from < at < silent_to:
                yield _beat(feed, at)
            at += BEAT_EVERY


class _Story:
    """One family's events."""

    def __init__(self, name: object, at: float, chance: Random, ago: float = 0.0) -> None:
        self.sendings: list[Sending] = []
        self._name = name
        self._at = at
        self._ago = ago
        self._chance = chance

    def incident(self) -> None:
        """An incident with a pregnant woman; referred in time, late, told late, or never."""
        woman = _person(f"woman-{self._name}")
        people = [{"person": woman, "role": "victim", "pregnancy": "pregnant"}]
        incident = f"inc-{self._name}"
        self._tell("IncidentRecorded", 0, "police", incident=incident, people=people)
        if self._chance.random() < 0.3:
            self._tell(
                "IncidentClosed",
                self._chance.uniform(1, 6),
                "police",
                incident=incident,
                reason=self._chance.choice(("referred", "no_children", "not_required")),
                information_recorded=self._chance.random() < 0.5,
            )
        fate = self._chance.random()
        if fate < 0.65:
            # Due after four seconds: half in time, half late; a third of them told later still.
            occurs = self._chance.uniform(0.5, 7.5)
            told_after = self._chance.uniform(2, 12) if self._chance.random() < 0.33 else 0.0
            self._tell(
                "ReferralReceived",
                occurs,
                "police",
                told_after=told_after,
                referral=f"ref-{self._name}",
                people=[woman],
            )
        if fate < 0.3:
            outcome = self._chance.choice(("assessment", "no_further_action", "early_help"))
            self._tell(
                "ReferralDecided",
                self._chance.uniform(8, 14),
                referral=f"ref-{self._name}",
                outcome=outcome,
                level="4",
                rationale_given=self._chance.random() < 0.7,
            )

    def transfer(self) -> None:
        """A transfer; handed over in whole or in part, accepted in time, late or never."""
        transfer, case = f"t-{self._name}", f"case-{self._name}"
        teams: dict[str, Any] = {
            "from_team": f"team-{self._chance.randrange(40)}",
            "to_team": f"team-{self._chance.randrange(40, 80)}",
        }
        self._tell("TransferRequested", 0, transfer=transfer, case=case, **teams)
        if self._chance.random() < 0.7:
            items = list(ITEMS[self._chance.randrange(2) :])
            self._tell(
                "HandoverRecorded",
                self._chance.uniform(0.5, 5),
                transfer=transfer,
                case=case,
                items=items,
            )
        fate = self._chance.random()
        if fate < 0.6:
            accepted: dict[str, Any] = {
                "transfer": transfer,
                "case": case,
                "by_team": teams["to_team"],
            }
            self._tell("TransferAccepted", self._chance.uniform(2, 13), **accepted)
        elif fate < 0.75:
            self._tell(
                "TransferWithdrawn", self._chance.uniform(2, 13), transfer=transfer, case=case
            )

    def case(self) -> None:
        """A case that gets a worker or none, loses one, and is closed well or badly."""
        case, team = f"case-{self._name}", f"team-{self._chance.randrange(80)}"
        worker = f"worker-{self._chance.randrange(200)}"
        people = [_person(f"woman-{self._name}")]
        self._tell("CaseOpened", 0, case=case, people=people, team=team)
        if self._chance.random() < 0.8:
            self._tell("WorkerAllocated", 0.5, case=case, worker=worker, team=team)
            if self._chance.random() < 0.4:
                self._tell(
                    "WorkerEnded",
                    self._chance.uniform(2, 8),
                    case=case,
                    worker=worker,
                    reason="LEFTRL",
                )
        if self._chance.random() < 0.6:
            self._tell("VisitCompleted", self._chance.uniform(1, 9), case=case, seen=["child"])
        if self._chance.random() < 0.5:
            self._tell(
                "CaseClosed",
                self._chance.uniform(5, 12),
                case=case,
                reason="RC8",
                evidence=[self._chance.choice(("report_of_referrer", "child_seen"))],
                safety_rationale_given=self._chance.random() < 0.5,
                role="manager",
            )

    def block(self) -> None:
        """Five cases that move between the same teams at once, and are accepted unread."""
        teams: dict[str, Any] = {"from_team": f"from-{self._name}", "to_team": f"to-{self._name}"}
        for number in range(5):
            named: dict[str, Any] = {
                "transfer": f"t-{self._name}-{number}",
                "case": f"case-{self._name}-{number}",
            }
            self._tell("TransferRequested", number / 10, **named, **teams)
            self._tell("TransferAccepted", 3 + number / 10, **named, by_team=teams["to_team"])

    def _tell(
        self,
        record: str,
        after: float,
        agency: str = "childrens_social_care",
        *,
        told_after: float = 0.0,
        **fields: Any,
    ) -> None:
        occurred = round(self._at - self._ago + after, 3)
        # A month's backlog is sent at once.
        at = self._at if self._ago else round(self._at + after + told_after, 3)
        event_id = f"{record}-{self._name}-{len(self.sendings)}"
        sending = Sending(at, occurred, record, agency, event_id, tuple(fields.items()))
        self.sendings.append(sending)
        if self._chance.random() < 0.05:
            self.sendings.append(sending)  # Told twice.


def _person(value: str) -> dict[str, str]:
    return {"scheme": "local", "value": value}


def _moment(start: datetime, seconds: float) -> datetime:
    return start.astimezone(UTC) + timedelta(milliseconds=round(seconds * 1_000))
