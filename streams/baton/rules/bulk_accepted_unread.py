"""Flag a case of a block that was accepted together with others and whose file nobody read.

Cases of one block (C4) that the same team accepted within `together` (one minute) of each other were accepted in
bulk. For each of them somebody must have recorded reading the file, from its offer to `within` (two working days)
after its acceptance. It is judged on the team that receives the block, one alert about each case.

Taught by Sunderland: "block" transfers between teams let details be overlooked.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from baton.rules.block_transfer import blocks_of
from baton.rules.deadline import answered_in_time
from baton.rules.facts import TransferAccepted
from baton.rules.policy import Limit
from baton.rules.rule import Rule, finding

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from baton.rules.block_transfer import Block
    from baton.rules.chronology import Chronology
    from baton.rules.outcome import Finding
    from baton.rules.policy import Policy
    from baton.rules.transfers import Transfer

SLUG = "bulk-accepted-unread"


def judge(told: Chronology, now: datetime, policy: Policy) -> Iterator[Finding]:
    """Ask of each case that this team, or another, accepted in bulk whether its file was read."""
    asked: set[tuple[str, str]] = set()
    for block in blocks_of(told, policy):
        for transfer, accepted in _accepted_in_bulk(block, policy):
            if (transfer.transfer_id, transfer.case) in asked:
                continue
            asked.add((transfer.transfer_id, transfer.case))
            terms = policy.terms(SLUG, accepted.occurred_at, accepted.authority)
            met = answered_in_time(
                transfer.files_read,
                since=min(transfer.requests[0].occurred_at, accepted.occurred_at),
                due_at=terms.due_after(accepted.occurred_at),
                now=now,
                told=told,
                terms=terms,
                authority=accepted.authority,
            )
            yield finding(
                SLUG,
                transfer.transfer_id,
                told,
                met,
                terms,
                trigger=(accepted,),
                missing=("FileRead",),
                team=transfer.team_after(accepted),
                about=("case", transfer.case),
            )


def _accepted_in_bulk(block: Block, policy: Policy) -> Iterator[tuple[Transfer, TransferAccepted]]:
    """Give the transfers of a block that one team accepted together with that of another case."""
    by_team: dict[str | None, list[tuple[Transfer, TransferAccepted]]] = defaultdict(list)
    for transfer in block.transfers:
        for accepted in transfer.accepted[:1]:
            by_team[transfer.team_after(accepted)].append((transfer, accepted))
    for team, moved in by_team.items():
        if team is None:
            continue
        moved.sort(key=lambda each: each[1].occurred_at)
        together: list[tuple[Transfer, TransferAccepted]] = []
        for each in moved:
            if together and not _is_together(together[-1][1], each[1], policy):
                yield from _of_several(together)
                together = []
            together.append(each)
        yield from _of_several(together)


def _is_together(one: TransferAccepted, other: TransferAccepted, policy: Policy) -> bool:
    terms = policy.terms(SLUG, one.occurred_at, one.authority)
    return other.occurred_at <= terms.due_after(one.occurred_at, "together")


def _of_several(
    together: list[tuple[Transfer, TransferAccepted]],
) -> list[tuple[Transfer, TransferAccepted]]:
    """Return the transfers if they are of more than one case."""
    return together if len({transfer.case for transfer, _ in together}) > 1 else []


RULE = Rule(
    slug=SLUG,
    version=1,
    catalogue="C5",
    reads="team",
    triggers=frozenset({TransferAccepted}),
    judge=judge,
    sentence="A case of a block that was accepted together with others and whose file nobody read.",
    missing="a record that somebody of the receiving team read the file",
    settings={"within": Limit, "together": Limit, "answered_by": str},
)
