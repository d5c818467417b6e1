"""`baton silence add`: what is wrong is said before it is sent, and what it matches now is said."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from typer.testing import Result

from baton.cli import acts, alerts, silence
from baton.reading import StatedSilence
from baton.runtime.settings import Settings

Baton = Callable[..., Result]
LONG_AGO = datetime(2026, 1, 1, 9, tzinfo=UTC)
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
        ("rule=*", "2h", "rule=* would silence nothing: there are no wildcards. To mean every"),
        ("rule=block-transfer,team=north-*", "2h", "team=north-* would silence nothing"),
        ("rule=block-transfers", "2h", "rule=block-transfers would silence nothing"),
        ("rule=block-transfer,severity=0", "2h", "severity=0 would silence nothing"),
        ("rule=block-transfer,severity=5", "2h", "severity=5 would silence nothing"),
        ("agency=Police", "2h", "agency=Police would silence nothing"),
        ("about_kind=woman", "2h", "about_kind=woman would silence nothing"),
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
        ("rule=pipeline-blind", "It matches no open alert of local now; later ones"),
        (
            "severity=1,severity=4,agency=police,about_kind=person,team=team-1",
            "It matches no open alert of local now; later ones",
        ),
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


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ({}, "ended by itself at"),
        ({"ended_by": "operator-2", "ended_at": LONG_AGO}, "was ended by operator-2 at"),
        ({"refused": "unreadable-matcher"}, "never held (unreadable matcher)"),
    ],
)
def test_what_is_over_is_not_ended_again(
    baton: Baton,
    sent: list[Mapping[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
    how: dict[str, Any],
    why: str,
) -> None:
    """It says at once how it ended, and tells nothing."""
    stated = {"event_id": "silence-1", "until": LONG_AGO}
    over = StatedSilence(stated=stated, at=LONG_AGO, **how)
    monkeypatch.setattr(silence, "_silences", lambda _: [over])

    result = baton("silence", "end", "silence-1", "--by", "operator-1")

    assert result.exit_code == 2
    assert why in " ".join(result.output.split())
    assert sent == []


def test_a_list_says_that_policy_may_end_a_silence_sooner(
    baton: Baton, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What somebody asked for is the latest end; how long it holds for an alert follows from its severity."""
    stated = {"event_id": "silence-1", "until": datetime(2999, 1, 1, 9, tzinfo=UTC)}
    stated |= {"matcher": "rule=block-transfer", "why": "planned", "by": "operator-1"}
    monkeypatch.setattr(silence, "_silences", lambda _: [StatedSilence(stated=stated, at=LONG_AGO)])

    result = baton("silence", "list")

    assert result.stdout.startswith("at most until")
    assert "2999-01-01 09:00" in result.stdout
    assert "1 silence. For an alert, policy may end one sooner" in result.stderr

    monkeypatch.setattr(silence, "_silences", lambda _: [])
    assert "0 silences.\n" == baton("silence", "list").stderr
