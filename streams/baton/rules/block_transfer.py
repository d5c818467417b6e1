"""Flag cases that move between the same two teams in a block: one alert, with a state for each case.

Found as soon as `cases` (five) different cases have been requested from one team to another within `within`
(seven days), or under one block's name in any time. Transfers taken back do not count. The alert grows as the
block does; its cases still raise their own alerts under the other rules.

Each member says how far its handover has come: requested, rejected, accepted, handover recorded, file read, items
open (named by the sending team, neither carried nor closed), worker allocated, visited. A case offered again to the
same team is the same member. `baton alerts reconcile` says which of the cases sent have not arrived, by id and by
count: a case has arrived once the team that it was sent to has accepted it. One that another team accepted has not.

Taught by Sunderland: "block" transfers between teams let details be overlooked.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, get_args

from baton.rules.deadline import Met
from baton.rules.facts import (
    ContactMade,
    OpenItemClosed,
    TransferRequested,
    TransferWithdrawn,
    VisitCompleted,
    WorkerAllocated,
)
from baton.rules.handover_details_lost import open_items
from baton.rules.no_visit_after_transfer import visits_of
from baton.rules.outcome import Member
from baton.rules.policy import Limit
from baton.rules.rule import Rule, finding
from baton.rules.transfers import STATES, TRANSFERRING, Transferring, transfers_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from baton.rules.chronology import Chronology
    from baton.rules.outcome import Finding
    from baton.rules.policy import Policy
    from baton.rules.transfers import Transfer

SLUG = "block-transfer"
ARRIVED = "accepted"
ELSEWHERE = "accepted-elsewhere"
OfMember = Transferring | OpenItemClosed | WorkerAllocated | VisitCompleted | ContactMade
OF_MEMBER: tuple[type[OfMember], ...] = get_args(OfMember)
"""The records that say what has happened to a case on its way."""
COMPLETE = frozenset({ARRIVED, "worker-allocated", "visited"})
"""With these, and no item open, nothing more can be told that would change a member."""


@dataclass(frozen=True, slots=True)
class Block:
    """One block: the first request for each case, by case, in the order in which they were made.

    `moves` are, for each case, its transfers from then on to the team it was sent to, taken back ones left out.
    """

    subject: str
    requests: Mapping[str, TransferRequested]
    moves: Mapping[str, tuple[Transfer, ...]]

    @property
    def transfers(self) -> Iterator[Transfer]:
        """The transfers of all its cases."""
        return (transfer for each in self.moves.values() for transfer in each)


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """What was sent in a block, and what of it arrived and did not. Cases by id, in the members' order."""

    arrived: tuple[str, ...]
    not_arrived: tuple[str, ...]


def reconcile(members: Iterable[Member]) -> Reconciliation:
    """Say which of the cases sent, the members of a block's alert, have arrived and which have not."""
    sent = tuple(members)
    return Reconciliation(
        arrived=tuple(each.key for each in sent if ARRIVED in each.states),
        not_arrived=tuple(each.key for each in sent if ARRIVED not in each.states),
    )


def judge(told: Chronology, now: datetime, policy: Policy) -> Iterator[Finding]:
    """Ask which of the transfers to this team belong to a block."""
    blocks = blocks_of(told, policy)
    if not blocks:
        return
    of_case = told.parts(OF_MEMBER, _case)
    for block in blocks:
        requests = tuple(block.requests.values())
        terms = policy.terms(SLUG, requests[0].occurred_at, requests[0].authority)
        due_at = requests[terms.number("cases") - 1].occurred_at
        members = [
            Member(key=case, states=of_case[case].once(_states, block.requests[case]))
            for case in sorted(block.requests)
        ]
        yield finding(
            SLUG,
            block.subject,
            told,
            Met("found", due_at) if now >= due_at else Met("waiting", due_at, wake_at=due_at),
            terms,
            trigger=requests,
            members=tuple(members),
            team=told.about,
            awaits=tuple(each.key for each in members if _may_change(each)),
        )


def cases_in_blocks(told: Chronology, policy: Policy) -> Iterator[str]:
    """Return the cases whose facts the rule needs: none where there is no block."""
    groups = told.once(_grouped, policy)
    return (request.case for _, members in groups for request in members)


def blocks_of(told: Chronology, policy: Policy) -> tuple[Block, ...]:
    """Give the blocks of which this team receives most."""
    return told.once(_blocks, policy)


def _blocks(told: Chronology, policy: Policy) -> Iterator[Block]:
    groups = told.once(_grouped, policy)
    if not groups:
        return
    of_case = told.parts(TRANSFERRING, _case)
    for subject, members in groups:
        first: dict[str, TransferRequested] = {}
        for request in members:
            first.setdefault(request.case, request)
        moves = {case: _moves(first[case], transfers_of(of_case[case])) for case in first}
        yield Block(subject, first, moves)


def _grouped(told: Chronology, policy: Policy) -> Iterator[tuple[str, list[TransferRequested]]]:
    """Give each block's requests and what it is called, looked for where it was not found before that there is none."""
    named = told.parts((TransferRequested,), _name_of_block).values()
    between = told.parts((TransferRequested,), _teams).items()
    parts = [part for part in named if any(part.once(_are_enough, policy))]
    parts += (
        part
        for (_, team), part in between
        if team == told.about and any(part.once(_is_run, policy))
    )
    requests = {each.identity: each for part in parts for each in part.of(TransferRequested)}
    if requests:
        taken_back = {(each.transfer, each.case) for each in told.of(TransferWithdrawn)}
        standing = (x for x in requests.values() if (x.transfer, x.case) not in taken_back)
        yield from _groups(_in_order(standing), told.about, policy)


