"""Recorded logs: written and read again they say the same, and a bad line is named."""

# ruff: noqa: E501 (a row of a table of mistakes is one line)

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import fastavro
import pytest

from baton.contract import codec
from baton.engine.policy_file import parse_policy
from baton.engine.toml_lines import Mistakes
from baton.replay.logs import read_log, write_avro, write_ndjson
from baton.replay.play import Disordered, play, play_log, play_scenario, played_log
from baton.replay.scenario import EVENTS, PolicyText, Scenario, read_scenario
from baton.replay.told import Persons, Told

if TYPE_CHECKING:
    from collections.abc import Callable

SCENARIOS = Path(__file__).parents[1] / "scenarios"
EXAMPLES = Path(codec.__file__).parent / "examples"
LINE = (
    '{"record": "PregnancyEnded", "event_id": "event-%d", "occurred_at": "2026-02-02T09:00:00Z", '
)
LINE += '"agency": "midwifery", "person": {"scheme": "nhs", "value": "9990000018"}%s}\n'


def scenario_of(name: str, policy: PolicyText) -> Scenario:
    """Read one of the scenarios beside the tests."""
    return read_scenario((SCENARIOS / f"{name}.toml").read_text(encoding="utf-8"), name, policy)


@pytest.mark.parametrize(("suffix", "write"), [(".ndjson", write_ndjson), (".avro", write_avro)])
@pytest.mark.parametrize(
    "name", ["baby-c-leicestershire-and-rutland", "sunderland-block-transfer", "handover-told-late"]
)
def test_a_log_of_a_scenario_gives_the_same_alerts(
    tmp_path: Path,
    policy: PolicyText,
    name: str,
    suffix: str,
    write: Callable[[Path, tuple[Told, ...]], int],
) -> None:
    """Written, read again and replayed it says what the scenario says."""
    scenario = scenario_of(name, policy)
    path = tmp_path / f"log{suffix}"

    assert write(path, scenario.told) == len(scenario.told)

    assert list(read_log(path)) == list(scenario.told)
    last = played_log(
        lambda: read_log(path), scenario.policy, Persons(), scenario.until, with_lives=True
    )
    alerts = last.alerts()
    expected = play_scenario(scenario, Persons())
    assert [alert for alert in alerts if alert.rule in scenario.rules] == expected
    assert expected


@pytest.mark.parametrize("write", [write_ndjson, write_avro])
def test_every_example_of_the_contract_passes_through_a_log(
    tmp_path: Path, write: Callable[[Path, list[Told]], int]
) -> None:
    """Whatever an agency can tell can be recorded, byte for byte the same message."""
    suffix = ".avro" if write is write_avro else ".ndjson"
    told = []
    for file in sorted(EXAMPLES.glob("*.ndjson")):
        record = "".join(word.capitalize() for word in file.stem.split("-"))
        for line in file.read_text(encoding="utf-8").splitlines():
            fields = codec.from_json(record, json.loads(line))
            if record in EVENTS:
                told.append(Told(record, fields, fields["occurred_at"]))
    path = tmp_path / f"log{suffix}"

    write(path, told)

    again = list(read_log(path))
    assert [codec.encode(each.record, each.fields) for each in again] == [
        codec.encode(each.record, each.fields) for each in told
    ]
    assert len(again) > 50


def test_when_it_was_heard_is_when_recorded_or_when_it_occurred_unless_said(tmp_path: Path) -> None:
    """`received_at`, else `recorded_at`, else `occurred_at`."""
    path = tmp_path / "log.ndjson"
    recorded = ', "recorded_at": "2026-02-02T10:00:00Z"'
    received = ', "received_at": "2026-02-02T12:00:00+01:00"'
    path.write_text(
        LINE % (1, "") + "\n" + LINE % (2, recorded) + LINE % (3, recorded + received),
        encoding="utf-8",
    )

    assert [told.received_at.hour for told in read_log(path)] == [9, 10, 11]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "log.ndjson:2: is not JSON"),
        ("[" * 100_000, "log.ndjson:2: is not JSON"),
        ("[]", "log.ndjson:2: must be a JSON object"),
        ("{}", "log.ndjson:2: record: is no event of the contract"),
        ('{"record": ["x"]}', "log.ndjson:2: record: is no event of the contract"),
        ('{"record": "PregnancyEndd"}', "log.ndjson:2: record: is no event of the contract; did you mean PregnancyEnded?"),
        ('{"record": "Tick"}', "log.ndjson:2: record: is no event of the contract"),
        ('{"record": "PregnancyEnded"}', "log.ndjson:2: event_id: is required"),
        ((LINE % (2, ', "received_at": "soon"')).strip(), "log.ndjson:2: received_at: must look like 2015-03-02T21:40:00Z"),
        ((LINE % (2, ', "received_at": 3')).strip(), "log.ndjson:2: received_at: must be text"),
        ((LINE % (2, "")).strip().replace("0018", "0019"), "log.ndjson:2: person.value: not an NHS number"),
    ],
)  # fmt: skip
def test_a_bad_line_is_named_and_the_others_are_read(tmp_path: Path, line: str, said: str) -> None:
    """File, line and field are named, after the good lines were given."""
    path = tmp_path / "log.ndjson"
    path.write_text(LINE % (1, "") + line + "\n" + LINE % (3, ""), encoding="utf-8")
    read: list[Told] = []

    with pytest.raises(Mistakes) as raised:
        read.extend(read_log(path, name="log.ndjson"))

    assert str(raised.value).startswith(said)
    assert len(raised.value.mistakes) == 1
    assert "0019" not in str(raised.value)


