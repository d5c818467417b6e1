"""The bytes are Avro's: those of the `avro` package, and nothing else is taken for an event."""

import struct
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any, Protocol

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from baton.contract import codec
from baton.contract.errors import (
    BadMagic,
    InvalidEvent,
    InvalidField,
    Malformed,
    TooLarge,
    TrailingBytes,
    Truncated,
    UnknownSchema,
)
from baton.contract.versions import MAGIC, Version

NAMES = codec.record_names()
EXAMPLES = [
    pytest.param(name, codec.from_json(name, example), id=f"{name}-{number}")
    for name in NAMES
    for number, example in enumerate(codec.examples(name))
]
QUICK = settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


class Authority(Protocol):
    """The `avro` package; see conftest.py."""

    def write(self, version: Version, fields: dict[str, Any]) -> bytes:
        """Give the body."""

    def read(self, version: Version, body: bytes) -> object:
        """Read a body."""

    def fingerprint(self, version: Version) -> bytes:
        """Compute the fingerprint."""


def newest(name: str) -> Version:
    """Give the newest version of a record."""
    return codec.versions(name)[-1]


def _told(name: str, **fields: object) -> tuple[str, dict[str, object]]:
    envelope = {
        "event_id": "event-1",
        "occurred_at": datetime(2015, 3, 2, 21, 40, tzinfo=UTC),
        "agency": "police",
    }
    return name, envelope | fields


def _recorded(**fields: object) -> tuple[str, dict[str, object]]:
    return _told("IncidentRecorded", incident="inc-1", **fields)


def _pregnant() -> dict[str, object]:
    person = {"scheme": "local", "value": "woman-1"}
    return {"person": person, "pregnancy": "pregnant", "due_date": date(2015, 8, 20)}


@pytest.mark.parametrize(("name", "fields"), EXAMPLES)
def test_an_example_has_the_bytes_of_the_authority(
    name: str, fields: dict[str, Any], authority: Authority
) -> None:
    """An example is written as `avro` writes it, and read as `avro` reads it."""
    version = newest(name)
    data = codec.encode(name, fields)

    assert data == MAGIC + version.fingerprint + authority.write(version, fields)
    assert codec.decode(data) == (name, fields)
    assert authority.read(version, data[10:]) == fields


@pytest.mark.parametrize(("name", "fields"), EXAMPLES)
def test_an_example_survives_json(name: str, fields: dict[str, Any]) -> None:
    """To JSON and back is the same."""
    assert codec.from_json(name, codec.to_json(name, fields)) == fields


@pytest.mark.parametrize("name", NAMES)
@QUICK
@given(data=st.data())
def test_generated_values_have_the_bytes_of_the_authority(
    name: str,
    data: st.DataObject,
    authority: Authority,
    fields_of: Callable[[Version], st.SearchStrategy[Any]],
) -> None:
    """All that the contract allows is written as by `avro`; to bytes and back is the same."""
    version = newest(name)
    fields = data.draw(fields_of(version))
    written = codec.encode(name, fields)

    assert written == MAGIC + version.fingerprint + authority.write(version, fields)
    assert codec.decode(written) == (name, fields)
    assert codec.from_json(name, codec.to_json(name, fields)) == fields


@pytest.mark.parametrize("name", NAMES)
def test_fingerprints_are_the_authority_s(name: str, authority: Authority) -> None:
    """Two implementations come to the same fingerprint."""
    for version in codec.versions(name):
        assert version.fingerprint == authority.fingerprint(version)


def test_the_fingerprint_is_little_endian() -> None:
    """The byte order is that of single-object encoding: as in the Avro project's own test data."""
    # The fingerprint of "null" in Avro's share/test/data/schema-tests.txt.
    from fastavro.schema import fingerprint

    assert bytes.fromhex(fingerprint('"null"', "CRC-64-AVRO")) == struct.pack(
        "<q", 7195948357588979594
    )


def test_a_message_with_times_and_dates_comes_back_with_them() -> None:
    """Times are aware and in UTC, dates are dates."""
    _, fields = codec.decode(codec.encode(*_recorded(people=[_pregnant()])))

    assert fields["occurred_at"] == datetime(2015, 3, 2, 21, 40, tzinfo=UTC)
    assert fields["occurred_at"].tzinfo is UTC
    assert fields["people"][0]["due_date"] == date(2015, 8, 20)


@pytest.mark.parametrize(("name", "fields"), EXAMPLES)
def test_every_beginning_of_a_message_is_truncated(name: str, fields: dict[str, Any]) -> None:
    """A message cut anywhere is refused as truncated."""
    data = codec.encode(name, fields)

    for end in range(len(data)):
        with pytest.raises(Truncated):
            codec.decode(data[:end])


def test_a_message_without_a_value_is_truncated() -> None:
    """A tombstone on a source topic is no event."""
    with pytest.raises(Truncated):
        codec.decode(None)


@pytest.mark.parametrize(("name", "fields"), EXAMPLES)
def test_a_byte_too_many_is_refused(name: str, fields: dict[str, Any]) -> None:
    """The body must end where the record does."""
    with pytest.raises(TrailingBytes) as caught:
        codec.decode(codec.encode(name, fields) + b"\0")

    assert caught.value.reason == "trailing-bytes"


@pytest.mark.parametrize("data", [b"{}", b"\0\0\0\0\x01abcdefgh", b"\xc3\x02abcdefgh", b"\xc4"])
def test_another_framing_is_refused(data: bytes) -> None:
    """What does not begin with c3 01 is not ours: JSON, Confluent's framing, a later version."""
    with pytest.raises(BadMagic):
        codec.decode(data)


