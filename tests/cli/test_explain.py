"""`baton explain`, from files."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from baton.cli.exits import DIFFERS, WRONG

Baton = Callable[..., Result]

BABY_C = "baby-c-leicestershire-and-rutland.toml"


@pytest.mark.parametrize("key", ["woman-1", "person:woman-1", "unreferred-incident/inc-1/woman-1"])
def test_why_there_is_an_alert(baton: Baton, scenarios: Path, key: str) -> None:
    """By a person's id, with or without its kind, or by the alert's: the facts and the judgement."""
    result = baton("explain", key, scenarios / BABY_C)

    words = " ".join(result.stdout.split())
    assert result.exit_code == 0
    assert "IncidentRecorded" in words
    assert "unreferred-incident: an alert: due 2015-03-03 21:40, and nothing answered" in words
    assert "would be answered by: a referral" in words


def test_an_alerts_id_narrows_the_judgements(baton: Baton, scenarios: Path) -> None:
    """Of one alert, only what is said of it."""
    result = baton(
        "explain", "incident-closed-unreferred/inc-1/woman-1", scenarios / BABY_C, "--json"
    )

    row = json.loads(result.stdout)
    assert [each["rule"] for each in row["judgements"]] == ["incident-closed-unreferred"]
    assert [each["rule"] for each in row["alerts"]] == ["incident-closed-unreferred"]


def test_why_there_is_no_alert(baton: Baton, scenarios: Path) -> None:
    """A question that was answered in time is explained too."""
    result = baton("explain", "woman-1", scenarios / "referred-within-the-hour.toml")

    assert "no alert: answered in time" in result.stdout


def test_cannot_tell_is_an_answer(baton: Baton, scenarios: Path) -> None:
    """While a feed is silent, it says which, and that it is asked again once that is heard."""
    result = baton("explain", "woman-1", scenarios / "children-services-silent.toml")

    words = " ".join(result.stdout.split())
    assert "cannot tell" in words
    assert "the feed of children's social care is silent" in words
    assert "is looked at again: once children's social care is heard" in words


@pytest.mark.parametrize("file", ["pregnancy-ends.toml", "pregnancy-ends-after-the-alert.toml"])
def test_the_end_of_a_pregnancy_is_nobodys_business(
    baton: Baton, scenarios: Path, file: str
) -> None:
    """It is not listed, neither for people nor for programs, and no reason is given."""
    for json_lines in ((), ("--json",)):
        shown = baton("explain", "woman-1", scenarios / file, *json_lines).stdout
        assert "IncidentRecorded" in shown
        assert "PregnancyEnded" not in shown


def test_only_the_person_asked_about_is_shown(baton: Baton, scenarios: Path) -> None:
    """Of the others at an incident it says how many they are; of nobody a due date or a factor."""
    row = json.loads(baton("explain", "woman-1", scenarios / BABY_C, "--json").stdout)

    incident = next(each for each in row["facts"] if each["record"] == "IncidentRecorded")
    assert incident["values"]["role"] == "victim"
    assert incident["values"]["others"] == 2
    facts = json.dumps(row["facts"])
    assert "due_date" not in facts
    assert "concerns" not in facts
    assert "man-1" not in facts


def test_a_team_is_explained_with_its_block(baton: Baton, scenarios: Path) -> None:
    """A team's chronology is that of the transfers to and from it."""
    result = baton("explain", "team-b", scenarios / "five-cases-in-a-week.toml", "--json")

    row = json.loads(result.stdout)
    assert row["key"] == "team:team-b"
    assert [(each["rule"], each["reason"]) for each in row["judgements"]] == [
        ("block-transfer", "found")
    ]


def test_json_is_one_line_for_each_file(baton: Baton, scenarios: Path) -> None:
    """Standard output holds JSON lines and nothing else, each with the file it is from."""
    files = [scenarios / BABY_C, scenarios / "midwife-refers-too-late.toml"]

    lines = [
        json.loads(line)
        for line in baton("explain", "woman-1", *files, "--json").stdout.splitlines()
    ]

    assert [line["file"] for line in lines] == [str(file) for file in files]
    assert {line["key"] for line in lines} == {"person:woman-1"}


