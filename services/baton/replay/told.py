"""One thing that baton is told: a record of the contract, and when it is heard."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from baton.contract.topics import topic_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

SCENARIO: Final = "scenario"
"""The scheme of the short ids in a scenario file: all of one scheme, whatever the agency."""


@dataclass(frozen=True, slots=True)
class Told:
    """A record by its name, all its fields as `baton.contract.codec.complete` gives them, and when it is heard."""

    record: str
    fields: dict[str, Any]
    received_at: datetime

    @property
    def topic(self) -> str:
        """The source topic on which the record travels."""
        return topic_of(self.record)


class Persons:
    """Gives every person of a file a key, and remembers the plain id that stood in the file."""

    def __init__(self) -> None:
        """Begin with nobody."""
        self._plain: dict[str, str] = {}

    def key(self, person: Mapping[str, str]) -> str:
        """Return the key of a person; the same id in two schemes is two persons."""
        scheme, value = person["scheme"], person["value"]
        key = value if scheme == SCENARIO else f"{scheme}:{value}"
        self._plain[key] = value
        return key

    def plain(self, key: str) -> str:
        """Return the id as it was told; a key that is no person's is returned as it is."""
        return self._plain.get(key, key)
