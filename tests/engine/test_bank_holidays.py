"""Bank holidays of England and Wales, against the vectors of the domain handbook."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from baton.engine.bank_holidays import BankHolidays
from baton.rules.working_days import LONDON, WorkingDays

CALENDAR = WorkingDays(BankHolidays())
NOON = 12


def day(text: str) -> date:
    """Return a date from text."""
    return date.fromisoformat(text)


@pytest.mark.parametrize(
    ("start", "count", "due"),
    [
        ("2025-12-24", 1, "2025-12-29"),
        ("2026-04-02", 1, "2026-04-07"),
        ("2026-12-24", 1, "2026-12-29"),
        ("2022-09-16", 1, "2022-09-20"),
        ("2025-12-05", 15, "2025-12-30"),
        ("2025-11-10", 45, "2026-01-15"),
    ],
)
def test_working_days_are_counted_as_in_the_handbook(start: str, count: int, due: str) -> None:
    """So many working days after noon of one day is noon of the other, over Christmas, Easter and a funeral."""
    noon = datetime.combine(day(start), datetime.min.time().replace(hour=NOON), LONDON)

    ends = CALENDAR.after(noon, count)

    assert day(due) == ends.astimezone(LONDON).date()
    assert ends.astimezone(LONDON).hour == NOON
    assert ends.tzinfo is UTC


@pytest.mark.parametrize("year", [2025, 2026])
def test_a_year_has_253_working_days(year: int) -> None:
    """Both years have as many as the handbook says."""
    days = (date(year, 1, 1) + timedelta(days=number) for number in range(365))

    assert sum(map(CALENDAR.is_working_day, days)) == 253


@pytest.mark.parametrize(
    "one_off",
    [
        *("1999-12-31", "2002-06-03", "2011-04-29", "2012-06-04", "2012-06-05", "2020-05-08"),
        *("2022-06-02", "2022-06-03", "2022-09-19", "2023-05-08"),
        *("2026-12-28", "2027-12-27", "2027-12-28"),
    ],
)
def test_one_off_and_substitute_days_are_bank_holidays(one_off: str) -> None:
    """Each day that was decreed, moved or substituted is one."""
    assert day(one_off) in BankHolidays()


def test_the_may_day_that_was_moved_is_a_working_day() -> None:
    """In 2020 May Day was kept on the Friday, and its Monday worked."""
    assert CALENDAR.is_working_day(day("2020-05-04"))


def test_every_year_from_1990_to_2100_has_at_least_eight() -> None:
    """No year is left out, however far ahead a deadline lies."""
    holidays = BankHolidays()
    for year in range(1990, 2101):
        days = (date(year, 1, 1) + timedelta(days=number) for number in range(366))
        assert sum(each in holidays for each in days if each.year == year) >= 8, year


def test_what_the_partnership_adds_and_removes_counts() -> None:
    """A day announced later is one; a day taken back is none, whatever the library says; the rest stays."""
    holidays = BankHolidays(add=[day("2026-07-20")], remove=[day("2026-08-31")])

    assert day("2026-07-20") in holidays
    assert day("2026-08-31") not in holidays
    assert day("2026-12-25") in holidays


def test_a_year_that_nobody_knows_has_none_and_raises_nothing() -> None:
    """Beyond the library's years only weekends and what was added count."""
    assert day("2150-12-25") not in BankHolidays()
    assert day("2150-12-25") in BankHolidays(add=[day("2150-12-25")])
