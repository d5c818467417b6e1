"""From the words of the wire to those of the rules: a decoded record becomes a fact.

The wire is seen as plain dictionaries. Which fields a record has is the contract's business; which of them a rule
can read is that of `baton.rules.facts`; here they are matched by name.
"""

from __future__ import annotations

import dataclasses
import sys
from typing import TYPE_CHECKING, Any

from baton.rules.facts import ACTIONS, FACTS, Action, Fact, Party

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

_FIELDS = {
    name: tuple(
        (each.name, each.name.rstrip("_"))
        for each in dataclasses.fields(kind)
        if each.name != "received_at"
    )
    for name, kind in (FACTS | ACTIONS).items()
}
_NESTED = frozenset({list, dict})


def pseudonym(person: Mapping[str, str]) -> str:
    """Return the key of a person whose value is a pseudonym already, as in the `facts` topic."""
    return person["value"]


def to_fact(
    name: str,
    fields: Mapping[str, Any],
    received_at: datetime,
    person: Callable[[Mapping[str, str]], str] = pseudonym,
) -> Fact | None:
    """Return the fact that a record tells, or None for a record that no rule reads.

    `person` gives the key of a person, `{scheme, value}` on the wire.
    """
    kind = FACTS.get(name)
    if kind is None:
        return None
    told: dict[str, Any] = {}
    for own, wire in _FIELDS[name]:
        if wire in fields:
            value = fields[wire]
            # Most fields are one word, which stays as it is.
            told[own] = _value(value, person) if type(value) in _NESTED else value
    if "authority" in told:
        # Of years of facts nearly all are of one area: its name is one text, not one in each.
        told["authority"] = sys.intern(told["authority"])
    return kind(received_at=received_at, **told)


def to_action(name: str, fields: Mapping[str, Any], received_at: datetime) -> Action | None:
    """Return what a record says was done to alerts, or None for a record of another kind."""
    kind = ACTIONS.get(name)
    if kind is None:
        return None
    told = {own: fields[wire] for own, wire in _FIELDS[name] if wire in fields}
    return kind(received_at=received_at, **told)


def _value(value: Any, person: Callable[[Mapping[str, str]], str]) -> Any:  # noqa: ANN401 (any field of any record)
    if isinstance(value, list):
        return tuple(_value(each, person) for each in value)
    if isinstance(value, dict):
        if "scheme" in value:
            return person(value)
        return Party(**{name: _value(each, person) for name, each in value.items()})
    return value
