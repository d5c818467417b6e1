"""What a value must be, as functions made once from a schema: strict where Avro's writers are lax.

A check takes a value and gives it as Avro is to write it, or raises InvalidField with the path to
what is wrong. The same checks are made of what is written and of what was read.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from difflib import get_close_matches
from re import compile as pattern
from typing import Any, Final

from baton.contract.errors import InvalidField
from baton.contract.persons import check_person
from baton.contract.versions import Schema

Check = Callable[[object], object]
RecordCheck = Callable[[object], dict[str, Any]]

MAX_LENGTH: Final = 200
"""Characters of a text, or bytes, unless its field says otherwise."""
MAX_ITEMS: Final = 500
"""Items of an array, unless its field says otherwise."""
EARLIEST: Final = datetime(1900, 1, 1, tzinfo=UTC)
LATEST: Final = datetime(2200, 1, 1, tzinfo=UTC)
"""Times and dates outside cannot be meant; within, a deadline never leaves what Python can hold."""

_INT: Final = range(-(2**31), 2**31)
_LONG: Final = range(-(2**63), 2**63)
_MISSING: Final = object()
_NAME_OF_A_FIELD: Final = pattern(r"[A-Za-z_][A-Za-z0-9_]{0,40}")


def wrong_type(wanted: str) -> InvalidField:
    """Make the error for a value of another type than `wanted`."""
    return InvalidField("wrong-type", f"must be {wanted}")


def record_check(raw: Mapping[str, Any]) -> RecordCheck:
    """Make the check of a record, given its expanded schema; it fills in defaults."""
    fields = [
        (field["name"], field.get("default", _MISSING), _check_of(field["type"], field))
        for field in raw["fields"]
    ]
    names = frozenset(name for name, _, _ in fields)
    is_person = raw["name"] == "Person"

    def check(value: object) -> dict[str, Any]:
        if not isinstance(value, Mapping):
            raise wrong_type("an object with named fields")
        if not value.keys() <= names:
            raise _unknown_field(value, raw)
        result: dict[str, Any] = {}
        for name, default, field_check in fields:
            item = value.get(name, default)
            if item is _MISSING:
                raise InvalidField("missing-field", "is required", path=name)
            try:
                result[name] = field_check(item)
            except InvalidField as error:
                error.inside(name)
                raise
        if is_person:
            check_person(result["scheme"], result["value"])
        return result

    return check


def _unknown_field(value: Mapping[Any, Any], raw: Mapping[str, Any]) -> InvalidField:
    names = [field["name"] for field in raw["fields"]]
    unknown = next(key for key in value if key not in names)
    listed = f"{raw['name']} has no such field; its fields are {', '.join(names)}"
    # The name was sent and may be content: it is repeated only if it looks like that of a field.
    if not (isinstance(unknown, str) and _NAME_OF_A_FIELD.fullmatch(unknown)):
        return InvalidField("unknown-field", listed)
    near = get_close_matches(unknown, names, n=1)
    detail = f"{raw['name']} has no such field; did you mean {near[0]}?" if near else listed
    return InvalidField("unknown-field", detail, path=unknown)


def _check_of(kind: Schema, props: Mapping[str, Any]) -> Check:  # noqa: C901, PLR0911 - one line each
    """Make the check of an expanded type; `props` is the field that holds it."""
    match kind:
        case ["null", other]:
            return _nullable(_check_of(other, props))
        case {"type": "record"}:
            return record_check(kind)
        case {"type": "enum", "symbols": symbols}:
            return _code_check(symbols)
        case {"type": "array", "items": items}:
            return _array_check(_check_of(items, props), props.get("max_items", MAX_ITEMS))
        case {"logicalType": "timestamp-millis"}:
            return _time_check
        case {"logicalType": "date"}:
            return _date_check
        case {"type": "string"} if "closed_list" in props:
            return _code_check(props["closed_list"])
        case {"type": "string"}:
            return _text_check(props.get("max_length", MAX_LENGTH))
        case {"type": "bytes"}:
            return _bytes_check(props.get("max_length", MAX_LENGTH))
        case {"type": "int"}:
            return _number_check(props, _INT)
        case {"type": "long"}:
            return _number_check(props, _LONG)
        case {"type": "boolean"}:
            return _boolean_check
    message = f"the contract does not use the type {kind}"
    raise NotImplementedError(message)


def _nullable(inner: Check) -> Check:
    return lambda value: None if value is None else inner(value)


def _code_check(codes: list[str]) -> Check:
    known = frozenset(codes)

    def check(value: object) -> object:
        if not isinstance(value, str):
            raise wrong_type("text")
        if value not in known:
            raise InvalidField("unknown-code", f"must be one of {', '.join(codes)}")
        return value

    return check


def _text_check(limit: int) -> Check:
    def check(value: object) -> object:
        if not isinstance(value, str):
            raise wrong_type("text")
        if not value:
            raise InvalidField("empty", "is empty; what is not stated is null or left out")
        if len(value) > limit:
            detail = f"has {len(value)} characters; at most {limit} are allowed"
            raise InvalidField("too-long", detail)
        if not value.isascii():
            try:
                value.encode()
            except UnicodeEncodeError:
                raise InvalidField("bad-text", "has no UTF-8 form") from None
        return value

    return check


def _bytes_check(limit: int) -> Check:
    def check(value: object) -> object:
        if not isinstance(value, bytes):
            raise wrong_type("bytes")
        if len(value) > limit:
            detail = f"has {len(value)} bytes; at most {limit} are allowed"
            raise InvalidField("too-long", detail)
        return value

    return check


def _number_check(props: Mapping[str, Any], held: range) -> Check:
    low, high = props.get("minimum", held[0]), props.get("maximum", held[-1])

    def check(value: object) -> object:
        if not isinstance(value, int) or isinstance(value, bool):
            raise wrong_type("a whole number")
        if not low <= value <= high:
            raise InvalidField("out-of-range", f"must be from {low} to {high}")
        return value

    return check


def _array_check(item: Check, limit: int) -> Check:
    def check(value: object) -> object:
        if not isinstance(value, list | tuple):
            raise wrong_type("a list")
        if len(value) > limit:
            raise InvalidField("too-many", f"has {len(value)} items; at most {limit} are allowed")
        result: list[object] = []
        try:
            # A comprehension would not know which item failed.
            for one in value:
                result.append(item(one))  # noqa: PERF401 - its length names the item that is wrong
        except InvalidField as error:
            error.inside(f"[{len(result)}]")
            raise
        return result

    return check


def _boolean_check(value: object) -> object:
    if value is not True and value is not False:
        raise wrong_type("true or false")
    return value


def _time_check(value: object) -> object:
    if not isinstance(value, datetime):
        raise wrong_type("a time with its offset from UTC")
    if value.tzinfo is not UTC:
        if value.utcoffset() is None:
            raise InvalidField("naive-time", "must have an offset from UTC")
        try:
            value = value.astimezone(UTC)
        except OverflowError:
            raise _out_of_range() from None
    if not EARLIEST <= value < LATEST:
        raise _out_of_range()
    # A timestamp-millis holds whole milliseconds.
    beyond = value.microsecond % 1000
    return value.replace(microsecond=value.microsecond - beyond) if beyond else value


def _date_check(value: object) -> object:
    if not isinstance(value, date) or isinstance(value, datetime):
        raise wrong_type("a date")
    if not EARLIEST.year <= value.year < LATEST.year:
        raise _out_of_range()
    return value


def _out_of_range() -> InvalidField:
    return InvalidField("out-of-range", f"must be from {EARLIEST.year} to {LATEST.year - 1}")
