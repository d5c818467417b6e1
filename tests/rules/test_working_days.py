"""Working days: the domain handbook's vectors, local time, and what a limit with a cap makes of them."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest

from baton.rules.policy import Limit
from baton.rules.working_days import LONDON, WorkingDays, WorkingHours
from tests.rules.told import POLICY

CALENDAR = POLICY.calendar


def at(
    year: int, month: int, day: int, hour: int = 0, minute: int = 0, *, fold: int = 0
) -> datetime:
    """Give a local time."""
    return datetime(year, month, day, hour, minute, tzinfo=LONDON, fold=fold)


@pytest.mark.parametrize(
    ("count", "start", "end"),
    [
        (1, date(2025, 12, 24), date(2025, 12, 29)),
        (1, date(2026, 4, 2), date(2026, 4, 7)),
        (1, date(2026, 12, 24), date(2026, 12, 29)),
        (1, date(2022, 9, 16), date(2022, 9, 20)),
        (15, date(2025, 12, 5), date(2025, 12, 30)),
        (45, date(2025, 11, 10), date(2026, 1, 15)),
    ],
)
def test_the_vectors_of_the_handbook(count: int, start: date, end: date) -> None:
    """The trigger's day is not counted; the local time of day stays."""
    began = datetime(start.year, start.month, start.day, 14, 30, tzinfo=LONDON)
    ends = datetime(end.year, end.month, end.day, 14, 30, tzinfo=LONDON)

    assert ends == CALENDAR.after(began, count)


@pytest.mark.parametrize("year", [2025, 2026])
def test_a_year_has_253_of_them(year: int) -> None:
    """As the handbook counted."""
    days = (date(year, 1, 1) + timedelta(days=n) for n in range(365))

    assert 253 == sum(map(CALENDAR.is_working_day, days))


@pytest.mark.parametrize(
    "day",
    [
        date(1999, 12, 31),
        date(2002, 6, 3),
        date(2011, 4, 29),
        date(2012, 6, 4),
        date(2012, 6, 5),
        date(2020, 5, 8),
        date(2022, 6, 2),
        date(2022, 6, 3),
        date(2022, 9, 19),
        date(2023, 5, 8),
        date(2026, 12, 28),
        date(2027, 12, 27),
        date(2027, 12, 28),
    ],
)
def test_one_off_and_substitute_days(day: date) -> None:
    """Days that only one year had, and those that stand in for a holiday at a weekend."""
    assert not CALENDAR.is_working_day(day)


def test_a_moved_holiday_leaves_a_working_day() -> None:
    """May Day of 2020 moved to the Friday."""
    assert CALENDAR.is_working_day(date(2020, 5, 4))


@pytest.mark.parametrize(
    ("count", "moment", "end"),
    [
        (0, at(2015, 3, 2, 12), at(2015, 3, 2, 12)),
        (0, at(2015, 3, 7, 12), at(2015, 3, 9)),
        (1, at(2015, 3, 7, 12), at(2015, 3, 10)),
        (1, at(2015, 3, 8, 23, 59), at(2015, 3, 10)),
        (1, at(2015, 3, 9), at(2015, 3, 10)),
        (1, at(2015, 3, 6, 23, 59), at(2015, 3, 9, 23, 59)),
        (1, at(2015, 4, 3, 9), at(2015, 4, 8)),
        (2, at(2015, 3, 2, 12), at(2015, 3, 4, 12)),
    ],
)
def test_a_day_off_counts_from_the_next_working_midnight(
    count: int, moment: datetime, end: datetime
) -> None:
    """A Saturday, a Sunday's last minute, Good Friday; and Friday's last minute, which is an ordinary one."""
    assert end == CALENDAR.after(moment, count)


@pytest.mark.parametrize(
    ("moment", "elapsed"),
    [
        (at(2015, 3, 27, 16), timedelta(hours=71)),
        (at(2015, 10, 23, 16), timedelta(hours=73)),
        (at(2015, 10, 25, 1, 30), timedelta(hours=47, minutes=30)),
        (at(2015, 10, 25, 1, 30, fold=1), timedelta(hours=46, minutes=30)),
        (at(2015, 3, 29, 0, 30), timedelta(hours=46, minutes=30)),
    ],
)
def test_local_time_stays_when_the_clocks_change(moment: datetime, elapsed: timedelta) -> None:
    """A Friday to a Monday is an hour shorter or longer; a Sunday counts from midnight, whichever 01:30 it was."""
    began = moment.astimezone(UTC)

    assert elapsed == CALENDAR.after(began, 1) - began


def test_a_local_time_that_comes_twice_is_the_first() -> None:
    """Were the change of the clocks on a working day, the repeated hour would be read as before the change."""
    began = at(2015, 10, 24, 1, 30)

    assert at(2015, 10, 25, 1, 30, fold=0).astimezone(UTC) == _EveryDay(()).after(began, 1)


