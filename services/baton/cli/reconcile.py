"""`baton alerts reconcile`: of the cases that moved in a block, which have arrived and which have not."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from baton.cli.alerts import one, standing
from baton.cli.exits import DIFFERS, WRONG, CommandError
from baton.cli.options import (
    Brokers,
    Json,
    PolicyFile,
    Prefix,
    kafka_settings_of,
    settings_of,
    text_of,
)
from baton.cli.output import console, counted, print_json, say
from baton.cli.seen import note_seen

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.console import Console

    from baton.rules.block_transfer import Reconciliation

_COLUMNS: Final = {
    "asked": "requested",
    "rejected": "rejected",
    "accepted": "accepted",
    "handed over": "handover-recorded",
    "file read": "file-read",
    "items lost": "items-open",
    "worker": "worker-allocated",
    "visited": "visited",
}
"""What is shown of each case, and the coded word of its state that says so."""


def reconcile(
    alert_id: Annotated[
        str, typer.Argument(metavar="ALERT", help="The block's alert: its id, or a part of it.")
    ],
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[FILE...]",
            help="Scenarios and logs to find it in. [default: the alerts as they stand]",
            show_default=False,
        ),
    ] = None,
    *,
    json: Json = False,
    brokers: Brokers = None,
    prefix: Prefix = None,
    policy: PolicyFile = None,
) -> None:
    """Say of a block transfer which of the cases sent have not arrived, and how far each handover has come.

    A case has arrived once the team that it was sent to has accepted it. Exit code 1: not all have.
    """
    from baton.rules.block_transfer import SLUG
    from baton.rules.block_transfer import reconcile as reconciled
    from baton.rules.outcome import Member

    if files:
        alerts = _from_files(files, settings_of(brokers, prefix, policy).policy)
    else:
        settings = kafka_settings_of(brokers, prefix)
        alerts = standing(settings)
    blocks = {key: alert for key, alert in alerts.items() if alert["rule"] == SLUG}
    if not blocks:
        raise CommandError("No cases have moved in a block, by what is known there.", WRONG)
    alert = one(blocks, alert_id)
    if not files:
        note_seen(settings, "viewed", "alerts reconcile", alert["alert_id"])
    found = reconciled(
        Member(key=each["key"], states=tuple(each["states"])) for each in alert["members"]
    )
    if json:
        print_json(_row(alert, found))
    else:
        _print(alert, found, console())
    if found.not_arrived:
        raise typer.Exit(DIFFERS)


def _from_files(files: Sequence[Path], policy: Path) -> dict[str, dict[str, Any]]:
    """Play the files, each alone, and give their alerts as they stand at the end. Raises Mistakes."""
    from baton.engine.alert_record import fields_of
    from baton.engine.toml_lines import Mistakes
    from baton.replay.run import replay
    from baton.replay.scenario import PolicyText

    alerts: dict[str, dict[str, Any]] = {}
    for result in replay(files, PolicyText(text_of(policy, "the policy"), str(policy))):
        if result.mistakes:
            raise Mistakes(result.mistakes)
        alerts |= {alert.alert_id: fields_of(alert) for alert in result.alerts}
    return alerts


def _row(alert: Mapping[str, Any], found: Reconciliation) -> dict[str, Any]:
    return {
        "alert_id": alert["alert_id"],
        "team": alert["about"]["key"],
        "status": alert["status"],
        "sent": len(found.arrived) + len(found.not_arrived),
        "arrived": len(found.arrived),
        "not_arrived": len(found.not_arrived),
        "not_arrived_cases": list(found.not_arrived),
        "cases": [
            {
                "case": each["key"],
                "arrived": each["key"] in found.arrived,
                "states": list(each["states"]),
            }
            for each in alert["members"]
        ],
    }


def _print(alert: Mapping[str, Any], found: Reconciliation, out: Console) -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    table.add_column("case", overflow="fold")
    for name in _COLUMNS:
        table.add_column(name)
    for each in alert["members"]:
        table.add_row(each["key"], *(_mark(each["states"], code) for code in _COLUMNS.values()))
    out.print(f"Cases sent in a block to team {alert['about']['key']}")
    out.print(table)
    if found.not_arrived:
        out.print(f"Not arrived ({len(found.not_arrived)}): {', '.join(found.not_arrived)}")
    sent = len(found.arrived) + len(found.not_arrived)
    say(f"{counted(sent, 'case')} sent, {len(found.arrived)} arrived.")


def _mark(states: Sequence[str], code: str) -> str:
    from baton.rules.block_transfer import ARRIVED, ELSEWHERE

    if code == ARRIVED and ELSEWHERE in states:
        return "elsewhere"
    return "yes" if code in states else "-"
