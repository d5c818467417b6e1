"""What is to be simulated: how much of everything, how badly told, and which failures how often."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

RULE_OF: Final[Mapping[str, str]] = MappingProxyType(
    {
        "unreferred": "unreferred-incident",
        "closed-unreferred": "incident-closed-unreferred",
        "learned-late": "pregnancy-learned-late",
        "closed-incomplete": "incident-closed-incomplete",
        "notification-lost": "notification-not-recorded",
        "notification-undecided": "notification-not-triaged",
        "midwifery-left-out": "midwifery-not-told",
        "transfer-ignored": "transfer-not-accepted",
        "handover-item-dropped": "handover-incomplete",
        "open-item-dropped": "handover-details-lost",
        "block": "block-transfer",
        "file-unread": "bulk-accepted-unread",
        "worker-gap": "case-without-worker",
        "never-visited": "no-visit-after-transfer",
        "feed-silent": "source-silent",
    }
)
"""The rule whose alert must follow each thing that is sown."""

FAILURES: Final = tuple(name for name in RULE_OF if name not in {"block", "feed-silent"})
"""What goes wrong at a rate; blocks and silent feeds come as often as the volumes say."""

ORDINARY_RATE: Final = 0.05
ALONE: Final = "local"
"""The authority of a deployment that serves one area only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Volumes:
    """How much happens in one authority; the defaults are a 153rd of England's (incidents, births: a 175th of both)."""

    incidents: float = 21.0
    """A day, of every grade: 1,350,460 a year in England and Wales."""
    pregnant_share: float = 0.018
    """Of the incidents: about 0.4 a day."""
    bookings: float = 9.3
    """A day: 594,677 births a year."""
    referrals: float = 16.4
    """A working day: 633,000 a year in England."""
    opened_share: float = 0.45
    """Of the referrals, those from which a case is opened: about 2,600 are open at a time."""
    transfers: float = 4.0
    """A working day, of single cases."""
    blocks: float = 0.134
    """A working day: the cases of a worker who leaves, 8 to 24."""
    reorganisations: float = 0.002
    """A working day: 100 to 200 cases of one team."""
    silences: float = 0.006
    """A day and feed: two a year."""
    teams: int = 12
    heartbeat_minutes: int = 30
    """How often each feed says that it is alive."""

    def scaled(self, by: float) -> Volumes:
        """Return the volumes of a smaller or larger authority; blocks and silences keep their size."""
        return replace(
            self,
            incidents=self.incidents * by,
            bookings=self.bookings * by,
            referrals=self.referrals * by,
            transfers=self.transfers * by,
            blocks=self.blocks * by,
            reorganisations=self.reorganisations * by,
            teams=max(3, round(self.teams * by)),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One authority's history to be made. Equal plans give equal bytes."""

    seed: int = 1
    authority: str = ALONE
    begin: date = date(2021, 1, 1)
    years: float = 1.0
    events: int | None = None
    """At most so many events; the history then ends early."""
    volumes: Volumes = field(default_factory=Volumes)
    failures: Mapping[str, float] = field(
        default_factory=lambda: dict.fromkeys(FAILURES, ORDINARY_RATE)
    )
    """How often each of FAILURES happens where it could; left out is never."""
    repeated: float = 0.01
    """Share of the events that are told twice."""
    told_late: float = 0.04
    """Share of the events that are told days later, and some of them weeks."""

    @property
    def prefix(self) -> str:
        """What every id begins with, so that no two authorities share one."""
        return "" if self.authority == ALONE else f"{self.authority}."
