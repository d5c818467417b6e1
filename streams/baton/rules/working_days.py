"""Working days: Monday to Friday less the bank holidays, in local time (Europe/London).

Which days are bank holidays is passed in: this module knows the arithmetic, not the calendar.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from collections.abc import Container

LONDON = ZoneInfo("Europe/London")
_ONE_DAY = timedelta(days=1)
_SATURDAY = 5
_MOST_KNOWN = 65_536


class WorkingDays:
    """Counts working days, given the bank holidays as a container of dates."""

    def __init__(self, bank_holidays: Container[date]) -> None:
        """Take the days, besides Saturdays and Sundays, on which nobody is expected to work."""
        self._bank_holidays = bank_holidays
        self._known: dict[tuple[datetime, int], datetime] = {}
        self._following: dict[date, date] = {}

    def is_working_day(self, day: date) -> bool:
        """Say whether people are expected to work on this day."""
        return day.weekday() < _SATURDAY and day not in self._bank_holidays

    def after(self, moment: datetime, count: int) -> datetime:
        """Return the moment, in UTC, that lies `count` working days after an aware `moment`.

        It is the same local time of day on the count-th working day after the moment's date. A moment on a day
        that is not a working day counts from 00:00 of the next one (design, section 4). A local time that a
        clock change skips or repeats is read as before the change.
        """
        known = self._known.get((moment, count))
        if known is not None:
            return known
        local = moment.astimezone(LONDON)
        day, at = local.date(), local.time()
        if not self.is_working_day(day):
            day, at = self._working_day_after(day), time.min
        for _ in range(count):
            day = self._working_day_after(day)
        known = datetime.combine(day, at.replace(fold=0), LONDON).astimezone(UTC)
        if len(self._known) >= _MOST_KNOWN:
            self._known.clear()
        self._known[moment, count] = known
        return known

    def _working_day_after(self, day: date) -> date:
        following = self._following.get(day)
        if following is None:
            following = day + _ONE_DAY
            while not self.is_working_day(following):
                following += _ONE_DAY
            self._following[day] = following
        return following


class WorkingHours:
    """The hours of a working day in which people are at work: from `start` to `end`, local time, both included."""

    def __init__(self, days: WorkingDays, start: time = time(9), end: time = time(17)) -> None:
        """Take the calendar, and when a working day begins and ends."""
        self.days = days
        self._start = start
        self._end = end

    def hold(self, moment: datetime) -> bool:
        """Say whether people are at work at an aware moment."""
        local = moment.astimezone(LONDON)
        return self.days.is_working_day(local.date()) and self._start <= local.time() <= self._end

    def next(self, moment: datetime) -> datetime:
        """Return the moment itself within working hours, else, in UTC, when the next ones begin."""
        if self.hold(moment):
            return moment
        local = moment.astimezone(LONDON)
        day = local.date()
        if local.time() > self._end:
            day += _ONE_DAY
        while not self.days.is_working_day(day):
            day += _ONE_DAY
        return datetime.combine(day, self._start, LONDON).astimezone(UTC)

    def after(self, moment: datetime, elapsed: timedelta) -> datetime:
        """Return the moment, in UTC, by which so much working time has passed since an aware `moment`."""
        local = self.next(moment).astimezone(LONDON)
        day = local.date()
        begin = datetime.combine(day, self._start)
        a_day = datetime.combine(day, self._end) - begin
        days, rest = divmod(local.replace(tzinfo=None) - begin + elapsed, a_day)
        if days and not rest:
            # The end of a day is still that day.
            days, rest = days - 1, a_day
        for _ in range(days):
            day += _ONE_DAY
            while not self.days.is_working_day(day):
                day += _ONE_DAY
        return (datetime.combine(day, self._start, LONDON) + rest).astimezone(UTC)


@lru_cache(maxsize=_MOST_KNOWN)
def local_date(moment: datetime) -> date:
    """Return the local date of an aware moment."""
    return moment.astimezone(LONDON).date()


def midnight_after(moment: datetime, days: int) -> datetime:
    """Return the end, in UTC, of the `days`-th local day, the moment's own counted: 1 is the coming midnight."""
    day = local_date(moment) + days * _ONE_DAY
    return datetime.combine(day, time.min, LONDON).astimezone(UTC)
