"""How alerts are printed: JSON lines for programs, a table for people."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from rich.table import Table

from baton.rules.working_days import LONDON

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from baton.engine.alerts import Alert


def row(alert: Alert, plain: Callable[[str], str], file: str | None = None) -> dict[str, Any]:
    """Return an alert as `baton replay --json` prints it; `file` only where several files were given."""
    fields: dict[str, Any] = {} if file is None else {"file": file}
    return fields | {
        "rule": alert.rule,
        "about": plain(alert.about),
        "about_kind": alert.about_kind,
        "status": alert.status,
        "reason": alert.reason,
        "severity": alert.severity,
        "raised_at": rfc_3339(alert.raised_at),
        "due_at": alert.due_at and rfc_3339(alert.due_at),
        "answered_at": alert.answered_at and rfc_3339(alert.answered_at),
        "alert_id": alert.alert_id,
        "members": [plain(member.key) for member in alert.members],
        "evidence": [
            {
                "event_id": each.event_id,
                "event": each.event,
                "agency": each.agency,
                "occurred_at": rfc_3339(each.occurred_at),
            }
            for each in alert.evidence
        ],
    }


def json_line(fields: dict[str, Any]) -> str:
    """Return a row as one line."""
    return json.dumps(fields, ensure_ascii=False)


def table(alerts: Iterable[Alert], plain: Callable[[str], str]) -> Table:
    """Return the alerts as a table, times in local time."""
    shown = Table(box=None, pad_edge=False)
    shown.add_column("raised", no_wrap=True)
    shown.add_column("severity, rule", no_wrap=True)
    for name in ("about", "status", "due", "answered"):
        shown.add_column(name, overflow="fold")
    for alert in alerts:
        members = f" ({len(alert.members)})" if alert.members else ""
        shown.add_row(
            local(alert.raised_at),
            f"{alert.severity} {alert.rule}",
            plain(alert.about) + members,
            f"{alert.status} ({alert.reason})" if alert.reason else alert.status,
            local(alert.due_at) if alert.due_at else "",
            local(alert.answered_at) if alert.answered_at else "",
        )
    return shown


def local(moment: datetime) -> str:
    """Return a moment in local time, to the minute unless it has seconds."""
    at = moment.astimezone(LONDON)
    seconds = f":{at:%S}" if at.second or at.microsecond else ""
    thousandths = f".{at.microsecond // 1000:03}" if at.microsecond else ""
    return f"{at:%Y-%m-%d %H:%M}{seconds}{thousandths}"


def rfc_3339(moment: datetime) -> str:
    """Return a moment in UTC, as `2015-03-02T21:40:00Z`."""
    detail = "milliseconds" if moment.microsecond else "seconds"
    return moment.isoformat(timespec=detail).replace("+00:00", "Z")
