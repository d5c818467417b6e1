"""Flag a case that is sent back and forth: refused or offered again twice, or moved from one team to another and back.

Found within `within` (twenty working days) at the second refusal; at the second offer that follows a refusal or a
withdrawal; or at the acceptance that brings the case back to the team that gave it up. A refusal at the instant of an
acceptance is none. One alert for the whole time; it grows as the case goes on being sent.

Taught by Baby E: work was "uncoordinated", and each service thought that another one had the case.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from baton.rules.deadline import Met
from baton.rules.facts import (
    TransferAccepted,
    TransferRejected,
    TransferRequested,
    TransferWithdrawn,
)
from baton.rules.policy import Limit
from baton.rules.rule import Rule, finding
from baton.rules.transfers import transfers_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from baton.rules.chronology import Chronology
    from baton.rules.outcome import Finding
    from baton.rules.policy import Policy
    from baton.rules.transfers import Transfer

SLUG = "transfer-ping-pong"

Sent = TransferRequested | TransferAccepted | TransferRejected


@dataclass(frozen=True, slots=True)
class _Bounce:
    """Two records of one case that together show it sent back and forth."""

    first: Sent
    second: Sent


def judge(told: Chronology, now: datetime, policy: Policy) -> Iterator[Finding]:
    """Ask whether this case was sent back and forth."""
    ended = (*told.of(TransferRejected), *told.of(TransferWithdrawn))
    if not ended and len(told.of(TransferAccepted)) <= 1:
        return
    transfers = [each for each in transfers_of(told) if each.case == told.about]
    for bounces in _runs(sorted(_bounces(transfers, policy), key=_when)):
        first = min((each.first for each in bounces), key=lambda each: each.occurred_at)
        terms = policy.terms(SLUG, first.occurred_at, first.authority)
        due_at = bounces[0].second.occurred_at
        yield finding(
            SLUG,
            first.transfer,
            told,
            Met("found", due_at) if now >= due_at else Met("waiting", due_at, wake_at=due_at),
            terms,
            trigger=tuple(
                dict.fromkeys(fact for each in bounces for fact in (each.first, each.second))
            ),
            missing=("TransferAccepted",),
        )


def _when(bounce: _Bounce) -> tuple[datetime, datetime]:
    return bounce.second.occurred_at, bounce.first.occurred_at


def _runs(bounces: Sequence[_Bounce]) -> Iterator[list[_Bounce]]:
    """Join bounces that overlap in time, so that one case sent back and forth is one alert."""
    run: list[_Bounce] = []
    for each in bounces:
        if run and each.first.occurred_at > run[-1].second.occurred_at:
            yield run
            run = []
        run.append(each)
    if run:
        yield run


def _bounces(transfers: Sequence[Transfer], policy: Policy) -> Iterator[_Bounce]:
    """Give each two records within the time that the policy allows between them."""
    refusals = [each for transfer in transfers for each in _refusals(transfer)]
    yield from _following(refusals, policy)
    yield from _following(_offered_again(transfers, refusals), policy)
    moves = [
        (transfer, accepted)
        for transfer in transfers
        for accepted in transfer.accepted[:1]
        if transfer.taken_back(accepted.occurred_at) is None
    ]
    for away, gone in moves:
        for back, returned in moves:
            teams = away.team_before(gone), away.team_after(gone)
            if (
                None not in teams
                and back is not away
                and teams == (back.team_after(returned), back.team_before(returned))
                and gone.occurred_at <= returned.occurred_at
                and _is_within(gone, returned, policy)
            ):
                yield _Bounce(gone, returned)


def _refusals(transfer: Transfer) -> list[TransferRejected]:
    """Return the refusals of a transfer, one for each offer, however often it was told."""
    found: dict[int, TransferRejected] = {}
    for each in transfer.rejected:
        if all(accepted.occurred_at != each.occurred_at for accepted in transfer.accepted):
            offers = sum(offer.occurred_at <= each.occurred_at for offer in transfer.requests)
            found.setdefault(offers, each)
    return list(found.values())


def _offered_again(
    transfers: Sequence[Transfer], refusals: Sequence[TransferRejected]
) -> list[TransferRequested]:
    """Return the offers of the case that follow a refusal or a withdrawal, the first after each."""
    offers = sorted(
        (each for transfer in transfers for each in transfer.requests),
        key=lambda each: each.occurred_at,
    )
    withdrawn = (each for transfer in transfers for each in transfer.withdrawn)
    found: dict[tuple[str, str, str, str], TransferRequested] = {}
    for ended in (*refusals, *withdrawn):
        again = next((each for each in offers if each.occurred_at > ended.occurred_at), None)
        if again is not None:
            found[again.identity] = again
    return list(found.values())


def _following(facts: Sequence[Sent], policy: Policy) -> Iterator[_Bounce]:
    """Give each record with the one before it, where that is not too long ago."""
    ordered = sorted(facts, key=lambda each: each.occurred_at)
    for first, second in pairwise(ordered):
        if _is_within(first, second, policy):
            yield _Bounce(first, second)


def _is_within(first: Sent, second: Sent, policy: Policy) -> bool:
    terms = policy.terms(SLUG, first.occurred_at, first.authority)
    return second.occurred_at <= terms.due_after(first.occurred_at)


RULE = Rule(
    slug=SLUG,
    version=1,
    catalogue="C8",
    reads="case",
    triggers=frozenset({TransferRequested, TransferRejected, TransferAccepted}),
    judge=judge,
    sentence="A case that is sent back and forth between teams.",
    missing="a team that keeps the case",
    settings={"within": Limit},
)
