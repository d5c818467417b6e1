"""Flag a transfer accepted although the handover lacked a required item.

Due at the acceptance: every item of the policy's list, over all handover notes of the transfer together. "None"
is an answer, so an item such as `pregnancy` is always among them.

Taught by Sunderland: details were "overlooked" when cases moved in blocks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from baton.rules.deadline import Met
from baton.rules.facts import TransferAccepted
from baton.rules.rule import Rule, finding
from baton.rules.transfers import transfers_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from baton.rules.chronology import Chronology
    from baton.rules.outcome import Finding
    from baton.rules.policy import Policy, Terms
    from baton.rules.transfers import Transfer

SLUG = "handover-incomplete"


def judge(told: Chronology, now: datetime, policy: Policy) -> Iterator[Finding]:
    """Ask of each accepted transfer of this case whether everything was handed over."""
    for transfer in transfers_of(told):
        if not transfer.accepted:
            continue
        accepted = transfer.accepted[0]
        terms = policy.terms(SLUG, accepted.occurred_at, accepted.authority)
        met = _met(transfer, accepted, told, now, terms)
        by = None if met.reason == "overdue" else accepted.occurred_at
        yield finding(
            SLUG,
            transfer.transfer_id,
            told,
            met,
            terms,
            trigger=(accepted,),
            evidence=transfer.handovers,
            missing=_missing(transfer, terms, by),
            team=transfer.requests[-1].from_team if transfer.requests else None,
        )


def _missing(transfer: Transfer, terms: Terms, by: datetime | None) -> tuple[str, ...]:
    """Return the required items that no note carried, by a moment or (None) at all."""
    carried = {
        item
        for note in transfer.handovers
        if by is None or note.occurred_at <= by
        for item in note.items
    }
    return tuple(item for item in terms.words("items") if item not in carried)


def _met(
    transfer: Transfer, accepted: TransferAccepted, told: Chronology, now: datetime, terms: Terms
) -> Met:
    due_at = accepted.occurred_at
    taken_back = next((each for each in transfer.withdrawn if each.occurred_at >= due_at), None)
    if taken_back is not None:
        return Met("transfer-withdrawn", due_at, taken_back)
    if not _missing(transfer, terms, due_at):
        return Met("answered", due_at)
    if now < due_at:
        return Met("waiting", due_at, wake_at=due_at)
    completing = next(
        (note for note in transfer.handovers if not _missing(transfer, terms, note.occurred_at)),
        None,
    )
    if not told.can_tell(terms.waits_for, accepted.authority, due_at, now):
        return Met("cannot-tell", due_at, completing)
    return Met("overdue" if completing is None else "answered-late", due_at, completing)


RULE = Rule(
    slug=SLUG,
    version=1,
    catalogue="C2",
    reads="case",
    triggers=frozenset({TransferAccepted}),
    judge=judge,
    sentence="A transfer accepted although the handover lacked a required item.",
    missing="the handover items named",
    settings={"answered_by": str, "items": tuple},
)
