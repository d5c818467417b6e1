"""`baton users`: made, listed and removed; passwords are shown nowhere."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from baton.access import read_users

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from typer.testing import Result

PASSWORD = "correct horse battery"  # noqa: S105 (an invented one)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Give the file that the commands write."""
    return tmp_path / "users.toml"


def added(baton: Callable[..., Result], *arguments: str, password: str = PASSWORD) -> Result:
    """Add an operator, typing the password twice."""
    return baton("users", "add", *arguments, given=f"{password}\n{password}\n")


def test_an_operator_is_made_and_can_sign_in(baton: Callable[..., Result], file: Path) -> None:
    """With roles and areas; what enrols the authenticator app is printed once, the password never."""
    result = added(baton, "operator-1", "--role", "hub_manager", "--board")
    user = read_users(file).with_password("operator-1", PASSWORD)

    assert result.exit_code == 0
    assert user is not None
    assert (["hub_manager"], ["local"]) == (list(user.roles), list(user.authorities))
    assert user.board
    assert user.second_factor in result.stdout
    assert PASSWORD not in result.output


def test_operators_are_listed_without_secrets(baton: Callable[..., Result], file: Path) -> None:
    """As a table, and as JSON lines for a program."""
    added(baton, "operator-2", "--role", "named_midwife")
    added(baton, "operator-1")
    shown = baton("users", "list")
    told = [json.loads(line) for line in baton("users", "list", "--json").stdout.splitlines()]

    assert ["operator-1", "operator-2"] == [each["key"] for each in told]
    assert {"key", "roles", "authorities", "board"} == set(told[0])
    assert "named_midwife" in shown.stdout
    assert all(user.second_factor not in shown.output for user in read_users(file))


def test_adding_again_replaces(baton: Callable[..., Result], file: Path) -> None:
    """A forgotten password or a lost phone: another password, another code."""
    assert "Made operator-1" in added(baton, "operator-1").output
    before = read_users(file).get("operator-1")
    result = added(baton, "operator-1", password="another long password")  # noqa: S106 (invented)

    assert "Made anew" in result.output
    assert 1 == len(read_users(file))
    assert before != read_users(file).get("operator-1")


def test_a_removed_operator_is_gone(baton: Callable[..., Result], file: Path) -> None:
    """And one who was never there is said to be none."""
    added(baton, "operator-1")

    assert baton("users", "remove", "operator-1").exit_code == 0
    assert 0 == len(read_users(file))
    assert baton("users", "remove", "operator-1").exit_code == 2


@pytest.mark.parametrize(
    ("key", "password", "why"),
    [("Jane Doe", PASSWORD, "never a name"), ("operator-1", "short", "characters")],
)
def test_what_is_weak_is_refused(
    baton: Callable[..., Result], file: Path, key: str, password: str, why: str
) -> None:
    """A name for a key, and a short password; nothing is written."""
    result = added(baton, key, password=password)

    assert result.exit_code == 2
    assert why in " ".join(result.output.split())
    assert not file.exists()
