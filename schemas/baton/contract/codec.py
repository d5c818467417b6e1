"""Bytes <-> (record name, fields), by the `.avsc` files beside this module.

The framing is Avro's single-object encoding: `c3 01`, the writer's schema as its CRC-64-AVRO
fingerprint in eight bytes, little-endian, and the body. So no schema registry is needed, and every
version that was ever published can be read.

Writing and reading check the same things: types, coded values, lengths, plausible times, NHS
numbers. Whatever is wrong is an `InvalidEvent` that names the field and not its content; nothing
else leaves `encode`, `decode`, `complete` and `from_json`, whatever they are given. `avro` is the
authority on the bytes, in the tests; `fastavro` writes and reads them here, because it is fast.

Besides Avro's own words a schema may carry some that this package obeys:

- on a field `max_length` (characters, or bytes), `max_items`, `minimum`, `maximum`, and
  `closed_list` (of the text, or of each text of an array);
- on a record `max_bytes` (of the whole message).
"""

import base64
import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from difflib import get_close_matches
from importlib.resources import files
from io import BytesIO
from types import MappingProxyType
from typing import Any, Final, cast

import fastavro

from baton.contract.checks import RecordCheck, record_check, wrong_type
from baton.contract.errors import (
    REASONS,
    BadMagic,
    InvalidEvent,
    InvalidField,
    Malformed,
    TooLarge,
    TrailingBytes,
    Truncated,
    UnknownRecord,
    UnknownSchema,
)
from baton.contract.topics import topic_of
from baton.contract.versions import MAGIC, Schema, Version, expand, read_all

__all__ = [
    "REASONS",
    "SCHEMAS",
    "BadMagic",
    "Codec",
    "InvalidEvent",
    "InvalidField",
    "Malformed",
    "TooLarge",
    "TrailingBytes",
    "Truncated",
    "UnknownRecord",
    "UnknownSchema",
    "complete",
    "decode",
    "decode_own",
    "encode",
    "examples",
    "from_json",
    "record_names",
    "schema",
    "to_json",
    "topic_of",
    "versions",
]

_HEADER_BYTES: Final = 10
_MORE_FOLLOWS: Final = 0x80
"""A byte of one of Avro's numbers that is not its last has this bit."""


