"""`baton watch`: the alerts that stand, in a table that redraws itself, or as lines for a pipe."""

from __future__ import annotations

import re
import sys
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from baton.cli.exits import WRONG, CommandError
from baton.cli.options import Brokers, Json, Prefix, kafka_settings_of, reaching
from baton.cli.output import console, print_json

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.table import Table

    from baton.reading import Message
    from baton.runtime.settings import Settings

_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_SPAN: Final = re.compile(r"(\d{1,5})([smhdw])")
_LEFT_OUT: Final = frozenset({"withdrawn", "closed"})
"""What is over, and shown with --all only."""
_WIDE: Final = 130
"""Columns from which on everything has a column of its own."""
_STANDS: Final = len("acknowledged,")
"""Columns for how an alert stands: its longest word whole."""
_SEVERITY_STYLES: Final = {1: "bold red", 2: "yellow", 3: "", 4: "dim"}
_STATUS_STYLES: Final = {"answered": "green", "withdrawn": "dim", "closed": "dim"}

Alert = dict[str, Any]


def watch(
    *,
    since: Annotated[
        str | None,
        typer.Option(
            metavar="2h|2026-01-01",
            help="Only what was raised or changed since then: s, m, h, d or w ago, or a date.",
        ),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Withdrawn and closed alerts too.")
    ] = False,
    once: Annotated[bool, typer.Option("--once", help="Read to the end, show, and stop.")] = False,
    json: Json = False,
    brokers: Brokers = None,
    prefix: Prefix = None,
) -> None:
    """Watch alerts as they are raised, answered and withdrawn; Ctrl-C ends it.

    With --json every record of an alert is one line as it comes, withdrawals too, whatever --all
    says: a program that follows must hear of them. Times in the table are local. That you look, and
    which alert you open, is noted in the audit first, under your key (BATON_OPERATOR).
    """
    from baton.cli.seen import note_seen
    from baton.contract.topics import ALERTS, prefixed
    from baton.reading import Reader

    now = datetime.now(UTC)
    changed_since = None if since is None else since_of(since, now)
    settings = kafka_settings_of(brokers, prefix)
    try:
        with (
            reaching(settings),
            Reader(settings.brokers, prefixed(settings.topic_prefix, ALERTS.name)) as reader,
        ):
            note_seen(settings, "listed", "watch")
            batches = reader.to_end() if once else reader.follow()
            if json:
                _as_json(batches, changed_since)
            elif once or not sys.stdout.isatty():
                _as_text(batches, changed_since, everything=everything, once=once)
            else:
                _live(settings, changed_since, everything=everything)
    except KeyboardInterrupt:
        return


def since_of(text: str, now: datetime) -> datetime:
    """Give the moment that `2h` (ago), `2026-01-01` or an RFC 3339 time names. Raises CommandError."""
    return moment_of(text, now, -1, "--since")


def moment_of(text: str, now: datetime, sign: int, option: str) -> datetime:
    """Give the moment that a span from now (back by a `sign` of -1), a date or an RFC 3339 time names.

    A time without an offset is local. Raises CommandError.
    """
    from baton.rules.working_days import LONDON

    span = _SPAN.fullmatch(text)
    if span is not None:
        return now + sign * timedelta(**{_UNITS[span[2]]: int(span[1])})
    try:
        day = date.fromisoformat(text)
        return datetime.combine(day, time(), LONDON).astimezone(UTC)
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        message = f"{option} {text}: write 90s, 30m, 2h, 3d or 1w, or a date such as 2026-01-01."
        raise CommandError(message, WRONG) from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=LONDON)).astimezone(UTC)


def _as_json(batches: Iterable[list[Message]], changed_since: datetime | None) -> None:
    from baton.contract import codec
    from baton.reading.alerts import alerts_of

    for batch in batches:
        for alert in alerts_of(batch):
            if changed_since is None or alert["as_of"] >= changed_since:
                print_json(codec.to_json("Alert", alert))


