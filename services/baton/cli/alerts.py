"""`baton alerts`: the alerts as they stand, as a list or one of them in full."""

from __future__ import annotations

from datetime import UTC, datetime
from difflib import get_close_matches
from typing import TYPE_CHECKING, Annotated, Any

import typer

from baton.cli.exits import WRONG, CommandError
from baton.cli.options import Brokers, Json, Prefix, kafka_settings_of, reaching
from baton.cli.output import console, counted, print_json, say
from baton.cli.silence import By

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.console import Console

    from baton.runtime.settings import Settings

app = typer.Typer(no_args_is_help=True, help="List the alerts, show one in full, and act on it.")


AlertId = Annotated[str, typer.Argument(metavar="ID", help="The alert's id, or a part of it.")]


@app.command("list")
def list_alerts(
    *,
    status: Annotated[
        list[str] | None,
        typer.Option(help="Only of this status; give it again for more than one."),
    ] = None,
    rule: Annotated[
        list[str] | None, typer.Option(help="Only of this rule; give it again for more than one.")
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Withdrawn and closed alerts too.")
    ] = False,
    json: Json = False,
    brokers: Brokers = None,
    prefix: Prefix = None,
) -> None:
    """List the alerts as they stand now, the newest first."""
    from baton.cli.seen import note_seen
    from baton.cli.watch import alerts_table, shown
    from baton.contract import codec

    _check_words(status or [], rule or [])
    settings = kafka_settings_of(brokers, prefix)
    found = [
        alert
        for alert in standing(settings).values()
        if (not status or alert["status"] in status) and (not rule or alert["rule"] in rule)
    ]
    rows = shown(found, None, everything=everything or bool(status))
    note_seen(settings, "listed", "alerts list")
    if json:
        for alert in rows:
            print_json(codec.to_json("Alert", alert))
        return
    if rows:
        out = console()
        out.print(alerts_table(rows, out.width, datetime.now(UTC)))
    over = len(found) - len(rows)
    hidden = f" ({over} withdrawn or closed; --all shows them)" if over else ""
    say(f"{counted(len(rows), 'alert')}{hidden}.")


@app.command()
def show(
    alert_id: Annotated[str, typer.Argument(metavar="ID", help="The alert's id, or a part of it.")],
    json: Json = False,
    brokers: Brokers = None,
    prefix: Prefix = None,
) -> None:
    """Show one alert in full: what, about whom, since when, what is missing, who must act, and what became of it.

    That you saw it is noted in the audit first, under your key (BATON_OPERATOR); without a key it cannot be.
    """
    from baton.cli.seen import note_seen
    from baton.contract import codec

    settings = kafka_settings_of(brokers, prefix)
    alert = one(standing(settings), alert_id)
    note_seen(settings, "viewed", "alerts show", alert["alert_id"])
    if json:
        print_json(codec.to_json("Alert", alert))
        return
    print_alert(alert, console())


def print_alert(alert: Mapping[str, Any], out: Console) -> None:
    """Print one alert in full."""
    from rich.table import Table

    from baton import wording
    from baton.wording import lived

    facts = Table(box=None, show_header=False, pad_edge=False)
    facts.add_column(style="bold", no_wrap=True)
    facts.add_column(overflow="fold")
    for label, text in wording.details(alert):
        facts.add_row(label, text)
    out.print(f"{alert['rule']}: {wording.status(alert)}")
    out.print(facts)
    became = Table(
        box=None, show_header=False, pad_edge=False, title="What became of it", title_justify="left"
    )
    became.add_column(style="bold", no_wrap=True)
    became.add_column(overflow="fold")
    for label, text in lived.lines(alert):
        if text:
            became.add_row(label, text)
    if became.row_count:
        out.print()
        out.print(became)
    started = {each["event_id"] for each in alert["trigger"]}
    rests_on = {each["event_id"]: each for each in (*alert["trigger"], *alert["evidence"])}
    if rests_on:
        events = Table(box=None, pad_edge=False, title="What it rests on", title_justify="left")
        for name in ("when", "agency", "event", "", "event id"):
            events.add_column(name, overflow="fold", no_wrap=name in {"when", "event"})
        for each in sorted(rests_on.values(), key=lambda event: event["occurred_at"]):
            mark = "started it" if each["event_id"] in started else ""
            when, agency = wording.local(each["occurred_at"]), wording.agency(each["agency"])
            events.add_row(when, agency, each["event"], mark, each["event_id"])
        out.print()
        out.print(events)
    if alert["members"]:
        title = f"The {len(alert['members'])} it covers"
        members = Table(box=None, pad_edge=False, title=title, title_justify="left")
        members.add_column("which")
        members.add_column("how it stands")
        for each in alert["members"]:
            members.add_row(*wording.member(each))
        out.print()
        out.print(members)


