"""Flag a team that was closed, merged or renamed while cases were open on it.

None is allowed: by the moment of the close each open case of the team must have been closed, or be with another team
(accepted there, or allocated to a worker of it). Naming a successor moves no case. A case that comes to the team after
it was closed counts too. One alert for the team, with a member for each case and what became of it.

Taught by Sunderland: the reviews ask what "organisational change" does to cases in flight.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from baton.rules.checklist import Checklist
from baton.rules.facts import CaseClosed, TeamClosed
from baton.rules.holding import held_cases
from baton.rules.outcome import Member
from baton.rules.rule import Rule, finding

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from baton.rules.chronology import Chronology
    from baton.rules.facts import Fact
    from baton.rules.holding import HeldCase
    from baton.rules.outcome import Finding
    from baton.rules.policy import Policy

SLUG = "team-closed-open-cases"


def judge(told: Chronology, now: datetime, policy: Policy) -> Iterator[Finding]:
    """Ask of this team, if it was closed, whether a case was still open on it."""
    closed = next((each for each in told.of(TeamClosed) if each.team == told.about), None)
    if closed is None:
        return
    terms = policy.terms(SLUG, closed.occurred_at, closed.authority)
    by_id = held_cases(told)
    left = {
        case.case_id: list(_ways_out(case, told.about, since))
        for case in by_id.values()
        if (since := _open_since(case, told.about, closed.occurred_at)) is not None
    }
    cases = Checklist.of(left)
    met = cases.met(
        due_at=closed.occurred_at, now=now, told=told, terms=terms, authority=closed.authority
    )
    yield finding(
        SLUG,
        "closed",
        told,
        met,
        terms,
        trigger=(closed,),
        evidence=cases.evidence,
        missing=("TransferAccepted",),
        members=tuple(
            Member(key=case, states=(_state(fact),)) for case, fact in sorted(cases.items.items())
        ),
        team=told.about,
        awaits=tuple(by_id),
    )


def _open_since(case: HeldCase, team: str, closed_at: datetime) -> datetime | None:
    """Return since when, from the close on, the case was open on the team, or None if it was not."""
    came = (at for at, where, _ in case.places if where == team and at > closed_at)
    return next(
        (at for at in (closed_at, *came) if case.is_open(at) and case.team(at) == team),
        None,
    )


def _ways_out(case: HeldCase, team: str, since: datetime) -> Iterator[Fact]:
    """Give what ends, at `since` or later, that the case is open on the team."""
    yield from (each for each in case.closings if each.occurred_at >= since)
    yield from (fact for at, where, fact in case.places if where != team and at >= since)


def _state(way_out: Fact | None) -> str:
    if way_out is None:
        return "open"
    return "closed" if isinstance(way_out, CaseClosed) else "moved"


def cases_of_a_closed_team(told: Chronology, policy: Policy) -> tuple[str, ...]:  # noqa: ARG001 (asked of every rule)
    """Return the cases whose facts the rule needs: none while the team goes on."""
    if not any(each.team == told.about for each in told.of(TeamClosed)):
        return ()
    return tuple(held_cases(told))


RULE = Rule(
    slug=SLUG,
    version=1,
    catalogue="C13",
    reads="team",
    also_reads=frozenset({"case"}),
    also_named=cases_of_a_closed_team,
    triggers=frozenset({TeamClosed}),
    judge=judge,
    sentence="A team that was closed, merged or renamed while cases were open on it.",
    missing="another team for each open case",
    settings={"answered_by": str},
)
