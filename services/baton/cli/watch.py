"""`baton watch`: the alerts that stand, in a table that redraws itself, or as lines for a pipe."""

from __future__ import annotations

import re
import sys
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from baton.cli.exits import WRONG, CommandError
from baton.cli.options import Brokers, Json, Prefix, kafka_settings_of, reaching
from baton.cli.output import console, counted, print_json

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.table import Table

    from baton.reading import Message, Reader
    from baton.runtime.settings import Settings

_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_AGO: Final = re.compile(r"(\d{1,5})([smhdw])")
_LEFT_OUT: Final = frozenset({"withdrawn", "closed"})
"""What is over, and shown with --all only."""
_WIDE: Final = 130
"""Columns from which on everything has a column of its own."""
_LINES_OF_A_ROW: Final = {False: 7, True: 4}
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
    says: a program that follows must hear of them. Times in the table are local.
    """
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
            batches = reader.to_end() if once else reader.follow()
            if json:
                _as_json(batches, changed_since)
            elif once or not sys.stdout.isatty():
                _as_text(batches, changed_since, everything=everything, once=once)
            else:
                _live(reader, settings, changed_since, everything=everything)
    except KeyboardInterrupt:
        return


def since_of(text: str, now: datetime) -> datetime:
    """Give the moment that `2h`, `2026-01-01` or an RFC 3339 time names; a local one has no offset.

    Raises CommandError.
    """
    from baton.rules.working_days import LONDON

    ago = _AGO.fullmatch(text)
    if ago is not None:
        return now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
    try:
        day = date.fromisoformat(text)
        return datetime.combine(day, time(), LONDON).astimezone(UTC)
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        message = f"--since {text}: write 90s, 30m, 2h, 3d or 1w, or a date such as 2026-01-01."
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


def _live(
    reader: Reader, settings: Settings, changed_since: datetime | None, *, everything: bool
) -> None:
    from rich.live import Live

    from baton.reading.alerts import alerts_of

    standing: dict[str, Alert] = {}
    answered_at = datetime.now(UTC)
    out = console()
    with Live(console=out, auto_refresh=False, screen=False, vertical_overflow="crop") as live:
        for batch in reader.follow():
            for alert in alerts_of(batch):
                standing[alert["alert_id"]] = alert
            now = datetime.now(UTC)
            if reader.answering:
                answered_at = now
            rows = shown(standing.values(), changed_since, everything=everything)
            table = alerts_table(rows, out.width, now, height=out.height)
            table.title = _title(
                len(rows), settings, now, None if reader.answering else answered_at
            )
            live.update(table, refresh=True)


def _title(count: int, settings: Settings, now: datetime, lost_at: datetime | None) -> str:
    from baton.wording import local

    alerts = counted(count, "alert")
    if lost_at is not None:
        return f"{alerts} · Kafka has not answered since {local(lost_at)}: this may be old"
    return f"{alerts} · {settings.brokers} · {local(now)}"


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


def alerts_table(
    alerts: list[Alert], width: int, now: datetime, *, height: int | None = None
) -> Table:
    """Give the alerts as a table for so many columns and, if given, lines: what is cut is said."""
    from rich import box
    from rich.table import Table

    wide = width >= _WIDE
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, expand=True, title_justify="left")
    if wide:
        table.add_column("raised", width=10)
        table.add_column("!", width=1)
        table.add_column("stands", max_width=18)
        table.add_column("rule", ratio=2)
        table.add_column("about", ratio=2, overflow="fold")
        table.add_column("missing", ratio=3)
        table.add_column("due", width=10)
        table.add_column("who must act", ratio=2)
    else:
        table.add_column("raised", width=10)
        table.add_column("stands", width=10)
        table.add_column("alert", ratio=3, overflow="fold")
        table.add_column("who must act", ratio=2)
    room = len(alerts) if height is None else max(1, (height - 4) // _LINES_OF_A_ROW[wide])
    for alert in alerts[:room]:
        cells = _wide_row(alert, now) if wide else _narrow_row(alert, now)
        table.add_row(*cells, style=_STATUS_STYLES.get(alert["status"], ""), end_section=True)
    if not alerts:
        table.caption = "No alerts. That nothing is due is known only while the clock ticks."
    elif room < len(alerts):
        table.caption = f"{len(alerts) - room} older ones do not fit; `baton alerts list` has all."
    return table


def _wide_row(alert: Alert, now: datetime) -> list[Any]:
    from rich.text import Text

    from baton import wording

    return [
        wording.local(alert["raised_at"]),
        Text(str(alert["severity"]), style=_SEVERITY_STYLES[alert["severity"]]),
        wording.status(alert),
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
        f"{wording.status(alert)}\nseverity {level}",
        what,
        wording.who(alert),
    ]
