"""What the partnership agreed: limits, what answers what, and who is told, as dated lines.

Here is only what a rule may ask of the policy. Reading `policy.toml` and finding its mistakes is
`baton.engine.policy_file`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from baton.rules.working_days import LONDON, WorkingDays

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """How long something may take: working days, or elapsed time; with a cap in elapsed hours, the earlier wins."""

    working_days: int | None = None
    elapsed: timedelta | None = None
    cap: timedelta | None = None

    def after(self, moment: datetime, calendar: WorkingDays) -> datetime:
        """Return when the limit ends that began at an aware `moment`, in UTC."""
        start = moment.astimezone(UTC)
        due = calendar.after(start, self.working_days) if self.working_days is not None else start
        if self.elapsed is not None:
            due = start + self.elapsed
        return due if self.cap is None else min(due, start + self.cap)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What a rule's policy says from a day on (None: ever) and in an area (None: everywhere)."""

    settings: Mapping[str, Limit | int | str | bool | tuple[str, ...]]
    since: date | None = None
    area: str | None = None


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds for one rule, on one day, in one area."""

    settings: Mapping[str, Limit | int | str | bool | tuple[str, ...]]
    calendar: WorkingDays

    @property
    def severity(self) -> int:
        """From 1, act now, to 4, periodic report."""
        return self.number("severity")

    @property
    def tell(self) -> tuple[str, ...]:
        """The roles to be told, in order."""
        return self.words("tell")

    @property
    def responsible(self) -> tuple[str, str]:
        """The agency and the role from which the missing event is due."""
        agency, _, role = self.text("responsible").partition("/")
        return agency, role

    @property
    def waits_for(self) -> str:
        """The agency whose feed would carry the answer; empty for a rule that awaits none."""
        return self.text("answered_by") if "answered_by" in self.settings else ""

    def due_after(self, moment: datetime, name: str = "within") -> datetime:
        """Return when the limit `name` ends that began at `moment`, in UTC."""
        limit = self.settings[name]
        assert isinstance(limit, Limit), name
        return limit.after(moment, self.calendar)

    def number(self, name: str) -> int:
        """Return a setting that is a whole number."""
        value = self.settings[name]
        assert isinstance(value, int), name
        return value

    def text(self, name: str) -> str:
        """Return a setting that is one word."""
        value = self.settings[name]
        assert isinstance(value, str), name
        return value

    def flag(self, name: str) -> bool:
        """Return a setting that is yes or no."""
        value = self.settings[name]
        assert isinstance(value, bool), name
        return value

    def words(self, name: str) -> tuple[str, ...]:
        """Return a setting that is a list of words."""
        value = self.settings[name]
        assert isinstance(value, tuple), name
        return value

    def limit(self, name: str) -> Limit:
        """Return a setting that is a limit."""
        value = self.settings[name]
        assert isinstance(value, Limit), name
        return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The whole policy: `version` names it in every alert that it judged.

    `lines` are those of the rules, `modifiers` those of what raises a severity, all together by `most_steps`.
    `fingerprint` changes whenever anything in it does, whatever its version says.
    """

    version: str
    lines: Mapping[str, tuple[Line, ...]]
    calendar: WorkingDays
    keep: timedelta = timedelta(days=731)
    modifiers: Mapping[str, tuple[Line, ...]] = field(default_factory=dict)
    most_steps: int = 1
    fingerprint: str = ""
    _terms: dict[tuple[str, date, str], Terms] = field(
        default_factory=dict, repr=False, compare=False
    )

    def lines_of(self, rule: str) -> tuple[Line, ...]:
        """Return the lines of a rule or a modifier, in the order of the policy; raises KeyError."""
        return self.lines[rule] if rule in self.lines else self.modifiers[rule]

    def terms(self, rule: str, moment: datetime, area: str) -> Terms:
        """Return what holds for a rule, or a modifier, at an aware `moment`, by its local date, in an area.

        Later dates override earlier ones, and a line for the area overrides one for everywhere, setting by setting.
        Raises KeyError for one that the policy does not know.
        """
        day = _local_date(moment)
        known = self._terms.get((rule, day, area))
        if known is None:
            holding = [
                line
                for line in self.lines_of(rule)
                if (line.since is None or line.since <= day) and line.area in {None, area}
            ]
            holding.sort(key=lambda line: (line.area is not None, line.since or date.min))
            settings: dict[str, Limit | int | str | bool | tuple[str, ...]] = {}
            for line in holding:
                settings.update(line.settings)
            known = self._terms[rule, day, area] = Terms(settings, self.calendar)
        return known


@lru_cache(maxsize=65_536)
def _local_date(moment: datetime) -> date:
    return moment.astimezone(LONDON).date()
