"""Proving the chain: no entry changed, left out, put in or put elsewhere."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from baton.contract.audit import FIRST_PREVIOUS, hash_of
from baton.contract.topics import AUDIT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

_QUIET: Final = timedelta(days=31)
"""No audit is without an entry for longer: what stands before one is no older than that by more."""


@dataclass(frozen=True, slots=True)
class Wrong:
    """One place where the chain does not hold: the entry's own number, and what is wrong, in a sentence."""

    sequence: int
    why: str


@dataclass(slots=True)
class Proof:
    """What a look at the whole chain found. `head` is the hash of its last entry: note it elsewhere, with the count.

    An end that was cut off shows only to whoever noted an earlier head.
    """

    count: int = 0
    first: int = 1
    """The number of the first entry that is there: more than 1 where what came before it has left."""
    head: str = FIRST_PREVIOUS
    wrong: list[Wrong] = field(default_factory=list)
    noted_head_found: bool | None = None
    """Whether the head that somebody noted earlier is in the chain; None where none was given."""

    @property
    def holds(self) -> bool:
        """Whether nothing is wrong."""
        return not self.wrong and self.noted_head_found is not False


def retention_may_have_taken(first_written_at: datetime, now: datetime) -> bool:
    """Say whether what came before the first entry that is there may have left by its age: by the broker's time.

    While the first is younger than that by far, somebody took away what came before it.
    """
    kept = AUDIT.retention
    return kept is not None and now - first_written_at > kept - _QUIET


def verify(
    entries: Iterable[Mapping[str, Any]],
    noted_head: str | None = None,
    *,
    taken: Callable[[], bool] = lambda: False,
) -> Proof:
    """Look at every entry, in the order in which the topic has them.

    The first is number 1. Where retention may have taken the beginning, which is asked of `taken` once another comes
    first, that one is believed, and the rest must follow from it.
    """
    proof = Proof(noted_head_found=None if noted_head is None else noted_head == FIRST_PREVIOUS)
    expected: int | None = None
    for entry in entries:
        number = entry["sequence"]
        if hash_of(entry) != entry["hash"]:
            proof.wrong.append(Wrong(number, "it was changed: its hash is another"))
        if expected is None:
            proof.first = number
            if number == 1 and entry["previous"] != FIRST_PREVIOUS:
                proof.wrong.append(Wrong(number, "it is the first, and names one before it"))
            elif number > 1 and not taken():
                proof.wrong.append(Wrong(number, _cut_off(number)))
        elif number != expected:
            proof.wrong.append(Wrong(number, _out_of_place(number, expected)))
        elif entry["previous"] != proof.head:
            proof.wrong.append(Wrong(number, "the entry before it is not the one it names"))
        proof.count += 1
        proof.head = entry["hash"]
        expected = number + 1
        if noted_head is not None and entry["hash"] == noted_head:
            proof.noted_head_found = True
    return proof


def _cut_off(number: int) -> str:
    return f"the beginning is missing: {number - 1} before it, from 1 on, which are too young to have left by their age"


def _out_of_place(number: int, expected: int) -> str:
    if number > expected:
        missing = number - expected
        return f"{missing} before it {'is' if missing == 1 else 'are'} missing, from {expected} on"
    return f"it stands where {expected} should be: entries were put in or changed places"
