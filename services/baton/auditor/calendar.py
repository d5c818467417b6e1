"""Working days, by a table of its own: no library and no code that the rules use.

The bank holidays of England and Wales as the government announced them (domain.md, section 3), written out; those
that follow from Easter are worked out.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

FIRST_YEAR: Final = 1999
LAST_YEAR: Final = 2040

_EXTRA: Final = (
    *("1999-12-31", "2002-06-03", "2011-04-29", "2012-06-05", "2022-06-03", "2022-09-19"),
    "2023-05-08",
)
_MOVED: Final = {
    "2002-05-27": "2002-06-04",
    "2012-05-28": "2012-06-04",
    "2020-05-04": "2020-05-08",
    "2022-05-30": "2022-06-02",
}
"""From the usual day to the day of that year."""


def days(
    added: Iterable[date] = (), removed: Iterable[date] = ()
) -> Iterator[tuple[date, bool, int]]:
    """Give each day, whether it is a working day, and how many working days there were up to it, itself included."""
    holidays = {each for year in range(FIRST_YEAR, LAST_YEAR + 1) for each in _of_year(year)}
    holidays = (holidays | set(added)) - set(removed)
    count = 0
    day = date(FIRST_YEAR, 1, 1)
    while day.year <= LAST_YEAR:
        working = day.weekday() < 5 and day not in holidays
        count += working
        yield day, working, count
        day += timedelta(days=1)


def _of_year(year: int) -> set[date]:
    easter = _easter(year)
    usual = {
        _from_weekend(date(year, 1, 1), {5: 2, 6: 1}),
        easter - timedelta(days=2),
        easter + timedelta(days=1),
        _monday(date(year, 5, 1)),
        _monday(date(year, 5, 25)),
        _monday(date(year, 8, 25)),
        # 27 and 28 December are the substitutes, whichever of the two fell on the weekend.
        _from_weekend(date(year, 12, 25), {5: 2, 6: 2}),
        _from_weekend(date(year, 12, 26), {5: 2, 6: 2}),
    }
    moved = {date.fromisoformat(_MOVED.get(each.isoformat(), each.isoformat())) for each in usual}
    return moved | {date.fromisoformat(each) for each in _EXTRA if each.startswith(str(year))}


def _from_weekend(day: date, later: dict[int, int]) -> date:
    return day + timedelta(days=later.get(day.weekday(), 0))


def _monday(earliest: date) -> date:
    return earliest + timedelta(days=-earliest.weekday() % 7)


def _easter(year: int) -> date:
    """Work out Easter Sunday by the anonymous Gregorian algorithm."""
    a, (b, c) = year % 19, divmod(year, 100)
    d, e = divmod(b, 4)
    h = (19 * a + b - d - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    i, k = divmod(c, 4)
    m = (32 + 2 * e + 2 * i - h - k) % 7
    n = (a + 11 * h + 22 * m) // 451
    month, day = divmod(h + m - 7 * n + 114, 31)
    return date(year, month, day + 1)