class Codec:
    """Writes and reads records of some schemas; the module's functions, of those published."""

    def __init__(self, versions: Mapping[str, Sequence[Version]]) -> None:
        """Take the versions of each record, oldest first."""
        self._versions = {name: tuple(found) for name, found in versions.items()}
        self._newest = {name: found[-1] for name, found in versions.items()}
        self._expanded = {name: expand(dict(one.raw)) for name, one in self._newest.items()}
        self._checks = {name: record_check(kind) for name, kind in self._expanded.items()}
        self._by_header = {
            version.header: (version, self._newest[name], self._checks[name])
            for name, found in versions.items()
            for version in found
        }

    def record_names(self) -> tuple[str, ...]:
        """Give the names of all records, in alphabetical order."""
        return tuple(sorted(self._newest))

    def schema(self, name: str) -> Mapping[str, Any]:
        """Give the newest schema of a record as JSON; raise UnknownRecord."""
        return self._newest_of(name).raw

    def versions(self, name: str) -> tuple[Version, ...]:
        """Give every version of a record, oldest first; raise UnknownRecord."""
        return self._versions[self._newest_of(name).name]

    def complete(self, name: str, fields: Mapping[str, object]) -> dict[str, Any]:
        """Give all fields of the record: those given, checked, and the defaults of those left out.

        Times must be aware; they come back in UTC and whole milliseconds. Raises UnknownRecord, or
        InvalidField with the path of the first field that is wrong, such as `people[0].role`.
        """
        return self._checks[self._newest_of(name).name](fields)

    def encode(self, name: str, fields: Mapping[str, object]) -> bytes:
        """Write the record in its newest version; fields left out take their defaults.

        Raises what `complete` raises, and TooLarge.
        """
        newest = self._newest_of(name)
        whole = self._checks[name](fields)
        buffer = BytesIO()
        buffer.write(newest.header)
        try:
            fastavro.schemaless_writer(buffer, newest.parsed, whole)
        except Exception as error:  # noqa: BLE001 - what the checks let through is still the sender's
            raise Malformed(name, f"not writable ({type(error).__name__})") from None
        if buffer.tell() > newest.max_bytes:
            raise TooLarge(name, buffer.tell(), newest.max_bytes)
        return buffer.getvalue()

    def decode(self, data: bytes | None) -> tuple[str, dict[str, Any]]:
        """Read a message: the record's name and all its fields, in the record's newest version.

        Times are aware, in UTC; dates are `datetime.date`. The message must be the whole of `data`;
        None, a Kafka message without a value, is none. Raises BadMagic, UnknownSchema, Truncated,
        TrailingBytes, TooLarge, Malformed and InvalidField.
        """
        name, fields, check = self._read(data)
        return name, check(fields)

    def decode_own(self, data: bytes | None) -> tuple[str, dict[str, Any]]:
        """Read a message that was checked when it was written, where nobody but ourselves can write: a row.

        It is `decode`, less the check of every value, which is more than half of its time. Raises the same.
        """
        name, fields, _ = self._read(data)
        return name, fields

    def _read(self, data: bytes | None) -> tuple[str, dict[str, Any], RecordCheck]:
        if not data:
            raise Truncated("the message is empty")
        try:
            version, newest, check = self._by_header[data[:_HEADER_BYTES]]
        except KeyError:
            raise _unreadable(data) from None
        name, size = version.name, len(data)
        if size > version.max_bytes:
            raise TooLarge(name, size, version.max_bytes)
        buffer = BytesIO(data)
        buffer.seek(_HEADER_BYTES)
        try:
            fields = fastavro.schemaless_reader(
                buffer, version.parsed, None if version is newest else newest.parsed
            )
        except Exception as error:  # noqa: BLE001 - whatever it is, the bytes break their promise
            raise _misread(error, name, data, buffer.tell()) from None
        if buffer.tell() != size:
            raise TrailingBytes(name, size - buffer.tell())
        return name, cast("dict[str, Any]", fields), check

    def from_json(self, name: str, value: object) -> dict[str, Any]:
        """Give all fields of the record from a JSON object, checked and completed.

        Times are RFC 3339 with their offset (`2015-03-02T21:40:00Z`), dates are like `2015-08-20`,
        bytes are base64. Raises what `complete` raises.
        """
        expanded = self._expanded[self._newest_of(name).name]
        return self._checks[name](_convert(expanded, value, _FROM_JSON))

    def to_json(self, name: str, fields: Mapping[str, object]) -> dict[str, Any]:
        """Give the fields as JSON values, the way `from_json` reads them; times in UTC.

        Raises what `complete` raises.
        """
        whole = self.complete(name, fields)
        result: dict[str, Any] = _convert(self._expanded[name], whole, _TO_JSON)
        return result

    def _newest_of(self, name: str) -> Version:
        try:
            return self._newest[name]
        except (KeyError, TypeError):
            near = get_close_matches(name, self._newest, n=1) if isinstance(name, str) else []
            raise UnknownRecord(near) from None


def _unreadable(data: bytes) -> InvalidEvent:
    """Say what is wrong with a message whose first ten bytes are of no schema."""
    if not data.startswith(MAGIC[: len(data)]):
        return BadMagic()
    if len(data) < _HEADER_BYTES:
        return Truncated("the message ends within its fingerprint")
    return UnknownSchema(data[len(MAGIC) : _HEADER_BYTES])


def _misread(error: Exception, name: str, data: bytes, position: int) -> InvalidEvent:
    """Say what is wrong with a body, by what the reader raised; its words may hold content."""
    # fastavro raises IndexError for a number that is cut off, and for one that no code has.
    cut_off = position == len(data) and data[-1] >= _MORE_FOLLOWS
    match error:
        case EOFError():
            return Truncated(f"the message ends within the {name}")
        case IndexError() if cut_off:
            return Truncated(f"the message ends within the {name}")
        case IndexError():
            return Malformed(name, "a coded value has a number that is none of its codes")
        case UnicodeDecodeError():
            return InvalidField("bad-text", f"a text of the {name} is not UTF-8")
        case OverflowError() | ValueError():
            return InvalidField("out-of-range", f"a time or date of the {name} is none")
    return Malformed(name, f"not readable ({type(error).__name__})")


