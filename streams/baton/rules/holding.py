"""Who holds a case at a moment: whether it was open, under which plan, with which team and which workers.

Shared by the rules about transfers and workers (C). A case whose opening nobody told counts as open until it is
closed: baton may have begun to listen after it.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from baton.rules.facts import (
    CaseClosed,
    CaseOpened,
    CaseReopened,
    ContactMade,
    OpenItemClosed,
    PlanChanged,
    PlanStarted,
    ReferralReceived,
    VisitCompleted,
    WorkerAllocated,
    WorkerEnded,
)
from baton.rules.transfers import transfers_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from baton.rules.chronology import Chronology
    from baton.rules.facts import Fact
    from baton.rules.transfers import Transfer

Life = CaseOpened | CaseClosed | CaseReopened
Plan = CaseOpened | PlanStarted | PlanChanged
Seen = VisitCompleted | ContactMade
Worker = WorkerAllocated | WorkerEnded
OfCase = TypeVar("OfCase", bound=Life | Plan | Worker | Seen | OpenItemClosed)
NO_PLAN = "none"


@dataclass(frozen=True, slots=True)
class Holding:
    """One worker's time with a case; `begun` None: since before anything was told, `ended` None: still."""

    worker: str
    begun: WorkerAllocated | None
    ended: WorkerEnded | None

    def covers(self, moment: datetime) -> bool:
        """Say whether the worker held the case right after a moment: one who ends at it holds it no more."""
        began = self.begun is None or self.begun.occurred_at <= moment
        return began and (self.ended is None or self.ended.occurred_at > moment)


@dataclass(frozen=True, slots=True)
class HeldCase:
    """One case, by all that was told of who holds it; each tuple by when it occurred."""

    case_id: str
    life: tuple[Life, ...] = ()
    plans: tuple[Plan, ...] = ()
    allocations: tuple[WorkerAllocated, ...] = ()
    endings: tuple[WorkerEnded, ...] = ()
    transfers: tuple[Transfer, ...] = ()
    referred: tuple[ReferralReceived, ...] = ()

    @property
    def people(self) -> tuple[str, ...]:
        """Whom the case is about, in the order in which they were named; where nobody was, whom its referral names."""
        opened = (
            person for each in self.life if isinstance(each, CaseOpened) for person in each.people
        )
        offered = (
            person
            for transfer in self.transfers
            for each in transfer.requests
            for person in each.people
        )
        named = tuple(dict.fromkeys((*opened, *offered)))
        return named or tuple(
            dict.fromkeys(person for each in self.referred for person in each.people)
        )

    @property
    def authority(self) -> str | None:
        """The area that opened it, or None where nobody told."""
        return next((each.authority for each in self.life if isinstance(each, CaseOpened)), None)

    @property
    def closings(self) -> tuple[CaseClosed, ...]:
        """Each time it was closed."""
        return tuple(each for each in self.life if isinstance(each, CaseClosed))

    def is_open(self, moment: datetime) -> bool:
        """Say whether the case was open right after a moment."""
        known = [each for each in self.life if each.occurred_at <= moment]
        if not known:
            return not self.life or isinstance(self.life[0], CaseClosed)
        return not isinstance(known[-1], CaseClosed)

    def plan(self, moment: datetime) -> str:
        """Return the plan under which the case was worked at a moment."""
        known = [each.plan for each in self.plans if each.occurred_at <= moment]
        return known[-1] if known else NO_PLAN

    def opened_at(self, moment: datetime) -> datetime | None:
        """Return when the case was last opened or reopened by a moment, or None where nobody told."""
        known = [
            each.occurred_at
            for each in self.life
            if each.occurred_at <= moment and not isinstance(each, CaseClosed)
        ]
        return max(known, default=None)

    def is_unborn(self, moment: datetime) -> bool:
        """Say whether the case was last stated, by a moment, to be about an unborn child."""
        stated = [
            each.unborn
            for each in self.life
            if isinstance(each, CaseOpened)
            and each.unborn is not None
            and each.occurred_at <= moment
        ]
        return bool(stated and stated[-1])

    @property
    def places(self) -> tuple[tuple[datetime, str, Fact], ...]:
        """Each time that the case was said to be with a team: when, with which, and by which fact."""
        said: list[tuple[str | None, Fact]] = [
            *((each.team, each) for each in self.life if isinstance(each, CaseOpened)),
            *((each.team_after(moved), moved) for each in self.transfers for moved in each.moves),
            *((each.team, each) for each in self.allocations),
        ]
        said.sort(key=lambda each: each[1].occurred_at)
        return tuple((fact.occurred_at, team, fact) for team, fact in said if team is not None)

    def team(self, moment: datetime) -> str | None:
        """Return the team that had the case right after a moment, or None where nobody told."""
        known = [team for at, team, _ in self.places if at <= moment]
        return known[-1] if known else None

    @property
    def holdings(self) -> tuple[Holding, ...]:
        """Each worker's times with the case. One who ends without ever having been allocated held it before."""
        found = []
        told: list[Worker] = sorted(
            (*self.endings, *self.allocations), key=lambda each: each.occurred_at
        )
        for worker in dict.fromkeys(each.worker for each in told):
            begun: WorkerAllocated | None = None
            events = [each for each in told if each.worker == worker]
            for event in events:
                if isinstance(event, WorkerAllocated):
                    begun = begun or event
                elif begun is not None:
                    found.append(Holding(worker, begun, event))
                    begun = None
                elif event is events[0]:
                    found.append(Holding(worker, None, event))
            if begun is not None:
                found.append(Holding(worker, begun, None))
        return tuple(found)

    def held_by(self, moment: datetime) -> frozenset[str]:
        """Return the workers who held the case right after a moment."""
        return frozenset(each.worker for each in self.holdings if each.covers(moment))


