"""`baton alerts reconcile`, from files; on Kafka it is tested with the other commands there."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from baton.cli.exits import DIFFERS, FINE, WRONG

Baton = Callable[..., Result]

BLOCK = "a-block-that-did-not-all-arrive.toml"


def test_what_has_not_arrived_is_told_by_id_and_by_count(baton: Baton, scenarios: Path) -> None:
    """Of six cases one was taken by another team, one refused, one not answered: those three."""
    result = baton("alerts", "reconcile", "block-april", scenarios / BLOCK, "--json")

    (row,) = (json.loads(line) for line in result.stdout.splitlines())
    assert result.exit_code == DIFFERS
    assert row["alert_id"] == "block-transfer/block-april/team-safeguarding"
    assert (row["team"], row["status"]) == ("team-safeguarding", "raised")
    assert (row["sent"], row["arrived"], row["not_arrived"]) == (6, 3, 3)
    assert row["not_arrived_cases"] == ["case-3", "case-4", "case-5"]
    assert [each["case"] for each in row["cases"] if each["arrived"]] == [
        "case-1",
        "case-2",
        "case-6",
    ]


def test_each_case_says_how_far_its_handover_has_come(baton: Baton, scenarios: Path) -> None:
    """A line a case: asked, rejected, accepted, handed over, file read, items lost, worker, visited."""
    result = baton("alerts", "reconcile", "block-transfer", scenarios / BLOCK)

    lines = [line.split() for line in result.stdout.splitlines() if line.startswith("case-")]
    assert lines == [
        ["case-1", "yes", "-", "yes", "-", "-", "yes", "-", "-"],
        ["case-2", "yes", "-", "yes", "yes", "yes", "-", "yes", "yes"],
        ["case-3", "yes", "-", "elsewhere", "-", "-", "-", "-", "-"],
        ["case-4", "yes", "yes", "-", "-", "-", "-", "-", "-"],
        ["case-5", "yes", "-", "-", "-", "-", "-", "-", "-"],
        ["case-6", "yes", "yes", "yes", "-", "-", "-", "-", "-"],
    ]
    assert "Not arrived (3): case-3, case-4, case-5" in result.stdout
    assert result.stderr == "6 cases sent, 3 arrived.\n"


def test_a_block_that_arrived_whole_is_fine(baton: Baton, scenarios: Path) -> None:
    """Exit code 0, and nothing is said not to have arrived."""
    result = baton(
        "alerts", "reconcile", "block", scenarios / "planned-block-with-complete-handovers.toml"
    )

    assert result.exit_code == FINE
    assert "Not arrived" not in result.stdout


@pytest.mark.parametrize(
    ("alert", "file", "told"),
    [
        ("block-may", BLOCK, "There is no such alert"),
        ("x", "christmas.toml", "No cases have moved in a block"),
    ],
)
def test_what_is_no_block_is_said(
    baton: Baton, scenarios: Path, alert: str, file: str, told: str
) -> None:
    """One sentence, and 2."""
    result = baton("alerts", "reconcile", alert, scenarios / file)

    assert (result.exit_code, result.stdout) == (WRONG, "")
    assert told in result.stderr


def test_a_file_that_is_wrong_is_told_with_its_line(baton: Baton, tmp_path: Path) -> None:
    """As `baton replay` does."""
    wrong = tmp_path / "wrong.toml"
    wrong.write_text("title = 1\n", encoding="utf-8")

    result = baton("alerts", "reconcile", "block", wrong)

    assert (result.exit_code, result.stdout) == (WRONG, "")
    assert "wrong.toml:1: title: " in result.stderr
