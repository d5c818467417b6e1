"""What a person may type of an event, spelt out as the contract's JSON has it. Pure.

A person is `woman-1` (scheme `local`), `nhs:9434765919`, or an agency's own id as `police:123`. A
party to an incident adds role and pregnancy: `woman-1:victim:pregnant`. What is of no short form
is left as it is, for the contract to check.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any, Final

from baton.contract import codec
from baton.contract.persons import NHS
from baton.contract.topics import CASE_ACTIVITY, CASE_TRANSFERS, MATERNITY, topic_of
from baton.contract.versions import expand

LOCAL: Final = "local"
"""The scheme of an id that names none."""

_IMPLIED: Final = {
    CASE_TRANSFERS.name: "childrens_social_care",
    CASE_ACTIVITY.name: "childrens_social_care",
    MATERNITY.name: "midwifery",
}
"""Who tells the records of a topic, where it is as good as always the same agency."""

_WHOLE_NUMBER: Final = re.compile(r"-?\d{1,20}", re.ASCII)
_YES: Final = {"yes": True, "true": True, "no": False, "false": False}


class ShortFormError(ValueError):
    """Something was typed that is no short form; the message names the option, not its content."""


@cache
def field_types(record: str) -> dict[str, Any]:
    """Give the type of each field of a record, expanded, without `null`."""
    whole: Any = expand(dict(codec.schema(record)))
    return {field["name"]: _stated(field["type"]) for field in whole["fields"]}


def _stated(kind: Any) -> Any:  # noqa: ANN401 - a schema is JSON
    return kind[1] if isinstance(kind, list) else kind


def agency_implied(record: str) -> str | None:
    """Give the agency that tells this record, or None where it must be said."""
    return _IMPLIED.get(topic_of(record))


def from_options(record: str, arguments: list[str]) -> dict[str, Any]:
    """Give the fields that options name: `--incident inc-1 --people woman-1:victim:pregnant`.

    A list takes its items by commas, or by naming the option again. A yes-or-no field without a
    value is yes. Raises ShortFormError.
    """
    fields: dict[str, Any] = {}
    rest = list(arguments)
    while rest:
        option = rest.pop(0)
        if not option.startswith("--") or option == "--":
            # What it is may be personal; where it stands is enough to find it.
            raise ShortFormError("every field is written as --field value; one value has no field")
        name, has_value, value = option[2:].partition("=")
        name = name.replace("-", "_")
        kind = field_types(record).get(name)
        if kind is None:
            # The contract's own words for it, with the nearest name.
            codec.complete(record, {name: ""})
            raise ShortFormError(f"--{name}: the record has no such field")
        if not has_value:
            if rest and not rest[0].startswith("--"):
                value = rest.pop(0)
            elif kind["type"] == "boolean":
                value = "yes"
            else:
                raise ShortFormError(f"--{name} needs a value")
        given = _from_text(kind, value, f"--{name}")
        if kind["type"] == "array":
            fields[name] = [*fields.get(name, []), *given]
        elif name in fields:
            raise ShortFormError(f"--{name} is given twice")
        else:
            fields[name] = given
    return fields


def _from_text(kind: Any, text: str, option: str) -> Any:  # noqa: ANN401 - any field's JSON
    match kind:
        case {"type": "array", "items": items}:
            return [_from_text(items, each.strip(), option) for each in text.split(",") if each]
        case {"type": "boolean"}:
            if text.lower() not in _YES:
                raise ShortFormError(f"{option} must be yes or no")
            return _YES[text.lower()]
        case {"type": "int" | "long"} if "logicalType" not in kind:
            return int(text) if _WHOLE_NUMBER.fullmatch(text) else text
    return spelt_out(kind, text, option)


def spelt_out(kind: Any, value: Any, where: str) -> Any:  # noqa: ANN401 - any field's JSON
    """Spell out the persons and parties in a field's JSON. Raises ShortFormError, naming `where`."""
    kind = _stated(kind)
    match kind, value:
        case {"name": "Person"}, str():
            return _person(value, where)
        case {"name": "Party"}, str():
            return _party(kind, value, where)
        case {"fields": inner}, dict():
            types = {field["name"]: field["type"] for field in inner}
            return {
                name: spelt_out(types[name], each, where) if name in types else each
                for name, each in value.items()
            }
        case {"items": items}, list():
            return [spelt_out(items, each, where) for each in value]
    return value


def _person(text: str, where: str) -> dict[str, str]:
    scheme, colon, value = text.partition(":")
    if not colon:
        return {"scheme": LOCAL, "value": text}
    if scheme not in _schemes() or not value or ":" in value:
        raise ShortFormError(
            f"{where}: a person is an id, nhs:NUMBER, or an agency and its id (police:ID);"
            " anything else is written as JSON"
        )
    return {"scheme": scheme, "value": value}


def _party(kind: Any, text: str, where: str) -> dict[str, Any]:  # noqa: ANN401 - a schema is JSON
    parts = text.split(":")
    length = 2 if parts[0] in _schemes() and len(parts) > 1 else 1
    party: dict[str, Any] = {"person": _person(":".join(parts[:length]), where)}
    types = {field["name"]: _stated(field["type"]) for field in kind["fields"]}
    names = ("role", "pregnancy", "due_date")
    if len(parts) - length > len(names):
        raise ShortFormError(
            f"{where}: a party is ID:ROLE:PREGNANCY:DUE-DATE, the last three optional"
        )
    for name, part in zip(names, parts[length:], strict=False):
        if not part:
            continue
        if "symbols" in types[name] and part not in types[name]["symbols"]:
            known = ", ".join(types[name]["symbols"])
            raise ShortFormError(f"{where}: the {name} of a party is one of {known}")
        party[name] = part
    return party


@cache
def _schemes() -> frozenset[str]:
    agencies = field_types("IncidentRecorded")["agency"]["symbols"]
    return frozenset({NHS, LOCAL, *agencies})
