"""`baton audit alerts`: what a log should have led to, worked out afresh, beside what it did."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from baton.cli.exits import DIFFERS, WRONG, CommandError
from baton.cli.options import Json, PolicyFile, settings_of, text_of
from baton.cli.output import counted, print_json, say

if TYPE_CHECKING:
    from collections.abc import Iterator


def audit_alerts(
    log: Annotated[Path, typer.Argument(help="A recorded log (.ndjson or .avro).")],
    *,
    alerts: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="The alerts to look at, as `baton replay --json` prints them."
            " [default: those of a replay of the log]",
            show_default=False,
        ),
    ] = None,
    json: Json = False,
    policy: PolicyFile = None,
) -> None:
    """Work out afresh which alerts a log should lead to, and name every one that is missed, false, doubled or mistimed.

    A second opinion that shares no code with the rules. It knows the first rules of the catalogue (A1 to A6, A9, C1
    to C7 and the silent feeds), and a policy without dated lines. Exit code 1 where anything differs.
    """
    from baton.auditor import CannotAuditError, compare, expected_alerts

    agreed = text_of(settings_of(policy=policy).policy, "the policy")
    actual = _replayed(log, agreed) if alerts is None else _given(alerts)
    try:
        expected = expected_alerts(_rows(log) if log.suffix == ".avro" else log, agreed)
    except CannotAuditError as error:
        message = f"This cannot be worked out: {error}."
        raise CommandError(message, WRONG) from error
    found = compare(expected, actual)
    if json:
        print_json({"expected": found.expected, "actual": found.actual} | dict(found.counts))
        for each in found.differences:
            print_json({"kind": each.kind, "alert_id": each.alert_id, "detail": each.detail})
    else:
        for each in found.differences:
            typer.echo(str(each))
        counts = ", ".join(f"{count} {kind}" for kind, count in found.counts.items())
        say(f"{counted(found.expected, 'alert')} expected, {found.actual} found: {counts}.")
    if found.differences:
        raise typer.Exit(DIFFERS)


def _replayed(log: Path, agreed: str) -> list[dict[str, Any]]:
    from baton.auditor import RULES as AUDITED
    from baton.engine.policy_file import parse_policy
    from baton.replay.logs import read_log
    from baton.replay.play import play_log
    from baton.replay.run import readable
    from baton.replay.show import row
    from baton.replay.told import Persons
    from baton.rules.register import RULES

    persons = Persons()
    with readable(str(log)):
        alerts = play_log(
            lambda: read_log(log),
            parse_policy(agreed),
            persons,
            rules={rule: RULES[rule] for rule in AUDITED},
        )
    return [row(alert, persons.plain) for alert in alerts]


def _given(path: Path) -> list[dict[str, Any]]:
    import json

    try:
        return [json.loads(line) for line in text_of(path, "the alerts").splitlines() if line]
    except ValueError as error:
        message = f"Cannot read the alerts {path}: it is not JSON lines."
        raise CommandError(message, WRONG) from error


def _rows(log: Path) -> Iterator[dict[str, Any]]:
    """Give the events of an .avro log as the objects of an .ndjson one."""
    from baton.contract import codec
    from baton.replay.logs import read_log

    for told in read_log(log):
        received = told.received_at.isoformat()
        yield {
            "record": told.record,
            "received_at": received,
            **codec.to_json(told.record, told.fields),
        }
