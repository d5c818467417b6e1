"""Flag a transfer accepted after which nobody of the receiving team saw or reached the family.

Due `within` (five working days) of the acceptance, `plans_within` (ten) where the plan is one of `plans` (child
protection, looked after): a visit completed or contact made. An attempt answers nothing. A case that was closed
before then needs no visit for its transfer; whether it may be closed without one is B1's. The records do not say
which worker made a visit: any after the acceptance counts.

Taught by Sunderland: after a transfer nobody noticed that nobody came.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from baton.rules.deadline import Met, answered_in_time
from baton.rules.facts import ContactMade, TransferAccepted, VisitCompleted
from baton.rules.holding import held_case
from baton.rules.policy import Limit
from baton.rules.rule import Rule, finding
from baton.rules.transfers import unless_taken_back

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from baton.rules.chronology import Chronology
    from baton.rules.holding import HeldCase
    from baton.rules.outcome import Finding
    from baton.rules.policy import Policy

SLUG = "no-visit-after-transfer"


def judge(told: Chronology, now: datetime, policy: Policy) -> Iterator[Finding]:
    """Ask of each accepted transfer of this case whether the family was seen or reached since."""
    case = held_case(told)
    for transfer in case.transfers:
        if not transfer.accepted:
            continue
        accepted = transfer.accepted[0]
        since = accepted.occurred_at
        terms = policy.terms(SLUG, since, accepted.authority)
        is_longer = case.plan(since) in terms.words("plans")
        met = answered_in_time(
            visits_of(told),
            since=since,
            due_at=terms.due_after(since, "plans_within" if is_longer else "within"),
            now=now,
            told=told,
            terms=terms,
            authority=accepted.authority,
        )
        yield finding(
            SLUG,
            transfer.transfer_id,
            told,
            unless_taken_back(_unless_closed(met, case, since), transfer, since),
            terms,
            trigger=(accepted,),
            missing=("VisitCompleted",),
            team=transfer.team_after(accepted),
        )


def visits_of(told: Chronology) -> tuple[VisitCompleted | ContactMade, ...]:
    """Return every time that somebody saw or reached a family."""
    return (*told.of(VisitCompleted), *told.of(ContactMade))


def _unless_closed(met: Met, case: HeldCase, since: datetime) -> Met:
    """Let the question fall away where the case was closed before the answer was due."""
    closed = any(since <= each.occurred_at <= met.due_at for each in case.closings)
    return Met("not-asked", met.due_at) if closed and met.reason != "answered" else met


RULE = Rule(
    slug=SLUG,
    version=1,
    catalogue="C7",
    reads="case",
    triggers=frozenset({TransferAccepted}),
    judge=judge,
    sentence="A transfer accepted after which nobody saw or reached the family.",
    missing="a visit or a contact by the receiving team",
    settings={"within": Limit, "plans_within": Limit, "plans": tuple, "answered_by": str},
)
