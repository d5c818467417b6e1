"""The engine's alert and the contract's Alert record: the same fields, one typed and one as on the wire."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from baton.engine.alerts import UNTOUCHED, Alert, Done, EventReference, Life, Step, Telling
from baton.rules.outcome import Member

_SAME = (
    "alert_id",
    "rule",
    "rule_version",
    "policy_version",
    "severity",
    "authority",
    "status",
    "reason",
    "due_at",
    "raised_at",
    "answered_at",
    "as_of",
)
_OF_LIFE = (
    "owner",
    "acknowledged_by",
    "acknowledged_until",
    "closing_by",
    "closed_by",
    "second_by",
    "outcome",
    "silence",
    "silenced_until",
    "next_step",
    "next_step_at",
)


_NAMES = {
    kind: tuple(field.name for field in fields(kind))
    for kind in (EventReference, Step, Telling, Done)
}


def fields_of(alert: Alert) -> dict[str, Any]:
    """Return an alert as the fields of the contract's record."""
    life = alert.life
    return {
        **{name: getattr(alert, name) for name in _SAME},
        **{name: getattr(life, name) for name in _OF_LIFE},
        "steps": [_plain(each) for each in life.steps],
        "told": [_plain(each) for each in life.told],
        "actions": [_plain(each) for each in life.actions],
        "about": {"kind": alert.about_kind, "key": alert.about},
        "trigger": [_plain(each) for each in alert.trigger],
        "evidence": [_plain(each) for each in alert.evidence],
        "missing": list(alert.missing),
        "members": [{"key": each.key, "states": list(each.states)} for each in alert.members],
        "responsible": {
            "agency": alert.responsible_agency,
            "team": alert.responsible_team,
            "role": alert.responsible_role,
        },
        "tell": list(alert.tell),
        "raised_by": list(alert.raised_by),
    }


def _plain(part: EventReference | Step | Telling | Done) -> dict[str, Any]:
    """Return what `dataclasses.asdict` does, without a copy of each value: none of them can change."""
    return {name: getattr(part, name) for name in _NAMES[type(part)]}


def alert_of(fields: dict[str, Any]) -> Alert:
    """Return the alert that a record of the contract holds."""
    return Alert(
        **{name: fields[name] for name in _SAME},
        about_kind=fields["about"]["kind"],
        about=fields["about"]["key"],
        trigger=tuple(EventReference(**each) for each in fields["trigger"]),
        evidence=tuple(EventReference(**each) for each in fields["evidence"]),
        missing=tuple(fields["missing"]),
        members=tuple(
            Member(key=each["key"], states=tuple(each["states"])) for each in fields["members"]
        ),
        responsible_agency=fields["responsible"]["agency"],
        responsible_team=fields["responsible"]["team"],
        responsible_role=fields["responsible"]["role"],
        tell=tuple(fields["tell"]),
        raised_by=tuple(fields["raised_by"]),
        life=_life_of(fields),
    )


def _life_of(fields: dict[str, Any]) -> Life:
    life = Life(
        **{name: fields[name] for name in _OF_LIFE},
        steps=tuple(Step(**each | {"roles": tuple(each["roles"])}) for each in fields["steps"]),
        told=tuple(Telling(**each) for each in fields["told"]),
        actions=tuple(Done(**each) for each in fields["actions"]),
    )
    # Rows of the rules' alerts have none: one object serves for all of them.
    return UNTOUCHED if life == UNTOUCHED else life
