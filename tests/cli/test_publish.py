"""The message around an event."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from baton.contract import codec
from baton.contract.topics import SOURCE_TOPICS
from baton.publish import headers_of, key_of

EXAMPLES = Path(codec.__file__).with_name("examples")
EVENTS = sorted(each for topic in SOURCE_TOPICS for each in topic.records if each != "Tick")


def example(record: str) -> dict[str, Any]:
    """Give the record's first example."""
    name = "".join(f"-{each.lower()}" if each.isupper() else each for each in record)[1:]
    line = (EXAMPLES / f"{name}.ndjson").read_text().splitlines()[0]
    return codec.from_json(record, json.loads(line))


@pytest.mark.parametrize("record", EVENTS)
def test_a_key_is_never_a_persons_identifier(record: str) -> None:
    """Every event has a key, and it is none of the persons whom the event names."""
    fields = example(record)

    key = key_of(record, fields).decode()

    assert key
    assert key not in set(persons(fields))


def persons(value: object) -> list[str]:
    """Give the identifiers of all persons in a record."""
    if isinstance(value, dict):
        if value.keys() == {"scheme", "value"}:
            return [value["value"]]
        return [each for inner in value.values() for each in persons(inner)]
    if isinstance(value, list):
        return [each for inner in value for each in persons(inner)]
    return []


@pytest.mark.parametrize(
    ("record", "fields", "key"),
    [
        ("IncidentRecorded", {"incident": "inc-1"}, b"inc-1"),
        ("NotificationSent", {"incident": None}, b"event-1"),
        ("ReferralReceived", {"referral": "ref-1"}, b"ref-1"),
        ("NotificationTriaged", {"notification": "note-1"}, b"note-1"),
        ("WorkerLeft", {"worker": "worker-1", "team": "north"}, b"worker-1"),
        ("PregnancyBooked", {"person": {"scheme": "nhs", "value": "9434765919"}}, b"event-1"),
        ("SourceHeartbeat", {"agency": "police"}, b"police"),
    ],
)
def test_the_key_is_as_the_catalogue_says(record: str, fields: dict[str, Any], key: bytes) -> None:
    """The first field that is stated is the key; else it is the event."""
    assert key_of(record, {"event_id": "event-1"} | fields) == key


def test_headers_are_those_of_cloudevents() -> None:
    """Binary mode: the envelope is in the headers, and a trace is carried on."""
    fields = example("IncidentRecorded")

    headers = dict(headers_of("IncidentRecorded", fields, "00-abc-def-01"))

    assert headers["ce_specversion"] == b"1.0"
    assert headers["ce_type"] == b"baton.IncidentRecorded"
    assert headers["ce_id"].decode() == fields["event_id"]
    assert headers["ce_source"].decode() == f"/baton/{fields['authority']}/{fields['agency']}"
    assert headers["ce_time"].endswith(b"Z")
    assert headers["content-type"] == b"application/avro"
    assert headers["traceparent"] == b"00-abc-def-01"
    assert "traceparent" not in dict(headers_of("IncidentRecorded", fields))
