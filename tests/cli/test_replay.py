"""`baton replay`, as a command."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from baton.cli.exits import DIFFERS, WRONG

Baton = Callable[..., Result]

BABY_C = "baby-c-leicestershire-and-rutland.toml"


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


def test_another_policy_is_compared_and_no_expectation_judged(
    baton: Baton, scenarios: Path, tmp_path: Path
) -> None:
    """The current policy is the one that `--policy` names; the last line counts."""
    other = tmp_path / "other.toml"
    text = (scenarios.parents[1] / "policy.toml").read_text(encoding="utf-8")
    other.write_text(text.replace("cap_hours = 72", "cap_hours = 12"), encoding="utf-8")

    result = baton("replay", scenarios / BABY_C, "--diff", other, "--json")

    changes = [json.loads(line) for line in result.stdout.splitlines()]
    assert (result.exit_code, result.stderr) == (0, "")
    assert changes[0]["change"] == "moved"
    assert changes[-1]["summary"]["moved"] == 1
    assert "moved" in baton("replay", scenarios / BABY_C, "--diff", other).stdout


def test_a_policy_to_compare_with_must_be_right(
    baton: Baton, scenarios: Path, tmp_path: Path
) -> None:
    """Exit code 2, its name on standard error, nothing on standard output."""
    result = baton("replay", scenarios / BABY_C, "--diff", tmp_path / "none.toml")

    assert (result.exit_code, result.stdout) == (WRONG, "")
    assert "none.toml:1" in result.stderr


def test_the_clock_of_a_log_stops_where_it_is_told_to(baton: Baton, tmp_path: Path) -> None:
    """A time without an offset is local time; `--rules` narrows what is looked at."""
    log = tmp_path / "log.ndjson"
    told = {
        "record": "IncidentRecorded",
        "event_id": "event-1",
        "occurred_at": "2026-07-02T13:00:00Z",
        "agency": "police",
        "incident": "inc-1",
        "people": [{"person": {"scheme": "local", "value": "woman-1"}, "pregnancy": "pregnant"}],
    }
    log.write_text(json.dumps(told) + "\n", encoding="utf-8")

    def shown(*options: str) -> list[str]:
        lines = baton("replay", log, "--json", *options).stdout.splitlines()
        return [json.loads(line)["rule"] for line in lines]

    assert shown() == shown("--until", "2026-07-03T13:59") == []
    assert shown("--until", "2026-07-03T14:00") == ["unreferred-incident"]
    that_day = ("--until", "2026-07-03T14:00", "--rules", "block-transfer")
    assert shown(*that_day) == []
    assert shown(*that_day, "--rules", "unreferred-incident") == ["unreferred-incident"]


@pytest.mark.parametrize(
    ("option", "value", "told"),
    [
        ("--until", "soon", "must be a date and a time"),
        ("--rules", "unreferred-incidents", "did you mean unreferred-incident?"),
    ],
)
def test_a_wrong_option_is_2(
    baton: Baton, scenarios: Path, option: str, value: str, told: str
) -> None:
    """It says what it should have been."""
    result = baton("replay", scenarios / BABY_C, option, value)

    assert (result.exit_code, result.stdout) == (WRONG, "")
    assert told in result.stderr
