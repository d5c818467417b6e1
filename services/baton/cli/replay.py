"""`baton replay`: scenarios and recorded logs through the same engine, without Kafka."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from baton.cli.options import Json, PolicyFile, settings_of
from baton.cli.output import console


def replay(
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILES...", help="Scenarios (.toml) and logs (.ndjson, .avro)."),
    ],
    json: Json = False,
    policy: PolicyFile = None,
) -> None:
    """Play scenarios and recorded logs, and print the alerts as they stand at the end.

    Exit code 0: all expectations are met. 1: not met; the difference is on standard error. 2: a
    file is wrong; its mistakes are on standard error, with file, line and field.
    """
    from baton.replay.run import run

    settings = settings_of(policy=policy)
    if not sys.stderr.isatty():
        code = run(files, json=json, policy_path=settings.policy, out=sys.stdout, err=sys.stderr)
        raise typer.Exit(code)

    from rich.progress import Progress, TaskID

    with Progress(console=console(errors=True), transient=True) as bars:
        tasks: dict[str, TaskID] = {}

        def progress(file: str, read: int, size: int) -> None:
            if file not in tasks:
                tasks[file] = bars.add_task(file, total=size)
            bars.update(tasks[file], completed=read)

        code = run(
            files,
            json=json,
            policy_path=settings.policy,
            out=sys.stdout,
            err=sys.stderr,
            progress=progress,
        )
    raise typer.Exit(code)
