"""A role that has nobody to tell: what a scenario's `[[silent]]` blocks with a `role` stand for.

A role without a block can always be told. With one, what tells people says of every step that asks for the role
between `after` and `until` that it has nobody, at the moment of the step. Which steps those are follows from the
scenario itself: so it is played again and again, each time with what is known of its earliest such step.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from baton.contract import codec
from baton.replay.play import played
from baton.replay.told import Persons, Told

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from baton.engine.alerts import Alert, Step
    from baton.engine.toml_lines import Table
    from baton.rules.policy import Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmanned:
    """One `[[silent]]` block of a role; `until` None: to the end of the scenario."""

    role: str
    authority: str
    after: datetime
    until: datetime | None
    block: Table

    def asks(self, alert: Alert, step: Step) -> bool:
        """Say whether a step of an alert asks for this role while it has nobody."""
        return (
            alert.authority == self.authority
            and self.role in step.roles
            and self.after <= step.at
            and (self.until is None or step.at < self.until)
        )


def unheard(
    told: Sequence[Told], unmanned: Sequence[Unmanned], until: datetime, policy: Policy
) -> list[Told]:
    """Return what is told, with what is said of the steps that reach nobody, in the order of hearing."""
    said = list(told)
    known: set[tuple[str, int, str]] = set()
    while unmanned:
        lives = played(said, policy, Persons(), until=until, with_lives=True).lives
        asked = [
            each
            for each in _asked([] if lives is None else lives.alerts(), unmanned)
            if each[:3] not in known
        ]
        if not asked:
            break
        at = min(each[3] for each in asked)
        for each in sorted(asked):
            if each[3] == at:
                known.add(each[:3])
                said.append(_nobody(len(known), each))
        said.sort(key=lambda each: each.received_at)
    return said


_Asked = tuple[str, int, str, datetime, str]
"""An alert's id, a step's number, a role, when it was asked for, and the alert's authority."""


def _asked(alerts: Sequence[Alert], unmanned: Sequence[Unmanned]) -> Iterator[_Asked]:
    for alert in alerts:
        for step in alert.life.steps:
            for role in sorted({each.role for each in unmanned if each.asks(alert, step)}):
                yield alert.alert_id, step.number, role, step.at, alert.authority


def _nobody(number: int, asked: _Asked) -> Told:
    alert_id, step, role, at, authority = asked
    fields = codec.complete(
        "AlertTold",
        {
            "event_id": f"nobody-{number}",
            "occurred_at": at,
            "agency": "other",
            "authority": authority,
            "alert": alert_id,
            "step": step,
            "role": role,
            "by": "nothing",
            "outcome": "nobody",
        },
    )
    return Told("AlertTold", fields, at)
