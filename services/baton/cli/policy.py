"""`baton policy`: check what the partnership agreed, and show what holds."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from baton.cli.exits import WRONG, CommandError
from baton.cli.options import Json, PolicyFile, policy_of, settings_of
from baton.cli.output import console, print_json, say

app = typer.Typer(no_args_is_help=True, help="Check the policy, and show what holds.")


@app.command()
def check(
    file: Annotated[
        Path | None,
        typer.Argument(help="The policy. [default: BATON_POLICY, else policy.toml]"),
    ] = None,
) -> None:
    """Read a policy and name every mistake at once, with file, line and field. Exit code 2."""
    settings = settings_of(policy=file)
    policy = policy_of(settings)
    say(f"{settings.policy} is right: version {policy.version}, {len(policy.lines)} rules.")


@app.command()
def show(
    rule: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            help="A rule, such as unreferred-incident; severity-1 to severity-4; or a role.",
        ),
    ],
    on: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="The day. [default: today]", show_default=False),
    ] = None,
    area: Annotated[str, typer.Option(help="The local authority area.")] = "local",
    json: Json = False,
    policy: PolicyFile = None,
) -> None:
    """Show what holds for a rule on a day in an area, and since when.

    severity-1 to severity-4 show what becomes of an alert of that severity, and a role's name whose
    it is.
    """
    from baton.engine.policy_file import holding
    from baton.engine.toml_lines import did_you_mean
    from baton.rules.register import RULES
    from baton.rules.working_days import LONDON

    agreed = policy_of(settings_of(policy=policy))
    known = (*RULES, *agreed.life, *agreed.roles)
    if rule not in known:
        raise CommandError(f"There is no {rule}: {did_you_mean(rule, known)}", WRONG)
    day = (on or datetime.now(UTC).astimezone(LONDON)).date()
    rows = holding(agreed, rule, day, area)
    if json:
        for row in rows:
            print_json(
                {
                    "rule": row.rule,
                    "setting": row.setting,
                    "value": row.value,
                    "since": row.since and row.since.isoformat(),
                    "area": row.area,
                }
            )
        return
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for name in ("setting", "value", "since", "area"):
        table.add_column(name, overflow="fold")
    for row in rows:
        since = "" if row.since is None else row.since.isoformat()
        table.add_row(row.setting, row.value, since, row.area or "")
    out = console()
    number = f" ({RULES[rule].catalogue})" if rule in RULES else ""
    out.print(f"{rule}{number}, on {day}, policy {agreed.version}")
    if rule in RULES:
        out.print(RULES[rule].sentence)
    out.print(table)
    if area != "local" and all(row.area is None for row in rows):
        say(f"The policy has no line of its own for {area}: what holds everywhere holds there.")
