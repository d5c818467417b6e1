"""What goes to standard output and to standard error, and how wide it is."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.console import Console

_PIPE_WIDTH: Final = 120
"""Columns of a table that goes into a file or a pipe; COLUMNS overrides it."""


def console(*, errors: bool = False) -> Console:
    """Give the console of standard output, or of standard error."""
    import os

    from rich.console import Console

    stream = sys.stderr if errors else sys.stdout
    width = None if stream.isatty() or os.environ.get("COLUMNS") else _PIPE_WIDTH
    return Console(file=stream, width=width, highlight=False, markup=False, emoji=False)


def print_json(row: Mapping[str, Any]) -> None:
    """Print one JSON line, at once, so that a pipe has it."""
    sys.stdout.write(json.dumps(row, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def counted(count: int, thing: str) -> str:
    """Give a count with its noun, such as `1 alert` or `2 alerts`."""
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"


def say(text: str) -> None:
    """Print a sentence for people beside the output: on standard error."""
    sys.stderr.write(f"{text}\n")