def test_an_unknown_fingerprint_is_refused_and_told() -> None:
    """The fingerprint is in the detail, so that its schema can be looked for."""
    with pytest.raises(UnknownSchema) as caught:
        codec.decode(MAGIC + bytes(range(8)) + b"body")

    assert "0001020304050607" in caught.value.detail


def test_a_message_that_is_too_long_is_not_even_read() -> None:
    """An event has at most 64 KiB."""
    header = newest("IncidentRecorded").header

    with pytest.raises(TooLarge) as caught:
        codec.decode(header + bytes(64 * 1024))
    assert "65536" in caught.value.detail


def test_an_event_that_would_be_too_long_is_not_written() -> None:
    """Every field within its limit, and the whole beyond 64 KiB."""
    items = [f"{number:0200}" for number in range(400)]

    with pytest.raises(TooLarge):
        codec.encode(*_told("TransferRequested", transfer="t", case="c", open_items=items))


def _corrupt(old: bytes, new: bytes) -> bytes:
    """Give a recorded incident in which one piece of the body is another."""
    data = codec.encode(*_recorded(source_record="mark"))
    assert data.count(old) == 1
    return data.replace(old, new)


@pytest.mark.parametrize(
    ("data", "error", "reason"),
    [
        (_corrupt(b"\x08mark", b"\x08m\xffrk"), InvalidField, "bad-text"),
        (_corrupt(b"\x02\x08mark", b"\x0e\x08mark"), Malformed, "malformed"),
        (_corrupt(b"\x02\x08mark", b"\x02\x00"), InvalidField, "empty"),
        (_corrupt(b"\x08mark", b"\x07mark"), Truncated, "truncated"),
    ],
    ids=["not-utf-8", "no-such-choice", "empty-text", "negative-length"],
)
def test_a_corrupt_body_is_refused(data: bytes, error: type[InvalidEvent], reason: str) -> None:
    """Whatever is wrong with a body is the sender's, and has a reason."""
    with pytest.raises(error) as caught:
        codec.decode(data)

    assert caught.value.reason == reason
    assert "mark" not in str(caught.value)


def test_a_code_that_does_not_exist_is_refused() -> None:
    """A body with the number of an agency that the schema does not list."""
    data = codec.encode(*_recorded())
    at = data.index(b"\x00\x00\x0alocal")  # recorded_at null, agency the first, authority

    with pytest.raises(Malformed) as caught:
        codec.decode(data[: at + 1] + b"\x40" + data[at + 2 :])
    assert "code" in caught.value.detail


@pytest.mark.parametrize("millis", [2**60, -(2**60), 2**47, -(2**47)])
def test_a_time_that_is_none_is_refused(millis: int) -> None:
    """A time beyond Python's calendar, and one within it that cannot be meant."""
    header = newest("TickForwarded").header
    number = (millis << 1) ^ (millis >> 63)
    coded = bytearray()
    while number > 0x7F:
        coded.append(number & 0x7F | 0x80)
        number >>= 7
    coded.append(number)

    with pytest.raises(InvalidField) as caught:
        codec.decode(header + b"\x02x" + bytes(coded))
    assert caught.value.reason == "out-of-range"


@settings(max_examples=500, deadline=None)
@given(body=st.binary(max_size=200), name=st.sampled_from(NAMES))
def test_any_bytes_give_a_value_or_invalid_event(body: bytes, name: str) -> None:
    """Nothing but InvalidEvent leaves `decode`, and what it gives can be written again."""
    for data in (body, MAGIC + body, newest(name).header + body):
        try:
            read, fields = codec.decode(data)
        except InvalidEvent as error:
            assert error.detail  # noqa: PT017 - any InvalidEvent is right, if it says something
        else:
            assert codec.decode(codec.encode(read, fields)) == (read, fields)


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_a_damaged_example_gives_a_value_or_invalid_event(data: st.DataObject) -> None:
    """The same for a message with a few bytes changed, which reaches deeper than random bytes."""
    name = data.draw(st.sampled_from(NAMES))
    message = bytearray(codec.encode(name, codec.from_json(name, codec.examples(name)[0])))
    assume(len(message) > 10)
    for _ in range(data.draw(st.integers(1, 4))):
        message[data.draw(st.integers(10, len(message) - 1))] = data.draw(st.integers(0, 255))
    try:
        read, fields = codec.decode(bytes(message))
    except InvalidEvent:
        return
    assert codec.decode(codec.encode(read, fields)) == (read, fields)


def test_what_the_fast_reader_lets_pass_is_known() -> None:
    """Pinned: a boolean byte other than 0 and 1 is read as true, and -1 as the last code."""
    data = codec.encode(*_recorded(children_present=True))
    assert codec.decode(data[:-1] + b"\x07")[1]["children_present"] is True

    at = data.index(b"\x00\x00\x0alocal")
    assert codec.decode(data[: at + 1] + b"\x01" + data[at + 2 :])[1]["agency"] == "other"


@pytest.mark.parametrize("name", codec.record_names())
def test_a_row_of_our_own_is_read_as_any_message(name: str) -> None:
    """Reading without the checks gives the same fields, in every record."""
    for example in codec.examples(name):
        message = codec.encode(name, codec.from_json(name, example))

        assert codec.decode(message) == codec.decode_own(message)


def test_a_row_that_is_cut_off_is_not_read() -> None:
    """What is left out is the check of each value, not that of the message."""
    name = codec.record_names()[0]
    message = codec.encode(name, codec.from_json(name, codec.examples(name)[0]))

    with pytest.raises(InvalidEvent):
        codec.decode_own(message[:-1])
    with pytest.raises(InvalidEvent):
        codec.decode_own(message + b"\x00")
