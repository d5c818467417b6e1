"""What `baton demo` shows of a story's alerts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

from rich.console import Console

from baton.cli.demo import Told

MakeAlert = Callable[..., dict[str, Any]]
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def steps(*kinds: str) -> list[dict[str, Any]]:
    """Make steps, a day apart: the first for a manager, the others for a midwife."""
    return [
        {
            "number": number,
            "kind": kind,
            "roles": ["named_midwife" if number > 2 else "hub_manager"],
            "at": NOON + timedelta(days=number),
        }
        for number, kind in enumerate(kinds, start=1)
    ]


def shown(*alerts: dict[str, Any]) -> list[str]:
    """Show alerts one after the other; give the lines that are part of no panel."""
    out = StringIO()
    told = Told(Console(file=out, width=200))
    for alert in alerts:
        told.show(alert)
    told.end()
    return [line for line in out.getvalue().splitlines() if line.startswith("  ")]


def test_an_alert_that_nobody_takes_up_is_one_line(alert: MakeAlert) -> None:
    """However often it was chased: how often, until when, and who was to be told, in order."""
    kinds = ["raised", *["chased"] * 12]
    lines = shown(*(alert(steps=steps(*kinds[:count])) for count in range(1, 14)))

    assert len(lines) == 1
    assert (
        "chased 12 times, until 2026-03-15 12:00, to be told: hub manager, named midwife"
        in (lines[0])
    )


def test_what_else_happens_is_said_when_it_does(alert: MakeAlert) -> None:
    """What was held back comes before it, and is counted anew behind it."""
    lines = shown(
        alert(steps=steps("raised")),
        alert(steps=steps("raised", "chased")),
        alert(steps=steps("raised", "chased", "worse")),
        alert(steps=steps("raised", "chased", "worse", "chased", "chased")),
        alert(status="answered", steps=steps("raised", "chased", "worse", "chased", "chased")),
    )

    said = [line.partition(": ")[2] for line in lines]
    assert said[0].startswith("chased once, to be told: hub manager")
    assert said[1].startswith("worse, to be told: named midwife")
    assert said[2].startswith("chased 2 times, until")
    assert len(said) == 3


def test_chases_beyond_what_an_alert_keeps_are_counted(alert: MakeAlert) -> None:
    """An alert keeps its newest steps; their numbers say which are new."""
    every = steps("raised", *["chased"] * 5)
    lines = shown(alert(steps=every[:3]), alert(steps=every[1:4]), alert(steps=every[3:6]))

    assert len(lines) == 1
    assert "chased 3 times" in lines[0]