class _EveryDay(WorkingDays):
    """A calendar in which people work at weekends, when clocks change."""

    def is_working_day(self, day: date) -> bool:
        """Say yes."""
        return isinstance(day, date)


NOON = datetime(2015, 3, 6, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("limit", "end"),
    [
        (Limit(working_days=1), NOON + timedelta(days=3)),
        (Limit(working_days=1, cap=timedelta(hours=71)), NOON + timedelta(hours=71)),
        (Limit(working_days=1, cap=timedelta(hours=72)), NOON + timedelta(hours=72)),
        (Limit(working_days=1, cap=timedelta(hours=73)), NOON + timedelta(hours=72)),
        (Limit(elapsed=timedelta(days=7)), NOON + timedelta(days=7)),
        (Limit(elapsed=timedelta(days=7), cap=timedelta(hours=5)), NOON + timedelta(hours=5)),
        (Limit(), NOON),
    ],
)
def test_of_a_limit_and_its_cap_the_earlier_wins(limit: Limit, end: datetime) -> None:
    """A Friday noon: the next working day is 72 hours away."""
    assert end == limit.after(NOON, CALENDAR)


def test_a_cap_is_elapsed_time() -> None:
    """Over the spring change 72 hours end an hour later on the clock than they began."""
    limit = Limit(working_days=9, cap=timedelta(hours=72))

    assert at(2015, 3, 30, 16, 30) == limit.after(at(2015, 3, 27, 15, 30), CALENDAR)


HOURS = WorkingHours(CALENDAR, time(9), time(17))


@pytest.mark.parametrize(
    ("moment", "following"),
    [
        (at(2026, 3, 2, 9), at(2026, 3, 2, 9)),
        (at(2026, 3, 2, 17), at(2026, 3, 2, 17)),
        (at(2026, 3, 2, 8, 59), at(2026, 3, 2, 9)),
        (at(2026, 3, 2, 17, 1), at(2026, 3, 3, 9)),
        (at(2026, 3, 6, 23), at(2026, 3, 9, 9)),
        (at(2026, 3, 7, 12), at(2026, 3, 9, 9)),
        (at(2026, 4, 2, 20), at(2026, 4, 7, 9)),
    ],
)
def test_people_are_at_work_from_nine_to_five(moment: datetime, following: datetime) -> None:
    """Both included, on working days: over a night, a weekend, Easter."""
    assert (moment == following) == HOURS.hold(moment)
    assert following == HOURS.next(moment)


@pytest.mark.parametrize(
    ("moment", "hours", "end"),
    [
        (at(2026, 3, 2, 9), 8, at(2026, 3, 2, 17)),
        (at(2026, 3, 2, 9), 9, at(2026, 3, 3, 10)),
        (at(2026, 3, 2, 12), 0, at(2026, 3, 2, 12)),
        (at(2026, 3, 2, 12), 21, at(2026, 3, 4, 17)),
        (at(2026, 3, 6, 16), 4, at(2026, 3, 9, 12)),
        (at(2026, 3, 7, 2), 1, at(2026, 3, 9, 10)),
        (at(2026, 3, 27, 16), 2, at(2026, 3, 30, 10)),
    ],
)
def test_working_time_passes_in_working_hours_only(
    moment: datetime, hours: int, end: datetime
) -> None:
    """The end of a day is that day's; a weekend and the change of the clocks count nothing."""
    assert end == HOURS.after(moment, timedelta(hours=hours))


def test_a_limit_may_run_in_working_hours_only() -> None:
    """Elapsed time counts them; working days end within them; a cap is real time, and ends within them too."""
    friday = at(2026, 3, 6, 16)
    hours = timedelta(hours=4)

    assert at(2026, 3, 9, 12) == Limit(elapsed=hours).within(HOURS, friday)
    assert at(2026, 3, 9, 9) == Limit(working_days=1).within(HOURS, at(2026, 3, 5, 23))
    assert at(2026, 3, 9, 9) == Limit(elapsed=hours, cap=hours).within(HOURS, friday)


def test_a_limit_many_times_over_is_ten_years_at_most() -> None:
    """Whatever it counts in."""
    long = Limit(working_days=2, elapsed=timedelta(days=30), cap=timedelta(days=1)).times(4)
    assert Limit(working_days=8, elapsed=timedelta(days=120), cap=timedelta(days=4)) == long
    assert Limit(working_days=2_600) == Limit(working_days=2).times(1 << 20)
    assert Limit(elapsed=timedelta(days=3_653)) == Limit(elapsed=timedelta(hours=1)).times(1 << 20)


def test_what_was_worked_out_is_not_kept_for_ever() -> None:
    """Of so many moments that memory would grow without end, it is worked out again."""
    calendar = WorkingDays(frozenset())
    moments = [at(2026, 3, 2) + timedelta(seconds=n) for n in range(65_537)]

    assert [moment + timedelta(days=1) for moment in moments] == [
        calendar.after(moment, 1) for moment in moments
    ]
