"""The engine's alert and the contract's Alert record: the same fields, one typed and one as on the wire."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from baton.engine.alerts import Alert, EventReference
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


def fields_of(alert: Alert) -> dict[str, Any]:
    """Return an alert as the fields of the contract's record."""
    return {name: getattr(alert, name) for name in _SAME} | {
        "about": {"kind": alert.about_kind, "key": alert.about},
        "trigger": [asdict(each) for each in alert.trigger],
        "evidence": [asdict(each) for each in alert.evidence],
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
    )
