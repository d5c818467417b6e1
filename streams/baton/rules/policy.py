"""What the partnership agreed: limits, what answers what, and who is told, as dated lines.

Here is only what a rule may ask of the policy. Reading `policy.toml` and finding its mistakes is
`baton.engine.policy_file`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

from baton.rules.working_days import WorkingDays, WorkingHours, local_date

if TYPE_CHECKING:
    from collections.abc import Mapping


MOST_WORKING_DAYS = 2_600
MOST_TIME = timedelta(days=3_653)
"""No limit is longer than ten years."""


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

    def within(self, hours: WorkingHours, moment: datetime) -> datetime:
        """Return when the limit ends if only working hours count: for elapsed time, and for the end itself."""
        start = hours.next(moment)
        if self.elapsed is None:
            return hours.next(self.after(start, hours.days))
        due = hours.after(start, self.elapsed)
        return due if self.cap is None else hours.next(min(due, start + self.cap))

    def times(self, count: int) -> Limit:
        """Return a limit so many times as long, up to ten years."""
        return Limit(
            working_days=self.working_days and min(self.working_days * count, MOST_WORKING_DAYS),
            elapsed=self.elapsed and min(self.elapsed * count, MOST_TIME),
            cap=self.cap and min(self.cap * count, MOST_TIME),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """Who may be told: a role of an agency. With `working_hours` nobody is there at other hours."""

    agency: str
    working_hours: bool
    basis: str = "ours"


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

    `lines` are those of the rules, `modifiers` those of what raises a severity, all together by `most_steps`; `life`
    those of what becomes of an alert of each severity, `roles` who may be told, `hours` when people are at work.
    `fingerprint` changes whenever anything in it does, whatever its version says.
    """

    version: str
    lines: Mapping[str, tuple[Line, ...]]
    calendar: WorkingDays
    keep: timedelta = timedelta(days=731)
    modifiers: Mapping[str, tuple[Line, ...]] = field(default_factory=dict)
    most_steps: int = 1
    life: Mapping[str, tuple[Line, ...]] = field(default_factory=dict)
    roles: Mapping[str, Role] = field(default_factory=dict)
    opens: time = time(9)
    closes: time = time(17)
    fingerprint: str = ""
    _terms: dict[tuple[str, date, str], Terms] = field(
        init=False, default_factory=dict, repr=False, compare=False
    )
    _modifying: dict[tuple[str, str, date, str], Mapping[str, Terms]] = field(
        init=False, default_factory=dict, repr=False, compare=False
    )

    @property
    def hours(self) -> WorkingHours:
        """The hours in which people are at work."""
        return WorkingHours(self.calendar, self.opens, self.closes)

    def lines_of(self, rule: str) -> tuple[Line, ...]:
        """Return the lines of a rule, a modifier or a severity's life, in the order of the policy; raises KeyError."""
        for lines in (self.lines, self.modifiers):
            if rule in lines:
                return lines[rule]
        return self.life[rule]

    def modifying(self, rule: str, letter: str, moment: datetime, area: str) -> Mapping[str, Terms]:
        """Return what holds for each modifier of a rule, named itself or by its letter, at a moment, in an area."""
        key = (rule, letter, local_date(moment), area)
        known = self._modifying.get(key)
        if known is None:
            every = {slug: self.terms(slug, moment, area) for slug in self.modifiers}
            known = self._modifying[key] = {
                slug: terms
                for slug, terms in every.items()
                if not {rule, letter}.isdisjoint(terms.words("rules"))
            }
        return known

    def terms(self, rule: str, moment: datetime, area: str) -> Terms:
        """Return what holds for a rule, a modifier or a severity's life at an aware `moment`, in an area.

        The moment counts by its local date. Later dates override earlier ones, and a line for the area overrides one
        for everywhere, setting by setting.
        Raises KeyError for one that the policy does not know.
        """
        day = local_date(moment)
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