@pytest.mark.parametrize(
    ("key", "code", "told"),
    [
        ("woman-99", DIFFERS, "Nothing is known of it"),
        ("incident:inc-1", WRONG, "has no chronology of its own"),
    ],
)
def test_what_cannot_be_explained_is_said(
    baton: Baton, scenarios: Path, key: str, code: int, told: str
) -> None:
    """Nothing known is 1, a kind without a chronology 2; standard output stays empty."""
    result = baton("explain", key, scenarios / BABY_C, "--json")

    assert (result.exit_code, result.stdout) == (code, "")
    assert told in result.stderr


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("log.txt", "", "is of no known kind"),
        ("story.toml", "title = ", "story.toml:1"),
        ("log.ndjson", '{"record": "Nonsense"}\n', "log.ndjson:1: record"),
    ],
)
def test_a_wrong_file_is_told_with_its_line(
    baton: Baton, tmp_path: Path, name: str, text: str, told: str
) -> None:
    """A file that cannot be read as what it claims to be: exit 2, and where."""
    file = tmp_path / name
    file.write_text(text)

    result = baton("explain", "woman-1", file)

    assert (result.exit_code, result.stdout) == (WRONG, "")
    assert told in result.stderr


def test_a_log_is_explained_as_a_scenario_is(baton: Baton, tmp_path: Path) -> None:
    """A person of a log is found by the id alone, by the scheme, and with the kind."""
    lines = [
        {
            "record": "IncidentRecorded",
            "event_id": "event-1",
            "occurred_at": "2026-03-02T12:00:00Z",
            "agency": "police",
            "incident": "inc-1",
            "people": [
                {"person": {"scheme": "local", "value": "woman-1"}, "pregnancy": "pregnant"}
            ],
        },
        {
            "record": "CaseOpened",
            "event_id": "event-2",
            "occurred_at": "2026-03-02T13:00:00Z",
            "agency": "childrens_social_care",
            "case": "case-9",
        },
    ]
    file = tmp_path / "log.ndjson"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))

    for key in ("woman-1", "person:woman-1", "person:local:woman-1"):
        row = json.loads(baton("explain", key, file, "--json").stdout)
        assert [each["reason"] for each in row["judgements"]] == ["waiting"]
        assert row["judgements"][0]["looks_again_at"] == row["judgements"][0]["due_at"]


def test_what_was_done_to_an_alert_and_whose_turn_it_is(baton: Baton, scenarios: Path) -> None:
    """Everything in order, refusals with their sentence, and what comes next, for whom and when."""

    def said(scenario: str, key: str = "unreferred-incident/inc-1/woman-1") -> str:
        return " ".join(baton("explain", key, scenarios / f"{scenario}.toml").stdout.split())

    again = said("the-same-person-twice")
    assert "step 1: 2026-02-03 14:00, raised: public protection supervisor" in again
    assert "taken up: by operator-1, until 2026-02-03 18:10" in again
    assert "to be closed: operator-1 asked, and a second person must agree" in again
    assert "Refused: Two different persons must close this alert" in again
    assert "next: it is taken up until 2026-02-03 18:10; then the public protection" in again
    assert "whose turn" not in again

    chased = said("assigned-to-somebody")
    assert "belongs to: operator-7" in chased
    assert "whose turn: hub manager" in chased
    assert "next: if nobody takes it up by 2026-02-03 15:00, the named midwife is told" in chased

    assert "closed: by operator-1 and operator-2: acted" in said("two-people-to-close")
    ended = said("silence-ended-early", "family-not-contacted/2026-02-02/case-1")
    assert "silence ended by operator-1" in ended


SILENCE = "source-silent/2026-02-02T08:00:00Z/childrens_social_care"


