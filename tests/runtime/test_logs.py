"""Logs: JSON to a pipe, readable on a terminal, and only keys that are known to hold nothing personal."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from baton.runtime.logs import ALLOWED_KEYS, keep_allowed_keys

PROGRAM = """
import logging, sys
import structlog
from baton.runtime.logs import configure_logs
configure_logs(sys.argv[1], "a-service")
log = structlog.get_logger("baton.test")
log.info("batch_applied", topic="facts", count=3, person="woman-1", _name="woman-1")
log.debug("not_said")
logging.getLogger("a.library").info("not said either")
logging.getLogger("a.library").warning("a library warns of %s", "something")
try:
    raise ValueError("a fault")
except ValueError:
    log.exception("failed")
"""


def said(log_format: str) -> str:
    """Give what a program says to a pipe."""
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM, log_format],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert "" == ran.stdout
    return ran.stderr


def test_a_pipe_gets_one_json_object_a_line() -> None:
    """From us and from libraries alike, with service, level and time; a library's gossip is left out."""
    ours, theirs, fault = (json.loads(line) for line in said("auto").splitlines())

    assert {
        "event": "batch_applied",
        "topic": "facts",
        "count": 3,
        "level": "info",
    }.items() <= ours.items()
    assert ("a library warns of something", "warning") == (theirs["event"], theirs["level"])
    assert "ValueError: a fault" in fault["exception"]
    assert ["a-service"] * 3 == [each["service"] for each in (ours, theirs, fault)]
    assert ours["timestamp"].endswith("Z")


@pytest.mark.parametrize("log_format", ["json", "pretty"])
def test_a_key_that_is_not_allowed_is_dropped(log_format: str) -> None:
    """A slip cannot write a person into a log; that something was dropped is said."""
    lines = said(log_format)

    assert "woman-1" not in lines
    assert "2 key(s) not allowed" in lines


def test_pretty_is_for_people() -> None:
    """Lines that are no JSON, whatever they go to."""
    assert not said("pretty").startswith("{")


def test_the_detail_that_was_given_is_kept() -> None:
    """Beside the note that something was dropped."""
    line: dict[str, Any] = {"event": "rejected", "detail": "is empty", "person": "woman-1"}

    assert {"event": "rejected", "detail": "is empty (1 key(s) not allowed)"} == keep_allowed_keys(
        None, "info", line
    )
    assert "person" not in ALLOWED_KEYS
