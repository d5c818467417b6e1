"""What is to be told to whom, what was, and what must never be told again: pure, given the time.

A *telling* is one recipient's part of one step of an alert. Before it is delivered, the journal says that it is being
delivered; afterwards, what came of it. Found in the middle after a crash, it may have been delivered: it is not tried
again, its outcome is `unknown`, and the engine goes on to the next role as if it had failed.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Literal

from baton.engine.alerts import OPEN

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from baton.notify.recipients import Recipient, Recipients

Outcome = Literal["told", "failed", "nobody", "unknown"]
State = Literal["delivering", "told", "failed", "unknown"]

PAUSES: Final = tuple(timedelta(seconds=each) for each in (2, 10, 60, 300))
"""How long to wait before the second attempt, the third, …; after the last there is none."""
AT_ONCE: Final = 20
"""More than this for one recipient at one moment come as one message."""


@dataclass(frozen=True, slots=True, order=True)
class Step:
    """One role's part of one step of an alert."""

    alert_id: str
    number: int
    role: str


@dataclass(slots=True)
class Telling:
    """One recipient's part of it, and how far it has come."""

    step: Step
    kind: str
    recipient: Recipient
    not_before: datetime
    state: State | None = None
    attempts: int = 0

    @property
    def reference(self) -> str:
        """A name for it that is the same after a restart, and gives nothing away."""
        return reference(self.step, self.recipient.key)


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message to be delivered to one recipient now: of one telling, or of many together."""

    recipient: Recipient
    tellings: tuple[Telling, ...]


@dataclass(frozen=True, slots=True)
class Result:
    """What a role's part of a step came to, to be told to baton."""

    step: Step
    outcome: Outcome
    means: str
    attempts: int


@dataclass(slots=True)
class Tellings:
    """Every telling of the alerts as they stand."""

    recipients: Recipients
    alerts: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    _journal: dict[str, State] = field(default_factory=dict)
    _by_step: dict[Step, list[Telling]] = field(default_factory=dict)
    _finished: set[Step] = field(default_factory=set)

    def restore(self, reference: str, state: State) -> None:
        """Take back a line of the journal. One that was being delivered when we died is `unknown` from now on."""
        self._journal[reference] = "unknown" if state == "delivering" else state

    def hear(self, alert: Mapping[str, Any]) -> list[Result]:
        """Take an alert as it stands now; return the steps that come to an end by that alone.

        Behind a backlog many steps are visible at once: each role is told of the newest that names it.
        """
        self.alerts[alert["alert_id"]] = alert
        done = {(each["step"], each["role"]) for each in alert["told"]}
        newest = {role: asked["number"] for asked in alert["steps"] for role in asked["roles"]}
        for asked in alert["steps"]:
            for role in asked["roles"]:
                step = Step(alert["alert_id"], asked["number"], role)
                if (step.number, role) in done:
                    self._end(step)
                elif step in self._by_step or step in self._finished:
                    continue
                elif step.number == newest[role]:
                    self._begin(step, asked, alert)
                else:
                    self._end(step)
        if alert["status"] not in OPEN:
            self._drop(alert["alert_id"])
        return list(self._results())

    def due(self, now: datetime) -> list[Delivery]:
        """Return what is to be delivered now; each telling in it counts as being delivered from here on."""
        ready: dict[str, list[Telling]] = defaultdict(list)
        for tellings in self._by_step.values():
            for telling in tellings:
                if telling.state is None and telling.not_before <= now:
                    ready[telling.recipient.key].append(telling)
        deliveries = []
        for tellings in ready.values():
            recipient = tellings[0].recipient
            together = [each for each in tellings if recipient.comes_together(self._severity(each))]
            alone = [each for each in tellings if each not in together]
            if len(alone) > AT_ONCE:
                together, alone = [*together, *alone], []
            deliveries += [Delivery(recipient, (each,)) for each in alone]
            if together:
                deliveries.append(Delivery(recipient, tuple(together)))
        for delivery in deliveries:
            for telling in delivery.tellings:
                telling.state = "delivering"
                telling.attempts += 1
                self._journal[telling.reference] = "delivering"
        return deliveries

    def delivered(self, delivery: Delivery) -> list[Result]:
        """Note that a message was taken; return the steps that come to an end by it."""
        for telling in delivery.tellings:
            self._settle(telling, "told")
        return list(self._results())

    def not_delivered(self, delivery: Delivery, now: datetime) -> list[Result]:
        """Note that a message was not taken: it is tried again later, or has failed."""
        for telling in delivery.tellings:
            if telling.attempts > len(PAUSES):
                self._settle(telling, "failed")
            else:
                telling.state = None
                telling.not_before = now + PAUSES[telling.attempts - 1]
        return list(self._results())

    @property
    def waiting(self) -> int:
        """How many tellings are still to be delivered, or being delivered."""
        return sum(
            each.state in {None, "delivering"} for every in self._by_step.values() for each in every
        )

    def _begin(self, step: Step, asked: Mapping[str, Any], alert: Mapping[str, Any]) -> None:
        found = self.recipients.of(step.role, alert["authority"])
        self._by_step[step] = [
            Telling(
                step,
                asked["kind"],
                each,
                each.not_before(asked["at"], alert["severity"]),
                self._journal.get(reference(step, each.key)),
            )
            for each in found
        ]

    def _drop(self, alert_id: str) -> None:
        """Tell no more that something is to be done about an alert that is over; that it is over is still told."""
        for step, tellings in self._by_step.items():
            if step.alert_id == alert_id and tellings and tellings[0].kind != "resolved":
                self._by_step[step] = [each for each in tellings if each.state is not None]
        over = [
            step
            for step, tellings in self._by_step.items()
            if step.alert_id == alert_id and not tellings
        ]
        for step in over:
            self._end(step)

    def _results(self) -> Iterator[Result]:
        """Give each step whose every telling has come to an end."""
        for step, tellings in list(self._by_step.items()):
            states = {each.state for each in tellings}
            if states & {None, "delivering"}:
                continue
            outcome: Outcome = "nobody"
            for worst in ("failed", "unknown", "told"):
                if worst in states:
                    outcome = worst
            means = "+".join(sorted({each.recipient.means for each in tellings})) or "none"
            attempts = sum(each.attempts for each in tellings)
            self._end(step)
            yield Result(step, outcome, means, attempts)

    def _settle(self, telling: Telling, state: State) -> None:
        telling.state = self._journal[telling.reference] = state

    def _end(self, step: Step) -> None:
        self._by_step.pop(step, None)
        self._finished.add(step)

    def _severity(self, telling: Telling) -> int:
        severity: int = self.alerts[telling.step.alert_id]["severity"]
        return severity


def reference(step: Step, recipient: str) -> str:
    """Return the name of a telling in the journal: a hash, since an alert's id may be long."""
    text = "\0".join((step.alert_id, str(step.number), step.role, recipient))
    return hashlib.sha256(text.encode()).hexdigest()[:40]
