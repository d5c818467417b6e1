"""Exit codes, and errors told as one sentence."""

from __future__ import annotations

import importlib
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from baton.cli.exits import _KNOWN, CODES, MISSING, WRONG, CommandError, told_of
from baton.contract.errors import UnknownRecord

Baton = Callable[..., Result]

SLOW = {"aiokafka", "fastavro", "faust", "holidays", "kafka", "pydantic", "rich.table", "structlog"}


@pytest.mark.parametrize("name", sorted(_KNOWN))
def test_every_known_error_exists(name: str) -> None:
    """An error that is known by its name is a class of that name."""
    module, _, error = name.rpartition(".")

    assert issubclass(getattr(importlib.import_module(module), error), Exception)


def test_help_documents_every_exit_code(baton: Baton) -> None:
    """`baton --help` says what each exit code means."""
    shown = " ".join(baton("--help").stdout.split())

    assert all(f"{code} {means}" in shown for code, means in CODES.items())


def test_a_subclass_of_a_known_error_is_known() -> None:
    """What is wrong with an event is told, whichever kind of mistake it is."""
    told = told_of(UnknownRecord(["IncidentRecorded"]))

    assert told is not None
    assert (told.code, "did you mean IncidentRecorded" in str(told)) == (WRONG, True)


def test_a_fault_of_our_own_is_not_told_as_a_persons() -> None:
    """An error that nobody caused keeps its traceback."""
    assert told_of(RuntimeError("a bug")) is None


def test_a_command_says_its_own_code() -> None:
    """A command's own error has the code that the command gave it."""
    told = told_of(CommandError("Nothing listens.", MISSING))

    assert told is not None
    assert told.code == MISSING


def test_help_imports_nothing_slow() -> None:
    """`baton --help` loads no Kafka client, no Avro, no tables: they come with the command."""
    script = "import sys, baton.cli.app; print('\\n'.join(sys.modules))"

    loaded = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )

    assert not SLOW & set(loaded.stdout.split())


def test_wrong_settings_are_all_told_at_once(baton: Baton) -> None:
    """Every wrong setting is named, an option by its own name, and the exit code is 2."""
    result = baton("watch", "--brokers", "nonsense", BATON_HEALTH_PORT="x", BATON_NO_SUCH="1")

    assert result.exit_code == WRONG
    assert result.stdout == ""
    for part in ("--brokers: must be host:port", "BATON_HEALTH_PORT: ", "BATON_NO_SUCH: "):
        assert part in result.stderr


def test_a_kafka_that_is_not_there_is_one_sentence(baton: Baton) -> None:
    """Where Kafka does not answer, the sentence says where it was looked for and what to do."""
    result = baton("watch", "--once")

    assert result.exit_code == MISSING
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
    assert "127.0.0.1:1" in result.stderr
    assert "baton up" in result.stderr


@pytest.mark.parametrize("command", ["up", "demo", "worker", "replay", "explain"])
def test_a_policy_that_is_not_there_is_one_sentence(
    baton: Baton, command: str, tmp_path: Path
) -> None:
    """No command shows a traceback for a policy file that does not exist."""
    more = {
        "replay": ["no.toml"],
        "explain": ["case-1", "no.toml"],
    }.get(command, [])

    result = baton(command, *more, "--policy", tmp_path / "none.toml")

    assert result.exit_code == WRONG
    assert "none.toml" in result.stderr
    assert result.stderr.count("\n") == 1
