"""Facts at random, made from the schemas: a few persons, cases, teams and incidents, at moments around deadlines.

A new record or field is drawn as soon as it is in the contract, and a new rule gets the facts that its module names.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from baton.contract import codec
from baton.contract.versions import expand
from baton.engine.translate import to_fact
from baton.rules.facts import FACTS, Fact
from baton.rules.register import RULES
from tests.rules.told import DAY, HOUR, MINUTE, NOON

if TYPE_CHECKING:
    from baton.engine.engine import Order
    from baton.rules.rule import Rule

AFTER = [
    timedelta(),
    MINUTE,
    HOUR,
    *(
        n * DAY + edge
        for n in (1, 2, 3, 4, 5, 7, 10, 14)
        for edge in (-MINUTE, timedelta(), MINUTE)
    ),
    30 * DAY,
    45 * DAY,
    90 * DAY,
]
"""How long after Monday noon something happens: where policy has its limits, and a minute on either side."""
DELAYS = [timedelta(), timedelta(), timedelta(), MINUTE, HOUR, DAY, 4 * DAY, 40 * DAY, -4 * MINUTE]
"""How long after it happened baton is told; an agency's clock may also be a little ahead."""
END = NOON + 900 * DAY
"""When every deadline is long past."""

DATES = [date(2015, 3, 1), date(2015, 8, 20), date(2015, 12, 20), date(2016, 3, 1)]
"""When a child is expected."""

_IDS = frozenset(
    {"incident", "notification", "referral", "transfer", "block", "case", "worker", "carer"}
)
TEAMS = frozenset({"team", "from_team", "to_team", "by_team", "successor"})


@dataclass(frozen=True)
class Told:
    """One record as it was sent, when baton was told, and where it stands in its source's log."""

    name: str
    fields: dict[str, Any]
    received_at: datetime
    offset: int = 0

    @property
    def fact(self) -> Fact:
        """What rules read of it, with persons by their own values."""
        fact = to_fact(self.name, codec.complete(self.name, self.fields), self.received_at)
        assert fact is not None
        return fact

    @property
    def order(self) -> Order:
        """Its place."""
        return (codec.topic_of(self.name), 0, self.offset)

    def at(self, received_at: datetime) -> Told:
        """Let baton be told at another moment."""
        return replace(self, received_at=received_at)


def in_order(told: list[Told]) -> list[Told]:
    """Give the records the offsets that they get as their topics receive them."""
    placed = sorted(told, key=lambda each: each.received_at)
    return [replace(each, offset=place) for place, each in enumerate(placed)]


JUDGED = {slug: rule for slug, rule in RULES.items() if rule.triggers & {*FACTS.values()}}
"""The rules that read facts; that a role has nobody to tell is found elsewhere (`test_life.py`)."""


def records_for(rule: Rule) -> list[str]:
    """Give the names of the records that a rule's module, or a module of the rules that it uses, speaks of."""
    seen: set[str] = set()
    waiting = [rule.judge.__module__]
    names: set[str] = set()
    while waiting:
        module = waiting.pop()
        if module in seen or module == "baton.rules.facts":
            continue
        seen.add(module)
        for value in vars(sys.modules[module]).values():
            if isinstance(value, type) and issubclass(value, Fact) and value is not Fact:
                names.add(value.__name__)
            used = getattr(value, "__module__", None) or ""
            if used.startswith("baton.rules."):
                waiting.append(used)
    return sorted(names & FACTS.keys())


@st.composite
def timetables(
    draw: st.DrawFn,
    names: tuple[str, ...],
    world: str = "",
    most: int = 9,
    *,
    triggers: tuple[str, ...] = (),
) -> list[Told]:
    """Draw records of these names, of one world's persons and cases, and at least one of the triggers."""
    drawn = draw(st.lists(st.sampled_from(names), min_size=2, max_size=most))
    if triggers:
        drawn.append(draw(st.sampled_from(triggers)))
    told = []
    for place, name in enumerate(drawn):
        fields = draw(_record(name, world))
        occurred_at = NOON + draw(st.sampled_from(AFTER))
        fields |= {
            "event_id": f"event-{world}{place}",
            "occurred_at": occurred_at,
            "authority": "local",
        }
        fields["recorded_at"] = None
        if name == "SourceHeartbeat":
            fields["complete_to"] = occurred_at
        told.append(Told(name, fields, occurred_at + draw(st.sampled_from(DELAYS))))
    return in_order(told)


@cache
def _record(name: str, world: str) -> st.SearchStrategy[dict[str, Any]]:
    return _of_type(expand(dict(codec.schema(name))), name, world)


def _of_type(  # noqa: C901, PLR0911 (one line for each of Avro's types)
    kind: Any,
    field: str,
    world: str,
    codes: tuple[str, ...] = (),
) -> st.SearchStrategy[Any]:
    match kind:
        case ["null", other]:
            # Most of what can be stated is: else too little would hang together.
            stated = _of_type(other, field, world, codes)
            return st.one_of(stated, stated, st.none())
        case {"type": "record", "name": "Person"}:
            return st.sampled_from(
                [{"scheme": "test", "value": f"woman-{world}{n}"} for n in (1, 2)]
            )
        case {"type": "record", "fields": fields}:
            return st.fixed_dictionaries(
                {
                    each["name"]: _of_type(
                        each["type"], each["name"], world, tuple(each.get("closed_list", ()))
                    )
                    for each in fields
                }
            )
        case {"type": "enum", "symbols": symbols}:
            return st.sampled_from(likely(symbols))
        case {"type": "array", "items": items}:
            return st.lists(_of_type(items, field, world, codes), max_size=3)
        case {"type": "boolean"}:
            return st.booleans()
        case {"logicalType": "timestamp-millis"}:
            return st.sampled_from(AFTER).map(lambda after: NOON + after)
        case {"logicalType": "date"}:
            return st.sampled_from(DATES)
        case {"type": "int"} | {"type": "long"}:
            return st.integers(0, 3)
    if codes:
        return st.sampled_from(codes)
    if field in TEAMS:
        return st.sampled_from([f"team-{world}{n}" for n in (1, 2)])
    several = 6 if field == "case" else 2
    return st.sampled_from([f"{field}-{world}{n}" for n in range(1, several + 1)])


def likely(symbols: list[str]) -> list[str]:
    """Draw the words that start a clock more often than their share."""
    often = [
        each
        for each in ("pregnant", "childrens_social_care", "no_children", "victim")
        if each in symbols
    ]
    return [*often * 4, *symbols]
