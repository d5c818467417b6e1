"""`baton users`: the operators who sign in here with a password and a code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from baton.cli.exits import WRONG, CommandError
from baton.cli.options import Json, settings_of
from baton.cli.output import console, counted, print_json, say

if TYPE_CHECKING:
    from pathlib import Path

    from baton.access import User, Users

app = typer.Typer(
    no_args_is_help=True,
    help="Make and remove the operators who sign in to the console with a password and a code.",
)


@app.command()
def add(
    key: Annotated[
        str, typer.Argument(help="The operator's key, such as operator-1; never a name.")
    ],
    role: Annotated[
        list[str] | None,
        typer.Option(help="A role of the policy, such as hub_manager; give it again for more."),
    ] = None,
    authority: Annotated[
        list[str] | None, typer.Option(help="An area whose alerts they see. [default: local]")
    ] = None,
    board: Annotated[bool, typer.Option("--board", help="May see the board's figures.")] = False,
) -> None:
    """Make an operator, or give one another password, code and roles.

    The password is asked for, twice, and shown nowhere; a script pipes it in. What is printed at the end enrols an
    authenticator app (scan or type it), once: it is not shown again.
    """
    from baton.access import enrolment, new_user, write_users

    path, users = _users()
    password = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    try:
        made = new_user(
            key, password, roles=role or [], authorities=authority or ["local"], board=board
        )
    except ValueError as error:
        raise CommandError(f"{error}.", WRONG) from None
    # The users follow their file: whether this one was there before is asked before it is written.
    done = "Made" if users.get(key) is None else "Made anew"
    write_users(path, [*(each for each in users if each.key != key), made])
    say(f"{done} {key} in {path}.")
    say("Enter this in an authenticator app; it is not shown again:")
    console().print(enrolment(made), soft_wrap=True, markup=False, highlight=False)


@app.command("list")
def list_users(*, json: Json = False) -> None:
    """List the operators; no password and no code is shown."""
    from rich.table import Table

    path, users = _users()
    rows = [
        {
            "key": each.key,
            "roles": sorted(each.roles),
            "authorities": sorted(each.authorities),
            "board": each.board,
        }
        for each in users
    ]
    if json:
        for row in rows:
            print_json(row)
        return
    if rows:
        table = Table(box=None, pad_edge=False)
        for name in ("key", "roles", "areas", "board"):
            table.add_column(name, overflow="fold")
        for each in users:
            yes = "yes" if each.board else ""
            areas = ", ".join(sorted(each.authorities))
            table.add_row(each.key, ", ".join(sorted(each.roles)), areas, yes)
        console().print(table)
    say(f"{counted(len(rows), 'operator')} in {path}.")


@app.command()
def remove(key: Annotated[str, typer.Argument(help="The operator's key.")]) -> None:
    """Remove an operator. A console that runs lets them in no more, and ends their session at once."""
    from baton.access import write_users

    path, users = _users()
    others: list[User] = [each for each in users if each.key != key]
    if len(others) == len(users):
        raise CommandError(f"There is no operator {key}: `baton users list` has them all.", WRONG)
    write_users(path, others)
    say(f"Removed {key}. A session that is open is over.")


def _users() -> tuple[Path, Users]:
    from baton.access import read_users

    path = settings_of().users_file
    return path, read_users(path)
