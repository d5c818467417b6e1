"""Flag cases that move between the same two teams in a block: one alert, with a state for each case.

Found as soon as `cases` (five) different cases have been requested from one team to another within `within`
(seven days), or under one block's name in any time. Transfers taken back do not count. The alert grows as the
block does; its cases still raise their own alerts under the other rules.

Taught by Sunderland: "block" transfers between teams let details be overlooked.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from baton.rules.deadline import Met
from baton.rules.facts import TransferRequested
from baton.rules.outcome import Member
from baton.rules.policy import Limit
from baton.rules.rule import Rule, finding
from baton.rules.transfers import transfers_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from baton.rules.chronology import Chronology
    from baton.rules.outcome import Finding
    from baton.rules.policy import Policy
    from baton.rules.transfers import Transfer

SLUG = "block-transfer"


def judge(told: Chronology, now: datetime, policy: Policy) -> Iterator[Finding]:
    """Ask which of the transfers to this team belong to a block."""
    transfers = {
        (each.transfer_id, each.case): each
        for each in transfers_of(told)
        if each.requests and not each.withdrawn
    }
    requests = sorted(
        (request for each in transfers.values() for request in each.requests),
        key=lambda request: (request.occurred_at, request.transfer, request.case),
    )
    named: dict[str, list[TransferRequested]] = defaultdict(list)
    for request in requests:
        if request.block is not None:
            named[request.block].append(request)
    in_named: set[tuple[str, str, str]] = set()
    for block, members in named.items():
        least = policy.terms(SLUG, members[0].occurred_at, members[0].authority).number("cases")
        if len({request.case for request in members}) >= least:
            in_named |= {request.identity for request in members}
            if _receiving_team(members) == told.about:
                yield _found(block, members, transfers, told, now, policy)
    between: dict[str | None, list[TransferRequested]] = defaultdict(list)
    for request in requests:
        if request.to_team == told.about and request.identity not in in_named:
            between[request.from_team].append(request)
    for from_team, members in between.items():
        for run in _runs(members, policy):
            yield _found(f"{from_team}/{run[0].transfer}", run, transfers, told, now, policy)


def _receiving_team(members: Iterable[TransferRequested]) -> str | None:
    """Return the team that receives most cases of a named block; of equal ones, the first by name."""
    counted = Counter(request.to_team for request in members)
    return min(counted, key=lambda team: (-counted[team], team or ""))


def _runs(requests: list[TransferRequested], policy: Policy) -> Iterator[list[TransferRequested]]:
    """Give the stretches of requests, by time, in which every window holds enough cases; overlapping ones joined."""
    begin = end = 0  # A run is a slice of the requests: two teams may hand on cases for years, in one long block.
    for start, request in enumerate(requests):
        terms = policy.terms(SLUG, request.occurred_at, request.authority)
        last = terms.due_after(request.occurred_at)
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


def _found(  # noqa: PLR0913 (what is known of a block, the moment, and the policy)
    subject: str,
    members: list[TransferRequested],
    transfers: dict[tuple[str, str], Transfer],
    told: Chronology,
    now: datetime,
    policy: Policy,
) -> Finding:
    terms = policy.terms(SLUG, members[0].occurred_at, members[0].authority)
    by_case: dict[str, TransferRequested] = {}
    for request in members:
        by_case.setdefault(request.case, request)
    due_at = list(by_case.values())[terms.number("cases") - 1].occurred_at
    return finding(
        SLUG,
        subject,
        told,
        Met("found", due_at) if now >= due_at else Met("waiting", due_at, wake_at=due_at),
        terms,
        trigger=tuple(by_case.values()),
        members=tuple(
            Member(key=case, states=transfers[request.transfer, case].states)
            for case, request in sorted(by_case.items())
        ),
        team=told.about,
    )


RULE = Rule(
    slug=SLUG,
    version=1,
    catalogue="C4",
    reads="team",
    triggers=frozenset({TransferRequested}),
    judge=judge,
    sentence="Cases that move between two teams in a block.",
    missing="a check that every case of the block has arrived",
    settings={"within": Limit, "cases": int},
)
