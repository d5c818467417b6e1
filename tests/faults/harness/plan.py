"""What happens in a run: a pure function of its seed. Nothing here looks at a clock or at a Kafka.

The faults stand on five tracks: workers, brokers, the clock, the load, and who tells people. Those of one track follow
each other, those of different tracks overlap, as luck has it.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, replace
from random import Random
from typing import Final, Literal

from tests.faults.harness.stories import Sending, stories

Track = Literal["workers", "brokers", "clock", "load", "notifier"]

KINDS: Final[dict[Track, dict[str, tuple[float, float]]]] = {
    "workers": {
        "worker killed": (0, 0),
        "worker killed again while it loads": (1, 3),
        "all workers killed at once": (0, 0),
        "worker frozen past its session, then awake": (17, 22),
        "worker frozen for a moment": (1, 4),
        "workers restarted one after the other": (1, 3),
        "worker added under load, later removed": (4, 10),
        "worker away": (4, 10),
        "all workers away across deadlines": (8, 16),
    },
    "brokers": {
        "leader of the facts killed": (3, 12),
        "transaction coordinator killed": (3, 12),
        "two of three brokers killed": (4, 12),
        "broker frozen": (4, 14),
        "broker's disk takes no more": (4, 10),
        "brokers restarted one after the other": (0, 2),
    },
    "clock": {
        "clock dead": (4, 12),
        "clock killed": (0, 0),
        "two clocks": (5, 12),
        "clock's host an hour ahead": (5, 12),
    },
    "load": {
        "burst of poison": (0, 0),
        "burst of events": (0, 0),
    },
    "notifier": {
        "notifier killed": (0, 0),
        "notifier away": (3, 10),
    },
}
"""Every kind of fault by track, and between how many seconds it lasts."""

GAPS: Final[dict[Track, tuple[float, float]]] = {
    "workers": (2, 8),
    "brokers": (6, 16),
    "clock": (6, 16),
    "load": (5, 15),
    "notifier": (6, 16),
}
"""Between how many seconds lie between two faults of a track."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: how long after the one before it on its track, what, for how long, and on whom."""

    after: float
    track: Track
    kind: str
    lasts: float
    whom: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How large a run is."""

    faults: dict[Track, int]
    workers: int
    rate: float
    """Events a second, without bursts."""
    burst: int
    """Events of a burst."""
    backlog: int
    """Events that come while all workers are away, as if of a month; once in a run."""
    deadlines: int
    """Deadlines that fall into one second, once, near the end."""


FULL: Final = Size(
    faults={"workers": 42, "brokers": 20, "clock": 22, "load": 20, "notifier": 16},
    workers=3,
    rate=20,
    burst=1_500,
    backlog=12_000,
    deadlines=100_000,
)
SHORT: Final = Size(
    faults={"workers": 3, "brokers": 2, "clock": 1, "load": 2, "notifier": 2},
    workers=2,
    rate=10,
    burst=200,
    backlog=0,
    deadlines=0,
)


def smaller(size: Size, *, faults: int | None = None, deadlines: int | None = None) -> Size:
    """Return a size with other numbers of faults, spread over the tracks as before, or of deadlines."""
    if deadlines is not None:
        size = replace(size, deadlines=deadlines)
    if faults is None:
        return size
    whole = sum(size.faults.values())
    shares = {track: divmod(count * faults, whole) for track, count in size.faults.items()}
    # What is left over by rounding goes to the tracks that lost most by it.
    left = faults - sum(share for share, _ in shares.values())
    more = sorted(shares, key=lambda track: -shares[track][1])[:left]
    return replace(
        size, faults={track: share + (track in more) for track, (share, _) in shares.items()}
    )


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole run."""

    seed: int
    size: Size
    faults: tuple[Fault, ...]
    seconds: float
    """How long the events last at least: as long as the longest track would take if nothing took any time."""
    sendings: tuple[Sending, ...]

    def of(self, track: Track) -> list[Fault]:
        """Return the faults of a track, in order."""
        return [fault for fault in self.faults if fault.track == track]

    @property
    def fingerprint(self) -> str:
        """Return a short name of the plan: the same for the same seed, size and code."""
        return hashlib.sha256(repr((self.faults, self.sendings)).encode()).hexdigest()[:12]

    def __str__(self) -> str:
        """Say what is planned."""
        kinds = Counter(fault.kind for fault in self.faults)
        return (
            f"seed {self.seed}, plan {self.fingerprint}: {len(self.faults)} faults of {len(kinds)} kinds, "
            f"{len(self.sendings):,} events in {self.seconds:.0f} s, {self.size.workers} workers"
        )


def make_plan(seed: int, size: Size) -> Plan:
    """Return the plan of a seed."""
    chance = Random(seed)
    faults = [
        fault for track, count in size.faults.items() for fault in _track(track, count, chance)
    ]
    seconds = max(
        sum(fault.after + fault.lasts for fault in faults if fault.track == track)
        for track in size.faults
    )
    return Plan(seed, size, tuple(faults), seconds, tuple(stories(chance, seconds, size.rate)))


def _track(track: Track, count: int, chance: Random) -> list[Fault]:
    """Return faults in which each kind comes about as often as the others, in a random order."""
    kinds = list(KINDS[track])
    chosen: list[str] = []
    while len(chosen) < count:
        chosen += chance.sample(kinds, len(kinds))
    return [
        Fault(
            round(chance.uniform(*GAPS[track]), 2),
            track,
            kind,
            round(chance.uniform(*KINDS[track][kind]), 2),
            chance.randrange(1_000),
        )
        for kind in chosen[:count]
    ]