def held_case(told: Chronology) -> HeldCase:
    """Return the case that a case's chronology is about."""
    return held_cases(told).get(told.about) or HeldCase(told.about)


def held_cases(told: Chronology) -> Mapping[str, HeldCase]:
    """Return every case that the chronology knows of, by its id."""
    (cases,) = told.once(_held_cases)
    return cases


def planned_cases(told: Chronology) -> Mapping[str, HeldCase]:
    """Return every case whose opening, close or plan the chronology knows of, by its id, with these alone."""
    (cases,) = told.once(_planned_cases)
    return cases


def _planned_cases(told: Chronology) -> Iterator[dict[str, HeldCase]]:
    life, plans = _lives(told), _plans(told)
    yield {
        case_id: HeldCase(case_id, tuple(life.get(case_id, ())), tuple(plans.get(case_id, ())))
        for case_id in sorted({*life, *plans})
    }


def _lives(told: Chronology) -> dict[str, list[Life]]:
    every: tuple[Life, ...] = (*told.of(CaseOpened), *told.of(CaseClosed), *told.of(CaseReopened))
    return by_case(every)


def _plans(told: Chronology) -> dict[str, list[Plan]]:
    every: tuple[Plan, ...] = (
        *told.of(CaseOpened),
        *told.of(PlanStarted),
        *told.of(PlanChanged),
    )
    return by_case(every)


def _held_cases(told: Chronology) -> Iterator[dict[str, HeldCase]]:
    life, plans = _lives(told), _plans(told)
    allocations = by_case(told.of(WorkerAllocated))
    endings = by_case(told.of(WorkerEnded))
    transfers: dict[str, list[Transfer]] = defaultdict(list)
    for transfer in transfers_of(told):
        transfers[transfer.case].append(transfer)
    yield {
        case_id: HeldCase(
            case_id,
            tuple(life.get(case_id, ())),
            tuple(plans.get(case_id, ())),
            tuple(allocations.get(case_id, ())),
            tuple(endings.get(case_id, ())),
            tuple(transfers.get(case_id, ())),
            tuple(_referred(told, life.get(case_id, ()))),
        )
        for case_id in sorted({*life, *plans, *allocations, *endings, *transfers})
    }


def _referred(told: Chronology, life: Iterable[Life]) -> Iterator[ReferralReceived]:
    """Give the referrals of the openings that name nobody: of others nobody asks whom their referral names."""
    for opened in life:
        if isinstance(opened, CaseOpened) and opened.referral is not None and not opened.people:
            yield from (
                each for each in told.of(ReferralReceived) if each.referral == opened.referral
            )


def by_case(facts: Iterable[OfCase]) -> dict[str, list[OfCase]]:
    """Group facts by case, by when they occurred; of one instant, those given first come first."""
    grouped: dict[str, list[OfCase]] = defaultdict(list)
    for fact in sorted(facts, key=lambda each: each.occurred_at):
        grouped[fact.case].append(fact)
    return grouped