def _as_text(
    batches: Iterable[list[Message]],
    changed_since: datetime | None,
    *,
    everything: bool,
    once: bool,
) -> None:
    from baton.reading import newest
    from baton.reading.alerts import alerts_of
    from baton.wording import line

    if once:
        standing = shown(newest(batches).values(), changed_since, everything=everything)
        out = console()
        out.print(alerts_table(standing, out.width, datetime.now(UTC)))
        return
    for batch in batches:
        for alert in alerts_of(batch):
            if shown([alert], changed_since, everything=everything):
                sys.stdout.write(f"{line(alert)}\n")
        sys.stdout.flush()


def _live(settings: Settings, changed_since: datetime | None, *, everything: bool) -> None:
    from baton.cli.desk import View, run_desk

    raise typer.Exit(run_desk(settings, View(everything=everything, since=changed_since)))


def shown(
    alerts: Iterable[Alert], changed_since: datetime | None, *, everything: bool
) -> list[Alert]:
    """Give the alerts to show, the newest first."""
    kept = [
        alert
        for alert in alerts
        if (everything or alert["status"] not in _LEFT_OUT)
        and (changed_since is None or alert["as_of"] >= changed_since)
    ]
    return sorted(kept, key=lambda alert: (alert["raised_at"], alert["alert_id"]), reverse=True)


def alerts_table(alerts: list[Alert], width: int, now: datetime) -> Table:
    """Give the alerts as a table for so many columns."""
    from rich import box
    from rich.table import Table

    wide = width >= _WIDE
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, expand=True, title_justify="left")
    if wide:
        table.add_column("raised", width=10)
        table.add_column("!", width=1)
        table.add_column("stands", max_width=18, overflow="fold")
        table.add_column("rule", ratio=2, overflow="fold")
        table.add_column("about", ratio=2, overflow="fold")
        table.add_column("missing", ratio=3)
        table.add_column("due", width=10)
        table.add_column("who must act", ratio=2)
    else:
        table.add_column("raised", width=10)
        table.add_column("stands", width=_STANDS, overflow="fold")
        table.add_column("alert", ratio=3, overflow="fold")
        table.add_column("who must act", ratio=2)
    for alert in alerts:
        cells = _wide_row(alert, now) if wide else _narrow_row(alert, now)
        table.add_row(*cells, style=_STATUS_STYLES.get(alert["status"], ""), end_section=True)
    if not alerts:
        table.caption = "No alerts. That nothing is due is known only while the clock ticks."
    return table


def _taken_up(alert: Alert) -> list[str]:
    """Say who took an alert up, where it is."""
    return [f"by {alert['acknowledged_by']}"] if alert["acknowledged_by"] else []


def _wide_row(alert: Alert, now: datetime) -> list[Any]:
    from rich.text import Text

    from baton import wording

    return [
        wording.local(alert["raised_at"]),
        Text(str(alert["severity"]), style=_SEVERITY_STYLES[alert["severity"]]),
        "\n".join((wording.status(alert), *_taken_up(alert))),
        f"{alert['rule']}\n{alert['alert_id'].removeprefix(alert['rule'])}",
        wording.about(alert),
        wording.missing(alert),
        wording.due(alert, now),
        wording.who(alert),
    ]


def _narrow_row(alert: Alert, now: datetime) -> list[Any]:
    from rich.text import Text

    from baton import wording

    level = alert["severity"]
    what = Text()
    what.append(f"{alert['rule']}\n", style=_SEVERITY_STYLES[level])
    what.append(f"{wording.about(alert)}\n")
    what.append(f"{wording.missing_label(alert)}: {wording.missing(alert)}")
    due = wording.due(alert, now)
    if due:
        what.append(f"\ndue {due}")
    what.append(f"\n{alert['alert_id']}", style="dim")
    return [
        wording.local(alert["raised_at"]),
        "\n".join((wording.status(alert), *_taken_up(alert), f"severity {level}")),
        what,
        wording.who(alert),
    ]
