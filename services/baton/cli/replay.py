"""`baton replay`: scenarios and recorded logs through the same engine, without Kafka."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from baton.cli.exits import WRONG, CommandError
from baton.cli.options import Json, PolicyFile, settings_of
from baton.cli.output import console

if TYPE_CHECKING:
    from collections.abc import Callable


def replay(
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILES...", help="Scenarios (.toml) and logs (.ndjson, .avro)."),
    ],
    *,
    json: Json = False,
    policy: PolicyFile = None,
    diff: Annotated[
        Path | None,
        typer.Option(
            metavar="OTHER_POLICY",
            help="Show instead which alerts another policy would add, take away or move.",
        ),
    ] = None,
    until: Annotated[
        str | None,
        typer.Option(
            metavar="TIME",
            help='Where the clock of a log stops, such as "2026-07-09T12:00" (local time).'
            " [default: when its last record is heard]",
            show_default=False,
        ),
    ] = None,
    rules: Annotated[
        list[str] | None,
        typer.Option(
            metavar="RULE", help="Look at this rule only; may be repeated.", show_default=False
        ),
    ] = None,
) -> None:
    """Play scenarios and recorded logs, and print the alerts as they stand at the end.

    Exit code 0: all expectations are met. 1: not met; the difference is on standard error. 2: a
    file is wrong; its mistakes are on standard error, with file, line and field.

    With --diff no expectation is judged: 0 where the policies could be compared, 2 where not.
    """
    from baton.replay.diff import run_diff
    from baton.replay.run import run

    ends_at, looked_at = _moment(until), _slugs(rules)
    settings = settings_of(policy=policy)
    with ExitStack() as closing:
        progress = _progress(closing) if sys.stderr.isatty() else None
        if diff is None:
            code = run(
                files,
                json=json,
                policy_path=settings.policy,
                out=sys.stdout,
                err=sys.stderr,
                progress=progress,
                rules=looked_at,
                until=ends_at,
            )
        else:
            code = run_diff(
                files,
                json=json,
                policy_path=settings.policy,
                other_path=diff,
                out=sys.stdout,
                err=sys.stderr,
                progress=progress,
                rules=looked_at,
                until=ends_at,
            )
    raise typer.Exit(code)


def _moment(text: str | None) -> datetime | None:
    """Read --until. Raises CommandError."""
    from baton.replay.short_forms import moment

    at = None if text is None else moment(text)
    if text is not None and at is None:
        message = f'--until {text}: must be a date and a time, such as "2026-07-09T12:00".'
        raise CommandError(message, WRONG)
    return at


def _slugs(rules: list[str] | None) -> list[str] | None:
    """Check --rules. Raises CommandError."""
    from baton.engine.toml_lines import did_you_mean
    from baton.rules.register import RULES

    for slug in rules or ():
        if slug not in RULES:
            message = f"There is no rule {slug}: {did_you_mean(slug, RULES)}"
            raise CommandError(message, WRONG)
    return rules or None


def _progress(closing: ExitStack) -> Callable[[str, int, int], None]:
    """Show a bar for each file that is read, until `closing` is closed."""
    from rich.progress import Progress, TaskID

    bars = closing.enter_context(Progress(console=console(errors=True), transient=True))
    tasks: dict[str, TaskID] = {}

    def told(file: str, read: int, size: int) -> None:
        if file not in tasks:
            tasks[file] = bars.add_task(file, total=size)
        bars.update(tasks[file], completed=read)

    return told
