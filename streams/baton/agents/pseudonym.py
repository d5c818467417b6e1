"""Persons' pseudonyms: beyond `intake` nobody is named by an NHS number or an agency's own id."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SCHEME: Final = "baton"
"""The scheme of a person who bears a pseudonym. One that was sent with it is given another: nobody vouches for it."""

_KEY_BYTES: Final = 32
_HEX_DIGITS: Final = 20  # 80 bits: no two persons of a nation share one by chance


class PseudonymKeyError(RuntimeError):
    """The key file is missing, unreadable or too short."""


class Pseudonyms:
    """Makes the same pseudonym of the same identifier, for whoever holds the same key."""

    def __init__(self, key: bytes) -> None:
        """Take the deployment's secret key."""
        self._key = key

    def of(self, person: Mapping[str, str]) -> str:
        """Return the pseudonym of a person, `{scheme, value}`."""
        named = f"{person['scheme']}\0{person['value']}".encode()
        return "p-" + hmac.new(self._key, named, hashlib.sha256).hexdigest()[:_HEX_DIGITS]

    def in_record(self, value: object) -> object:
        """Return a copy of a record's fields in which every person bears a pseudonym."""
        if isinstance(value, dict):
            if value.keys() == {"scheme", "value"}:
                return {"scheme": SCHEME, "value": self.of(value)}
            return {name: self.in_record(each) for name, each in value.items()}
        if isinstance(value, list):
            return [self.in_record(each) for each in value]
        return value


def read_key(path: Path) -> bytes:
    """Return the key of a deployment. Raises PseudonymKeyError, with what to do."""
    try:
        key = bytes.fromhex(path.read_text().strip())
    except (OSError, ValueError) as error:
        message = (
            f"cannot read the pseudonym key {path} ({error}); `baton doctor` says how to make one"
        )
        raise PseudonymKeyError(message) from error
    if len(key) < _KEY_BYTES:
        message = f"the pseudonym key {path} is shorter than {_KEY_BYTES} bytes"
        raise PseudonymKeyError(message)
    return key


def make_key(path: Path) -> bool:
    """Make a key file that only its owner may read, unless there is one; say whether it was made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_hex(_KEY_BYTES) + "\n")
    return True
