"""From one look at Kafka after another: is baton blind, since when, and where? Nothing here is input or output.

One figure says it, whatever the cause: how far the judge's time, its watermark, is behind the clock's. Everything else
only says where to look: a position that stands still, a gap, a source without ticks.

As long as the clock ticks, no decision rests on this machine's time of day. The clock's last tick, by the broker's
time, and the seconds that have passed here since it was seen say what time it is; so a wrong clock on this host can
neither force nor hide it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from baton.contract.topics import FACTS, SOURCE_TOPICS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ORIGINS: Final = tuple(
    f"{topic.name}-{number}" for topic in SOURCE_TOPICS for number in range(topic.partitions)
)
"""Every source partition, as ticks name it."""
JUDGED: Final = tuple(f"{FACTS.name}-{number}" for number in range(FACTS.partitions))
LEDGERS: Final = (*ORIGINS, *JUDGED)
"""Every partition that has a ledger, and with it a position."""

CLOCK: Final = "clock"
STANDS_STILL: Final = "stands-still"
BEHIND: Final = "behind"
WITHOUT_TICKS: Final = "without-ticks"
SILENT: Final = "silent"
NOT_BEGUN: Final = "not-begun"

FAR_BEHIND: Final = 1_000
"""Records that wait from which on a partition counts as behind; a clock alone leaves a handful."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What one look found. Partitions are `<topic>-<number>`, without a deployment's prefix."""

    seconds: float
    """When, by a clock that only runs (monotonic)."""
    ends: Mapping[str, int]
    """Where each partition ends, committed."""
    positions: Mapping[str, int]
    """The offset that each ledger applies next; a ledger that has never committed has none."""
    ticks: Mapping[str, datetime]
    """For each origin the last tick that was judged."""
    clock: datetime | None
    """The clock's last tick, by the broker's time."""


@dataclass(frozen=True, slots=True)
class Blindness:
    """Since when nothing is judged any more, and for each partition that explains it, how it stands."""

    since: datetime
    members: Mapping[str, frozenset[str]]

    def __str__(self) -> str:
        """Give one sentence for a health page or a title."""
        where = "; ".join(
            f"{name} {', '.join(sorted(states)).replace('-', ' ')}"
            for name, states in sorted(self.members.items())
        )
        return f"baton is blind: nothing is judged since {self.since:%Y-%m-%dT%H:%M:%SZ} ({where})"


@dataclass(slots=True)
class _Moving:
    """A figure, and when it last moved."""

    value: object
    since: float


@dataclass(slots=True)
class Sight:
    """Judges looks, in their order."""

    within: timedelta
    """How far the judge may be behind the clock."""
    started_at: datetime
    """When the watch began: the beginning of a blindness where nothing was ever judged and no clock ever ticked."""
    blindness: Blindness | None = None
    """The blindness that lasts, or None."""
    look: Look | None = None
    _moving: dict[str, _Moving] = field(default_factory=dict)
    _first_clock: datetime | None = None
    _ticks: bool = False
    """Whether the clock has ticked since the watch began. A tick that was there before may be days old."""

    @property
    def watermark(self) -> datetime | None:
        """How far the judge has come: the last tick of the slowest origin; None before all were heard."""
        if self.look is None or any(origin not in self.look.ticks for origin in ORIGINS):
            return None
        return min(self.look.ticks[origin] for origin in ORIGINS)

    @property
    def behind(self) -> timedelta:
        """How far the judge is behind the clock."""
        if self.look is None:
            return timedelta()
        return max(timedelta(), self._now(self.look) - self._seen_to())

    def now(self, host: datetime) -> datetime:
        """Return what time it is by the broker, or by this `host` while no tick has said so."""
        return self._now(self.look) if self.look is not None and self._ticks else host

    def still_for(self, partition: str) -> float:
        """Return for how many seconds a ledger's position has not moved, though records wait for it."""
        if self.look is None or not self._waiting(self.look, partition):
            return 0.0
        return self._still(f"position/{partition}", self.look)

    def adopt(self, blindness: Blindness) -> None:
        """Go on with a blindness that an earlier watchdog has told of."""
        self.blindness = blindness

    def see(self, look: Look) -> bool:
        """Take a look; say whether the blindness began, ended or has become a different one."""
        self._note(look)
        self.look = look
        before = self.blindness
        # Half of the limit, so that a pipeline at the limit is not blind and seeing by turns.
        if before is None and self.behind <= self.within:
            return False
        # Before a tick comes, how old the last one is cannot be known, and so not that the judge has caught up.
        if before is not None and self._ticks and self.behind <= self.within / 2:
            self.blindness = None
            return True
        since = self._seen_to() if before is None else before.since
        known = {} if before is None else dict(before.members)
        for name, state in self._wrong(look):
            # What was seen once stays: a state that comes and goes would be an alert that never rests.
            known[name] = known.get(name, frozenset()) | {state}
        self.blindness = Blindness(since, known)
        return self.blindness != before

    def _note(self, look: Look) -> None:
        figures: dict[str, object] = {f"end/{name}": end for name, end in look.ends.items()}
        figures |= {f"position/{name}": look.positions.get(name) for name in LEDGERS}
        figures[CLOCK] = look.clock
        for name, value in figures.items():
            known = self._moving.get(name)
            if known is None or known.value != value:
                self._moving[name] = _Moving(value, look.seconds)
        if self._first_clock is None:
            self._first_clock = look.clock
        self._ticks = self._ticks or look.clock != self._first_clock

    def _now(self, look: Look) -> datetime:
        known = look.clock or self.started_at
        return known + timedelta(seconds=self._still(CLOCK, look))

    def _seen_to(self) -> datetime:
        return self.watermark or self._first_clock or self.started_at

    def _still(self, name: str, look: Look) -> float:
        return look.seconds - self._moving[name].since

    def _waiting(self, look: Look, partition: str) -> int:
        position = look.positions.get(partition)
        end = look.ends.get(partition, 0)
        # Before its first commit a ledger has no position, and an empty source nothing to wait for.
        return end if position is None else max(0, end - position)

    def _wrong(self, look: Look) -> Iterator[tuple[str, str]]:
        """Give each partition that may be why, and how it stands; at least one."""
        half = self.within.total_seconds() / 2
        found = []
        if look.clock is None or self._still(CLOCK, look) >= half:
            found.append((CLOCK, SILENT))
        else:
            found += [
                (name, WITHOUT_TICKS)
                for name in ORIGINS
                if self._still(f"end/{name}", look) >= half
            ]
        for name in LEDGERS:
            waiting = self._waiting(look, name)
            if waiting and look.positions.get(name) is None:
                found.append((name, NOT_BEGUN))
            elif waiting and self._still(f"position/{name}", look) >= half:
                found.append((name, STANDS_STILL))
            elif waiting >= FAR_BEHIND:
                found.append((name, BEHIND))
        if not found and self.blindness is None:
            found = [(name, BEHIND) for name in JUDGED]
        yield from found
