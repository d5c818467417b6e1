"""What lists need to know of an alert, kept small: there may be a hundred thousand of them in memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from baton.contract import codec
from baton.engine.alerts import OPEN

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from baton.access import Operator


@dataclass(slots=True)
class Audience:
    """Whom alerts are for: those of the same area, roles and agency share one, so that each is asked of once.

    `fields` are the parts of an alert by which `may_see` decides, in the form of the contract.
    """

    fields: Mapping[str, Any]
    agency: str
    authority: str
    roles: frozenset[str]
    seen_by: dict[Operator, bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Row:
    """One alert as lists have it; `value` is the message, from which the whole is read when it is shown."""

    alert_id: str
    offset: int
    value: bytes
    audience: Audience
    rule: str
    severity: int
    status: str
    reason: str | None
    about_kind: str
    about: str
    owner: str | None
    raised_at: datetime
    raised: float
    """The same in seconds since 1970, by which lists are sorted."""
    due_at: datetime | None
    answered_at: datetime | None
    as_of: datetime
    next_step_at: datetime | None
    acknowledged_at: datetime | None
    """When somebody first took it up."""
    closing: bool
    """Somebody has asked to close it, and a second person must agree."""
    silence: str | None
    """The silence that keeps it quiet."""
    team: str | None
    repeat: bool
    """It is more serious because the same happened before."""
    text: str
    """What a search looks in, in small letters."""

    @property
    def open(self) -> bool:
        """Whether something is still to be done about it."""
        return self.status in OPEN

    def as_matched(self) -> dict[str, Any]:
        """Return the fields by which a silence may be for it, as if it were open, in the form of the contract."""
        return {
            "status": "raised",
            "authority": self.audience.authority,
            "alert_id": self.alert_id,
            "rule": self.rule,
            "about": {"kind": self.about_kind, "key": self.about},
            "severity": self.severity,
            "responsible": self.audience.fields["responsible"] | {"team": self.team},
        }

    def alert(self) -> dict[str, Any]:
        """Read the whole alert."""
        _, fields = codec.decode(self.value)
        return fields


class Audiences:
    """Gives the one audience of all alerts that are for the same people."""

    def __init__(self) -> None:
        """Begin with none."""
        self._known: dict[tuple[object, ...], Audience] = {}

    def of(self, alert: Mapping[str, Any]) -> Audience:
        """Return the audience of an alert."""
        told = frozenset(role for step in alert["steps"] for role in step["roles"])
        responsible, about = alert["responsible"], alert["about"]
        whom = about["key"] if about["kind"] == "agency" else ""
        key = (
            alert["authority"],
            tuple(alert["tell"]),
            told,
            responsible["agency"],
            responsible["role"],
            whom,
        )
        known = self._known.get(key)
        if known is None:
            planned = {role for word in alert["tell"] for role in word.split("+")}
            known = self._known[key] = Audience(
                fields={
                    "authority": alert["authority"],
                    "tell": list(alert["tell"]),
                    "steps": [{"roles": sorted(told)}],
                    "responsible": {each: responsible[each] for each in ("agency", "role")},
                    "about": {"kind": "agency" if whom else "other", "key": whom},
                },
                agency=responsible["agency"],
                authority=alert["authority"],
                roles=frozenset({responsible["role"], *told, *planned}),
            )
        return known

    def all(self) -> list[Audience]:
        """Return every audience there is."""
        return list(self._known.values())


def row_of(alert: Mapping[str, Any], value: bytes, offset: int, audience: Audience) -> Row:
    """Make the row of an alert as decoded."""
    taken_up = [
        each["occurred_at"]
        for each in alert["actions"]
        if each["event"] == "AlertAcknowledged" and each["refused"] is None
    ]
    pointers = [alert["alert_id"], alert["about"]["key"], alert["responsible"]["team"]]
    pointers += [each["key"] for each in alert["members"]]
    pointers += [alert["owner"], *(each["event_id"] for each in alert["trigger"])]
    return Row(
        alert_id=alert["alert_id"],
        offset=offset,
        value=value,
        audience=audience,
        rule=alert["rule"],
        severity=alert["severity"],
        status=alert["status"],
        reason=alert["reason"],
        about_kind=alert["about"]["kind"],
        about=alert["about"]["key"],
        owner=alert["owner"],
        raised_at=alert["raised_at"],
        raised=alert["raised_at"].timestamp(),
        due_at=alert["due_at"],
        answered_at=alert["answered_at"],
        as_of=alert["as_of"],
        next_step_at=alert["next_step_at"],
        acknowledged_at=min(taken_up, default=None),
        closing=alert["closing_by"] is not None and alert["status"] in OPEN,
        silence=alert["silence"],
        team=alert["responsible"]["team"],
        repeat="repeat" in alert["raised_by"],
        text="\n".join(each for each in pointers if each).lower(),
    )