@pytest.mark.parametrize("key", [SILENCE, "agency:childrens_social_care"])
def test_a_silence_that_is_over_is_explained(baton: Baton, scenarios: Path, key: str) -> None:
    """Though its heartbeats are forgotten: since when, what was awaited, when it was heard, what is looked at next."""
    file = scenarios / "silence-is-over.toml"

    words = " ".join(baton("explain", key, file).stdout.split())
    (over,) = (
        each
        for each in json.loads(baton("explain", key, file, "--json").stdout)["judgements"]
        if each["alert_id"] == SILENCE
    )

    assert "an alert: silent from 2026-02-02 09:00, heard again 2026-02-06 09:00, 4 days" in words
    assert "waited for: the agency's heartbeat" in words
    assert "answered by: SourceHeartbeat (children's social care, 2026-02-06 09:00)" in words
    assert "is looked at again: 2026-02-09 13:00" in words
    assert ("answered-late", "2026-02-02T09:00:00Z", "2026-02-06T09:00:00Z") == (
        over["reason"],
        over["due_at"],
        over["answered_at"],
    )
    assert [each["event"] for each in over["answered_by"]] == ["SourceHeartbeat"]
    assert over["looks_again_at"] == "2026-02-09T13:00:00Z"


def test_a_feed_that_never_was_silent_is_explained(baton: Baton, scenarios: Path) -> None:
    """Why there is no alert, and when it is looked at next."""
    file = scenarios / "a-feed-that-goes-on-telling-us.toml"

    words = " ".join(baton("explain", "agency:housing", file).stdout.split())

    assert "source-silent: no alert: it told all up to 2026-02-02 09:00" in words
    assert "silent from 2026-02-02 10:00 unless it is heard before" in words
    assert "is looked at again: 2026-02-02 10:00" in words


@pytest.mark.parametrize("key", ["agency:police", "police", "agency:north/police"])
def test_a_feed_that_never_sent_a_heartbeat_counts_as_alive(
    baton: Baton, scenarios: Path, key: str
) -> None:
    """Nothing is known of it, and it is said why no alert is raised."""
    result = baton("explain", key, scenarios / BABY_C)

    assert result.exit_code == DIFFERS
    assert "before the first it counts as alive" in " ".join(result.stderr.split())
    assert "heartbeats" not in baton("explain", "woman-99", scenarios / BABY_C).stderr


def test_a_feed_that_was_heard_in_time_and_told_late(baton: Baton, tmp_path: Path) -> None:
    """What was held up on its way takes the alert back, and that is said."""
    file = tmp_path / "held-up.toml"
    file.write_text(
        'title = "A heartbeat is held up"\nuntil = "2026-02-02T10:45"\nrules = ["source-silent"]\n'
        + "".join(
            f'[[told]]\nat = "{at}"\nreceived = "{received}"\nevent = "SourceHeartbeat"\n'
            f'from = "housing"\ncomplete_to = "{at}"\n'
            for at, received in (
                ("2026-02-02T09:00", "2026-02-02T09:00"),
                ("2026-02-02T09:50", "2026-02-02T10:30"),
            )
        )
    )

    asked = "source-silent/2026-02-02T09:00:00Z/housing"
    words = " ".join(baton("explain", asked, file).stdout.split())

    assert "no alert: what it sent in time, 2026-02-02 09:50, was held up on its way" in words
    assert "is looked at again: 2026-02-02 10:50" in words
    assert "withdrawn: answered in time, told late" in words


def test_that_a_role_has_nobody_can_be_explained(baton: Baton, scenarios: Path) -> None:
    """By its id, though no chronology holds it; and it is said with the alert that nobody was told of."""
    about = "nobody-to-tell/public_protection_supervisor/local"
    alone = baton("explain", about, scenarios / "nobody-to-tell.toml", "--json")
    beside = baton(
        "explain", "unreferred-incident/inc-1/woman-1", scenarios / "nobody-to-tell.toml"
    )

    row = json.loads(alone.stdout)
    assert [about] == [each["alert_id"] for each in row["alerts"]]
    assert "told: 2026-02-03 14:00, public protection supervisor has nobody to tell" in " ".join(
        beside.stdout.split()
    )
