"""Driving an engine: what is told, when time comes to where, and what was written, so that it can be restored."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from baton.engine.engine import Engine, Wake
from baton.rules.register import RULES
from tests.rules.told import POLICY

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from baton.engine.alerts import Alert
    from baton.engine.engine import Changes, Identity, Order
    from baton.rules.facts import Fact
    from baton.rules.policy import Policy
    from baton.rules.rule import Rule


SEVEN = {
    slug: RULES[slug]
    for slug in (
        "unreferred-incident",
        "incident-closed-unreferred",
        "pregnancy-learned-late",
        "transfer-not-accepted",
        "handover-incomplete",
        "block-transfer",
        "source-silent",
    )
}
"""The rules that the timetables below are about; a new rule has its own."""


@dataclass
class Written:
    """The rows of the judge, without its bytes."""

    facts: dict[Identity, tuple[Fact, Order]] = field(default_factory=dict)
    alerts: dict[tuple[str, str], Alert] = field(default_factory=dict)
    wakes: dict[str, Wake] = field(default_factory=dict)


class Driven:
    """An engine that writes down what must survive it."""

    def __init__(
        self, *facts: Fact, policy: Policy = POLICY, rules: Mapping[str, Rule] = SEVEN
    ) -> None:
        """Begin; the facts are heard at once, and none of them judged before time comes to it."""
        self.engine = Engine(policy, rules)
        self.written = Written()
        self.log: list[Alert] = []
        self.whole = True
        self._offset = 0
        self.hear(*facts)

    def hear(self, *facts: Fact) -> list[bool]:
        """Hear facts in this order; say of each whether it was news."""
        return [self.hear_at(fact, self._next()) for fact in facts]

    def hear_at(self, fact: Fact, order: Order) -> bool:
        """Hear a fact that stands at a place of its source's log."""
        news = self.engine.hear(fact, order)
        if news:
            self.written.facts[fact.identity] = (fact, order)
        return news

    def advance(self, to: datetime, most: int | None = None) -> list[Alert]:
        """Let time come to a moment, judging `most` at once; return the alerts that changed, in their order."""
        changes = self.engine.advance(to, most)
        self.whole = changes.whole
        self._write(changes)
        changed = [alert for _, alert in changes.alerts]
        self.log += changed
        return changed

    def through(self, moments: Iterable[datetime]) -> list[Alert]:
        """Let time come to each of these moments."""
        return [alert for moment in moments for alert in self.advance(moment)]

    def restarted(self, policy: Policy | None = None) -> Driven:
        """Give an engine restored from what was written, under this policy if it is another, knowing nothing else."""
        fresh = Driven(policy=policy or self.engine.policy, rules=self.engine._rules)
        fresh._offset = self._offset
        fresh.written = self.written
        fresh.log = list(self.log)
        fresh.restart(self.engine.now, judge_again=policy is not None)
        return fresh

    def restart(self, now: datetime | None, *, judge_again: bool = False) -> None:
        """Restore the engine, which knows nothing, from what was written."""
        for fact, order in self.written.facts.values():
            self.engine.restore_fact(fact, order)
        for (key, _), alert in self.written.alerts.items():
            self.engine.restore_alert(key, alert)
        for key, wake in self.written.wakes.items():
            self.engine.restore_wake(key, wake)
        self.engine.restored(now, judge_again=judge_again)

    def statuses(self) -> dict[str, str]:
        """Give the status of each alert by its id."""
        return {alert.alert_id: alert.status for alert in self.engine.alerts()}

    def standing(self) -> dict[str, str]:
        """Give the status of each alert that was not withdrawn."""
        return {
            alert_id: status
            for alert_id, status in self.statuses().items()
            if status != "withdrawn"
        }

    def _next(self) -> Order:
        self._offset += 1
        return ("a-topic", 0, self._offset)

    def _write(self, changes: Changes) -> None:
        for key, alert in changes.alerts:
            self.written.alerts[key, alert.alert_id] = alert
        for key, wake in changes.wakes.items():
            if wake is None:
                self.written.wakes.pop(key, None)
            else:
                self.written.wakes[key] = wake
        for identity in changes.forgotten:
            self.written.facts.pop(identity, None)