# Fields <-> JSON


_RFC_3339: Final = re.compile(
    r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d{1,6})?([Zz]|[+-]\d{2}:\d{2})?", re.ASCII
)
_ISO_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def _time_from_json(value: object) -> datetime:
    if not isinstance(value, str):
        raise wrong_type("text such as 2015-03-02T21:40:00Z")
    if not _RFC_3339.fullmatch(value):
        raise InvalidField("bad-time", "must look like 2015-03-02T21:40:00Z")
    try:
        return datetime.fromisoformat(value.upper())
    except ValueError:
        raise InvalidField("bad-time", "there is no such time") from None


def _date_from_json(value: object) -> date:
    if not isinstance(value, str):
        raise wrong_type("text such as 2015-08-20")
    if not _ISO_DATE.fullmatch(value):
        raise InvalidField("bad-date", "must look like 2015-08-20")
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise InvalidField("bad-date", "there is no such date") from None


def _bytes_from_json(value: object) -> bytes:
    if not isinstance(value, str):
        raise wrong_type("text in base64")
    try:
        return base64.b64decode(value, validate=True)
    except ValueError:
        raise InvalidField("bad-text", "is not base64") from None


def _time_to_json(value: datetime) -> str:
    detail = "milliseconds" if value.microsecond else "seconds"
    return value.isoformat(timespec=detail).replace("+00:00", "Z")


_Converters = Mapping[str, Callable[[Any], object]]
_FROM_JSON: Final[_Converters] = {
    "timestamp-millis": _time_from_json,
    "date": _date_from_json,
    "bytes": _bytes_from_json,
}
_TO_JSON: Final[_Converters] = {
    "timestamp-millis": _time_to_json,
    "date": date.isoformat,
    "bytes": lambda value: base64.b64encode(value).decode(),
}


def _convert(kind: Schema, value: object, by: _Converters) -> Any:  # noqa: ANN401 - JSON is anything
    """Convert what `by` names, wherever it is; leave the rest, right or wrong, to the checks."""
    match kind, value:
        case _, None:
            return None
        case ["null", other], _:
            return _convert(other, value, by)
        case {"type": "record", "fields": fields}, Mapping():
            kinds = {field["name"]: field["type"] for field in fields}
            return {
                name: _convert_within(name, kinds[name], item, by) if name in kinds else item
                for name, item in value.items()
            }
        case {"type": "array", "items": items}, list():
            return [
                _convert_within(f"[{index}]", items, item, by) for index, item in enumerate(value)
            ]
    converter = by.get(kind.get("logicalType", kind["type"]))
    return converter(value) if converter else value


def _convert_within(path: str, kind: Schema, value: object, by: _Converters) -> object:
    try:
        return _convert(kind, value, by)
    except InvalidField as error:
        error.inside(path)
        raise


# The published contract

_CONTRACT: Final = Codec(read_all())
SCHEMAS: Final[Mapping[str, Mapping[str, Any]]] = MappingProxyType(
    {name: _CONTRACT.schema(name) for name in _CONTRACT.record_names()}
)
"""The newest schema of each record, as JSON, by the record's name."""
record_names = _CONTRACT.record_names
schema = _CONTRACT.schema
versions = _CONTRACT.versions
complete = _CONTRACT.complete
encode = _CONTRACT.encode
decode = _CONTRACT.decode
decode_own = _CONTRACT.decode_own
from_json = _CONTRACT.from_json
to_json = _CONTRACT.to_json


def examples(name: str) -> tuple[dict[str, Any], ...]:
    """Give the invented examples of a record, as JSON: a full one, and one of required fields only.

    Records without optional fields have one. Raises UnknownRecord.
    """
    stem = versions(name)[-1].file.split(".")[0]
    text = files("baton.contract").joinpath("examples", f"{stem}.ndjson").read_text("utf-8")
    return tuple(json.loads(line) for line in text.splitlines())
