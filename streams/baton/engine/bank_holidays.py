"""The bank holidays of England and Wales, from the `holidays` library, with the partnership's corrections."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from holidays import country_holidays

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date


class BankHolidays:
    """A container of dates; a year is worked out when the first day of it is asked for.

    The library knows them from 1990 to 2100 at least; for a year that it does not know, only what was added counts.
    """

    def __init__(self, add: Iterable[date] = (), remove: Iterable[date] = ()) -> None:
        """Take days that are bank holidays besides the library's, and days that are none whatever it says."""
        self._removed = frozenset(remove)
        self._added = frozenset(add) - self._removed

    def __contains__(self, day: object) -> bool:
        """Say whether a date is a bank holiday."""
        return day in self._added or (
            day not in self._removed and day in _of_year(getattr(day, "year", 0))
        )


@cache
def _of_year(year: int) -> frozenset[date]:
    # The library calls England and Wales together by England's name.
    return frozenset(country_holidays("GB", subdiv="ENG", years=year, expand=False))
