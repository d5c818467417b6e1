"""What is to be told to whom, what was, and what must never be told again: pure, given the time.

A *telling* is one recipient's part of one step of an alert. Before it is delivered, the journal says that it is being
delivered; afterwards, what came of it. Found in the middle after a crash, it may have been delivered: it is not tried
again, its outcome is `unknown`, and the engine goes on to the next role as if it had failed.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import chain
from typing import TYPE_CHECKING, Any, Final, Literal

from baton.engine.alerts import ATTEMPT_FAILED, OPEN
from baton.notify.message import SAID

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from baton.notify.recipients import Recipient, Recipients

Outcome = Literal["told", "failed", "nobody", "unknown", "attempt_failed"]
State = Literal["delivering", "told", "failed", "unknown"]

PAUSES: Final = tuple(timedelta(seconds=each) for each in (2, 10, 60, 300))
"""How long to wait before the second attempt, the third, …; after the last there is none."""
AT_ONCE: Final = 20
"""More than this for one recipient at one moment come as one message, and the next when that was taken."""
TO_ONE: Final = 2
"""How many messages are on their way to one recipient at most: one that hangs leaves the others their threads."""
TOGETHER: Final = 1_000
"""No message is of more than this, the most serious first: a storm is many messages, and none that nobody can take."""


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
    """What a role's part of a step came to, or one attempt that failed, to be told to baton.

    `recipient` is the key of the one who could not be reached by that attempt, `attempts` which it was.
    """

    step: Step
    outcome: Outcome
    means: str
    attempts: int
    recipient: str = ""


@dataclass(slots=True)
class Tellings:
    """Every telling of the alerts as they stand."""

    recipients: Recipients
    alerts: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    """Those of which somebody is still to be told: what a message says of them."""
    _journal: dict[str, State] = field(default_factory=dict)
    _by_alert: dict[str, dict[Step, list[Telling]]] = field(default_factory=dict)
    _under_way: Counter[str] = field(default_factory=Counter)
    """How many messages are on their way to each recipient."""
    _finished: set[Step] = field(default_factory=set)

    def restore(self, reference: str, state: State | None) -> None:
        """Take back a line of the journal. One that was being delivered when we died is `unknown` from now on.

        Without a state it was not taken, and is to be tried again.
        """
        if state is None:
            self._journal.pop(reference, None)
        else:
            self._journal[reference] = "unknown" if state == "delivering" else state

    def hear(self, alert: Mapping[str, Any]) -> list[Result]:
        """Take an alert as it stands now; return the steps that come to an end by that alone.

        Behind a backlog many steps are visible at once: each role is told of the newest that names it.
        """
        alert_id = alert["alert_id"]
        self.alerts[alert_id] = {name: alert[name] for name in SAID}
        steps = self._by_alert.setdefault(alert_id, {})
        done = _done(alert)
        newest = {role: asked["number"] for asked in alert["steps"] for role in asked["roles"]}
        for asked in alert["steps"]:
            for role in asked["roles"]:
                step = Step(alert_id, asked["number"], role)
                if (step.number, role) in done:
                    self._end(step)
                elif step in steps or step in self._finished:
                    continue
                elif step.number == newest[role]:
                    steps[step] = self._begin(step, asked, alert)
                else:
                    self._end(step)
        if alert["status"] not in OPEN:
            self._drop(steps)
        return list(self._results((alert_id,)))

    def due(self, now: datetime, most: int | None = None) -> list[Delivery]:
        """Return at most so many messages to be delivered now, the most serious first, and few for one recipient.

        Each telling in them counts as being delivered from here on. The others are due still.
        """
        ready, under_way = self._ready(now)
        found: list[Delivery] = []
        for key, tellings in ready.items():
            found += self._messages(tellings, busy=under_way[key] > AT_ONCE)
        found.sort(key=lambda each: min(map(self._severity, each.tellings)))
        deliveries: list[Delivery] = []
        for delivery in found:
            key = delivery.recipient.key
            if len(deliveries) == most or self._under_way[key] >= TO_ONE:
                continue
            deliveries.append(delivery)
            self._under_way[key] += 1
            for telling in delivery.tellings:
                telling.state = "delivering"
                telling.attempts += 1
                self._journal[telling.reference] = "delivering"
        return deliveries

    def _ready(self, now: datetime) -> tuple[dict[str, list[Telling]], Counter[str]]:
        """Return what each recipient could be told now, and how many are on their way to it."""
        ready: dict[str, list[Telling]] = defaultdict(list)
        under_way: Counter[str] = Counter()
        for steps in self._by_alert.values():
            for telling in chain.from_iterable(steps.values()):
                if telling.state == "delivering":
                    under_way[telling.recipient.key] += 1
                elif telling.state is None and telling.not_before <= now:
                    ready[telling.recipient.key].append(telling)
        return ready, under_way

    def _messages(self, tellings: list[Telling], *, busy: bool) -> Iterator[Delivery]:
        """Give what one recipient is told next: each by itself, or the most serious of many in one message.

        While it is `busy` with many, another message of many waits.
        """
        recipient = tellings[0].recipient
        parts: dict[bool, list[Telling]] = {True: [], False: []}
        for each in tellings:
            parts[recipient.comes_together(self._severity(each))].append(each)
        together, alone = parts[True], parts[False]
        if len(alone) > AT_ONCE:
            together, alone = tellings, []
        yield from (Delivery(recipient, (each,)) for each in alone)
        if together and not busy:
            together.sort(key=self._severity)
            yield Delivery(recipient, tuple(together[:TOGETHER]))

    def delivered(self, delivery: Delivery) -> list[Result]:
        """Note that a message was taken; return the steps that come to an end by it."""
        self._under_way[delivery.recipient.key] -= 1
        for telling in delivery.tellings:
            self._settle(telling, "told")
        return list(self._results(_alerts_of(delivery)))

    def not_delivered(self, delivery: Delivery, now: datetime) -> list[Result]:
        """Note that a message was not taken: it is tried again later, or has failed. Return that, too."""
        self._under_way[delivery.recipient.key] -= 1
        to = delivery.recipient
        results = [
            Result(each.step, ATTEMPT_FAILED, to.means, each.attempts, to.key)
            for each in delivery.tellings
        ]
        for telling in delivery.tellings:
            if self._is_over(telling):
                # What nobody took was never told, and need not be any more.
                telling.state = None
                self._drop(self._by_alert[telling.step.alert_id])
            elif telling.attempts > len(PAUSES):
                self._settle(telling, "failed")
            else:
                telling.state = None
                telling.not_before = now + PAUSES[telling.attempts - 1]
        return results + list(self._results(_alerts_of(delivery)))

    @property
    def under_way(self) -> int:
        """How many messages are on their way."""
        return self._under_way.total()

    @property
    def waiting(self) -> int:
        """How many tellings are still to be delivered, or being delivered."""
        return sum(
            each.state in {None, "delivering"}
            for steps in self._by_alert.values()
            for each in chain.from_iterable(steps.values())
        )

    def _begin(
        self, step: Step, asked: Mapping[str, Any], alert: Mapping[str, Any]
    ) -> list[Telling]:
        found = self.recipients.of(step.role, alert["authority"])
        return [
            Telling(
                step,
                asked["kind"],
                each,
                each.not_before(asked["at"], alert["severity"]),
                self._journal.get(reference(step, each.key)),
            )
            for each in found
        ]

    def _is_over(self, telling: Telling) -> bool:
        """Say whether a telling is of something to be done about an alert that is over."""
        alert = self.alerts[telling.step.alert_id]
        return telling.kind != "resolved" and alert["status"] not in OPEN

    def _drop(self, steps: dict[Step, list[Telling]]) -> None:
        """Tell no more that something is to be done about an alert that is over; that it is over is still told."""
        for step, tellings in list(steps.items()):
            if tellings and tellings[0].kind != "resolved":
                steps[step] = [each for each in tellings if each.state is not None]
            if not steps[step]:
                self._end(step)

    def _results(self, alert_ids: Iterable[str]) -> Iterator[Result]:
        """Give each step of these alerts whose every telling has come to an end."""
        for alert_id in alert_ids:
            yield from self._results_of(self._by_alert.get(alert_id, {}))
            if not self._by_alert.get(alert_id):
                self._by_alert.pop(alert_id, None)
                self.alerts.pop(alert_id, None)

    def _results_of(self, steps: dict[Step, list[Telling]]) -> Iterator[Result]:
        for step, tellings in list(steps.items()):
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
        self._by_alert[step.alert_id].pop(step, None)
        self._finished.add(step)

    def _severity(self, telling: Telling) -> int:
        severity: int = self.alerts[telling.step.alert_id]["severity"]
        return severity


def is_untold(alert: Mapping[str, Any]) -> bool:
    """Say whether an alert asks for telling somebody of whom it does not say what came of that."""
    done = _done(alert)
    return any(
        (asked["number"], role) not in done for asked in alert["steps"] for role in asked["roles"]
    )


def _done(alert: Mapping[str, Any]) -> set[tuple[int, str]]:
    """Return the steps, by number and role, of which an alert says what came of them."""
    return {
        (each["step"], each["role"]) for each in alert["told"] if each["outcome"] != ATTEMPT_FAILED
    }


def _alerts_of(delivery: Delivery) -> dict[str, None]:
    """Return the ids of the alerts that a message tells of, each once."""
    return dict.fromkeys(each.step.alert_id for each in delivery.tellings)


def reference(step: Step, recipient: str) -> str:
    """Return the name of a telling in the journal: a hash, since an alert's id may be long."""
    text = "\0".join((step.alert_id, str(step.number), step.role, recipient))
    return hashlib.sha256(text.encode()).hexdigest()[:40]
