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
    rule: Annotated[str, typer.Argument(help="A rule, such as unreferred-incident.")],
    on: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="The day. [default: today]", show_default=False),
    ] = None,
    area: Annotated[str, typer.Option(help="The local authority area.")] = "local",
    json: Json = False,
    policy: PolicyFile = None,
) -> None:
    """Show what holds for a rule on a day in an area, and since when."""
    from baton.engine.policy_file import holding
    from baton.engine.toml_lines import did_you_mean
    from baton.rules.register import RULES
    from baton.rules.working_days import LONDON

    if rule not in RULES:
        message = f"There is no rule {rule}: {did_you_mean(rule, RULES)}"
        raise CommandError(message, WRONG)
    agreed = policy_of(settings_of(policy=policy))
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
    out.print(f"{rule} ({RULES[rule].catalogue}), on {day}, policy {agreed.version}")
    out.print(RULES[rule].sentence)
    out.print(table)
    if area != "local" and all(row.area is None for row in rows):
        say(f"The policy has no line of its own for {area}: what holds everywhere holds there.")
