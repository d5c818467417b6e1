"""The hash by which an audit entry names the one before it: the same wherever it is worked out."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

FIRST_PREVIOUS: Final = "0" * 64
"""What the first entry has in place of a hash before it."""


def hash_of(entry: Mapping[str, Any]) -> str:
    """Return the hash of an entry's fields, whatever it has as `hash`: of those that say something, as JSON.

    Fields that a later version of the record adds are null in older entries, so their hashes stay as they are.
    """
    said = {
        name: value.isoformat(timespec="milliseconds") if isinstance(value, datetime) else value
        for name, value in entry.items()
        if value is not None and name != "hash"
    }
    text = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def digest(value: bytes) -> str:
    """Return the SHA-256 of a record as it was written."""
    return hashlib.sha256(value).hexdigest()
