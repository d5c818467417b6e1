"""`baton emit`, as far as it goes without Kafka."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from baton.cli.exits import WRONG
from baton.contract import codec

Baton = Callable[..., Result]

INCIDENT = ("emit", "IncidentRecorded", "--incident", "inc-1", "--agency", "police")
BAD_NHS_NUMBER = "9434765918"


def test_what_would_be_sent_is_json_that_the_contract_reads(baton: Baton) -> None:
    """`--dry-run` prints the whole event, defaults and all, and nothing else on standard output."""
    result = baton(*INCIDENT, "--people", "nhs:9434765919:victim:pregnant", "--dry-run")

    event = json.loads(result.stdout)
    record = event.pop("record")
    assert result.exit_code == 0
    assert result.stderr == ""
    assert codec.to_json(record, codec.from_json(record, event)) == event
    assert event["people"][0]["person"] == {"scheme": "nhs", "value": "9434765919"}


def test_every_event_gets_an_id_of_its_own(baton: Baton) -> None:
    """Two events that name no id are two events."""
    ids = {json.loads(baton(*INCIDENT, "--dry-run").stdout)["event_id"] for _ in range(2)}

    assert len(ids) == 2


def test_options_override_the_json(baton: Baton) -> None:
    """A record in JSON may be completed by options."""
    given = json.dumps({"incident": "inc-1", "agency": "police", "grade": "high"})

    result = baton("emit", "IncidentRecorded", "--json", given, "--grade", "medium", "--dry-run")

    assert json.loads(result.stdout)["grade"] == "medium"


def test_the_agency_is_implied(baton: Baton) -> None:
    """Who books a pregnancy need not be said."""
    result = baton(
        "emit", "PregnancyBooked", "--person", "woman-1", "--due-date", "2026-08-20", "--dry-run"
    )

    assert json.loads(result.stdout)["agency"] == "midwifery"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["emit"], "Which record?"),
        (["emit", "IncidentRecorde"], "did you mean IncidentRecorded"),
        (["emit", "Tick"], "a record of baton's own"),
        (["emit", "Alert"], "a record of baton's own"),
        (["emit", "IncidentRecorded", "--agency", "police"], "incident: is required"),
        (["emit", "IncidentRecorded", "--incident", "inc-1"], "agency: is required"),
        ([*INCIDENT, "--grade", "huge"], "grade: must be one of standard, medium, high, ungraded"),
        (
            [*INCIDENT, "--people", f"nhs:{BAD_NHS_NUMBER}"],
            "people[0].person.value: not an NHS number",
        ),
        (
            [*INCIDENT, "--occurred-at", "2026-02-30T10:00:00Z"],
            "occurred_at: there is no such time",
        ),
        ([*INCIDENT, "--occurred-at", "2026-02-20T10:00:00"], "occurred_at: must have an offset"),
        ([*INCIDENT, "--narrative", "She said"], "narrative: IncidentRecorded has no such field"),
        ([*INCIDENT, "--source-record", "x" * 100_000], "source_record: has 100000 characters"),
        (["emit", "PregnancyBooked", "--person", "w", "--due-date", "2026-13-01"], "no such date"),
        (["emit", "IncidentRecorded", "--json", '{"incident"'], "it is not JSON"),
        ([*INCIDENT, "--file", "events.ndjson"], "not both"),
        (["emit", "--file", "no-such-file"], "Cannot read no-such-file"),
        (["emit", "IncidentRecorde", "--fields"], "did you mean IncidentRecorded"),
    ],
)
def test_what_is_wrong_is_one_sentence(baton: Baton, arguments: list[str], told: str) -> None:
    """Bad input is refused before anything is sent: exit 2, the field named, its content not."""
    result = baton(*arguments)

    assert result.exit_code == WRONG
    assert result.stdout == ""
    assert told in result.stderr
    assert result.stderr.count("\n") == 1
    assert BAD_NHS_NUMBER not in result.stderr
    assert "She said" not in result.stderr


def test_a_bad_line_of_a_file_is_named_by_its_number(baton: Baton, tmp_path: Path) -> None:
    """Bad lines are told with file and line, good ones pass, and the exit code says that not all did."""
    good = '{"record": "PregnancyBooked", "person": "woman-1", "due_date": "2026-08-20"}'
    narrative = json.dumps({"record": "CaseOpened", "case": "case-1", "story": "x" * 1_000_000})
    lines = [
        good,
        "",
        "not JSON",
        "[]",
        "{}",
        '{"record": "CaseOpene"}',
        narrative,
        "z" * 9_000_000,
        '{"record": "CaseOpened", "case": "case-1", "received_at": "2026-01-01T00:00:00Z"}',
    ]
    file = tmp_path / "events.ndjson"
    file.write_text("\n".join(lines))

    result = baton("emit", "--file", file, "--dry-run")

    assert result.exit_code == WRONG
    assert [json.loads(each)["record"] for each in result.stdout.splitlines()] == [
        "PregnancyBooked",
        "CaseOpened",
    ]
    told = result.stderr.splitlines()
    assert [each.split(":")[1] for each in told[:-1]] == ["3", "4", "5", "6", "7", "8"]
    assert told[-1] == "2 events are right; bad lines: 6."
    assert max(map(len, told)) < 500


def test_ten_thousand_bad_lines_do_not_flood(baton: Baton, tmp_path: Path) -> None:
    """The first bad lines are named, the rest are counted."""
    file = tmp_path / "events.ndjson"
    file.write_text("bad\n" * 10_000)

    result = baton("emit", "--file", file, "--dry-run")

    assert result.exit_code == WRONG
    assert len(result.stderr.splitlines()) < 60
    assert result.stderr.splitlines()[-1] == "0 events are right; bad lines: 10000."


def test_standard_input_is_a_file_too(baton: Baton) -> None:
    """`--file -` reads standard input."""
    line = '{"record": "PregnancyEnded", "person": "woman-1"}\n'

    result = baton("emit", "--file", "-", "--dry-run", given=line)

    assert result.exit_code == 0
    assert json.loads(result.stdout)["person"] == {"scheme": "local", "value": "woman-1"}


def test_the_fields_of_a_record_can_be_looked_up(baton: Baton) -> None:
    """`--fields` shows each option, what it takes, and whether it is required."""
    shown = baton("emit", "IncidentRecorded", "--fields").stdout

    for part in ("--children-present", "yes | no", "ID:ROLE:PREGNANCY:DUE-DATE", "text (required)"):
        assert part in shown
