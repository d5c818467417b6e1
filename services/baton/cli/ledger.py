"""`baton ledger`: are the stored rows what a replay says, and if not, make them so."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated, Any

import typer

from baton.cli.exits import DIFFERS, FINE, MISSING, CommandError
from baton.cli.options import (
    Brokers,
    Json,
    PolicyFile,
    Prefix,
    kafka_settings_of,
    policy_of,
    reaching,
)
from baton.cli.output import console, counted, print_json, say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from baton.cli.ledger_repair import Found
    from baton.runtime.settings import Settings

app = typer.Typer(
    no_args_is_help=True,
    help="Verify what the workers have stored against a replay, or rebuild it.",
)

Names = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[LEDGER...]",
        help="facts, or a source topic such as referrals. [default: all]",
        show_default=False,
    ),
]


@app.command()
def verify(
    names: Names = None,
    json: Json = False,
    brokers: Brokers = None,
    prefix: Prefix = None,
    policy: PolicyFile = None,
) -> None:
    """Compare stored rows with a replay, key by key, and with the alerts that are on their topic.

    It changes nothing and may run beside a worker. Exit code 1 where something differs; keys are
    pseudonymous, and no content is shown.
    """
    settings = kafka_settings_of(brokers, prefix, policy)
    found = _examine(settings, names)
    for each in found:
        _show(each, json=json)
    raise typer.Exit(FINE if all(each.equal for each in found) else DIFFERS)


@app.command()
def rebuild(
    names: Names = None,
    *,
    yes: Annotated[
        bool, typer.Option("--yes", help="Do it; without, only what would change is shown.")
    ] = False,
    json: Json = False,
    brokers: Brokers = None,
    prefix: Prefix = None,
    policy: PolicyFile = None,
) -> None:
    """Make the stored rows what a replay says: all in one transaction, or nothing.

    Stop the workers first; one that runs is refused, and one that comes back meanwhile undoes
    nothing: this fails, and may be run again. What is equal is not written, so a second run is
    harmless. Alerts that their topic has lost are told again in the same transaction; where they
    differ, such as by another policy, nothing is written.
    """
    settings = kafka_settings_of(brokers, prefix, policy)
    found = _examine(settings, names, fence=yes)
    for each in found:
        _show(each, json=json)
    if all(each.equal for each in found):
        return
    say(
        "What still differs cannot be put right by a replay: see docs/runbooks/state-topic-lost.md."
        if yes
        else "Nothing was written: stop the workers, and run it again with --yes."
    )
    raise typer.Exit(DIFFERS)


def _examine(settings: Settings, names: list[str] | None, *, fence: bool = False) -> list[Found]:
    """Look at each ledger and, to `fence`, write what differs. Raises CommandError."""
    from aiokafka.errors import KafkaError

    from baton.cli.ledger_repair import Repair
    from baton.ledger.ledger import LedgerError

    with reaching(settings):
        repair = Repair(settings, policy_of(settings))
        chosen = repair.chosen(names or [])
        if fence:
            repair.refuse_workers()
        try:
            with console(errors=True).status("Replaying what was told …"):
                return asyncio.run(repair.all_of(chosen, write=fence))
        except LedgerError as error:
            raise CommandError(f"{error}.", MISSING) from error
        except KafkaError as error:
            message = (
                f"Kafka refused ({type(error).__name__}). What was to be written is whole or absent: see that no "
                "worker runs, and run it again."
            )
            raise CommandError(message, MISSING) from error


def _show(found: Found, *, json: bool) -> None:
    if json:
        for row in _rows(found):
            print_json(row)
        return
    out = console()
    for row in _rows(found):
        if "key" in row:
            out.print(f"  {row['how']}: {row['key']}{_fields(row)}", soft_wrap=True)
    states = [
        counted(found.records, "record"),
        f"{found.equal_rows} rows equal",
        f"{len(found.differing)} differ" if found.differing else "",
        f"position {found.position}",
        *found.notes,
        "written" if found.written else "",
    ]
    out.print(f"{found.name}: {', '.join(each for each in states if each)}", soft_wrap=True)


def _fields(row: dict[str, Any]) -> str:
    return f" ({', '.join(row['fields'])})" if row["fields"] else ""


def _rows(found: Found) -> Iterator[dict[str, Any]]:
    for each in found.differing:
        yield {"ledger": found.name, "key": each.key, "how": each.how, "fields": each.fields}
    yield {
        "ledger": found.name,
        "equal": found.equal,
        "rows_equal": found.equal_rows,
        "rows_differing": len(found.differing),
        "position": found.position,
        "records": found.records,
        "notes": found.notes,
        "written": found.written,
    }
