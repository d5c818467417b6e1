"""A silent feed, told by heartbeats alone: the records that a scenario's `[[silent]]` blocks stand for.

An agency without a block sends no heartbeat, and so counts as alive. With a block it counts as alive until `after`,
is silent from exactly that moment, and is heard again from `until` on: everything up to then is complete, and it
says so again every quarter of the policy's limit, until it falls silent once more or the scenario ends.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Final

from baton.contract import codec
from baton.replay.told import Told
from baton.rules import source_silent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from baton.engine.toml_lines import Mistake, Table
    from baton.rules.policy import Policy

MAX_HEARTBEATS: Final = 100_000
"""Heartbeats that the silences of a scenario may stand for: of three years, where a feed may be silent an hour."""
_MILLISECOND = timedelta(milliseconds=1)
_LEAST_STEP = timedelta(seconds=1)
_LONGEST_LIMIT = timedelta(days=3_700)


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """One `[[silent]]` block; `until` None: to the end of the scenario and beyond."""

    agency: str
    authority: str
    after: datetime
    until: datetime | None
    block: Table


def heartbeats(
    silences: list[Silence], end: datetime, policy: Policy
) -> tuple[list[Told], list[Mistake]]:
    """Return the heartbeats that say so, and the blocks that no heartbeats could."""
    told: list[Told] = []
    mistakes: list[Mistake] = []
    by_feed: dict[tuple[str, str], list[Silence]] = defaultdict(list)
    for each in sorted(silences, key=lambda silence: silence.after):
        if _is_long_enough(each, policy):
            by_feed[each.authority, each.agency].append(each)
    for feed, blocks in by_feed.items():
        times = [(blocks[0].after, _stale_by(blocks[0], policy))]
        for block, following in zip(blocks, (*blocks[1:], None), strict=True):
            if block.until is None:
                if following is not None:
                    mistakes.append(
                        following.block.mistake("begins within an earlier silence", "after")
                    )
                break
            last = end if following is None else _stale_by(following, policy)
            if following is not None and last < block.until:
                message = (
                    "must come later than the earlier silence's end, by the policy's limit at least"
                )
                mistakes.append(following.block.mistake(message, "after"))
                break
            room = MAX_HEARTBEATS - len(told) - len(times)
            alive = list(islice(_alive(block, block.until, last, policy), room + 1))
            if len(alive) > room:
                message = (
                    f"is heard for more than {MAX_HEARTBEATS} heartbeats: end the scenario earlier"
                )
                mistakes.append(block.block.mistake(message, "until"))
                return [], mistakes
            if following is not None and alive[-1] < last:
                alive.append(last)
            times += [(at, at) for at in alive]
        told += [_beat(feed, number, *each) for number, each in enumerate(times)]
    return told, mistakes


def _silent_from(silence: Silence, complete_to: datetime, policy: Policy) -> datetime:
    terms = policy.terms(source_silent.SLUG, complete_to, silence.authority)
    return terms.due_after(complete_to)


def _is_long_enough(silence: Silence, policy: Policy) -> bool:
    return silence.until is None or _silent_from(silence, silence.after, policy) < silence.until


def _stale_by(silence: Silence, policy: Policy) -> datetime:
    """Return the latest `complete_to`, in whole milliseconds, with which a feed is silent when the block begins.

    Searched for, because a limit may count working days and may change with a dated line of the policy.
    """
    low, high = 0, _LONGEST_LIMIT // _MILLISECOND
    while low < high:
        middle = (low + high) // 2
        if _silent_from(silence, silence.after - middle * _MILLISECOND, policy) <= silence.after:
            high = middle
        else:
            low = middle + 1
    return silence.after - low * _MILLISECOND


def _alive(silence: Silence, at: datetime, last: datetime, policy: Policy) -> Iterator[datetime]:
    """Give the times of the heartbeats of a feed that is alive from `at` to `last`."""
    while at <= last:
        yield at
        limit = _silent_from(silence, at, policy) - at
        at += max(_LEAST_STEP, limit / 4 // _MILLISECOND * _MILLISECOND)


def _beat(feed: tuple[str, str], number: int, at: datetime, complete_to: datetime) -> Told:
    authority, agency = feed
    fields = codec.complete(
        "SourceHeartbeat",
        {
            "event_id": f"silent-{agency}-{number}",
            "occurred_at": at,
            "agency": agency,
            "authority": authority,
            "complete_to": complete_to,
        },
    )
    return Told("SourceHeartbeat", fields, at)
