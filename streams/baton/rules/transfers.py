"""What is known of a transfer: how often it was requested, and what became of it. Shared by the C rules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar, get_args

from baton.rules.deadline import Met
from baton.rules.facts import (
    FileRead,
    HandoverRecorded,
    TransferAccepted,
    TransferRejected,
    TransferRequested,
    TransferWithdrawn,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from baton.rules.chronology import Chronology

OfTransfer = TypeVar(
    "OfTransfer",
    TransferRequested,
    TransferAccepted,
    TransferRejected,
    TransferWithdrawn,
    HandoverRecorded,
    FileRead,
)
Transferring = (
    TransferRequested
    | TransferAccepted
    | TransferRejected
    | TransferWithdrawn
    | HandoverRecorded
    | FileRead
)
TRANSFERRING: tuple[type[Transferring], ...] = get_args(Transferring)
"""The records of a transfer."""
STATES = (
    "requested",
    "rejected",
    "withdrawn",
    "accepted",
    "accepted-elsewhere",
    "handover-recorded",
    "file-read",
    "items-open",
    "worker-allocated",
    "visited",
)
"""What can have happened to a case on its way, as coded words in the order of a transfer's life."""
Reply = TransferAccepted | TransferRejected | TransferWithdrawn


@dataclass(frozen=True, slots=True)
class Transfer:
    """One transfer of one case, by all that was told of it; each list by when it occurred."""

    transfer_id: str
    case: str
    requests: tuple[TransferRequested, ...]
    accepted: tuple[TransferAccepted, ...]
    rejected: tuple[TransferRejected, ...]
    withdrawn: tuple[TransferWithdrawn, ...]
    handovers: tuple[HandoverRecorded, ...]
    files_read: tuple[FileRead, ...]

    @property
    def replies(self) -> tuple[Reply, ...]:
        """Everything that ends the waiting; at one instant an acceptance comes first (design, section 8)."""
        return (*self.accepted, *self.rejected, *self.withdrawn)

    @property
    def moves(self) -> tuple[TransferAccepted | TransferWithdrawn, ...]:
        """Each time it moved the case: over with an acceptance, and back where it was then withdrawn."""
        if not self.accepted:
            return ()
        began = self.accepted[0].occurred_at
        taken_back = (each for each in self.withdrawn if each.occurred_at >= began)
        return (*self.accepted, *taken_back)

    def team_before(self, moved: TransferAccepted) -> str | None:
        """Return the team that gave the case up with an acceptance, by the offer."""
        offer = self._offer(moved.occurred_at)
        return None if offer is None else offer.from_team

    def team_after(self, moved: TransferAccepted | TransferWithdrawn) -> str | None:
        """Return the team that has the case after a move; the one that the offer named, unless the move says."""
        offer = self._offer(moved.occurred_at)
        if isinstance(moved, TransferWithdrawn):
            return None if offer is None else offer.from_team
        return moved.by_team or (None if offer is None else offer.to_team)

    def _offer(self, moment: datetime) -> TransferRequested | None:
        """Return the offer that stood at a moment; the first one, where none had been made yet."""
        made = [each for each in self.requests if each.occurred_at <= moment] or self.requests[:1]
        return made[-1] if made else None

    def taken_back(self, since: datetime) -> TransferWithdrawn | None:
        """Return the withdrawal of an acceptance at `since`, or None."""
        return next((each for each in self.withdrawn if each.occurred_at >= since), None)

    @property
    def states(self) -> tuple[str, ...]:
        """What has happened to it, as coded words in the order of a transfer's life."""
        happened = {
            "requested": self.requests,
            "rejected": self.rejected,
            "withdrawn": self.withdrawn,
            "accepted": self.accepted,
            "handover-recorded": self.handovers,
            "file-read": self.files_read,
        }
        return tuple(state for state, facts in happened.items() if facts)


def unless_taken_back(met: Met, transfer: Transfer, since: datetime) -> Met:
    """Let a question about an acceptance fall away when the transfer was taken back after it."""
    taken_back = transfer.taken_back(since)
    return met if taken_back is None else Met("transfer-withdrawn", met.due_at, taken_back)


def transfers_of(told: Chronology) -> tuple[Transfer, ...]:
    """Group what was told by transfer and case, in the order of their ids; of a case, its own transfers alone."""
    return told.once(_transfers)


def _transfers(told: Chronology) -> Iterator[Transfer]:
    requests = _by_transfer(told.of(TransferRequested))
    accepted = _by_transfer(told.of(TransferAccepted))
    rejected = _by_transfer(told.of(TransferRejected))
    withdrawn = _by_transfer(told.of(TransferWithdrawn))
    handovers = _by_transfer(told.of(HandoverRecorded))
    files_read = _by_transfer(told.of(FileRead))
    keys = {*requests, *accepted, *rejected, *withdrawn, *handovers, *files_read}
    for key in sorted(keys):
        transfer_id, case = key
        if told.kind == "case" and case != told.about:
            continue
        yield Transfer(
            transfer_id,
            case,
            requests.get(key, ()),
            accepted.get(key, ()),
            rejected.get(key, ()),
            withdrawn.get(key, ()),
            handovers.get(key, ()),
            files_read.get(key, ()),
        )


def _by_transfer(facts: Iterable[OfTransfer]) -> dict[tuple[str, str], tuple[OfTransfer, ...]]:
    grouped: dict[tuple[str, str], list[OfTransfer]] = {}
    for fact in facts:
        grouped.setdefault((fact.transfer, fact.case), []).append(fact)
    return {key: tuple(each) for key, each in grouped.items()}
