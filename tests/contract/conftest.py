"""What the tests of the contract share: the `avro` package as the authority, and generated values."""

import io
import json
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any, Protocol

import avro.io
import avro.schema
import pytest
from hypothesis import strategies as st

from baton.contract.versions import Version, expand, read_version

Strategy = st.SearchStrategy[Any]


class Authority(Protocol):
    """Writes and reads bodies, and computes fingerprints, as the `avro` package does."""

    def write(self, version: Version, fields: Mapping[str, object]) -> bytes:
        """Give the body, without magic and fingerprint."""

    def read(self, version: Version, body: bytes) -> object:
        """Read a body."""

    def fingerprint(self, version: Version) -> bytes:
        """Compute the fingerprint."""


class _Avro:
    def __init__(self) -> None:
        self._parsed: dict[str, avro.schema.Schema] = {}

    def _schema(self, version: Version) -> avro.schema.Schema:
        if version.file not in self._parsed:
            self._parsed[version.file] = avro.schema.parse(version.text)
        return self._parsed[version.file]

    def write(self, version: Version, fields: Mapping[str, object]) -> bytes:
        buffer = io.BytesIO()
        writer = avro.io.DatumWriter(self._schema(version))
        writer.write(dict(fields), avro.io.BinaryEncoder(buffer))
        return buffer.getvalue()

    def read(self, version: Version, body: bytes) -> object:
        schema = self._schema(version)
        decoder = avro.io.BinaryDecoder(io.BytesIO(body))
        return avro.io.DatumReader(schema, schema).read(decoder)

    def fingerprint(self, version: Version) -> bytes:
        # Its canonical form keeps {"type": "long"} where it removed a logical type, against the
        # specification ([PRIMITIVES]); without logical types it agrees.
        plain = json.dumps(_without_logical_types(json.loads(version.text)))
        return bytes(avro.schema.parse(plain).fingerprint("CRC-64-AVRO"))


def _without_logical_types(node: object) -> object:
    match node:
        case {"logicalType": _, "type": kind}:
            return kind
        case dict():
            return {key: _without_logical_types(value) for key, value in node.items()}
        case list():
            return [_without_logical_types(item) for item in node]
    return node


@pytest.fixture(scope="session")
def authority() -> Authority:
    """Give the `avro` package."""
    return _Avro()


TIMES = st.datetimes(
    min_value=datetime(1900, 1, 1),  # noqa: DTZ001 - Hypothesis takes the bounds naive
    max_value=datetime(2199, 12, 31),  # noqa: DTZ001 - the strategy adds the zone
    timezones=st.just(UTC),
).map(lambda time: time.replace(microsecond=time.microsecond // 1000 * 1000))
DATES = st.dates(min_value=date(1900, 1, 1), max_value=date(2199, 12, 31))
PERSONS = st.one_of(
    st.fixed_dictionaries({"scheme": st.just("nhs"), "value": st.just("9990000018")}),
    st.fixed_dictionaries(
        {"scheme": st.sampled_from(["local", "gp"]), "value": st.text(min_size=1, max_size=20)},
    ),
)


def values(kind: Any, props: Mapping[str, Any]) -> Strategy:  # noqa: C901, PLR0911 - one line for each type of Avro
    """Give a strategy for all that is allowed of an expanded type, in moderate sizes."""
    match kind:
        case ["null", other]:
            return st.none() | values(other, props)
        case {"type": "record", "name": "Person"}:
            return PERSONS
        case {"type": "record", "fields": fields}:
            return st.fixed_dictionaries(
                {field["name"]: values(field["type"], field) for field in fields},
            )
        case {"type": "enum", "symbols": symbols}:
            return st.sampled_from(symbols)
        case {"type": "array", "items": items}:
            return st.lists(values(items, props), max_size=3)
        case {"logicalType": "timestamp-millis"}:
            return TIMES
        case {"logicalType": "date"}:
            return DATES
        case {"type": "string"} if "closed_list" in props:
            return st.sampled_from(props["closed_list"])
        case {"type": "string"}:
            return st.text(min_size=1, max_size=20)
        case {"type": "bytes"}:
            return st.binary(max_size=50)
        case {"type": "int" | "long" as size}:
            most = 2**31 - 1 if size == "int" else 2**63 - 1
            return st.integers(props.get("minimum", -most - 1), props.get("maximum", most))
    return st.booleans()


@pytest.fixture(scope="session")
def fields_of() -> Callable[[Version], Strategy]:
    """Give a function that makes the strategy for the fields of a version."""
    return lambda version: values(expand(dict(version.raw)), {})


@pytest.fixture
def make_version() -> Callable[..., Version]:
    """Give a function that makes a version of an invented record from its own fields."""

    def make(number: int, *fields: Mapping[str, Any], name: str = "Planted") -> Version:
        raw = {"type": "record", "name": name, "namespace": "baton", "fields": fields}
        return read_version(f"planted.v{number}.avsc", json.dumps(raw))

    return make