def test_a_file_of_bad_lines_is_given_up_after_twenty(tmp_path: Path) -> None:
    """Nobody reads a million messages."""
    path = tmp_path / "log.ndjson"
    path.write_text("nonsense\n" * 1_000, encoding="utf-8")

    with pytest.raises(Mistakes) as raised:
        list(read_log(path))

    assert len(raised.value.mistakes) == 20


@pytest.mark.parametrize("content", [b"", b"nonsense", b"Obj\x01nonsense"])
def test_a_file_that_is_no_avro_is_said(tmp_path: Path, content: bytes) -> None:
    """Foreign bytes are the file's fault, whatever the reader raises."""
    path = tmp_path / "log.avro"
    path.write_bytes(content)

    with pytest.raises(Mistakes, match="is not an Avro file of recorded events"):
        list(read_log(path))


def test_an_avro_file_cut_short_is_said_with_how_far_it_could_be_read(
    tmp_path: Path, policy: PolicyText
) -> None:
    """What was read before the cut is given; the cut is a mistake."""
    path = tmp_path / "log.avro"
    write_avro(path, scenario_of("sunderland-block-transfer", policy).told)
    path.write_bytes(path.read_bytes()[:-40])

    with pytest.raises(Mistakes, match="is not an Avro file of recorded events"):
        list(read_log(path))


def test_an_avro_record_with_a_bad_message_is_named_by_its_number(tmp_path: Path) -> None:
    """The second message is no event; its number is said."""
    good = codec.encode(
        "PregnancyEnded",
        {
            "event_id": "event-1",
            "occurred_at": datetime(2026, 2, 2, tzinfo=UTC),
            "agency": "midwifery",
            "person": {"scheme": "local", "value": "woman-1"},
        },
    )
    schema = {
        "type": "record",
        "name": "HeardEvent",
        "namespace": "baton.replay",
        "fields": [
            {"name": "received_at", "type": {"type": "long", "logicalType": "timestamp-millis"}},
            {"name": "message", "type": "bytes"},
        ],
    }
    path = tmp_path / "log.avro"
    entries = [{"received_at": 0, "message": message} for message in (good, good[:-1], good)]
    with path.open("wb") as stream:
        fastavro.writer(stream, schema, entries)

    with pytest.raises(Mistakes, match=r":2: the message ends within the PregnancyEnded"):
        list(read_log(path))


def test_progress_is_told_in_bytes_up_to_the_end(tmp_path: Path) -> None:
    """The last call says that everything was read."""
    path = tmp_path / "log.ndjson"
    path.write_text("".join(LINE % (number, "") for number in range(2_500)), encoding="utf-8")
    calls: list[tuple[int, int]] = []

    list(read_log(path, lambda read, size: calls.append((read, size))))

    size = path.stat().st_size
    assert calls[-1] == (size, size)
    assert len(calls) == 3
    assert [read for read, _ in calls] == sorted(read for read, _ in calls)


def many(policy: PolicyText) -> list[Told]:
    """Return so many incidents, years apart in all, that time moves on while they are read."""
    (incident, *_) = scenario_of("no-referral-the-minute-after-it-was-due", policy).told
    return [
        Told(
            incident.record,
            incident.fields
            | {
                "event_id": f"event-{number}",
                "incident": f"inc-{number}",
                "occurred_at": at,
                "recorded_at": at,
            },
            at,
        )
        for number in range(2_500)
        if (at := datetime.fromtimestamp(1_600_000_000 + 3_600 * number, UTC))
    ]


def test_a_log_in_disorder_gives_what_the_log_in_order_gives(policy: PolicyText) -> None:
    """A record out of order is noticed, and the log then read whole and sorted."""
    agreed = parse_policy(policy.text)
    in_order = [
        Told(each.record, each.fields | {"people": people(number)}, each.received_at)
        for number, each in enumerate(many(policy))
    ]
    disordered = [*in_order[1_500:], *in_order[:1_500]]

    with pytest.raises(Disordered):
        play(disordered, agreed, Persons())

    end = in_order[-1].received_at
    assert play_log(lambda: iter(disordered), agreed, Persons(), end) == play(
        in_order, agreed, Persons(), until=end
    )


def people(number: int) -> list[dict[str, object]]:
    """Return the one party of an incident, another woman each time."""
    person = {"scheme": "local", "value": f"woman-{number}"}
    return [{"person": person, "role": "victim", "pregnancy": "pregnant", "due_date": None}]
