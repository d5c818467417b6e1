"""Months by local time, for what is reported once a month."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

from baton.rules.working_days import LONDON

DECEMBER = 12


def month_of(moment: datetime) -> str:
    """Return the local month of an aware moment, as `2026-02`."""
    return f"{moment.astimezone(LONDON):%Y-%m}"


def month_end(month: str) -> datetime:
    """Return, in UTC, the local midnight with which a month ends."""
    year, number = map(int, month.split("-"))
    following = date(year + number // DECEMBER, number % DECEMBER + 1, 1)
    return datetime.combine(following, time.min, LONDON).astimezone(UTC)
