"""The audit as a chain: every entry holds the hash of the one before, so that nothing can be changed unseen.

The judge appends to it in the transaction of what it records, so it is complete, and the same log gives the same
entries. Their order is that in which the judge did things: while time stands still, because too much is to be judged at
once, a deed is entered before the alerts that are still to come. It holds pseudonyms, operators' keys and coded words:
purging a person leaves it whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from baton.contract import codec
from baton.contract.audit import FIRST_PREVIOUS, hash_of
from baton.contract.topics import AUDIT
from baton.ledger.process import Output

if TYPE_CHECKING:
    from collections.abc import Mapping


class Chain:
    """The end of the chain, to which entries are appended."""

    def __init__(self, sequence: int = 0, last: str = FIRST_PREVIOUS) -> None:
        """Begin a chain, or go on after so many entries with the `last` one's hash."""
        self._sequence = sequence
        self._hash = last

    def append(self, fields: Mapping[str, Any], timestamp_ms: int) -> Output:
        """Append an entry (`at`, `what`, `digest`, and what else is known); return what to write."""
        begun = {**fields, "sequence": self._sequence + 1, "previous": self._hash}
        # What stands in the place of the hash is left out of it.
        entry = codec.complete("AuditEntry", {**begun, "hash": FIRST_PREVIOUS})
        entry["hash"] = hash_of(entry)
        self._sequence, self._hash = entry["sequence"], entry["hash"]
        value = codec.encode("AuditEntry", entry)
        return Output(AUDIT.name, None, value, timestamp_ms=timestamp_ms)

    @property
    def row(self) -> bytes:
        """The chain's end, as a row of state."""
        return f"{self._sequence} {self._hash}".encode()

    def load(self, row: bytes) -> None:
        """Go on from the end that a row holds. Raises ValueError for one that cannot be read."""
        sequence, self._hash = row.decode().split(" ")
        self._sequence = int(sequence)
