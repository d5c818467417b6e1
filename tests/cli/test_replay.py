"""`baton replay`, as a command."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from typer.testing import Result

from baton.cli.exits import DIFFERS, WRONG

Baton = Callable[..., Result]


def test_expectations_that_are_met_are_0(baton: Baton, scenarios: Path) -> None:
    """JSON lines on standard output, nothing on standard error."""
    result = baton("replay", scenarios / "midwife-refers-too-late.toml", "--json")

    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert (result.exit_code, result.stderr) == (0, "")
    assert rows[0]["rule"] == "unreferred-incident"


def test_expectations_that_are_not_met_are_1(baton: Baton, scenarios: Path, tmp_path: Path) -> None:
    """The difference is on standard error."""
    text = (scenarios / "midwife-refers-too-late.toml").read_text()
    file = tmp_path / "story.toml"
    file.write_text(
        text.replace('status = "answered"', 'status = "raised"').replace('"answered"', '"raised"')
    )

    result = baton("replay", file, "--json")

    assert result.exit_code == DIFFERS
    assert "not as expected" in result.stderr


def test_a_wrong_file_is_2(baton: Baton, tmp_path: Path) -> None:
    """With file and line, and an empty standard output."""
    file = tmp_path / "story.toml"
    file.write_text("title = 3\n")

    result = baton("replay", file, "--json")

    assert (result.exit_code, result.stdout) == (WRONG, "")
    assert f"{file}:1" in result.stderr
