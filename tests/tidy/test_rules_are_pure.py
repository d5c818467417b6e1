"""The law of `rules`: the same facts, moment and policy always give the same findings."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

FORBIDDEN_WORDS = {
    "user": "say whom: an operator, a worker, an agency, a person",
    "ticket": "say case, or alert",
}
# Of the standard library, what would let the world in.
IMPURE = {
    "asyncio", "calendar", "io", "logging", "multiprocessing", "os", "pathlib", "random", "secrets",
    "socket", "subprocess", "sys", "tempfile", "threading", "time", "urllib", "uuid",
}  # fmt: skip
CLOCKS = {"now", "today", "utcnow"}


@pytest.fixture(scope="module")
def rules(project: Path) -> list[Path]:
    """Give the modules of the rules."""
    found = sorted((project / "streams" / "baton" / "rules").rglob("*.py"))
    assert found
    return found


def test_rules_import_the_standard_library_and_each_other_only(rules: list[Path]) -> None:
    """What a rule needs is an argument: the calendar, the policy, the moment."""
    allowed = (set(sys.stdlib_module_names) - IMPURE) | {"baton.rules"}
    for path in rules:
        for node in ast.walk(ast.parse(path.read_text())):
            names: list[str] = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module:
                names = [node.module]
            for name in names:
                home = (
                    "baton.rules" if f"{name}.".startswith("baton.rules.") else name.split(".")[0]
                )
                assert home in allowed, (
                    f"{path.name} imports {name}: pass what it needs as an argument"
                )


def test_rules_never_ask_the_time(rules: list[Path]) -> None:
    """`now` is an argument, so that a replay says what the live run said."""
    for path in rules:
        for node in ast.walk(ast.parse(path.read_text())):
            asks = isinstance(node, ast.Attribute) and node.attr in CLOCKS
            asked_of = node.value if isinstance(node, ast.Attribute) else None
            of_a_clock = isinstance(asked_of, ast.Name) and asked_of.id in {"datetime", "date"}
            assert not (asks and of_a_clock), (
                f"{path.name} asks the time: take `now` as an argument"
            )


def test_rules_read_and_print_nothing(rules: list[Path]) -> None:
    """Facts and policy are arguments, findings are returned."""
    for path in rules:
        for node in ast.walk(ast.parse(path.read_text())):
            called = node.func if isinstance(node, ast.Call) else None
            name = called.id if isinstance(called, ast.Name) else ""
            assert name not in {"open", "print", "input"}, f"{path.name} calls {name}: return it"


def test_rules_speak_the_words_of_the_domain(rules: list[Path]) -> None:
    """One word per thing; these two mean too many."""
    for path in rules:
        for word, instead in FORBIDDEN_WORDS.items():
            found = re.search(rf"\b{word}s?\b", path.read_text(), re.IGNORECASE)
            assert found is None, f"{path.name} says {word!r}: {instead}"


@pytest.mark.parametrize(
    "line",
    [
        "from datetime import datetime\nmoment = datetime.now()\n",
        "from datetime import date\nday = date.today()\n",
        "import time\n",
        "import random\n",
        "import os\n",
        "from pathlib import Path\n",
        "import logging\n",
    ],
)
def test_the_linter_stops_it_while_it_is_written(line: str, project: Path) -> None:
    """rules/ruff.toml bans each of these, and says what to do instead."""
    planted = project / "streams" / "baton" / "rules" / "planted.py"
    ruff = Path(sys.executable).with_name("ruff")

    done = subprocess.run(
        [ruff, "check", "--no-cache", "--select", "TID251", "--stdin-filename", planted, "-"],
        input=line,
        capture_output=True,
        text=True,
        cwd=project,
        check=False,
    )

    assert done.returncode == 1, done.stdout + done.stderr
    assert "Rules " in done.stdout or "A rule " in done.stdout
