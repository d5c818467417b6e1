"""Every scenario beside this file, through the engine without a broker."""

from __future__ import annotations

from pathlib import Path

import pytest

from baton.replay.expect import differences
from baton.replay.play import play_scenario
from baton.replay.scenario import PolicyText, read_scenario
from baton.replay.told import Persons

FILES = sorted(Path(__file__).parent.glob("*.toml"))
POLICY = PolicyText((Path(__file__).parents[2] / "policy.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_scenario_is_met(path: Path) -> None:
    """What its owner expects is said, and nothing else."""
    scenario = read_scenario(path.read_text(encoding="utf-8"), path.name, POLICY)
    persons = Persons()

    found = differences(scenario, play_scenario(scenario, persons), persons.plain)

    assert not found, "\n".join([scenario.title, *found])


def test_there_are_scenarios() -> None:
    """An empty folder would be met by anything."""
    assert len(FILES) > 100
