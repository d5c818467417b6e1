"""Local operators, for a small deployment: a key, a hashed password and a second factor, in a file of their own.

The file is made by `baton users`, readable by its owner alone, and never part of a repository. A larger deployment
signs in by OpenID Connect and needs none.
"""

from __future__ import annotations

import os
import re
import stat
import tomllib
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import pyotp
import structlog
import tomlkit
from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

from baton.contract.errors import InvalidField
from baton.contract.pointers import check_pointers

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

SHORTEST_PASSWORD: Final = 12
"""Characters. Length is what counts; no mixture of signs is asked for."""
LONGEST_PASSWORD: Final = 256
"""Characters: hashing is dear, and must not be made dearer by whoever tries."""
_KEY: Final = re.compile(r"[a-z0-9][a-z0-9._-]{1,63}")
_CODE: Final = re.compile(r"\d{6}")
_STEP_SECONDS: Final = 30

_hasher = PasswordHasher()
logger = structlog.get_logger("baton.access")


class UsersFileError(RuntimeError):
    """The file of local operators cannot be used; the message says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """One local operator, as in the file. `second_factor` is the secret of their authenticator app."""

    key: str
    password_hash: str
    second_factor: str
    roles: frozenset[str] = frozenset()
    authorities: frozenset[str] = frozenset({"local"})
    board: bool = False


def new_user(
    key: str,
    password: str,
    *,
    roles: Iterable[str] = (),
    authorities: Iterable[str] = ("local",),
    board: bool = False,
) -> User:
    """Make an operator with a new second factor. Raises ValueError with a sentence that says what is wrong."""
    _check_key(key)
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        message = f"a password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters; three random words are good"
        raise ValueError(message)
    return User(
        key=key,
        password_hash=_hasher.hash(password),
        second_factor=pyotp.random_base32(),
        roles=frozenset(roles),
        authorities=frozenset(authorities),
        board=board,
    )


def _check_key(key: str) -> None:
    if not _KEY.fullmatch(key):
        message = "a key has 2 to 64 small letters, digits, '.', '_' or '-', such as operator-1; never a name"
        raise ValueError(message)
    # What the audit would refuse must not sign in: nothing that it saw could be noted.
    try:
        check_pointers({"by": key})
    except InvalidField:
        message = "a key is never a number that could be an NHS number; such as operator-1"
        raise ValueError(message) from None


class Users:
    """The local operators as they are now, and whether what somebody typed is theirs."""

    def __init__(
        self,
        users: Iterable[User] = (),
        path: Path | None = None,
        mark: tuple[int, ...] = (),
    ) -> None:
        """Take the operators and, to follow it, the file that they are in, with its mark from before it was read.

        Which codes were used is remembered here, since one may be used once.
        """
        self._path = path
        self._seen = mark
        self._users = {user.key: user for user in users}
        self._last_step: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._now())

    def __iter__(self) -> Any:  # noqa: ANN401 (an iterator of users)
        return iter(sorted(self._now().values(), key=lambda user: user.key))

    def get(self, key: str) -> User | None:
        """Return the operator of a key, or None."""
        return self._now().get(key)

    def _now(self) -> Mapping[str, User]:
        """Return the operators as the file has them now; one that cannot be read changes nothing."""
        mark = _mark_of(self._path)
        if self._path is not None and mark != self._seen:
            self._seen = mark
            try:
                self._users = {user.key: user for user in _users_in(self._path)}
            except UsersFileError as error:
                logger.warning("users_unreadable", error=str(error))
        return self._users

    def with_password(self, key: str, password: str) -> User | None:
        """Return the operator whose key and password these are, or None; both take as long."""
        user = self.get(key)
        try:
            _hasher.verify(
                _nobody() if user is None else user.password_hash, password[:LONGEST_PASSWORD]
            )
        except VerificationError:
            return None
        return user if len(password) <= LONGEST_PASSWORD else None

    def code_is_right(self, key: str, code: str, at: float) -> bool:
        """Say whether a code of the authenticator app is right at `at` (seconds since 1970), and used the first time.

        The code of the half minute before or after counts too, for clocks that differ.
        """
        user = self.get(key)
        if user is None or not _CODE.fullmatch(code):
            return False
        totp = pyotp.TOTP(user.second_factor, interval=_STEP_SECONDS)
        now = int(at) // _STEP_SECONDS
        for step in (now - 1, now, now + 1):
            right = pyotp.utils.strings_equal(totp.at(step * _STEP_SECONDS), code)
            if right and step > self._last_step.get(key, -1):
                self._last_step[key] = step
                return True
        return False


@cache
def _nobody() -> str:
    """Return what is checked for keys that nobody has, so that the time it takes does not tell which exist."""
    return _hasher.hash("nobody has this password")


def enrolment(user: User) -> str:
    """Return the address that an authenticator app reads to enrol an operator; it holds the secret."""
    return pyotp.TOTP(user.second_factor).provisioning_uri(name=user.key, issuer_name="baton")


def read_users(path: Path) -> Users:
    """Read the file, and follow what becomes of it; no file is no operators. Raises UsersFileError."""
    mark = _mark_of(path)
    return Users(_users_in(path), path, mark)


def _mark_of(path: Path | None) -> tuple[int, ...]:
    """Return what differs after every change of a file, of its mode too; nothing where there is no file."""
    try:
        found = None if path is None else path.stat()
    except OSError:
        return ()
    return () if found is None else (found.st_ino, found.st_ctime_ns, found.st_size)


def _users_in(path: Path) -> list[User]:
    try:
        mode = path.stat().st_mode
        told = tomllib.loads(path.read_text(encoding="utf-8"))
        users = [_user(each) for each in told.get("user", [])]
    except FileNotFoundError:
        return []
    except (OSError, KeyError, TypeError, ValueError) as error:
        message = f"the operators' file {path} cannot be read ({error}); put back a copy of it"
        raise UsersFileError(message) from None
    if stat.S_IMODE(mode) & 0o077:
        message = (
            f"the operators' file {path} can be read by others than its owner: chmod 600 {path}"
        )
        raise UsersFileError(message)
    return users


def write_users(path: Path, users: Iterable[User]) -> None:
    """Write the file whole, readable by its owner alone, and in one step: a crash leaves the old one."""
    document = tomlkit.document()
    document.add(
        tomlkit.comment("The operators who sign in here; made by `baton users`. Keep it secret.")
    )
    tables = tomlkit.aot()
    for user in users:
        table = tomlkit.table()
        table["key"] = user.key
        table["password_hash"] = user.password_hash
        table["second_factor"] = user.second_factor
        table["roles"] = sorted(user.roles)
        table["authorities"] = sorted(user.authorities)
        table["board"] = user.board
        tables.append(table)
    document["user"] = tables
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f"{path.name}.new")
    beside.unlink(missing_ok=True)
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(tomlkit.dumps(document))
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


def _user(told: dict[str, Any]) -> User:
    _check_key(str(told["key"]))
    return User(
        key=str(told["key"]),
        password_hash=str(told["password_hash"]),
        second_factor=str(told["second_factor"]),
        roles=frozenset(told.get("roles", ())),
        authorities=frozenset(told.get("authorities", ())),
        board=bool(told.get("board", False)),
    )
