"""docs/limits.md, against the constants."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import pytest

from baton.agents.intake import CLOCKS_DIFFER_BY
from baton.contract.checks import EARLIEST, LATEST
from baton.contract.topics import SOURCE_TOPICS
from baton.engine.mothers import MOST_BESIDE

PAGE = (Path(__file__).parents[2] / "docs" / "limits.md").read_text()
STATED = re.findall(r"\| (\d+) \w+ \| `(MAX_\w+)` in `([\w.]+)` \|", PAGE)
MODULES = ("contract.versions", "contract.checks", "replay.logs", "replay.container")
ENFORCING = [
    *(f"baton.{each}" for each in MODULES),
    "baton.engine.toml_lines",
    "baton.replay.silence",
]


@pytest.mark.parametrize("module", ENFORCING)
def test_each_limit_is_stated(module: str) -> None:
    """With the figure that is enforced; and none that is not."""
    limits = {
        name: value
        for name, value in vars(import_module(module)).items()
        if name.startswith("MAX_") and f"{name}: Final" in _source(module)
    }

    assert limits
    assert limits == {name: int(value) for value, name, where in STATED if where == module}


def test_the_other_limits_are_stated() -> None:
    """Those that are no single number."""
    assert f"from {EARLIEST.year} on | before {LATEST.year}" in PAGE
    assert f"| {CLOCKS_DIFFER_BY.seconds // 60} minutes | `CLOCKS_DIFFER_BY`" in PAGE
    assert f"| {MOST_BESIDE} facts | `MOST_BESIDE`" in PAGE
    assert {f"| {topic.max_message_bytes} bytes |" in PAGE for topic in SOURCE_TOPICS} == {True}


def _source(module: str) -> str:
    return Path(import_module(module).__file__ or "").read_text()
