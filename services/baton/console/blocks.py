"""A block transfer reconciled: which cases were sent, which have arrived, and how far each has come."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

RULE: Final = "block-transfer"
STATES: Final[Mapping[str, str]] = {
    "accepted": "Accepted",
    "handover-recorded": "Handover recorded",
    "file-read": "File read",
    "worker-allocated": "Worker allocated",
    "visited": "Visited",
}
"""How far a case may come, in order; `items-open` and `rejected` are what stands against it."""


@dataclass(frozen=True, slots=True)
class Case:
    """One case of a block."""

    key: str
    states: frozenset[str]

    @property
    def arrived(self) -> bool:
        """Whether the team that it was sent to has accepted it."""
        return "accepted" in self.states

    @property
    def complete(self) -> bool:
        """Whether there is nothing left to see to."""
        return self.states >= STATES.keys() and "items-open" not in self.states


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """All cases of a block, by id."""

    cases: list[Case]

    @property
    def arrived(self) -> list[Case]:
        """Those that the team has accepted."""
        return [case for case in self.cases if case.arrived]

    @property
    def not_arrived(self) -> list[Case]:
        """Those that it has not."""
        return [case for case in self.cases if not case.arrived]

    @property
    def items_open(self) -> list[Case]:
        """Those with something that the sending team named and that is neither carried on nor closed."""
        return [case for case in self.cases if "items-open" in case.states]

    def count(self, state: str) -> int:
        """Return how many cases have come so far."""
        return sum(1 for case in self.cases if state in case.states)

    def compared(self, listed: Iterable[str]) -> tuple[list[str], list[str], list[str]]:
        """Compare with a list of somebody's own: on it and not arrived, on it alone, and in the block alone."""
        wanted = dict.fromkeys(listed)
        known = {case.key: case for case in self.cases}
        return (
            [key for key in wanted if key in known and not known[key].arrived],
            [key for key in wanted if key not in known],
            [key for key in known if key not in wanted],
        )


def reconciliation_of(alert: Mapping[str, Any]) -> Reconciliation:
    """Return the reconciliation of a block transfer's alert."""
    cases = [Case(each["key"], frozenset(each["states"])) for each in alert["members"]]
    return Reconciliation(sorted(cases, key=lambda case: (case.arrived, case.key)))
