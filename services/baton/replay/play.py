"""Playing what was told to the engine, and what it says at the end."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from baton.engine.engine import Engine
from baton.engine.life import Lives
from baton.engine.translate import to_action, to_fact
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


_SELDOM = (100_000, 50, 100)
"""After how many new objects Python looks for cycles, while a log is played: it has none, and facts by the million."""


class Disordered(Exception):  # noqa: N818 (it says how a log is)
    """A record was heard earlier than the one before it."""


@dataclass(frozen=True, slots=True)
class Played:
    """What is known after all that was told.

    Without `lives`, which are the dearer part, nobody did anything to an alert: then the operators have them as their
    rules do, but for the steps of telling.
    """

    engine: Engine
    lives: Lives | None = None

    def alerts(self) -> list[Alert]:
        """Return every alert as operators have it, by when it was raised."""
        return self.engine.alerts() if self.lives is None else self.lives.alerts()

    def of(self, alerts: Iterable[Alert]) -> list[Alert]:
        """Return these alerts of the engine as operators have them."""
        if self.lives is None:
            return list(alerts)
        return [self.lives.alert(each.alert_id) or each for each in alerts]


def play_scenario(scenario: Scenario, persons: Persons) -> list[Alert]:
    """Return the alerts of the rules that the scenario looks at, as they stand at its `until`."""
    last = played(scenario.told, scenario.policy, persons, until=scenario.until, with_lives=True)
    return [alert for alert in last.alerts() if alert.rule in scenario.rules]


def play_log(
    read: Callable[[], Iterator[Told]],
    policy: Policy,
    persons: Persons,
    until: datetime | None = None,
    *,
    rules: Mapping[str, Rule] = RULES,
) -> list[Alert]:
    """Return the alerts of a log as they stand at `until`, or when its last record is heard."""
    return played_log(read, policy, persons, until, rules=rules).alerts()


def play(
    told: Iterable[Told],
    policy: Policy,
    persons: Persons,
    *,
    until: datetime | None = None,
    rules: Mapping[str, Rule] = RULES,
) -> list[Alert]:
    """Return every alert of these rules as it stands at the end of what was told. Raises Disordered."""
    return played(told, policy, persons, until=until, rules=rules).alerts()


def played_log(  # noqa: PLR0913 (what is told, by which policy, and what is wanted of it)
    read: Callable[[], Iterator[Told]],
    policy: Policy,
    persons: Persons,
    until: datetime | None = None,
    *,
    rules: Mapping[str, Rule] = RULES,
    with_lives: bool = False,
) -> Played:
    """Return what is known after a log.

    `read` opens the log; it is called again, and the log then held whole and sorted, if it is not in the order of
    hearing.
    """
    with _seldom_looking_for_cycles():
        try:
            return played(read(), policy, persons, until=until, rules=rules, with_lives=with_lives)
        except Disordered:
            in_order = sorted(read(), key=lambda each: each.received_at)
            return played(
                in_order, policy, persons, until=until, rules=rules, with_lives=with_lives
            )


@contextmanager
def _seldom_looking_for_cycles() -> Iterator[None]:
    usual = gc.get_threshold()
    gc.set_threshold(*_SELDOM)
    try:
        yield
    finally:
        gc.set_threshold(*usual)


def played(  # noqa: PLR0913 (what is told, by which policy, and what is wanted of it)
    told: Iterable[Told],
    policy: Policy,
    persons: Persons,
    *,
    until: datetime | None = None,
    rules: Mapping[str, Rule] = RULES,
    with_lives: bool = False,
) -> Played:
    """Tell the engine what was told, in the order of hearing, and return what is known at the end.

    What is heard after `until` is left out. The lives of the alerts are lived through at the end, in one go, and only
    where somebody did something or they are asked for. Raises Disordered.
    """
    engine, lives = Engine(policy, rules), Lives(policy)
    said: list[Alert] = []
    latest: datetime | None = None
    for number, each in enumerate(told):
        if until is not None and each.received_at > until:
            continue
        if latest is not None and each.received_at < latest:
            raise Disordered
        fact = to_fact(each.record, each.fields, each.received_at, persons.key)
        if fact is not None:
            engine.hear(fact, (each.topic, 0, number))
        elif (action := to_action(each.record, each.fields, each.received_at)) is not None:
            lives.hear(action, (each.topic, 0, number))
        if latest is not None and each.received_at > latest and number % _ADVANCE_EVERY == 0:
            # More may still be heard at this very moment; what came before it is complete.
            said += (alert for _, alert in engine.advance(latest).alerts)
        latest = each.received_at
    end = until or latest
    if end is None:
        return Played(engine)
    said += (alert for _, alert in engine.advance(end).alerts)
    if not (with_lives or lives.held):
        return Played(engine)
    lives.advance(end, said)
    return Played(engine, lives)
