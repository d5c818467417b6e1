"""What a scenario may write shortly, spelt out as the contract wants it.

A person may be a short id; a party to an incident may be the person alone; a time may be local; a date may be text.
Which of these a value is, the record's schema says. What is none of them is left for the contract to check.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from baton.contract import codec
from baton.replay.told import SCENARIO
from baton.rules.working_days import LONDON

if TYPE_CHECKING:
    from collections.abc import Mapping

SOME_TIME: Final = datetime(2000, 1, 1, tzinfo=UTC)
"""A time that the contract accepts, where the one given was wrong."""

_TIME = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?([Zz]|[+-]\d{2}:\d{2})?")
_YEARS = range(1911, 2199)
"""Within those that the contract accepts, whatever the offset and by the longest limit of a policy, ten years."""

_ACCEPTED: Final[Mapping[str, Any]] = {
    "timestamp-millis": SOME_TIME,
    "date": SOME_TIME.date(),
    "array": [],
    "boolean": False,
    "int": 1,
    "long": 1,
}


def moment(value: object) -> datetime | None:
    """Return, in UTC, the moment that text or a TOML date-time names, or None if it names none.

    Without an offset it is local time; one that a clock change skips or repeats is read as before the change.
    """
    if isinstance(value, str) and _TIME.fullmatch(value):
        try:
            value = datetime.fromisoformat(value.upper())
        except ValueError:
            return None
    if not isinstance(value, datetime) or value.year not in _YEARS:
        return None
    return (value if value.tzinfo else value.replace(tzinfo=LONDON)).astimezone(UTC)


@cache
def field_types(event: str) -> Mapping[str, Any]:
    """Return the type of each field of a record, as Avro has it in JSON, every named type written out."""
    schema = codec.schema(event)
    named: dict[str, Any] = {}
    return {field["name"]: _whole(field["type"], named) for field in schema["fields"]}


def _whole(kind: Any, named: dict[str, Any]) -> Any:  # noqa: ANN401 (a schema is JSON)
    """Return a type with its named types in place and without `null`, which a scenario cannot write."""
    match kind:
        case list():
            return _whole(next(each for each in kind if each != "null"), named)
        case str():
            return named.get(kind, {"type": kind})
        case {"fields": fields}:
            whole = {
                **kind,
                "fields": {field["name"]: _whole(field["type"], named) for field in fields},
            }
            return named.setdefault(kind["name"], whole)
        case {"items": items}:
            return {**kind, "items": _whole(items, named)}
        case {"name": name}:
            return named.setdefault(name, kind)
    return kind


def spelt_out(  # noqa: PLR0911 (a line for each form)
    kind: Mapping[str, Any],
    value: Any,  # noqa: ANN401 (any field of any record)
) -> Any:  # noqa: ANN401 (and what it becomes)
    """Return a value of a type from `field_types` as the contract wants it."""
    match kind:
        case {"name": "Person"}:
            return {"scheme": SCENARIO, "value": value} if isinstance(value, str) else value
        case {"fields": kinds}:
            if "person" in kinds and (
                isinstance(value, str) or (isinstance(value, dict) and "scheme" in value)
            ):
                value = {"person": value}
            if isinstance(value, dict):
                return {key: spelt_out(kinds.get(key, {}), each) for key, each in value.items()}
        case {"items": items} if isinstance(value, list):
            return [spelt_out(items, each) for each in value]
        case {"logicalType": "timestamp-millis"}:
            return moment(value) or value
        case {"logicalType": "date"} if isinstance(value, str):
            try:
                return date.fromisoformat(value)
            except ValueError:
                return value
    return value


def something(kind: Mapping[str, Any]) -> object:
    """Return a value that the contract accepts for this type."""
    match kind:
        case {"name": "Person"}:
            return {"scheme": SCENARIO, "value": "someone"}
        case {"symbols": [first, *_]}:
            return first
    return _ACCEPTED.get(kind.get("logicalType", kind.get("type")), "something")
