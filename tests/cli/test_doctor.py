"""`baton doctor`, where there is no Kafka."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from typer.testing import Result

from baton.agents.pseudonym import make_key
from baton.cli.doctor import _clock, _key, _worker
from baton.cli.exits import MISSING

Baton = Callable[..., Result]


def test_what_is_missing_is_one_line_each(baton: Baton) -> None:
    """Each line is a check, its state and what to do; something missing is exit 3."""
    result = baton("doctor", "--json")

    rows = {row["check"]: row for row in map(json.loads, result.stdout.splitlines())}
    assert result.exit_code == MISSING
    assert rows["Kafka"]["state"] == "missing"
    assert "baton up" in rows["Kafka"]["detail"]
    assert rows["policy"]["state"] == "ok"
    assert rows["pseudonym key"]["state"] == "missing"
    assert rows["Python"]["state"] == "ok"


def test_people_get_the_same_lines(baton: Baton) -> None:
    """The text has a line for each check, too."""
    text, lines = baton("doctor").stdout, baton("doctor", "--json").stdout

    assert len(text.splitlines()) == len(lines.splitlines())


def test_a_wrong_policy_is_counted(baton: Baton, tmp_path: Path) -> None:
    """The doctor says how many mistakes, and which command names them."""
    file = tmp_path / "policy.toml"
    file.write_text("version = 3\n")

    rows = [
        json.loads(line) for line in baton("doctor", "--json", "--policy", file).stdout.splitlines()
    ]

    policy = next(row for row in rows if row["check"] == "policy")
    assert policy["state"] == "wrong"
    assert "baton policy check" in policy["detail"]


def test_the_key_must_be_private(tmp_path: Path) -> None:
    """A key that others can read is wrong, and the line says how to mend it."""
    path = tmp_path / "pseudonym.key"
    assert _key(path).state == "missing"
    make_key(path)
    assert _key(path).state == "ok"

    path.chmod(0o640)

    assert _key(path).state == "wrong"
    assert "chmod 600" in _key(path).detail


def test_a_key_that_is_none_is_wrong(tmp_path: Path) -> None:
    """A file that holds no key is told as such, and its content is not shown."""
    path = tmp_path / "pseudonym.key"
    path.write_text("not-hexadecimal")
    path.chmod(0o600)

    found = _key(path)

    assert found.state == "wrong"
    assert "not-hexadecimal" not in found.detail


def test_a_clock_and_a_worker_that_never_ran_are_missing() -> None:
    """Nothing falls due without a clock, nothing is judged without a worker."""
    assert [each.state for each in _clock(None, None)] == ["missing"]
    assert _worker(None, None).state == "missing"


def test_a_broker_whose_time_differs_is_wrong() -> None:
    """The broker's clock decides when something is due; it must be right."""
    states = {each.check: each for each in _clock(0.0, 90.0)}

    assert states["broker's time"].state == "wrong"
    assert "1 min behind" in states["broker's time"].detail


def test_a_worker_behind_the_clock_is_wrong() -> None:
    """It may be catching up; the doctor says by how much it is behind."""
    found = _worker(1_000.0, 1_000.0 + 3_600)

    assert found.state == "wrong"
    assert "1 h behind" in found.detail
