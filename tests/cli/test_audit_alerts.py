"""`baton audit alerts`: a log, what it led to, and what it should have."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

Baton = Callable[..., Result]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Return a log of one incident that nobody answered."""
    incident = {
        "record": "IncidentRecorded",
        "event_id": "event-1",
        "occurred_at": "2026-03-02T12:00:00Z",
        "agency": "police",
        "incident": "inc-1",
        "people": [
            {
                "person": {"scheme": "scenario", "value": "woman-1"},
                "role": "victim",
                "pregnancy": "pregnant",
            }
        ],
    }
    beat = {
        "record": "SourceHeartbeat",
        "event_id": "event-2",
        "occurred_at": "2026-03-09T12:00:00Z",
        "agency": "childrens_social_care",
        "complete_to": "2026-03-09T12:00:00Z",
    }
    path = tmp_path / "log.ndjson"
    path.write_text("".join(json.dumps(each) + "\n" for each in (incident, beat)))
    return path


def test_a_replay_is_as_it_should_be(baton: Baton, log: Path) -> None:
    """One alert, and the auditor agrees: nothing on standard output, the counts beside it."""
    done = baton("audit", "alerts", log)

    assert (done.exit_code, done.stdout) == (0, ""), done.output
    assert done.stderr == "1 alert expected, 1 found: 0 missed, 0 false, 0 doubled, 0 mistimed.\n"


def test_what_differs_is_named(baton: Baton, log: Path, tmp_path: Path) -> None:
    """Alerts that came from elsewhere, with one left out, and exit code 1."""
    nothing = tmp_path / "alerts.ndjson"
    nothing.write_text("")

    done = baton("audit", "alerts", log, "--alerts", nothing, "--json")

    counts, missed = (json.loads(line) for line in done.stdout.splitlines())
    assert done.exit_code == 1
    assert counts == {
        "expected": 1,
        "actual": 0,
        "missed": 1,
        "false": 0,
        "doubled": 0,
        "mistimed": 0,
    }
    assert (missed["kind"], missed["alert_id"]) == (
        "missed",
        "unreferred-incident/inc-1/woman-1",
    )
