"""Which persons, cases, teams and records a fact names: the keys under which it is kept.

A key is `kind:id`. Views (person, case, team, agency) are what rules read; references (incident, notification,
referral, transfer, block) are how records that name no person or case are found to concern one.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from baton.rules.facts import Fact, Party, SourceHeartbeat

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

VIEWS = frozenset({"person", "case", "team", "agency"})

FOLLOWED: dict[str, frozenset[str]] = {
    "person": frozenset({"incident", "notification", "referral"}),
    "case": frozenset({"referral", "transfer"}),
    "team": frozenset({"transfer", "block"}),
    "agency": frozenset(),
}
"""For each view, the references whose facts belong to its chronology too."""

REFERENCES = frozenset().union(*FOLLOWED.values())

WITHOUT_CASE = frozenset({"worker", "team"})
"""What a fact that names no case (a worker left, a team closed) is found by, from the cases that it concerns."""

_KIND_OF_FIELD = {
    "person": "person",
    "people": "person",
    "child": "person",
    "about": "person",
    "men": "person",
    "incident": "incident",
    "notification": "notification",
    "referral": "referral",
    "transfer": "transfer",
    "block": "block",
    "case": "case",
    "team": "team",
    "from_team": "team",
    "to_team": "team",
    "by_team": "team",
    "successor": "team",
    "worker": "worker",
    "carer": "carer",
}
_KINDS: dict[tuple[str, ...], tuple[str, ...]] = {}
"""The kinds of keys that facts name together, each once: a fact is kept for years."""
_FIELDS_OF: dict[type[Fact], tuple[tuple[str, str], ...]] = {}


def keys_of(fact: Fact) -> tuple[str, ...]:
    """Return every key that the fact names, each once, in the order of its fields."""
    if isinstance(fact, SourceHeartbeat):
        return (f"agency:{feed_about(fact.authority, fact.agency)}",)
    return tuple(dict.fromkeys(_named(fact)))


def feed_about(authority: str, agency: str) -> str:
    """Return the id of an agency's feed: the agency, with its area where there is more than the local one."""
    return agency if authority == "local" else f"{authority}/{agency}"


def kind_of(key: str) -> str:
    """Return the kind of a key."""
    return key.partition(":")[0]


def _named(fact: Fact) -> Iterator[str]:
    fields = _FIELDS_OF.get(type(fact))
    if fields is None:
        names = (name for each in type(fact).__mro__ for name in getattr(each, "__slots__", ()))
        fields = tuple((name, _KIND_OF_FIELD[name]) for name in names if name in _KIND_OF_FIELD)
        _FIELDS_OF[type(fact)] = fields
    for name, kind in fields:
        value = getattr(fact, name)
        if not value:
            continue
        if isinstance(value, str):
            yield f"{kind}:{value}"
            continue
        for each in value:
            yield f"{kind}:{each.person if isinstance(each, Party) else each}"


class Kept:
    """A fact with what it names, worked out once: it is asked for again with every later fact beside it."""

    __slots__ = ("fact", "has_case", "keys", "kinds")

    def __init__(self, fact: Fact, texts: Mapping[str, str] = MappingProxyType({})) -> None:
        """Work out the fact's keys; `texts` has those that are kept elsewhere too, to have each once."""
        self.fact = fact
        self.keys = tuple([texts.get(key, key) for key in keys_of(fact)])
        kinds = tuple(map(kind_of, self.keys))
        self.kinds = _KINDS.setdefault(kinds, kinds)
        self.has_case = "case" in self.kinds

    def named(self, kinds: frozenset[str]) -> list[str]:
        """Return the keys of these kinds."""
        return [key for key, kind in zip(self.keys, self.kinds, strict=True) if kind in kinds]
