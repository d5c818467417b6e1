"""The command line under test: run in this process, with an environment of its own."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from baton.cli.app import app

ROOT = Path(__file__).resolve().parents[2]
NOWHERE = "127.0.0.1:1"
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)

Baton = Callable[..., Result]


@pytest.fixture
def scenarios() -> Path:
    """Give the folder of the scenarios."""
    return ROOT / "tests" / "scenarios"


@pytest.fixture
def baton(tmp_path: Path) -> Baton:
    """Give a function that runs `baton` with these arguments; no Kafka, the repository's policy."""
    settings: dict[str, str | None] = {
        name: None for name in os.environ if name.startswith("BATON_") or name == "TRACEPARENT"
    }
    settings |= {
        "BATON_BROKERS": NOWHERE,
        "BATON_POLICY": str(ROOT / "policy.toml"),
        "BATON_PSEUDONYM_KEY_FILE": str(tmp_path / "pseudonym.key"),
        "BATON_DATA_DIR": str(tmp_path),
        "COLUMNS": "100",
    }

    def run(*arguments: str | Path, given: str | bytes | None = None, **more: str) -> Result:
        return CliRunner().invoke(
            app,
            [str(each) for each in arguments],
            input=given,
            env=settings | more,
            prog_name="baton",
        )

    return run


def an_alert(**fields: object) -> dict[str, Any]:
    """Make the fields of an alert as decoded."""
    from baton.contract import codec

    event = {
        "event_id": "event-1",
        "event": "IncidentRecorded",
        "agency": "police",
        "occurred_at": NOON,
    }
    return codec.complete(
        "Alert",
        {
            "alert_id": "unreferred-incident/inc-1/p-1",
            "rule": "unreferred-incident",
            "rule_version": 1,
            "policy_version": "2026-01-01",
            "severity": 1,
            "about": {"kind": "person", "key": "p-1"},
            "status": "raised",
            "reason": "overdue",
            "trigger": [event],
            "evidence": [event],
            "missing": ["ReferralReceived"],
            "due_at": NOON,
            "raised_at": NOON,
            "as_of": NOON,
            "responsible": {"agency": "police", "role": "public_protection_supervisor"},
            "tell": ["hub_manager"],
        }
        | fields,
    )


@pytest.fixture
def alert() -> Callable[..., dict[str, Any]]:
    """Give a function that makes an alert; its arguments replace fields."""
    return an_alert
