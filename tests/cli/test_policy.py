"""`baton policy`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from typer.testing import Result

from baton.cli.exits import WRONG

Baton = Callable[..., Result]

FIVE_MISTAKES = """
version = 3
keep_days = 731
colour = "blue"

[rule.unreferred-incident]
basis = "statutory"
within = { working_days = -1 }
answered_by = "childrens_social_care"
counts_as_pregnant = ["pregnant"]
severity = 9
responsible = "police"
tell = ["hub_manager"]
"""


def test_the_policy_of_the_repository_is_right(baton: Baton) -> None:
    """It can be checked without an argument."""
    result = baton("policy", "check")

    assert (result.exit_code, result.stdout) == (0, "")
    assert "is right" in result.stderr


def test_every_mistake_is_named_at_once(baton: Baton, tmp_path: Path) -> None:
    """Each with file, line and field; exit 2."""
    file = tmp_path / "policy.toml"
    file.write_text(FIVE_MISTAKES)

    result = baton("policy", "check", file)

    assert (result.exit_code, result.stdout) == (WRONG, "")
    for place in (":2: version:", ":4: colour:", ":8: ", ":11: ", ":12: "):
        assert f"{file}{place}" in result.stderr


def test_what_holds_can_be_shown(baton: Baton) -> None:
    """One row for each setting, for people and for programs."""
    shown = baton("policy", "show", "unreferred-incident").stdout
    lines = baton(
        "policy", "show", "unreferred-incident", "--on", "2026-01-05", "--json"
    ).stdout.splitlines()

    assert "1 working day, at most 72 hours" in shown
    rows = {row["setting"]: row for row in map(json.loads, lines)}
    assert rows["within"]["value"] == "1 working day, at most 72 hours"
    assert rows["severity"] == {
        "rule": "unreferred-incident",
        "setting": "severity",
        "value": "1",
        "since": None,
        "area": None,
    }


def test_a_dated_line_says_since_when(baton: Baton, tmp_path: Path) -> None:
    """What a dated line changes holds from its day on, and the row says so."""
    agreed = Path(__file__).parents[2] / "policy.toml"
    file = tmp_path / "policy.toml"
    file.write_text(
        f"{agreed.read_text()}\n[[rule.block-transfer.from]]\ndate = 2027-04-01\ncases = 4\n"
    )

    def cases(day: str) -> dict[str, str | None]:
        lines = baton(
            "policy", "show", "block-transfer", "--on", day, "--policy", file, "--json"
        ).stdout
        return next(row for row in map(json.loads, lines.splitlines()) if row["setting"] == "cases")

    assert (cases("2027-03-31")["value"], cases("2027-03-31")["since"]) == ("5", None)
    assert (cases("2027-04-01")["value"], cases("2027-04-01")["since"]) == ("4", "2027-04-01")


def test_an_area_without_a_line_of_its_own_is_told(baton: Baton, tmp_path: Path) -> None:
    """A misspelt area would otherwise look like an area in which nothing differs."""
    agreed = Path(__file__).parents[2] / "policy.toml"
    file = tmp_path / "policy.toml"
    file.write_text(
        f'{agreed.read_text()}\n[[rule.block-transfer.from]]\narea = "rutland"\ncases = 4\n'
    )

    def said(area: str) -> str:
        return baton("policy", "show", "block-transfer", "--area", area, "--policy", file).stderr

    assert said("rutland") == ""
    assert "no line of its own for rutlnd" in said("rutlnd")


def test_an_unknown_rule_is_told_with_the_nearest(baton: Baton) -> None:
    """A misspelt rule is exit 2."""
    result = baton("policy", "show", "unreferred-inciden")

    assert (result.exit_code, result.stdout) == (WRONG, "")
    assert "did you mean unreferred-incident?" in result.stderr


def test_the_life_of_an_alert_and_a_role_can_be_shown(baton: Baton) -> None:
    """Like a rule, by the names of their blocks."""
    life = baton("policy", "show", "severity-1").stdout
    role = baton("policy", "show", "named_midwife").stdout

    assert "acknowledge_within" in life
    assert "30 minutes" in life
    assert "midwifery" in role
