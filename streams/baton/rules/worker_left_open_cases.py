"""Flag each open case of a worker who left or is absent, that nobody took over.

Due `left_within` (one working day) of the leaving, or `absent_within` (five) of the beginning of an absence,
`urgent_absent_within` (two) where the plan is one of `urgent_plans` or the case is about an unborn child: the case
allocated anew, also to the same worker who is back, or closed. Where another worker holds the case as well, nothing
is asked. A worker who left one team keeps the cases of another.

Taught by Sunderland: amid high caseloads and turnover, cases stayed with workers who were no longer there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from baton.rules.deadline import answered_in_time
from baton.rules.facts import WorkerAbsent, WorkerAllocated, WorkerEnded, WorkerLeft
from baton.rules.holding import held_case
from baton.rules.policy import Limit
from baton.rules.rule import Rule, finding

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from baton.rules.chronology import Chronology
    from baton.rules.holding import HeldCase
    from baton.rules.outcome import Finding
    from baton.rules.policy import Policy, Terms

SLUG = "worker-left-open-cases"

Gone = WorkerLeft | WorkerAbsent


def judge(told: Chronology, now: datetime, policy: Policy) -> Iterator[Finding]:
    """Ask of each time that all workers of this case were gone whether somebody took it over."""
    gone: tuple[Gone, ...] = (*told.of(WorkerAbsent), *told.of(WorkerLeft))
    if not gone:
        return
    case = held_case(told)
    for trigger, *later in _times_alone(case, gone):
        since = trigger.occurred_at
        due_at, terms = min(
            (_due(case, each, gone, policy) for each in (trigger, *later)), key=lambda each: each[0]
        )
        met = answered_in_time(
            (*case.allocations, *case.closings),
            since=since,
            due_at=due_at,
            now=now,
            told=told,
            terms=terms,
            authority=trigger.authority,
        )
        yield finding(
            SLUG,
            since,
            told,
            met,
            terms,
            trigger=(trigger, *later),
            missing=("WorkerAllocated",),
            team=case.team(since),
        )


def _due(
    case: HeldCase, trigger: Gone | WorkerEnded, gone: tuple[Gone, ...], policy: Policy
) -> tuple[datetime, Terms]:
    moment = trigger.occurred_at
    terms = policy.terms(SLUG, moment, trigger.authority)
    if any(isinstance(each, WorkerLeft) for each in _away(case, gone, moment).values()):
        return terms.due_after(moment, "left_within"), terms
    is_urgent = case.plan(moment) in terms.words("urgent_plans") or case.is_unborn(moment)
    return terms.due_after(moment, "urgent_absent_within" if is_urgent else "absent_within"), terms


def _times_alone(case: HeldCase, gone: tuple[Gone, ...]) -> Iterator[list[Gone | WorkerEnded]]:
    """Give, for each time that all workers of the open case were gone, the records that say so.

    That may begin with one who goes, or with one who ends while those who stay on record are gone. An absence that
    becomes a leaving is one time; somebody who took the case over between the two makes it two.
    """
    together: list[Gone | WorkerEnded] = []
    for each in sorted((*gone, *case.endings), key=lambda one: one.occurred_at):
        moment = each.occurred_at
        holders = case.held_by(moment)
        concerned = isinstance(each, WorkerEnded) or each.worker in holders
        if not (concerned and holders and case.is_open(moment)):
            continue
        if holders != _away(case, gone, moment).keys():
            continue
        if together and _taken_over(case, together[0].occurred_at, moment):
            yield together
            together = []
        together = [*together, each]
    if together:
        yield together


def _away(case: HeldCase, gone: tuple[Gone, ...], moment: datetime) -> dict[str, Gone]:
    """Return those who held the case at a moment and had gone by then, each with the record that says so.

    One who was allocated since is back; one who left a team keeps the cases of another.
    """
    away: dict[str, Gone] = {}
    for holding in case.holdings:
        team = None if holding.begun is None else holding.begun.team
        for each in gone:
            is_gone = each.worker == holding.worker and each.occurred_at <= moment
            is_back = any(
                allocated.worker == each.worker
                and each.occurred_at <= allocated.occurred_at <= moment
                for allocated in case.allocations
            )
            if is_gone and not is_back and holding.covers(moment) and _is_of(each, team):
                away[each.worker] = each
    return away


def _is_of(gone: Gone, team: str | None) -> bool:
    """Say whether who went, went from this team, as far as is stated."""
    return gone.team is None or team is None or gone.team == team


def _taken_over(case: HeldCase, since: datetime, before: datetime) -> bool:
    """Say whether somebody took the case over, or it was closed, in a time."""
    return any(since <= each.occurred_at < before for each in (*case.allocations, *case.closings))


RULE = Rule(
    slug=SLUG,
    version=1,
    catalogue="C11",
    reads="case",
    also_reads=frozenset({"worker"}),
    triggers=frozenset({WorkerAllocated}),
    judge=judge,
    sentence="An open case of a worker who left or is absent, that nobody took over.",
    missing="another worker allocated to the case",
    settings={
        "left_within": Limit,
        "absent_within": Limit,
        "urgent_absent_within": Limit,
        "urgent_plans": tuple,
        "answered_by": str,
    },
)
