"""Flag a transfer accepted whose open items got lost: the receiving team neither carries nor closed them.

What the sending team named as open when it offered the case (actions, risk flags, a due date, deadlines) is due
`within` (one working day) of the acceptance: each item carried as open in a handover note of the transfer, whenever
that was written, or closed since it was offered. An offer that names no open item asks for none; which items a
handover must have is C2's.

Taught by Sunderland: "details were overlooked" when cases moved in blocks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from baton.rules.checklist import Checklist
from baton.rules.facts import HandoverRecorded, OpenItemClosed, TransferAccepted
from baton.rules.policy import Limit
from baton.rules.rule import Rule, finding
from baton.rules.transfers import transfers_of, unless_taken_back

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from baton.rules.chronology import Chronology
    from baton.rules.outcome import Finding
    from baton.rules.policy import Policy
    from baton.rules.transfers import Transfer

SLUG = "handover-details-lost"


def judge(told: Chronology, now: datetime, policy: Policy) -> Iterator[Finding]:
    """Ask of each accepted transfer of this case whether what was open is still known."""
    for transfer in transfers_of(told):
        if not transfer.accepted:
            continue
        accepted = transfer.accepted[0]
        terms = policy.terms(SLUG, accepted.occurred_at, accepted.authority)
        due_at = terms.due_after(accepted.occurred_at)
        items = open_items(transfer, told.of(OpenItemClosed))
        met = items.met(
            due_at=due_at, now=now, told=told, terms=terms, authority=accepted.authority
        )
        lost = items.missing() if met.reason == "overdue" else items.missing(due_at)
        yield finding(
            SLUG,
            transfer.transfer_id,
            told,
            unless_taken_back(met, transfer, accepted.occurred_at),
            terms,
            trigger=(accepted,),
            evidence=(*transfer.requests, *items.evidence),
            missing=lost,
            team=transfer.requests[0].from_team if transfer.requests else None,
        )


def open_items(transfer: Transfer, closed: Iterable[OpenItemClosed]) -> Checklist:
    """Return what the sending team named as open in an accepted transfer, and where each was carried or closed."""
    accepted_at = transfer.accepted[0].occurred_at
    offers = [each for each in transfer.requests if each.occurred_at <= accepted_at]
    closings = [each for each in closed if each.case == transfer.case]
    answers: dict[str, list[HandoverRecorded | OpenItemClosed]] = {}
    for offer in offers or transfer.requests:
        for item in offer.open_items:
            if item not in answers:
                answers[item] = [
                    *(note for note in transfer.handovers if item in note.open_items),
                    *(
                        each
                        for each in closings
                        if each.item == item and each.occurred_at >= offer.occurred_at
                    ),
                ]
    return Checklist.of(answers)


RULE = Rule(
    slug=SLUG,
    version=1,
    catalogue="C3",
    reads="case",
    triggers=frozenset({TransferAccepted}),
    judge=judge,
    sentence="A transfer accepted whose open items the receiving team neither carries nor closed.",
    missing="the open items named, carried in a handover or closed",
    settings={"within": Limit, "answered_by": str},
)
