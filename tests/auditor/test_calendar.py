"""The auditor's own working days, against the vectors of the domain handbook and the library that baton uses."""

from __future__ import annotations

from datetime import date

import holidays
import pytest

from baton.auditor.calendar import days

DAYS = {day: (working, number) for day, working, number in days()}


def after(begin: date, count: int) -> date:
    """Return the so-manieth working day after a day."""
    number = DAYS[begin][1] + count
    return next(day for day, (working, at) in DAYS.items() if working and at == number)


@pytest.mark.parametrize(
    ("begin", "count", "end"),
    [
        (date(2025, 12, 24), 1, date(2025, 12, 29)),
        (date(2026, 4, 2), 1, date(2026, 4, 7)),
        (date(2026, 12, 24), 1, date(2026, 12, 29)),
        (date(2022, 9, 16), 1, date(2022, 9, 20)),
        (date(2025, 12, 5), 15, date(2025, 12, 30)),
        (date(2025, 11, 10), 45, date(2026, 1, 15)),
    ],
)
def test_the_vectors_of_the_handbook(begin: date, count: int, end: date) -> None:
    """Christmas, Easter, the substitute of 2026, and the day that was announced ten days before."""
    assert end == after(begin, count)


@pytest.mark.parametrize("year", [2025, 2026])
def test_a_year_has_253_working_days(year: int) -> None:
    """The handbook counted them for both years."""
    assert sum(working for day, (working, _) in DAYS.items() if day.year == year) == 253


def test_it_agrees_with_the_library() -> None:
    """Written out here, and known by the library: the same days, from 2000 on, as far as deadlines reach."""
    known = holidays.country_holidays("GB", subdiv="ENG", years=range(2000, 2041))
    for day, (working, _) in DAYS.items():
        if day.year >= 2000 and day.weekday() < 5:
            assert working == (day not in known), day


def test_the_policy_may_add_and_remove_days() -> None:
    """A bank holiday announced later is in the policy."""
    extra = dict.fromkeys([date(2027, 6, 1)], False)
    changed = {day: working for day, working, _ in days(extra, [date(2027, 5, 31)])}

    assert (changed[date(2027, 6, 1)], changed[date(2027, 5, 31)]) == (False, True)
