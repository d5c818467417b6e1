"""The table of `baton watch`, and what it leaves out."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from rich.console import Console

from baton import wording
from baton.cli.exits import CommandError
from baton.cli.watch import alerts_table, shown, since_of

MakeAlert = Callable[..., dict[str, Any]]

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def drawn(alerts: list[dict[str, object]], width: int) -> str:
    """Draw the table as a terminal of this width shows it."""
    out = io.StringIO()
    table = alerts_table(alerts, width, NOON + timedelta(hours=2))
    Console(file=out, width=width, markup=False).print(table)
    return out.getvalue()


@pytest.mark.parametrize("width", [80, 100, 160])
def test_the_table_says_all_that_an_operator_needs(alert: MakeAlert, width: int) -> None:
    """In 80 columns and in more: when, how it stands, the rule, about whom, what is missing, who."""
    text = drawn([alert(about={"kind": "person", "key": "p-0123456789abcdef0123"})], width)

    words = " ".join(text.split())
    assert max(map(len, text.splitlines())) <= width
    for part in (
        "2026-03-02",
        "unreferred-incident",
        "p-0123456789abcdef0123",
        "supervisor",
        "2 h",
        "raised",
    ):
        assert part in words


@pytest.mark.parametrize("width", [80, 120, 130, 160])
@pytest.mark.parametrize(
    "fields",
    [
        {"status": "acknowledged"},
        {"status": "acknowledged", "acknowledged_by": "operator-of-the-hub-1"},
        {"status": "withdrawn", "reason": "answered-in-time-told-late"},
        {"status": "closed", "outcome": "already_done"},
    ],
)
def test_nothing_is_cut_off(alert: MakeAlert, width: int, fields: dict[str, object]) -> None:
    """However an alert stands, its words are whole: what is cut off cannot be searched for, or told to anybody."""
    text = drawn([alert(**fields)], width)

    assert "…" not in text
    assert str(fields["status"]) in text


@pytest.mark.parametrize("width", [80, 130])
def test_who_took_it_up_is_said(alert: MakeAlert, width: int) -> None:
    """As part of how it stands, in a narrow table too, and in a line for a pipe."""
    taken = alert(status="acknowledged", acknowledged_by="op-7")

    assert "by op-7" in " ".join(drawn([taken], width).split())
    assert "taken up by op-7" in wording.line(taken)
    assert "taken up" not in wording.line(alert())


def test_no_alerts_is_said_with_a_caution() -> None:
    """An empty table does not claim that all is well."""
    assert "known only while the clock ticks" in drawn([], 80)


def test_withdrawn_alerts_are_shown_on_request(alert: MakeAlert) -> None:
    """What is over is left out, unless everything is asked for; the newest come first."""
    old = alert(alert_id="a/1/1")
    new = alert(
        alert_id="a/2/2", raised_at=NOON + timedelta(hours=1), as_of=NOON + timedelta(hours=1)
    )
    gone = alert(alert_id="a/3/3", status="withdrawn")

    def ids(*, everything: bool, since: datetime | None = None) -> list[str]:
        return [each["alert_id"] for each in shown([old, gone, new], since, everything=everything)]

    assert ids(everything=False) == ["a/2/2", "a/1/1"]
    assert ids(everything=True) == ["a/2/2", "a/3/3", "a/1/1"]
    assert ids(everything=True, since=NOON + timedelta(minutes=1)) == ["a/2/2"]


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("90s", NOON - timedelta(seconds=90)),
        ("2h", NOON - timedelta(hours=2)),
        ("1w", NOON - timedelta(days=7)),
        ("2026-07-01", datetime(2026, 6, 30, 23, tzinfo=UTC)),
        ("2026-07-01T12:00", datetime(2026, 7, 1, 11, tzinfo=UTC)),
        ("2026-07-01T12:00Z", datetime(2026, 7, 1, 12, tzinfo=UTC)),
    ],
)
def test_since_is_a_span_or_a_local_date(text: str, moment: datetime) -> None:
    """`2h` is ago; a date begins at local midnight."""
    assert since_of(text, NOON) == moment


@pytest.mark.parametrize("text", ["yesterday", "2x", "2026-02-30", ""])
def test_since_that_means_nothing_is_refused(text: str) -> None:
    """The sentence says what to write."""
    with pytest.raises(CommandError, match="write 90s"):
        since_of(text, NOON)
