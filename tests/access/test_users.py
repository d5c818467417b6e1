"""The file of local operators."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from baton.access import User, UsersFileError, enrolment, new_user, read_users, write_users

if TYPE_CHECKING:
    from pathlib import Path


def test_what_was_written_is_read(tmp_path: Path, users: list[User]) -> None:
    """Every field, by key, in a file that its owner alone may read."""
    path = tmp_path / "users.toml"
    write_users(path, users)

    assert users == list(read_users(path))
    assert path.stat().st_mode & 0o077 == 0


def test_no_file_is_no_operators(tmp_path: Path) -> None:
    """Then nobody can sign in: safe, and said on the page."""
    assert len(read_users(tmp_path / "users.toml")) == 0


def test_a_file_that_others_can_read_is_refused(tmp_path: Path, users: list[User]) -> None:
    """It holds the second factors."""
    path = tmp_path / "users.toml"
    write_users(path, users)
    path.chmod(0o644)

    with pytest.raises(UsersFileError, match="chmod 600"):
        read_users(path)


@pytest.mark.parametrize("text", ["not toml [", "[[user]]\nkey = 'operator-1'", "user = 3"])
def test_a_broken_file_is_refused_as_a_sentence(tmp_path: Path, text: str) -> None:
    """It says which file; none of the secrets."""
    path = tmp_path / "users.toml"
    path.write_text(text)
    path.chmod(0o600)

    with pytest.raises(UsersFileError, match="cannot be read"):
        read_users(path)


def test_neither_password_nor_name_can_be_weak() -> None:
    """A key is no name, a password is long, and not so long that hashing it hurts us."""
    for key in ("Jane Doe", "", "a", "x" * 65, "jane@example.org"):
        with pytest.raises(ValueError, match="never a name"):
            new_user(key, "correct horse battery")
    for password in ("short", "x" * 257):
        with pytest.raises(ValueError, match="characters"):
            new_user("operator-1", password)


def test_a_key_that_the_audit_would_refuse_is_refused_here(
    tmp_path: Path, users: list[User]
) -> None:
    """An NHS number, for a new operator as in the file; the sentence does not repeat it."""
    path, key = tmp_path / "users.toml", "9434765919"
    write_users(path, [replace(users[0], key=key)])

    with pytest.raises(ValueError, match="never a number that could be an NHS number") as refused:
        new_user(key, "correct horse battery")
    with pytest.raises(UsersFileError, match="never a number that could be an NHS number"):
        read_users(path)
    assert key not in str(refused.value)


def test_a_key_in_the_file_that_is_an_address_is_refused(tmp_path: Path, users: list[User]) -> None:
    """Whoever edits the file by hand is told, as whoever asks `baton users add`."""
    path = tmp_path / "users.toml"
    write_users(path, [replace(users[0], key="someone@agency.example")])

    with pytest.raises(UsersFileError, match="never a name"):
        read_users(path)


def test_the_file_holds_no_password(tmp_path: Path, users: list[User]) -> None:
    """Only a hash made for passwords."""
    path = tmp_path / "users.toml"
    write_users(path, users)

    assert "correct horse" not in path.read_text()
    assert "$argon2id$" in path.read_text()


def test_the_enrolment_names_baton_and_the_key(users: list[User]) -> None:
    """What the authenticator app then shows."""
    assert enrolment(users[0]).startswith("otpauth://totp/baton:operator-1?secret=")
