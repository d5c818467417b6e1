"""`baton audit`: what it says of the chain, and what it gives an inquiry."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Self

import pytest
from typer.testing import Result

from baton import audit as keeping
from baton.cli import alerts, audit
from baton.contract import codec
from baton.reading import Message
from tests.audit.test_chain import entries

Baton = Callable[..., Result]
MakeAlert = Callable[..., dict[str, Any]]
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


class Trail:
    """Takes notes in place of Kafka."""

    def __init__(self, _: object) -> None:
        """Connect to nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Leave."""

    def note(self, *_: str, **__: str | None) -> None:
        """Keep nothing."""


def topic_of(kept: list[dict[str, Any]], written_at: datetime) -> type:
    """Make a reader whose topic has these entries of the audit."""

    class Topic:
        def __init__(self, *_: object) -> None:
            """Connect to nothing."""

        def __enter__(self) -> Self:
            return self

        def __exit__(self, *_: object) -> None:
            """Leave."""

        def to_end(self) -> Iterator[list[Message]]:
            at = int(written_at.timestamp() * 1_000)
            yield [Message(0, 0, at, b"", codec.encode("AuditEntry", each)) for each in kept]

    return Topic


@pytest.mark.parametrize(
    ("age", "code", "said"),
    [
        (timedelta(days=90), 1, "entry 5: the beginning is missing: 4 before it, from 1 on"),
        (timedelta(days=366 * 6), 0, "it begins with entry 5, written "),
    ],
)
def test_a_beginning_is_missing_unless_it_left_by_its_age(
    baton: Baton, monkeypatch: pytest.MonkeyPatch, age: timedelta, code: int, said: str
) -> None:
    """By the broker's time of the first entry that is there; what nobody can prove is said."""
    rest = topic_of(entries(9)[4:], datetime.now(UTC) - age)
    monkeypatch.setattr("baton.reading.Reader", rest)

    result = baton("audit", "verify")

    assert code == result.exit_code, result.output
    assert said in " ".join(result.stderr.split())


def test_an_export_says_what_was_silenced_and_refused(
    baton: Baton, alert: MakeAlert, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By whom, why and until when; a refused close with its reason; and no word where there is nothing to say."""
    asked = {"event": "AlertClosed", "event_id": "action-1", "by": "operator-1"}
    shown = alert(actions=[asked | {"occurred_at": NOON, "refused": "no-rationale"}])
    silence = {
        "event_id": "silence-1",
        "occurred_at": NOON,
        "agency": "police",
        "by": "operator-3",
        "matcher": "rule=unreferred-incident",
        "until": NOON + timedelta(hours=8),
        "why": "planned work",
    }
    heard = {"received_at": NOON}, "AlertsSilenced", codec.complete("AlertsSilenced", silence)
    of_alert = {"alert": shown["alert_id"], "at": NOON, "where": None, "why": None}
    kept = [
        of_alert
        | {"sequence": 1, "what": "AlertClosed", "detail": "acted", "by": "operator-1"}
        | {"event_id": "action-1"},
        of_alert
        | {"sequence": 2, "what": "AlertTold", "detail": "nobody hub_manager by none", "by": None}
        | {"event_id": "told-1"},
    ]
    monkeypatch.setattr(alerts, "standing", lambda _: {shown["alert_id"]: shown})
    monkeypatch.setattr(keeping, "Trail", Trail)
    monkeypatch.setattr(audit, "_entries", lambda _: kept)
    monkeypatch.setattr(audit, "_heard", lambda _: [heard])

    result = baton("audit", "export", "inc-1", "--by", "operator-2", COLUMNS="300")

    assert result.exit_code == 0, result.output
    told = " ".join(result.stdout.split())
    assert "The silences that meant it" in told
    assert "rule=unreferred-incident planned work operator-3 nobody, it ends by itself" in told
    assert "AlertClosed acted. Refused: To close an alert of this severity" in told
    assert "nobody hub_manager baton" in told
    assert "by none" not in told
