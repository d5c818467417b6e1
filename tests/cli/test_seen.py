"""What the audit keeps of a look from a terminal: whose and at what, and nothing of the machine."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any, Self

import pytest
from typer.testing import Result

from baton import audit
from baton.cli import alerts, seen
from baton.cli.exits import CommandError
from baton.runtime.settings import Settings

Baton = Callable[..., Result]


class NoTrail:
    """Takes a note in place of Kafka, and shows nothing after it."""

    noted: list[tuple[Any, ...]]

    def __init__(self, _: Settings) -> None:
        """Connect to nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Leave."""

    def note(self, *told: str, **_: str | None) -> None:
        """Keep who, what and from where."""
        self.noted.append(told)
        message = "not shown"
        raise CommandError(message, 1)


@pytest.fixture(autouse=True)
def noted(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """Give what is noted, on a machine that is called after a person."""
    told: list[tuple[Any, ...]] = []
    monkeypatch.setattr(NoTrail, "noted", told, raising=False)
    monkeypatch.setattr(audit, "Trail", NoTrail)
    monkeypatch.setattr(socket, "gethostname", lambda: "janes-laptop")
    return told


def test_a_look_is_from_a_terminal(noted: list[tuple[Any, ...]]) -> None:
    """The machine's name may be a person's, and would be kept for ever."""
    with pytest.raises(CommandError):
        seen.note(Settings(operator="operator-1"), "viewed", "alerts show", "a/1/b")

    assert noted == [("operator-1", "viewed", "terminal")]


def test_an_export_is_from_a_terminal(
    noted: list[tuple[Any, ...]], monkeypatch: pytest.MonkeyPatch, baton: Baton
) -> None:
    """As any other look."""
    monkeypatch.setattr(alerts, "standing", lambda _: {"a/1/b": {"alert_id": "a/1/b"}})
    baton("audit", "export", "a/1/b", "--by", "operator-1")

    assert noted == [("operator-1", "exported", "terminal")]
