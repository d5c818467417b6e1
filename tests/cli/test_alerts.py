"""`baton alerts`: what is shown of one alert, and what is said once something was done to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from baton.access import User, write_users
from baton.cli import acts, alerts
from baton.runtime.settings import Settings

Baton = Callable[..., Result]
MakeAlert = Callable[..., dict[str, Any]]

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
SECOND = "until a second person closes it"
UNKNOWN = "baton does not know the key team-1: make sure that whoever it is may see this alert."


@pytest.fixture
def lived(alert: MakeAlert) -> dict[str, Any]:
    """Give an alert that has been through much."""
    failed = {"role": "hub_manager", "by": "email", "at": NOON, "step": 1, "outcome": "failed"}
    refused = {"event_id": "x", "event": "AlertClosed", "by": "operator-2", "occurred_at": NOON}
    return alert(
        status="acknowledged",
        owner="team-1",
        acknowledged_by="operator-1",
        acknowledged_until=NOON + HOUR,
        closing_by="operator-2",
        silence="silence-1",
        silenced_until=NOON + 2 * HOUR,
        steps=[{"number": 1, "kind": "raised", "roles": ["hub_manager"], "at": NOON}],
        told=[failed],
        actions=[refused | {"refused": "same-person"}],
        next_step="lapsed",
        next_step_at=NOON + HOUR,
    )


@pytest.fixture
def standing(monkeypatch: pytest.MonkeyPatch) -> Callable[[dict[str, Any]], None]:
    """Give a function that lets an alert stand; whatever is done to it is done."""

    def stand(after: dict[str, Any]) -> None:
        def do(_: Settings, __: acts.Act) -> Mapping[str, Any]:
            return after

        monkeypatch.setattr(alerts, "standing", lambda _: {after["alert_id"]: after})
        monkeypatch.setattr(acts, "do", do)

    return stand


def words_of(text: str) -> str:
    """Give an output on one line."""
    return " ".join(text.split())


def test_an_alert_is_shown_with_what_became_of_it(
    baton: Baton, standing: Callable[[dict[str, Any]], None], lived: dict[str, Any]
) -> None:
    """Whose it is, who took it up, who asked to close it, its silence, what failed, what was refused, what is next."""
    standing(lived)

    text = words_of(baton("alerts", "show", "inc-1").stdout)

    for part in (
        "belongs to team-1",
        "taken up by operator-1, until 2026-03-02 13:00",
        "to be closed operator-2 asked, and a second person must agree",
        "silenced until 2026-03-02 14:00",
        "hub manager could not be told by email",
        "Refused: Two different persons must close this alert",
        "next it is taken up until 2026-03-02 13:00; then the hub manager is told",
    ):
        assert part in text


def test_help_names_every_outcome(baton: Baton) -> None:
    """One need not give a wrong one to learn what may be given."""
    text = baton("alerts", "close", "--help").output

    assert [] == [each for each in acts.OUTCOMES if each not in text]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["ack"], ["Done: taken up by operator-1, until 2026-03-02 13:00."]),
        (["assign", "team-1"], ["Done: belongs to team-1.", UNKNOWN]),
        (["note", "file-7"], ["Done: noted."]),
        (["close", "--outcome", "acted"], [f"It stays open {SECOND} with the same outcome."]),
    ],
)
def test_what_was_done_is_said_afterwards(
    baton: Baton,
    standing: Callable[[dict[str, Any]], None],
    lived: dict[str, Any],
    arguments: list[str],
    said: list[str],
) -> None:
    """That it stays open is said of a close alone, though somebody asked to close it before."""
    standing(lived)
    command, *rest = arguments

    result = baton("alerts", command, "inc-1", *rest, "--by", "operator-1")

    assert result.exit_code == 0, result.output
    assert said == result.stderr.splitlines()
    assert "belongs to team-1" in words_of(result.stdout)


@pytest.mark.parametrize(
    ("to", "refused"),
    [
        ("op-2", False),
        ("op-3", True),
        ("op-4", True),
        ("hub_manager", False),
        ("named_midwife", True),
    ],
)
def test_an_alert_is_not_assigned_to_somebody_who_may_not_see_it(
    baton: Baton,
    standing: Callable[[dict[str, Any]], None],
    lived: dict[str, Any],
    tmp_path: Path,
    to: str,
    refused: bool,  # noqa: FBT001 (what is expected)
) -> None:
    """Of another agency, or of another area: it says so, and tells nothing. Whom the file knows needs no warning."""
    standing(lived)
    users = [
        User(key="op-2", password_hash="", second_factor="", roles=frozenset({"hub_manager"})),
        User(key="op-3", password_hash="", second_factor="", roles=frozenset({"named_midwife"})),
        User(
            key="op-4",
            password_hash="",
            second_factor="",
            roles=frozenset({"hub_manager"}),
            authorities=frozenset({"elsewhere"}),
        ),
    ]
    write_users(tmp_path / "users.toml", users)

    result = baton("alerts", "assign", "inc-1", to, "--by", "operator-1")

    assert (2 if refused else 0) == result.exit_code, result.output
    assert refused is (f"{to} may not see this alert" in result.stderr)
    assert "does not know" not in result.stderr
