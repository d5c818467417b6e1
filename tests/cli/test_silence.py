"""`baton silence add`: what is wrong is said before it is sent, and what it matches now is said."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from typer.testing import Result

from baton.cli import acts, alerts
from baton.runtime.settings import Settings

Baton = Callable[..., Result]
ADD = ("silence", "add", "--why", "planned", "--by", "operator-1")


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[Mapping[str, Any]]:
    """Give the actions that are told, instead of Kafka."""
    told: list[Mapping[str, Any]] = []

    def tell(_: Settings, act: acts.Act) -> None:
        told.append(act.fields)

    monkeypatch.setattr(acts, "tell", tell)
    return told


@pytest.mark.parametrize(
    ("matcher", "until", "why"),
    [
        ("team-1", "2h", "must be pairs like rule=block-transfer"),
        ("colour=red", "2h", "fields are alert, rule"),
        ("rule=block-transfer", "2026-01-01T09:00", "that is past already"),
    ],
)
def test_what_could_never_hold_is_not_sent(
    baton: Baton, sent: list[Mapping[str, Any]], matcher: str, until: str, why: str
) -> None:
    """It says what is wrong, without asking Kafka for anything."""
    result = baton(*ADD, matcher, "--until", until)

    assert result.exit_code == 2
    assert why in " ".join(result.output.split())
    assert sent == []


@pytest.mark.parametrize(
    ("matcher", "said"),
    [
        ("rule=unreferred-incident", "It matches 1 open alert of local now."),
        ("rule=block-transfer", "It matches no open alert of local now; later ones"),
    ],
)
def test_it_says_how_many_alerts_it_matches(
    baton: Baton,
    sent: list[Mapping[str, Any]],
    alert: Callable[..., dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
    matcher: str,
    said: str,
) -> None:
    """One that matches nothing now is sent all the same: it may match later."""
    found = [alert(), alert(alert_id="over", status="answered"), alert(authority="elsewhere")]
    standing = {str(number): each for number, each in enumerate(found)}
    monkeypatch.setattr(alerts, "standing", lambda _: standing)

    result = baton(*ADD, matcher, "--until", "2h")

    assert result.exit_code == 0, result.output
    assert said in " ".join(result.output.split())
    assert [matcher] == [each["matcher"] for each in sent]
