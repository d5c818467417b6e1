"""Helpers of the replay's tests: the policy of the repository, and scenarios written in a few lines."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from baton.engine.toml_lines import Mistakes
from baton.replay.scenario import PolicyText, Scenario, read_scenario

ROOT = Path(__file__).parents[2]

Read = Callable[[str], Scenario]
Wrong = Callable[[str], list[str]]


@pytest.fixture
def policy() -> PolicyText:
    """Return the policy of the repository."""
    return PolicyText((ROOT / "policy.toml").read_text(encoding="utf-8"))


@pytest.fixture
def read(policy: PolicyText) -> Read:
    """Return what reads a scenario's text, under the name x.toml."""
    return lambda text: read_scenario(text, "x.toml", policy)


@pytest.fixture
def wrong(policy: PolicyText) -> Wrong:
    """Return what reads a scenario's text and gives its mistakes, as people read them."""

    def mistakes(text: str) -> list[str]:
        with pytest.raises(Mistakes) as raised:
            read_scenario(text, "x.toml", policy)
        return [str(mistake) for mistake in raised.value.mistakes]

    return mistakes