@app.command()
def ack(
    alert_id: AlertId,
    *,
    by: By,
    until: Annotated[
        str | None,
        typer.Option(
            metavar="4h|2026-03-02T17:00",
            help="When it lapses, and is chased again. [default: the policy's limit]",
        ),
    ] = None,
    json: Json = False,
    brokers: Brokers = None,
    prefix: Prefix = None,
) -> None:
    """Take an alert up: nobody is chased until it lapses."""
    from baton.cli.acts import until_of

    moment = None if until is None else until_of(until, datetime.now(UTC))
    _do(alert_id, "AlertAcknowledged", by, (brokers, prefix), json=json, until=moment)


@app.command()
def assign(
    alert_id: AlertId,
    to: Annotated[str, typer.Argument(help="To whom: the key of a team, a role or an operator.")],
    *,
    by: By,
    json: Json = False,
    brokers: Brokers = None,
    prefix: Prefix = None,
) -> None:
    """Say whose it is. Somebody who may not see it is refused, where the operators' file or the policy knows them."""
    _do(alert_id, "AlertAssigned", by, (brokers, prefix), json=json, to=to)


@app.command()
def note(
    alert_id: AlertId,
    where: Annotated[
        str, typer.Argument(help="Where the note is in your own system; never its words.")
    ],
    *,
    by: By,
    json: Json = False,
    brokers: Brokers = None,
    prefix: Prefix = None,
) -> None:
    """Say where a note about it is kept."""
    _do(alert_id, "AlertNoted", by, (brokers, prefix), json=json, note=where)


@app.command()
def close(
    alert_id: AlertId,
    *,
    by: By,
    outcome: Annotated[
        str,
        typer.Option(
            help="What became of it: acted, already_done, not_required, duplicate, wrong_match, wrong_record or other."
        ),
    ],
    rationale: Annotated[
        str | None,
        typer.Option(help="Why, in general words: no name, address or health detail."),
    ] = None,
    json: Json = False,
    brokers: Brokers = None,
    prefix: Prefix = None,
) -> None:
    """Close an alert. One that is critical needs a second person, who closes it with the same outcome."""
    from baton.cli.acts import OUTCOMES
    from baton.engine.toml_lines import did_you_mean

    if outcome not in OUTCOMES:
        raise CommandError(f"--outcome {outcome}: {did_you_mean(outcome, OUTCOMES)}", WRONG)
    # No second person is named here: they say so themselves.
    said = {"outcome": outcome, "rationale": rationale}
    _do(alert_id, "AlertClosed", by, (brokers, prefix), json=json, **said)


@app.command()
def reopen(
    alert_id: AlertId,
    *,
    by: By,
    json: Json = False,
    brokers: Brokers = None,
    prefix: Prefix = None,
) -> None:
    """Open a closed alert again."""
    _do(alert_id, "AlertReopened", by, (brokers, prefix), json=json)


def _do(
    alert_id: str,
    record: str,
    by: str,
    where: tuple[str | None, str | None],
    *,
    json: bool,
    **said: object,
) -> None:
    from baton.cli.acts import act_on, check_assignee, do
    from baton.contract import codec
    from baton.wording import lived

    settings = kafka_settings_of(*where)
    alert = one(standing(settings), alert_id)
    warning = ""
    if record == "AlertAssigned":
        warning = check_assignee(settings, str(said["to"]), alert, by)
    after = do(settings, act_on(alert, record, by, **said))
    if json:
        print_json(codec.to_json("Alert", dict(after)))
    else:
        print_alert(after, console())
        say(lived.done(record, after))
    if warning:
        say(warning)


def standing(settings: Settings) -> dict[str, dict[str, Any]]:
    """Read the newest record of every alert, by id."""
    from baton.contract.topics import ALERTS, prefixed
    from baton.reading import Reader, newest

    topic = prefixed(settings.topic_prefix, ALERTS.name)
    with reaching(settings), Reader(settings.brokers, topic) as reader:
        return newest(reader.to_end())


def one(alerts: Mapping[str, Mapping[str, Any]], text: str) -> Mapping[str, Any]:
    """Give the alert of this id, or the only one whose id holds the text. Raises CommandError."""
    if text in alerts:
        return alerts[text]
    holding = [alert_id for alert_id in alerts if text in alert_id]
    if len(holding) == 1:
        return alerts[holding[0]]
    if holding:
        first = ", ".join(sorted(holding)[:3])
        message = f"{len(holding)} alerts have that in their id ({first}, …): give the whole id."
    else:
        near = get_close_matches(text, alerts, n=1)
        hint = f"; the nearest is {near[0]}" if near else ""
        message = f"There is no such alert{hint}: `baton alerts list --all` has every id."
    raise CommandError(message, WRONG)


def _check_words(statuses: Sequence[str], rules: Sequence[str]) -> None:
    from baton.contract import codec
    from baton.engine.toml_lines import did_you_mean
    from baton.rules.register import RULES
    from baton.wording import OF_NO_RULE

    fields = {field["name"]: field["type"] for field in codec.schema("Alert")["fields"]}
    for option, given, known in (
        ("--status", statuses, fields["status"]["symbols"]),
        ("--rule", rules, (*RULES, *OF_NO_RULE)),
    ):
        for word in given:
            if word not in known:
                raise CommandError(f"{option} {word}: {did_you_mean(word, known)}", WRONG)