def _name_of_block(fact: TransferRequested) -> Iterator[str]:
    if fact.block is not None:
        yield fact.block


def _teams(fact: TransferRequested) -> Iterator[tuple[str | None, str | None]]:
    yield fact.from_team, fact.to_team


def _case(fact: OfMember) -> Iterator[str]:
    yield fact.case


def _are_enough(told: Chronology, policy: Policy) -> Iterator[bool]:
    """Say whether the requests under one name are a block if none of them was taken back."""
    requests = told.of(TransferRequested)
    cases = len({each.case for each in requests})
    yield any(cases >= _least(each, policy) for each in requests)


def _is_run(told: Chronology, policy: Policy) -> Iterator[bool]:
    """Say whether there is a block among the requests between two teams if none of them was taken back."""
    yield any(_runs(_in_order(told.of(TransferRequested)), policy))


def _least(request: TransferRequested, policy: Policy) -> int:
    return policy.terms(SLUG, request.occurred_at, request.authority).number("cases")


def _in_order(requests: Iterable[TransferRequested]) -> list[TransferRequested]:
    return sorted(
        requests,
        key=lambda each: (
            each.occurred_at,
            each.transfer,
            each.case,
            each.event_id,
            each.identity,
        ),
    )


def _groups(
    requests: list[TransferRequested], team: str, policy: Policy
) -> Iterator[tuple[str, list[TransferRequested]]]:
    """Give each block's requests and what it is called, named ones first."""
    named: dict[str, list[TransferRequested]] = defaultdict(list)
    for request in requests:
        if request.block is not None:
            named[request.block].append(request)
    in_named: set[tuple[str, str, str, str]] = set()
    for block, members in named.items():
        if len({request.case for request in members}) >= _least(members[0], policy):
            in_named |= {request.identity for request in members}
            if _receiving_team(members) == team:
                yield block, members
    between: dict[str | None, list[TransferRequested]] = defaultdict(list)
    for request in requests:
        if request.to_team == team and not (in_named and request.identity in in_named):
            between[request.from_team].append(request)
    for from_team, members in between.items():
        for run in _runs(members, policy):
            yield f"{from_team}/{run[0].transfer}", run


def _receiving_team(members: Iterable[TransferRequested]) -> str | None:
    """Return the team that receives most cases of a named block; of equal ones, the first by name."""
    counted = Counter(request.to_team for request in members)
    return min(counted, key=lambda team: (-counted[team], team or ""))


def _runs(requests: list[TransferRequested], policy: Policy) -> Iterator[list[TransferRequested]]:
    """Give the stretches of requests, by time, in which every window holds enough cases; overlapping ones joined."""
    begin = end = (
        0  # A run is a slice of the requests: two teams may hand on cases for years, in one long block.
    )
    for start, request in enumerate(requests):
        terms = policy.terms(SLUG, request.occurred_at, request.authority)
        last = terms.due_after(request.occurred_at)
        enough = start + terms.number("cases") - 1
        if enough >= len(requests) or requests[enough].occurred_at > last:
            continue  # Teams hand on cases for years: most requests stand alone, and are not counted.
        stop = bisect_right(requests, last, lo=start, key=lambda each: each.occurred_at)
        if len({each.case for each in requests[start:stop]}) < terms.number("cases"):
            continue
        if start >= end:
            if begin < end:
                yield requests[begin:end]
            begin = start
        end = max(end, stop)
    if begin < end:
        yield requests[begin:end]


def _moves(request: TransferRequested, transfers: Iterable[Transfer]) -> tuple[Transfer, ...]:
    """Return the transfers of the case to the same team that were requested then or later, and not taken back."""
    return tuple(
        transfer
        for transfer in transfers
        if not transfer.withdrawn
        and any(
            each.to_team == request.to_team and each.occurred_at >= request.occurred_at
            for each in transfer.requests
        )
    )


def _has_arrived(request: TransferRequested, moves: Iterable[Transfer]) -> bool:
    return any(
        transfer.team_after(accepted) == request.to_team
        for transfer in moves
        for accepted in transfer.accepted
    )


def _may_change(member: Member) -> bool:
    """Say whether a fact of the case alone may change its states."""
    states = set(member.states)
    return not states.isdisjoint({ARRIVED, ELSEWHERE}) and (
        "items-open" in states or not states >= COMPLETE
    )


def _states(told: Chronology, request: TransferRequested) -> Iterator[str]:
    """Give everything that has happened to the case of a request, in the order of a transfer's life."""
    moves = _moves(request, transfers_of(told))
    states = {state for transfer in moves for state in transfer.states}
    if ARRIVED in states and not _has_arrived(request, moves):
        states = states - {ARRIVED} | {ELSEWHERE}
    for transfer in (each for each in moves if each.accepted):
        moment = transfer.accepted[0].occurred_at
        if open_items(transfer, told.of(OpenItemClosed)).missing():
            states.add("items-open")
        if any(each.occurred_at >= moment for each in visits_of(told)):
            states.add("visited")
        if any(each.occurred_at >= moment for each in told.of(WorkerAllocated)):
            states.add("worker-allocated")
    if any(
        each.team == request.to_team is not None and each.occurred_at >= request.occurred_at
        for each in told.of(WorkerAllocated)
    ):
        states.add("worker-allocated")
    return (state for state in STATES if state in states)


RULE = Rule(
    slug=SLUG,
    version=1,
    catalogue="C4",
    reads="team",
    also_reads=frozenset({"case"}),
    also_named=cases_in_blocks,
    triggers=frozenset({TransferRequested}),
    judge=judge,
    sentence="Cases that move between two teams in a block.",
    missing="a check that every case of the block has arrived",
    settings={"within": Limit, "cases": int},
)
