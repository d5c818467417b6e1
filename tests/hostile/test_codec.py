"""The codec, given anything: an event, or an `InvalidEvent`; never another error, a hang, or memory without bound."""

from __future__ import annotations

import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baton.contract import codec
from baton.contract.checks import EARLIEST, LATEST, MAX_ITEMS, MAX_LENGTH
from baton.contract.versions import MAX_BYTES
from tests.hostile.garbage import JSON, THOROUGH, long, mutated, refusal, spoilt_fields

RIGHT = [
    codec.encode(name, codec.from_json(name, example))
    for name in codec.record_names()
    for example in codec.examples(name)
]
HEADERS = [version.header for name in codec.record_names() for version in codec.versions(name)]
INCIDENT = codec.versions("IncidentRecorded")[-1].header


def read(data: bytes | None) -> None:
    """Decode an event, or find it invalid for a reason of the closed list."""
    error, _ = refusal(lambda: codec.decode(data), codec.InvalidEvent)
    assert not isinstance(error, codec.InvalidEvent) or error.reason in codec.REASONS


@THOROUGH
@given(st.one_of(st.none(), st.binary(max_size=200)))
def test_any_bytes(data: bytes | None) -> None:
    """Whatever somebody sends."""
    read(data)


@THOROUGH
@given(st.sampled_from(HEADERS), st.binary(max_size=300))
def test_any_bytes_behind_a_fingerprint(header: bytes, body: bytes) -> None:
    """What claims to be a record, and is anything."""
    read(header + body)


@THOROUGH
@given(mutated(RIGHT, HEADERS))
def test_what_was_an_event_once(data: bytes) -> None:
    """Spoilt on its way; what still can be read can be written and read again."""
    event: list[tuple[str, dict[str, Any]]] = []
    refusal(lambda: event.append(codec.decode(data)), codec.InvalidEvent)
    for name, fields in event:
        assert (name, fields) == codec.decode(codec.encode(name, fields))


@THOROUGH
@given(data=st.data())
def test_any_json(data: st.DataObject) -> None:
    """In place of an object, or of any of its fields."""
    name = data.draw(st.sampled_from(codec.record_names()))
    value = data.draw(st.one_of(JSON, spoilt_fields(codec.examples(name))))
    error, _ = refusal(
        lambda: codec.to_json(name, codec.from_json(name, value)), codec.InvalidEvent
    )
    assert not isinstance(error, codec.InvalidEvent) or error.reason in codec.REASONS


@pytest.mark.parametrize("size", [2**31, 2**40, 2**62, 2**63 - 1, -1, -(2**31), -(2**63)])
def test_a_size_that_is_a_lie_takes_no_memory(size: int) -> None:
    """A text or an array that claims to be larger than the message is never waited or made room for."""
    text = INCIDENT + long(size) + b"event"
    envelope = codec.encode(
        "CaseClosed", codec.from_json("CaseClosed", codec.examples("CaseClosed")[0])
    )
    arrays = [
        envelope[:place] + long(size) + envelope[place + 1 :] for place in range(10, len(envelope))
    ]
    tracemalloc.start()
    for data in (text, *arrays):
        read(data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert peak < 10 * MAX_BYTES


def pregnancy(**fields: Any) -> dict[str, Any]:
    """Give an event with these fields."""
    return codec.from_json("PregnancyEnded", codec.examples("PregnancyEnded")[0]) | fields


def incident(**fields: Any) -> dict[str, Any]:
    """Give an incident with these fields."""
    return codec.from_json("IncidentRecorded", codec.examples("IncidentRecorded")[-1]) | fields


PERSON = {"person": {"scheme": "local", "value": "w"}}


@pytest.mark.parametrize(
    ("name", "at", "past", "reason"),
    [
        (
            "PregnancyEnded",
            pregnancy(event_id="e" * MAX_LENGTH),
            pregnancy(event_id="e" * (MAX_LENGTH + 1)),
            "too-long",
        ),
        (
            "PregnancyEnded",
            pregnancy(event_id="é" * MAX_LENGTH),
            pregnancy(event_id="n" * 1_000_000),
            "too-long",
        ),
        (
            "IncidentRecorded",
            incident(people=[PERSON] * MAX_ITEMS),
            incident(people=[PERSON] * (MAX_ITEMS + 1)),
            "too-many",
        ),
        (
            "PregnancyEnded",
            pregnancy(occurred_at=EARLIEST),
            pregnancy(occurred_at=EARLIEST.replace(year=EARLIEST.year - 1)),
            "out-of-range",
        ),
        (
            "PregnancyEnded",
            pregnancy(occurred_at=LATEST.replace(year=LATEST.year - 1)),
            pregnancy(occurred_at=LATEST),
            "out-of-range",
        ),
    ],
)
def test_a_limit_holds_at_its_edge(
    name: str, at: dict[str, Any], past: dict[str, Any], reason: str
) -> None:
    """What is just within is an event; what is just beyond is refused by that limit."""
    assert codec.decode(codec.encode(name, at))[1] == codec.complete(name, at)
    with pytest.raises(codec.InvalidEvent) as refused:
        codec.encode(name, past)
    assert reason == refused.value.reason


def test_a_message_may_have_so_many_bytes() -> None:
    """One byte more is refused by its size, before anything of it is looked at."""
    header = codec.versions("PregnancyEnded")[-1].header
    at = header + b"\x00" * (MAX_BYTES - len(header))

    for data, expected in ((at, False), (at + b"\x00", True)):
        with pytest.raises(codec.InvalidEvent) as refused:
            codec.decode(data)
        assert (refused.value.reason == "too-large") is expected
