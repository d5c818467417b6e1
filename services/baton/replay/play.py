"""Playing what was told to the engine, and what it says at the end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from baton.engine.engine import Engine
from baton.engine.translate import to_fact
from baton.rules.register import RULES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from datetime import datetime

    from baton.engine.alerts import Alert
    from baton.replay.scenario import Scenario
    from baton.replay.told import Persons, Told
    from baton.rules.policy import Policy
    from baton.rules.rule import Rule

_ADVANCE_EVERY = 1_000
"""How many records are heard before time moves on, so that a long log need not be held whole."""


class Disordered(Exception):  # noqa: N818 (it says how a log is)
    """A record was heard earlier than the one before it."""


def play_scenario(scenario: Scenario, persons: Persons) -> list[Alert]:
    """Return the alerts of the rules that the scenario looks at, as they stand at its `until`."""
    alerts = play(scenario.told, scenario.policy, persons, until=scenario.until)
    return [alert for alert in alerts if alert.rule in scenario.rules]


def play_log(
    read: Callable[[], Iterator[Told]],
    policy: Policy,
    persons: Persons,
    until: datetime | None = None,
) -> list[Alert]:
    """Return the alerts of a log as they stand at `until`, or when its last record is heard."""
    return engine_after_log(read, policy, persons, until).alerts()


def play(
    told: Iterable[Told],
    policy: Policy,
    persons: Persons,
    *,
    until: datetime | None = None,
    rules: Mapping[str, Rule] = RULES,
) -> list[Alert]:
    """Return every alert of these rules as it stands at the end of what was told. Raises Disordered."""
    return engine_after(told, policy, persons, until=until, rules=rules).alerts()


def engine_after_log(
    read: Callable[[], Iterator[Told]],
    policy: Policy,
    persons: Persons,
    until: datetime | None = None,
) -> Engine:
    """Return the engine as it is after a log.

    `read` opens the log; it is called again, and the log then held whole and sorted, if it is not in the order of
    hearing.
    """
    try:
        return engine_after(read(), policy, persons, until=until)
    except Disordered:
        in_order = sorted(read(), key=lambda each: each.received_at)
        return engine_after(in_order, policy, persons, until=until)


def engine_after(
    told: Iterable[Told],
    policy: Policy,
    persons: Persons,
    *,
    until: datetime | None = None,
    rules: Mapping[str, Rule] = RULES,
) -> Engine:
    """Tell the engine what was told, in the order of hearing, and return it as it is at the end.

    What is heard after `until` is left out. Raises Disordered.
    """
    engine = Engine(policy, rules)
    latest: datetime | None = None
    for number, each in enumerate(told):
        if until is not None and each.received_at > until:
            continue
        if latest is not None and each.received_at < latest:
            raise Disordered
        fact = to_fact(each.record, each.fields, each.received_at, persons.key)
        if fact is not None:
            engine.hear(fact, (each.topic, 0, number))
        if latest is not None and each.received_at > latest and number % _ADVANCE_EVERY == 0:
            # More may still be heard at this very moment; what came before it is complete.
            engine.advance(latest)
        latest = each.received_at
    end = until or latest
    if end is not None:
        engine.advance(end)
    return engine
