"""`baton replay --diff`: what another policy would have said of the same files."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from baton.replay.diff import run_diff
from baton.replay.logs import write_ndjson
from baton.replay.run import MET, WRONG
from baton.replay.scenario import PolicyText, read_scenario

ROOT = Path(__file__).parents[2]
POLICY = ROOT / "policy.toml"

TOLD = """\
title = "Two incidents: nobody refers the one, and the other is referred after two days"
until = "2026-07-20T12:00"
rules = ["unreferred-incident"]

[[told]]
at = "2026-07-01T14:00"
event = "IncidentRecorded"
from = "police"
incident = "inc-1"
people = [{ person = "woman-1", pregnancy = "pregnant" }]

[[told]]
at = "2026-07-01T15:00"
event = "IncidentRecorded"
from = "police"
incident = "inc-2"
people = [{ person = "woman-2", pregnancy = "pregnant" }]

[[told]]
at = "2026-07-03T09:00"
event = "ReferralReceived"
from = "police"
referral = "ref-2"
people = ["woman-2"]

[[told]]
at = "2026-07-04T09:00"
event = "PregnancyBooked"
from = "midwifery"
person = "woman-3"
due_date = "2027-01-15"
"""


@pytest.fixture
def story(tmp_path: Path) -> Path:
    """Return a scenario whose expectations nobody judges: it has none, and there are alerts."""
    path = tmp_path / "story.toml"
    path.write_text(TOLD, encoding="utf-8")
    return path


@pytest.fixture
def longer(tmp_path: Path) -> Path:
    """Return a policy like the repository's, with three working days for the first rule."""
    path = tmp_path / "other.toml"
    text = POLICY.read_text(encoding="utf-8")
    found = "within            = { working_days = 1, cap_hours = 72 }"
    path.write_text(text.replace(found, "within = { working_days = 3 }", 1), encoding="utf-8")
    return path


def ran(
    *paths: Path,
    other: Path,
    policy: Path = POLICY,
    json_lines: bool = True,
    **options: Any,
) -> tuple[int, str, str]:
    """Compare, and return exit code, standard output and standard error."""
    out, err = io.StringIO(), io.StringIO()
    code = run_diff(
        paths, json=json_lines, policy_path=policy, other_path=other, out=out, err=err, **options
    )
    return code, out.getvalue(), err.getvalue()


def rows(out: str) -> list[dict[str, Any]]:
    """Return the lines of JSON."""
    return [json.loads(line) for line in out.splitlines()]


def test_the_same_policy_changes_nothing(story: Path) -> None:
    """Only the summary is printed, and it counts what stayed."""
    code, out, err = ran(story, other=POLICY)

    (last,) = rows(out)
    counts = {name: last["summary"][name] for name in ("gained", "lost", "moved", "unchanged")}
    assert (code, err) == (MET, "")
    assert counts == {"gained": 0, "lost": 0, "moved": 0, "unchanged": 2}


def test_lost_and_moved(story: Path, longer: Path) -> None:
    """With more time the one is raised later, the other was answered by then."""
    code, out, err = ran(story, other=longer)

    moved, lost, last = rows(out)
    assert (code, err) == (MET, "")
    assert (lost["change"], lost["about"], lost["after"]) == ("lost", "woman-2", None)
    assert lost["before"]["status"] == "answered"
    assert (moved["change"], moved["about"]) == ("moved", "woman-1")
    assert moved["changed"] == ["raised_at", "due_at"]
    assert moved["before"]["due_at"] == "2026-07-02T13:00:00Z"
    assert moved["after"]["due_at"] == "2026-07-06T13:00:00Z"
    assert last == {
        "summary": {
            "files": 1,
            "gained": 0,
            "lost": 1,
            "moved": 1,
            "unchanged": 0,
            "rules": {"unreferred-incident": {"gained": 0, "lost": 1, "moved": 1}},
            "touched": {
                "all": {"touched": 2, "of": 3, "share": 0.6667},
                "person": {"touched": 2, "of": 3, "share": 0.6667},
            },
        }
    }


def test_gained_is_lost_the_other_way_round(story: Path, longer: Path) -> None:
    """What the other policy alone says is gained."""
    _, out, _ = ran(story, other=POLICY, policy=longer)

    gained = next(each for each in rows(out) if each["about"] == "woman-2")
    assert (gained["change"], gained["about"], gained["before"]) == ("gained", "woman-2", None)
    assert gained["after"]["reason"] == "answered-late"


