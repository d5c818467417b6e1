"""What happens to cases: workers, visits, plans, assessments, closures, and transfers singly and in blocks."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from baton.simulate.telling import DAY, HOUR, MINUTE
from baton.simulate.world import CSC, World, person

if TYPE_CHECKING:
    from collections.abc import Sequence

ITEMS: Final = (
    "chronology",
    "plan",
    "risks",
    "domestic_abuse",
    "pregnancy",
    "adults",
    "open_actions",
)
OPEN_ITEMS: Final = ("due-date", "core-group", "police-check", "home-visit", "review", "incident")
PLANS: Final = (
    *("none",) * 9,
    *("child_in_need",) * 12,
    *("child_protection",) * 2,
    "looked_after",
)
WORKERS: Final = 14
"""Of each team."""

_TRANSFER_TAKES: Final = 60 * DAY
"""A case that is being transferred is left alone so long, and a case that closes sooner is not transferred."""
_LEFT_ALONE: Final = 30 * DAY
"""Longer than any limit within which a visit is due."""


@dataclass(slots=True)
class Case:
    """An open case."""

    key: str
    woman: str
    team: str
    worker: str
    plan: str
    closes_at: int
    free_at: int
    """From when on it may be transferred."""
    visits_from: int = 0
    """Nobody visits before, because it was sown."""


class Cases:
    """The open cases of one authority."""

    def __init__(self, world: World) -> None:
        """Begin with none."""
        self._world = world
        self._teams = world.plan.volumes.teams
        self._open: list[Case] = []
        self._place: dict[str, int] = {}

    def open(self, at: int, referral: str, woman: str, *, unborn: bool) -> None:
        """Open a case, and plan how it goes on."""
        world, chance = self._world, self._world.chance
        team = self._team()
        case = Case(
            key=world.new("case"),
            woman=woman,
            team=team,
            worker=self._worker(team),
            plan=chance.of(PLANS),
            closes_at=at + chance.between(20, 500) * DAY + chance.between(0, 600) * MINUTE,
            free_at=at + 7 * DAY,
        )
        self._place[case.key] = len(self._open)
        self._open.append(case)
        world.tell(
            "CaseOpened",
            CSC,
            at,
            case=case.key,
            people=[person(woman)],
            team=team,
            referral=referral,
            unborn=unborn or None,
            plan=case.plan if chance.happens(0.5) else "none",
        )
        allocated_at = at + chance.between(0, 48) * HOUR
        self._allocate(case, allocated_at)
        if case.plan != "none":
            world.tell(
                "PlanStarted", CSC, at + chance.between(1, 20) * DAY, case=case.key, plan=case.plan
            )
        assessment = world.new("assessment")
        world.tell("AssessmentStarted", CSC, allocated_at, case=case.key, assessment=assessment)
        if chance.happens(0.9):
            world.tell(
                "AssessmentAuthorised",
                CSC,
                at + chance.between(15, 70) * DAY,
                case=case.key,
                assessment=assessment,
                evidence=["child_seen", "mother_met", "home_seen", "agency_checks", "analysis"],
                role=chance.of(("manager", "worker")),
            )
        world.at(at + chance.between(12, 240) * HOUR, partial(self._visit, case))
        world.at(at + chance.between(20, 40) * DAY, partial(self._supervise, case))
        world.at(case.closes_at, partial(self._close, case))

    def transfer_one(self, day: int) -> None:
        """Transfer one case, if there is one that may be."""
        case = self._some(1, None, day)
        if case:
            at = self._world.in_office(day)
            self._request(case[0], at, self._team(but=case[0].team))

    def transfer_block(self, day: int, least: int, most: int) -> None:
        """Transfer several cases of one team to another by one decision; the worker who held some of them leaves."""
        world, chance = self._world, self._world.chance
        from_team = self._team()
        cases = self._some(chance.between(least, most), from_team, day)
        if len(cases) < least:
            return
        to_team = self._team(but=from_team)
        block = world.new("block") if chance.happens(0.6) else None
        at = world.in_office(day)
        if len(cases) >= 8:
            world.sow("block", to_team, block or cases[0].key)
        accepted_at = at + chance.between(1, 40) * HOUR if chance.happens(0.7) else None
        for number, case in enumerate(cases):
            self._request(
                case, at + number * MINUTE, to_team, block=block, in_block=True, bulk_at=accepted_at
            )
        if chance.happens(0.7):
            world.tell("WorkerLeft", CSC, at, worker=cases[0].worker, team=from_team)

    # One transfer.

    def _request(  # noqa: PLR0913 (what a block decides for its cases)
        self,
        case: Case,
        at: int,
        to_team: str,
        *,
        block: str | None = None,
        in_block: bool = False,
        bulk_at: int | None = None,
    ) -> None:
        world, chance = self._world, self._world.chance
        transfer = world.new("transfer")
        case.free_at = at + _TRANSFER_TAKES
        open_items = [item for item in OPEN_ITEMS if chance.happens(0.3)]
        world.tell(
            "TransferRequested",
            CSC,
            at,
            transfer=transfer,
            case=case.key,
            people=[person(case.woman)],
            from_team=case.team,
            to_team=to_team,
            reason="LEFTRL" if in_block else chance.of(("TSPROC", "CHCHAN", "ABSENC")),
            block=block,
            open_items=open_items,
        )
        names = {"transfer": transfer, "case": case.key}
        drawn = chance.between(1, 100)
        if bulk_at is not None:
            self._accept(case, names, to_team, max(at, bulk_at), open_items, in_bulk=True)
        elif world.fails("transfer-ignored"):
            world.sow("transfer-ignored", case.key, transfer)
        elif drawn <= 6:
            rejected_at = at + world.answer()
            world.tell("TransferRejected", CSC, rejected_at, **names)
            world.at(
                rejected_at + chance.between(1, 5) * DAY,
                lambda moment: self._request(case, moment, self._team(but=case.team)),
            )
        elif drawn <= 9:
            world.tell("TransferWithdrawn", CSC, at + world.answer(), **names)
        else:
            takes = world.answer() if chance.happens(0.9) else 2 * DAY
            self._accept(case, names, to_team, at + takes, open_items, in_bulk=False)
            if drawn == 10:
                # Both at one instant is an acceptance.
                world.tell("TransferRejected", CSC, at + takes, **names)

    def _accept(  # noqa: PLR0913 (what the offer said)
        self,
        case: Case,
        names: dict[str, str],
        to_team: str,
        at: int,
        open_items: list[str],
        *,
        in_bulk: bool,
    ) -> None:
        world, chance = self._world, self._world.chance
        world.tell("TransferAccepted", CSC, at, **names, by_team=to_team)
        self._hand_over(case, names, at, open_items)
        if in_bulk and world.fails("file-unread"):
            world.sow("file-unread", case.key, names["transfer"])
        elif in_bulk or chance.happens(0.3):
            read_at = at + world.answer() - chance.between(0, 5) * HOUR
            # No earlier than the acceptance, or the story would tell of what it has passed.
            world.tell("FileRead", CSC, max(at, read_at), **names, role="worker")
        self._change_worker(case, at, to_team)
        if world.fails("never-visited"):
            world.sow("never-visited", case.key, names["transfer"])
            case.visits_from = at + _LEFT_ALONE

    def _hand_over(self, case: Case, names: dict[str, str], at: int, open_items: list[str]) -> None:
        world, chance = self._world, self._world.chance
        items, carried = list(ITEMS), list(open_items)
        lost = world.fails("handover-item-dropped")
        if lost:
            world.sow("handover-item-dropped", case.key, names["transfer"])
            items.remove(chance.of(ITEMS))
        if carried and world.fails("open-item-dropped"):
            world.sow("open-item-dropped", case.key, names["transfer"])
            carried.remove(chance.of(carried))
        elif carried and chance.happens(0.3):
            item = carried.pop()
            world.tell("OpenItemClosed", CSC, at + world.answer(), case=case.key, item=item)
        written_at = at if chance.happens(0.8) else at + world.answer()
        if not lost and chance.happens(0.2):
            # In two notes, the second perhaps too late.
            second, items = items[4:], items[:4]
            world.tell("HandoverRecorded", CSC, at + world.answer(), **names, items=second)
        world.tell("HandoverRecorded", CSC, written_at, **names, items=items, open_items=carried)

    def _change_worker(self, case: Case, at: int, to_team: str) -> None:
        world, chance = self._world, self._world.chance
        before = case.worker
        case.team, case.worker = to_team, self._worker(to_team, but=before)
        ended_at = at + chance.between(0, 8) * HOUR
        world.tell("WorkerEnded", CSC, ended_at, case=case.key, worker=before, reason="TSPROC")
        if world.fails("worker-gap"):
            world.sow("worker-gap", case.key, case.key)
            self._allocate(case, ended_at + chance.between(9, 20) * DAY)
        elif chance.happens(0.6):
            self._allocate(case, at + chance.between(0, 8) * HOUR)
        else:
            self._allocate(case, ended_at + world.answer())

    # What goes on.

    def _allocate(self, case: Case, at: int) -> None:
        self._world.tell(
            "WorkerAllocated", CSC, at, case=case.key, worker=case.worker, team=case.team
        )

    def _visit(self, case: Case, at: int) -> None:
        if case.key not in self._place:
            return
        world, chance = self._world, self._world.chance
        world.at(at + chance.between(3 * 24, 30 * 24) * HOUR, partial(self._visit, case))
        if at < case.visits_from:
            return
        drawn = chance.between(1, 10)
        if drawn <= 6:
            seen = chance.of((["child", "mother"], ["mother"], ["child", "home"], ["home"]))
            world.tell("VisitCompleted", CSC, at, case=case.key, seen=seen)
        elif drawn <= 8:
            world.tell("ContactMade", CSC, at, case=case.key, **{"with": ["mother"]})
        else:
            world.tell("VisitAttempted", CSC, at, case=case.key)

    def _supervise(self, case: Case, at: int) -> None:
        if case.key not in self._place:
            return
        world, chance = self._world, self._world.chance
        world.tell("SupervisionRecorded", CSC, at, case=case.key)
        if chance.happens(0.05):
            case.plan = chance.of(PLANS)
            world.tell("PlanChanged", CSC, at, case=case.key, plan=case.plan)
        world.at(at + chance.between(25, 60) * DAY, partial(self._supervise, case))

    def _close(self, case: Case, at: int) -> None:
        world, chance = self._world, self._world.chance
        place, last = self._place.pop(case.key), self._open.pop()
        if last is not case:
            self._open[place], self._place[last.key] = last, place
        world.tell(
            "CaseClosed",
            CSC,
            at,
            case=case.key,
            reason=chance.of(("RC7", "RC8", "RC9")),
            evidence=["child_seen", "mother_met", "home_seen", "agency_checks"],
            safety_rationale_given=not chance.happens(0.05),
            role=chance.of(("manager", "manager", "worker")),
            by_case_worker=chance.happens(0.1),
        )
        if chance.happens(0.5):
            ended_at = at + chance.between(0, 24) * HOUR
            world.tell("WorkerEnded", CSC, ended_at, case=case.key, worker=case.worker)
        if chance.happens(0.03):
            reopened_at = at + chance.between(10, 60) * DAY
            world.tell("CaseReopened", CSC, reopened_at, case=case.key)
            self._allocate(case, reopened_at + world.answer())

    # Who.

    def _some(self, count: int, team: str | None, at: int) -> Sequence[Case]:
        """Draw cases of a team, or of any, that may be transferred."""
        chance = self._world.chance
        found: dict[str, Case] = {}
        for _ in range(min(len(self._open), 4 * self._teams * count if team else 20)):
            case = chance.of(self._open)
            if (
                team in {None, case.team}
                and case.free_at <= at
                and case.closes_at > at + _TRANSFER_TAKES
            ):
                found[case.key] = case
                if len(found) == count:
                    break
        return list(found.values())

    def _team(self, but: str | None = None) -> str:
        while (
            team := self._world.named(f"team-{self._world.chance.between(1, self._teams)}")
        ) == but:
            pass
        return team

    def _worker(self, team: str, but: str | None = None) -> str:
        number = self._world.chance.between(1, WORKERS)
        worker = f"{team}.worker-{number}"
        return worker if worker != but else f"{team}.worker-{number % WORKERS + 1}"
