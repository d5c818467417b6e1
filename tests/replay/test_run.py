"""`baton replay` as a whole: what it prints where, and its exit codes."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from baton.replay.logs import write_ndjson
from baton.replay.run import MET, NOT_MET, WRONG, replay, run
from baton.replay.scenario import PolicyText, read_scenario

ROOT = Path(__file__).parents[2]
POLICY = ROOT / "policy.toml"

TOLD = """\
title = "Nobody refers [in time]"
until = "2026-07-09T12:00"

[[told]]
at = "2026-07-02T14:00"
event = "IncidentRecorded"
from = "police"
incident = "inc-1"
people = [{ person = "woman-1", pregnancy = "pregnant" }]
"""
EXPECTED = '[[expect]]\nalert = "unreferred-incident"\nabout = "woman-1"\nat = "2026-07-03T14:00"\n'


@pytest.fixture
def met(tmp_path: Path) -> Path:
    """Return a scenario that is met."""
    path = tmp_path / "met.toml"
    path.write_text(TOLD + EXPECTED, encoding="utf-8")
    return path


@pytest.fixture
def not_met(tmp_path: Path) -> Path:
    """Return a scenario that is not met: it expects nothing, and something is said."""
    path = tmp_path / "not-met.toml"
    path.write_text(TOLD, encoding="utf-8")
    return path


@pytest.fixture
def wrong(tmp_path: Path) -> Path:
    """Return a file that is no scenario."""
    path = tmp_path / "wrong.toml"
    path.write_text(TOLD.replace("police", "polis"), encoding="utf-8")
    return path


def ran(
    *paths: Path, json_lines: bool = True, policy: Path = POLICY, **options: object
) -> tuple[int, str, str]:
    """Run, and return exit code, standard output and standard error."""
    out, err = io.StringIO(), io.StringIO()
    code = run(paths, json=json_lines, policy_path=policy, out=out, err=err, **options)  # type: ignore[arg-type]  # options of any kind
    return code, out.getvalue(), err.getvalue()


def test_a_line_of_json_has_the_agreed_keys_in_order(met: Path) -> None:
    """One object for one alert: plain ids, times in UTC, nothing more and nothing else."""
    code, out, err = ran(met)

    assert (code, err) == (MET, "")
    assert json.loads(out) == {
        "rule": "unreferred-incident",
        "about": "woman-1",
        "about_kind": "person",
        "status": "raised",
        "reason": "overdue",
        "severity": 1,
        "raised_at": "2026-07-03T13:00:00Z",
        "due_at": "2026-07-03T13:00:00Z",
        "answered_at": None,
        "alert_id": "unreferred-incident/inc-1/woman-1",
        "members": [],
        "evidence": [
            {
                "event_id": "told-0",
                "event": "IncidentRecorded",
                "agency": "police",
                "occurred_at": "2026-07-02T13:00:00Z",
            }
        ],
    }
    assert next(iter(json.loads(out))) == "rule"


def test_what_is_not_met_is_said_on_standard_error_and_ends_with_1(not_met: Path) -> None:
    """The alerts are printed all the same."""
    code, out, err = ran(not_met)

    assert code == NOT_MET
    assert len(out.splitlines()) == 1
    assert err.startswith(
        f"{not_met}: not as expected\n  not expected: unreferred-incident about woman-1"
    )


def test_a_wrong_file_is_said_with_line_and_field_and_ends_with_2(wrong: Path) -> None:
    """Nothing is printed on standard output."""
    code, out, err = ran(wrong)

    assert (code, out) == (WRONG, "")
    assert (
        err == f"{wrong}:7: told[0].from: must be an agency of the contract; did you mean police?\n"
    )


def test_of_several_files_the_worst_counts_and_each_is_played(
    met: Path, not_met: Path, wrong: Path
) -> None:
    """2 beats 1 beats 0; the lines then say which file they are of."""
    assert ran(met, not_met)[0] == NOT_MET
    assert ran(wrong, not_met)[0] == WRONG
    code, out, _ = ran(met, wrong, not_met)

    assert code == WRONG
    assert [json.loads(line)["file"] for line in out.splitlines()] == [str(met), str(not_met)]


def test_files_know_nothing_of_each_other(met: Path) -> None:
    """The same file twice gives the same twice."""
    first, second = replay([met, met], PolicyText(POLICY.read_text(encoding="utf-8")))

    assert first.alerts == second.alerts


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("none.toml", None, "cannot be read: No such file"),
        ("none.ndjson", None, "cannot be read: No such file"),
        ("x.toml", b"\xff\xfe", "is not UTF-8 text"),
        ("x.csv", b"a,b", "is of no known kind; known are .toml, .ndjson, .avro"),
        ("x.ndjson", b"\xff\n", "is not JSON"),
    ],
)
def test_a_file_that_cannot_be_read_ends_with_2(
    tmp_path: Path, name: str, content: bytes | None, said: str
) -> None:
    """Whatever is the matter with it, it is said in one line."""
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)

    code, out, err = ran(path)

    assert (code, out) == (WRONG, "")
    assert err.startswith(f"{path}:1: {said}")
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize("content", [None, "version = 1\n"])
def test_a_wrong_policy_ends_with_2_before_anything_is_played(
    tmp_path: Path, met: Path, content: str | None
) -> None:
    """Nothing is judged by a policy that has mistakes."""
    policy = tmp_path / "policy.toml"
    if content is not None:
        policy.write_text(content, encoding="utf-8")

    code, out, err = ran(met, policy=policy)

    assert (code, out) == (WRONG, "")
    assert err.startswith(f"{policy}:1: ")


def test_a_log_ends_with_its_last_record_or_when_told(tmp_path: Path) -> None:
    """A log expects nothing; what falls due after its end is said only if the clock runs on."""
    log = tmp_path / "log.ndjson"
    policy = PolicyText(POLICY.read_text(encoding="utf-8"))
    write_ndjson(log, read_scenario(TOLD, "x.toml", policy).told)

    assert ran(log) == (MET, "", "")
    code, out, _ = ran(log, until=datetime(2026, 7, 9, tzinfo=UTC))
    assert (code, json.loads(out)["about"]) == (MET, "woman-1")


def test_rules_may_be_chosen(met: Path, tmp_path: Path) -> None:
    """Only what those rules say is shown."""
    log = tmp_path / "log.ndjson"
    write_ndjson(
        log, read_scenario(TOLD, "x.toml", PolicyText(POLICY.read_text(encoding="utf-8"))).told
    )

    assert ran(log, until=datetime(2026, 7, 9, tzinfo=UTC), rules=["block-transfer"])[1] == ""
    assert ran(met, rules=["unreferred-incident"])[0] == MET


def test_people_see_a_table_in_local_time(met: Path, not_met: Path) -> None:
    """Title, alerts and whether it is as expected; brackets in a title are no markup."""
    code, out, _ = ran(met, not_met, json_lines=False)

    assert code == NOT_MET
    assert f"{met}: Nobody refers [in time]" in out
    assert "2026-07-03 14:00" in out
    assert out.count("as expected") == 1


def test_replay_runs_without_kafka_and_faust() -> None:
    """Nothing of them, nor of the ledger, is even imported."""
    code = (
        "import sys, baton.replay.run\n"
        "found = [name for name in sys.modules if name.split('.')[0] in {'faust', 'kafka', 'aiokafka'}"
        " or name.startswith(('baton.ledger', 'baton.agents'))]\n"
        "sys.exit(', '.join(found) or 0)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
