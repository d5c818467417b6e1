"""The published schemas: every version of every record, read once from the `.avsc` files."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Final

import fastavro
from fastavro.schema import fingerprint, to_parsing_canonical_form

Schema = Any
"""A type of Avro as JSON: a name, a list (a union), or an object."""

MAGIC: Final = b"\xc3\x01"
"""What every message in Avro's single-object encoding begins with."""
MAX_BYTES: Final = 64 * 1024
"""Bytes of a message, unless its record says otherwise."""


@dataclass(frozen=True, slots=True)
class Version:
    """One published version of a record."""

    name: str
    number: int
    file: str
    text: str
    """What the file holds."""
    raw: Mapping[str, Any]
    """The schema as JSON."""
    parsed: Schema
    """The schema as fastavro wants it."""
    header: bytes
    """The first ten bytes of every message of this version: magic and fingerprint."""
    max_bytes: int

    @property
    def fingerprint(self) -> bytes:
        """CRC-64-AVRO of the schema's canonical form, little-endian, as it stands in a message."""
        return self.header[len(MAGIC) :]


def read_version(file: str, text: str) -> Version:
    """Read one schema; `file` is its name, like `incident-recorded.v1.avsc`."""
    raw = json.loads(text)
    # As the specification has it. The avro package differs: where it removes a logical type, it
    # leaves {"type": "long"}, and so comes to another fingerprint than Avro for Java does.
    crc = fingerprint(to_parsing_canonical_form(raw), "CRC-64-AVRO")
    return Version(
        name=raw["name"],
        number=int(file.split(".")[1].removeprefix("v")),
        file=file,
        text=text,
        raw=MappingProxyType(raw),
        parsed=fastavro.parse_schema(json.loads(text)),
        header=MAGIC + bytes.fromhex(crc),
        max_bytes=raw.get("max_bytes", MAX_BYTES),
    )


def read_all() -> dict[str, tuple[Version, ...]]:
    """Read every schema: by the record's name, in alphabetical order, oldest version first."""
    found: dict[str, list[Version]] = {}
    for entry in files("baton.contract").iterdir():
        if entry.name.endswith(".avsc"):
            version = read_version(entry.name, entry.read_text(encoding="utf-8"))
            found.setdefault(version.name, []).append(version)
    return {name: tuple(sorted(found[name], key=lambda one: one.number)) for name in sorted(found)}


def expand(kind: Schema) -> Schema:
    """Write out every type where it is used; Avro defines one at its first mention only."""
    return _expand(kind, {})


def _expand(kind: Schema, named: dict[str, Schema]) -> Schema:
    match kind:
        case str():
            return named.get(kind, {"type": kind})
        case ["null", other]:
            return ["null", _expand(other, named)]
        case {"type": "record", "fields": fields}:
            whole = [field | {"type": _expand(field["type"], named)} for field in fields]
            return named.setdefault(kind["name"], dict(kind) | {"fields": whole})
        case {"type": "enum", "name": name}:
            return named.setdefault(name, kind)
        case {"items": items}:
            return kind | {"items": _expand(items, named)}
    return kind