@pytest.mark.parametrize(
    ("setting", "instead", "changed"),
    [
        ("severity          = 1\nresponsible       = ", "severity = 2\nresponsible = ", "severity"),
        ('tell              = ["public', 'tell = ["head_of_service", "public', "tell"),
        (
            '"police/public_protection_supervisor"',
            '"police/control_room_manager"',
            "responsible",
        ),
    ],
)
def test_who_is_told_and_how_seriously_moves_an_alert(
    story: Path, tmp_path: Path, setting: str, instead: str, changed: str
) -> None:
    """Also where the alert is raised at the same moment as before."""
    other = tmp_path / "other.toml"
    text = POLICY.read_text(encoding="utf-8")
    assert setting in text
    other.write_text(text.replace(setting, instead, 1), encoding="utf-8")

    *moved, _ = rows(ran(story, other=other)[1])

    assert [each["changed"] for each in moved] == [[changed], [changed]]


def test_a_block_with_other_members_has_moved(tmp_path: Path) -> None:
    """Which cases an alert covers is part of what it says."""
    other = tmp_path / "other.toml"
    text = POLICY.read_text(encoding="utf-8")
    other.write_text(text.replace("cases       = 5", "cases       = 3"), encoding="utf-8")
    story = ROOT / "tests" / "scenarios" / "withdrawn-transfer-leaves-four.toml"

    *changes, last = rows(ran(story, other=other, rules=["block-transfer"])[1])

    assert any("members" in each["changed"] for each in changes)
    assert set(last["summary"]["rules"]) == {"block-transfer"}


def test_a_scenario_keeps_its_own_lines_under_both(tmp_path: Path, longer: Path) -> None:
    """They are the story's, whatever policy is tried."""
    story = tmp_path / "own.toml"
    own = "[policy.rule.unreferred-incident]\nwithin = { hours = 2 }\n"
    story.write_text(f"{TOLD}\n{own}", encoding="utf-8")

    assert rows(ran(story, other=longer)[1])[0]["summary"]["unchanged"] == 2


def test_a_log_is_compared_as_a_scenario_is(story: Path, longer: Path, tmp_path: Path) -> None:
    """The clock of a log stops where it is told to, under both policies; bytes read are told."""
    log = tmp_path / "log.ndjson"
    policy = PolicyText(POLICY.read_text(encoding="utf-8"))
    write_ndjson(log, read_scenario(TOLD, "x.toml", policy).told)
    seen: list[str] = []

    _, out, _ = ran(
        log,
        story,
        other=longer,
        until=datetime(2026, 7, 20, tzinfo=UTC),
        rules=["unreferred-incident"],
        progress=lambda file, _read, _size: seen.append(file),
    )

    *changes, last = rows(out)
    assert [(each["file"], each["change"]) for each in changes] == [
        (str(log), "moved"),
        (str(log), "lost"),
        (str(story), "moved"),
        (str(story), "lost"),
    ]
    assert last["summary"]["touched"]["person"] == {"touched": 4, "of": 6, "share": 0.6667}
    assert seen == [str(log)] * 2


def test_people_see_a_table_and_a_summary(story: Path, longer: Path) -> None:
    """Only what differs is shown of an alert that both give, in local time."""
    code, out, _ = ran(story, other=longer, json_lines=False)

    words = " ".join(out.split())
    assert code == MET
    assert (
        "moved unreferred-incident woman-1 raised 2026-07-02 14:00, due 2026-07-02 14:00"
        " raised 2026-07-06 14:00, due 2026-07-06 14:00"
    ) in words
    assert "no alert" in words
    assert "0 gained, 1 lost, 1 moved, 0 unchanged" in words
    assert "touched: 2 of 3 (66.7%), person" in words
    assert "no difference in 2 alerts" in ran(story, other=POLICY, json_lines=False)[1]


def test_a_wrong_policy_ends_with_2_before_anything_is_played(story: Path, tmp_path: Path) -> None:
    """Whichever of the two it is; it is named with its line."""
    wrong = tmp_path / "wrong.toml"
    wrong.write_text("version = 1\n", encoding="utf-8")

    for policy, other in ((POLICY, wrong), (wrong, POLICY)):
        code, out, err = ran(story, policy=policy, other=other)
        assert (code, out) == (WRONG, "")
        assert err.startswith(f"{wrong}:1: ")
    assert ran(story, other=tmp_path / "none.toml")[0] == WRONG


def test_a_wrong_file_ends_with_2_and_the_others_are_compared(
    story: Path, longer: Path, tmp_path: Path
) -> None:
    """What is wrong is on standard error, each file with its line."""
    text, table = tmp_path / "a.toml", tmp_path / "a.csv"
    text.write_text("title = 3\n", encoding="utf-8")

    code, out, err = ran(text, table, story, other=longer)

    assert code == WRONG
    assert [each.get("change") for each in rows(out)] == ["moved", "lost", None]
    assert f"{text}:1: title" in err
    assert f"{table}:1: is of no known kind" in err
