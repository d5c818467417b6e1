"""Flag a transfer that was offered and that the receiving team has neither accepted nor rejected in time.

Due `within` (two working days) of the request. A new request is a new clock; a transfer taken back is no longer
due, and taking it back after the due moment withdraws the alert.

Taught by Sunderland: cases moved between teams in blocks, and whole cases fell between them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from baton.rules.deadline import Met, answered_in_time
from baton.rules.facts import TransferRequested, TransferWithdrawn
from baton.rules.rule import Rule, finding
from baton.rules.transfers import transfers_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from baton.rules.chronology import Chronology
    from baton.rules.outcome import Finding, Reason
    from baton.rules.policy import Policy, Terms
    from baton.rules.transfers import Transfer

SLUG = "transfer-not-accepted"

_GRAVEST_FIRST: tuple[Reason, ...] = (
    "overdue",
    "cannot-tell",  # before a late reply to another request, or it would not be asked again
    "answered-late",
    "waiting",
    "transfer-withdrawn",
    "answered",
)


def judge(told: Chronology, now: datetime, policy: Policy) -> Iterator[Finding]:
    """Ask of each request for this case whether it got a reply; requests of one transfer share an alert."""
    for transfer in transfers_of(told):
        clocks = []
        for request in transfer.requests:
            terms = policy.terms(SLUG, request.occurred_at, request.authority)
            clocks.append((_met(transfer, request, told, now, terms), request, terms))
        if not clocks:
            continue
        met, request, terms = min(
            reversed(clocks), key=lambda clock: _GRAVEST_FIRST.index(clock[0].reason)
        )
        wakes = [clock[0].wake_at for clock in clocks if clock[0].wake_at is not None]
        yield finding(
            SLUG,
            transfer.transfer_id,
            told,
            replace(met, wake_at=min(wakes, default=None)),
            terms,
            trigger=(request,),
            missing=("TransferAccepted",),
            team=request.to_team,
        )


def _met(
    transfer: Transfer, request: TransferRequested, told: Chronology, now: datetime, terms: Terms
) -> Met:
    met = answered_in_time(
        transfer.replies,
        since=request.occurred_at,
        due_at=terms.due_after(request.occurred_at),
        now=now,
        told=told,
        terms=terms,
        authority=request.authority,
    )
    late = met.reason in {"answered-late", "cannot-tell"}
    if late and isinstance(met.answer, TransferWithdrawn):
        return Met("transfer-withdrawn", met.due_at, met.answer)
    return met


RULE = Rule(
    slug=SLUG,
    version=1,
    catalogue="C1",
    reads="case",
    triggers=frozenset({TransferRequested}),
    judge=judge,
    sentence="A transfer that the receiving team has neither accepted nor rejected in time.",
    missing="an acceptance or a rejection by the receiving team",
)
