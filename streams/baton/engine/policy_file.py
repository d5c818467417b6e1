"""Reading `policy.toml`: what the partnership agreed, checked, with every mistake found at once.

The shape, in short (the file itself explains it): `version`, `keep_days`, `[bank_holidays]` with `add` and `remove`,
and for each rule a block `[rule.NAME]` with every setting the rule asks for, a `basis`, and dated or local lines
`[[rule.NAME.from]]` beneath it. What raises a severity is in blocks of the same kind, `[severity.NAME]`, with
`at_most` steps for all of them together; what becomes of an alert in `[life.severity-1]` to `[life.severity-4]`, with
`working_hours` for all of them. Each role that a `tell` names has a block `[role.NAME]`. A scenario's `[policy]` table
has the same shape, in part.

Text in, `Policy` out: which file that is, the caller knows.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from baton.engine.bank_holidays import BankHolidays
from baton.engine.toml_lines import Mistake, Mistakes, Table, did_you_mean, read_toml
from baton.rules.policy import MOST_TIME, MOST_WORKING_DAYS, Limit, Line, Policy, Role
from baton.rules.register import RULES
from baton.rules.rule import COMMON_SETTINGS
from baton.rules.severity import COMMON_SETTINGS as MODIFIER_SETTINGS
from baton.rules.severity import MODIFIERS
from baton.rules.working_days import LONDON, WorkingDays

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Mapping

Value = Limit | int | str | bool | tuple[str, ...]

BASES = ("statutory", "local", "ours")
"""Where a figure comes from: national law or guidance, one area's procedure, or our own proposal."""

AGENCIES = (
    "police",
    "housing",
    "midwifery",
    "health_visiting",
    "gp",
    "hospital",
    "childrens_social_care",
    "school",
    "probation",
    "voluntary",
    "public",
    "other",
)
"""The agencies of the contract, as its enum has them; the tests compare."""

PLANS = ("none", "child_in_need", "child_protection", "looked_after")
"""The plans of the contract."""

CODES: dict[str, tuple[str, ...]] = {
    "agency": AGENCIES,
    "answered_by": AGENCIES,
    "basis": BASES,
    "counts_as_pregnant": ("pregnant", "recently_pregnant", "not_pregnant", "not_asked", "unknown"),
    "items": (
        "chronology",
        "plan",
        "risks",
        "domestic_abuse",
        "pregnancy",
        "adults",
        "open_actions",
    ),
    "declined": ("no_further_action", "early_help", "assessment", "strategy_discussion"),
    "excused": ("RC1", "RC2", "RC3", "RC4", "RC5", "RC6", "RC7", "RC8", "RC9"),
    "decisions": ("no_further_action", "early_help", "assessment", "strategy_discussion"),
    "evidence_needed": (
        "child_seen",
        "mother_met",
        "father_met",
        "home_seen",
        "agency_checks",
        "analysis",
        "risk_rating",
    ),
    "not_owed_to": AGENCIES,
    "accepted": ("no_further_action", "early_help", "assessment", "strategy_discussion"),
    "refused": ("no_further_action", "early_help", "assessment", "strategy_discussion"),
    "reports": (
        "child_seen",
        "mother_met",
        "father_met",
        "home_seen",
        "agency_checks",
        "report_of_referrer",
        "report_of_parent",
        "report_of_third_party",
    ),
    "second_roles": ("worker", "manager", "service_head"),
    "seen": ("child", "mother", "father", "carer", "home"),
    "telling_ends": ("no_further_action", "early_help", "assessment", "strategy_discussion"),
    "plans": PLANS,
    "conference_plans": PLANS,
    "review_plans": PLANS,
    "urgent_plans": PLANS,
    "clock": ("transfer_in_requested", "case_opened_there", "address_changed"),
    "closure_reasons": ("RC1", "RC2", "RC3", "RC4", "RC5", "RC6", "RC7", "RC8", "RC9"),
    "referral_sources": (
        *("1A", "1B", "1C", "1D", "2A", "2B", "3A", "3B", "3C", "3D", "3E", "3F"),
        *("4", "5A", "5B", "5C", "5D", "6", "7", "8", "9", "10"),
    ),
    "reasons": ("referred", "no_children", "not_required", "no_further_action", "other"),
}
"""The coded values that a setting may hold, as the contract's enums have them; a misspelt one would match nothing."""

SEVERITIES = tuple(f"severity-{severity}" for severity in range(1, 5))
"""The blocks of `[life]`."""

LIFE_SETTINGS: dict[str, type] = {
    "working_hours": bool,  # told, and time counted, in working hours only
    "chased": bool,  # the next role is told where nobody takes it up
    "acknowledge_within": Limit,
    "chase_within": Limit,
    "acknowledged_for": Limit,
    "acknowledged_at_most": Limit,
    "silenced_at_most": Limit,
    "close_needs_two": bool,
    "rationale_required": bool,
}
"""What the policy must say of the life of an alert of each severity."""

ROLE_SETTINGS: dict[str, type] = {"agency": str, "working_hours": bool}
"""What the policy must say of every role."""

CATALOGUE = ("A", "B", "C", "D", "E")
"""The parts of the domain handbook's catalogue: each stands for all its rules."""

_UNITS = ("working_days", "days", "hours", "minutes", "seconds")
_HIGHEST_SEVERITY, _LOWEST_SEVERITY = 1, 4
_WORD = re.compile(r"[a-z0-9]+([_-][a-z0-9]+)*")
_EVER = date.min


class PolicyErrors(Mistakes):
    """Everything that is wrong in a policy; `mistakes` has file, line, field and message of each."""


@dataclass(frozen=True, slots=True)
class Holding:
    """One setting that holds for a rule, in words; since when and where it was agreed (None: ever, everywhere)."""

    rule: str
    setting: str
    value: str
    since: date | None
    area: str | None


def parse_policy(
    text: str, name: str = "policy.toml", overrides: Table | str | None = None
) -> Policy:
    """Read a policy; `name` is how its mistakes call the file.

    `overrides` is the `[policy]` table of a scenario (`read_toml(…).table("policy")`), whose mistakes name the
    scenario's file and lines, or a text of the same shape. A setting in it replaces the policy's own at any date
    and in any area; a dated or local line in it is one more line, stronger than one of the same date and area.
    Raises PolicyErrors.
    """
    mistakes: list[Mistake] = []
    readings = []
    for source, file in ((text, name), (overrides, "overrides")):
        try:
            table = read_toml(source, file) if isinstance(source, str) else source
        except Mistakes as error:
            mistakes += error.mistakes
            continue
        if table is not None:
            readings.append(_Reading(table, mistakes, in_full=source is text))
    whole_roles = readings[0].roles if readings else {}
    for reading in readings:
        reading.check_roles(whole_roles)
    if mistakes:
        raise PolicyErrors(mistakes)
    whole = readings[0]
    for partial in readings[1:]:
        whole.override(partial)
    return Policy(
        version=whole.version,
        lines={rule: tuple(lines) for rule, lines in whole.lines.items()},
        calendar=WorkingDays(BankHolidays(whole.added, whole.removed)),
        keep=timedelta(days=whole.keep_days),
        modifiers={modifier: tuple(lines) for modifier, lines in whole.modifiers.items()},
        most_steps=whole.at_most,
        life={severity: tuple(lines) for severity, lines in whole.life.items()},
        roles={name: Role(**settings) for name, settings in whole.roles.items()},
        opens=whole.hours[0],
        closes=whole.hours[1],
        fingerprint=sha256(
            repr((text, getattr(overrides, "data", overrides))).encode()
        ).hexdigest(),
    )


def holding(policy: Policy, rule: str, day: date, area: str = "local") -> list[Holding]:
    """Return what holds on a day in an area for a rule, a role, or alerts of a severity (`severity-1`).

    One row for each setting; KeyError for a name that the policy does not know.
    """
    if rule in policy.roles:
        role = policy.roles[rule]
        return [
            Holding(rule, setting, plain(getattr(role, setting)), None, None)
            for setting in ("basis", *ROLE_SETTINGS)
        ]
    terms = policy.terms(rule, datetime.combine(day, time(12), LONDON), area)
    rows = []
    for setting, value in terms.settings.items():
        lines = [
            line
            for line in policy.lines_of(rule)
            if line.settings.get(setting) == value
            and (line.since is None or line.since <= day)
            and line.area in {None, area}
        ]
        line = max(lines, key=lambda each: (each.area is not None, each.since or _EVER))
        rows.append(Holding(rule, setting, plain(value), line.since, line.area))
    return rows


def plain(value: Value) -> str:
    """Return a setting's value in words."""
    match value:
        case Limit():
            parts = (
                [] if value.working_days is None else [_counted(value.working_days, "working day")]
            )
            if value.elapsed is not None:
                parts.append(_duration(value.elapsed))
            if value.cap is not None:
                parts.append(f"at most {_counted(int(value.cap.total_seconds()) // 3600, 'hour')}")
            return ", ".join(parts)
        case tuple():
            return ", ".join(value)
        case bool():
            return "yes" if value else "no"
    return str(value)


def _counted(count: int, unit: str) -> str:
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"


def _duration(elapsed: timedelta) -> str:
    seconds = int(elapsed.total_seconds())
    for size, unit in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds and seconds % size == 0:
            return _counted(seconds // size, unit)
    return _counted(seconds, "second")


class _Reading:
    """One table of the policy's shape, read; what is wrong in it is added to `mistakes`."""

    def __init__(self, table: Table, mistakes: list[Mistake], *, in_full: bool) -> None:
        self.version = ""
        self.keep_days = 0
        self.added: set[date] = set()
        self.removed: set[date] = set()
        self.lines: dict[str, list[Line]] = {}
        self.modifiers: dict[str, list[Line]] = {}
        self.at_most = 1
        self.life: dict[str, list[Line]] = {}
        self.roles: dict[str, dict[str, Any]] = {}
        self.hours = (time(9), time(17))
        self._role_blocks: dict[str, Table] = {}
        self._told: list[tuple[str, Table, tuple[str | int, ...]]] = []
        self._given: set[str] = set()
        self._mistakes = mistakes
        self._in_full = in_full
        self._read(table)

    def override(self, by: _Reading) -> None:
        """Let another, partial reading win over this one."""
        for name in by._given:
            setattr(self, name, getattr(by, name))
        self.added = (self.added - by.removed) | by.added
        self.removed = (self.removed - by.added) | by.removed
        _lay_over(self.lines, by.lines)
        _lay_over(self.modifiers, by.modifiers)
        _lay_over(self.life, by.life)
        for name, settings in by.roles.items():
            self.roles[name] = self.roles.get(name, {}) | settings

    def check_roles(self, agreed: Container[str]) -> None:
        """Note every role that is to be told and has no block, and whatever lacks in one that is not `agreed`."""
        for role, table, place in self._told:
            if role not in agreed and role not in self.roles:
                self._wrong(
                    table, f"{role} has no block [role.{role}] that says its agency", *place
                )
        for role, block in self._role_blocks.items():
            if self._in_full or role not in agreed:
                for setting in ("basis", *ROLE_SETTINGS):
                    if setting not in block.data:
                        self._wrong(block, "is missing", setting)

    def _read(self, table: Table) -> None:
        parts: dict[str, Callable[[Table], None]] = {
            "bank_holidays": self._read_bank_holidays,
            "severity": self._read_severity,
            "life": self._read_life,
            "role": self._read_roles,
            "rule": self._read_rules,
        }
        known = ("version", "keep_days", *parts)
        for key in table.data:
            if key not in known:
                self._wrong(table, f"is not known here; {did_you_mean(key, known)}", key)
        self._read_top(table)
        for key, read in parts.items():
            if (part := self._table(table, key)) is not None:
                read(part)
        if self._in_full:
            for slug in RULES:
                if slug not in self._names_in(table, "rule"):
                    message = "is missing: every rule of the register needs its block"
                    self._wrong(table, message, "rule", slug)
            for name in ("working_hours", *SEVERITIES):
                if name not in self._names_in(table, "life"):
                    self._wrong(table, "is missing", "life", name)

    @staticmethod
    def _names_in(table: Table, key: str) -> Container[str]:
        names = table.data.get(key, {})
        return names if isinstance(names, dict) else {}

    def _read_rules(self, table: Table) -> None:
        for slug in table.data:
            self._read_block(table, slug)

    def _read_roles(self, table: Table) -> None:
        for name in table.data:
            self._read_role(table, name)

    def _read_block(self, rules: Table, slug: str) -> None:
        if slug not in RULES:
            self._wrong(rules, f"there is no such rule; {did_you_mean(slug, RULES)}", slug)
        elif (block := self._table(rules, slug)) is not None:
            wanted = {"basis": str, **RULES[slug].settings, **COMMON_SETTINGS}
            self.lines[slug] = self._read_lines(f"rule.{slug}", wanted, block)

    def _read_life(self, table: Table) -> None:
        for name, value in table.data.items():
            if name == "working_hours":
                if (hours := _hours(value)) is None:
                    message = (
                        'must be two local times, the earlier first, such as ["09:00", "17:00"]'
                    )
                    self._wrong(table, message, name)
                else:
                    self.hours = hours
                    self._given.add("hours")
            elif name not in SEVERITIES:
                hint = did_you_mean(name, ("working_hours", *SEVERITIES))
                self._wrong(table, f"is not known here; {hint}", name)
            elif (block := self._table(table, name)) is not None:
                wanted = {"basis": str, **LIFE_SETTINGS}
                self.life[name] = self._read_lines(f"life.{name}", wanted, block)

    def _read_role(self, table: Table, name: str) -> None:
        if _WORD.fullmatch(name) is None:
            message = "must be words of small letters joined by _ or -, such as hub_manager"
            self._wrong(table, message, name)
        if (block := self._table(table, name)) is not None:
            wanted = {"basis": str, **ROLE_SETTINGS}
            self.roles[name] = self._settings(block, wanted, besides=())
            self._role_blocks[name] = block

    def _read_severity(self, table: Table) -> None:
        for name, value in table.data.items():
            if name == "at_most":
                if not (_is_whole(value) and value >= 0):
                    self._wrong(table, "must be a whole number of steps, 0 or more", name)
                else:
                    self.at_most = value
                    self._given.add(name)
            elif name not in MODIFIERS:
                hint = did_you_mean(name, ("at_most", *MODIFIERS))
                self._wrong(table, f"there is no such modifier; {hint}", name)
            elif (block := self._table(table, name)) is not None:
                wanted = {"basis": str, **MODIFIERS[name].settings, **MODIFIER_SETTINGS}
                self.modifiers[name] = self._read_lines(f"severity.{name}", wanted, block)

    def _read_top(self, table: Table) -> None:
        for name in ("version", "keep_days"):
            if name not in table.data:
                if self._in_full:
                    self._wrong(table, "is missing", name)
                continue
            value = table.data[name]
            if name == "version" and not (isinstance(value, str) and value.strip()):
                self._wrong(table, 'must be text, such as "2026-11-23"', name)
            elif name == "keep_days" and not (_is_whole(value) and 1 <= value <= MOST_TIME.days):
                self._wrong(
                    table, f"must be a whole number of days, from 1 to {MOST_TIME.days}", name
                )
            else:
                setattr(self, name, value)
                self._given.add(name)

    def _read_bank_holidays(self, table: Table) -> None:
        for key, value in table.data.items():
            if key not in {"add", "remove"}:
                self._wrong(table, "is not known here; known are add, remove", key)
            elif not isinstance(value, list):
                self._wrong(table, "must be a list of dates", key)
            else:
                days = self.added if key == "add" else self.removed
                for place, each in enumerate(value):
                    if (day := _date(each)) is None:
                        self._wrong(table, "must be a date, such as 2022-09-19", key, place)
                    elif day in self.added | self.removed:
                        self._wrong(table, f"{day} is named twice", key, place)
                    else:
                        days.add(day)

    def _read_lines(self, path: str, wanted: Mapping[str, type], block: Table) -> list[Line]:
        lines = [Line(settings=self._settings(block, wanted, besides=("from",)))]
        if self._in_full:
            for name in wanted:
                if name not in block.data:
                    self._wrong(block, "is missing", name)
        dated = block.data.get("from", [])
        if not (isinstance(dated, list) and all(isinstance(each, dict) for each in dated)):
            self._wrong(block, f"must be written as [[{path}.from]]", "from")
            dated = []
        for place in range(len(dated)):
            line = self._line(block.table("from", place), wanted)
            if any((line.since, line.area) == (each.since, each.area) for each in lines[1:]):
                self._wrong(block, "has the date and area of an earlier line", "from", place)
            lines.append(line)
        return lines

    def _line(self, table: Table, wanted: Mapping[str, type]) -> Line:
        settings = self._settings(table, wanted, besides=("date", "area"))
        since, area = None, table.data.get("area")
        if "date" in table.data and (since := _date(table.data["date"])) is None:
            self._wrong(table, "must be a date, such as 2027-04-01", "date")
        if area is not None and not (isinstance(area, str) and area.strip()):
            self._wrong(table, "must be the name of an area", "area")
        if not table.data.keys() & {"date", "area"}:
            self._wrong(table, "needs a date, or an area, or both")
        if not table.data.keys() - {"date", "area"}:
            self._wrong(table, "changes nothing: name the settings that hold from then on")
        return Line(settings=settings, since=since, area=area)

    def _settings(
        self, table: Table, wanted: Mapping[str, type], *, besides: tuple[str, ...]
    ) -> dict[str, Value]:
        settings: dict[str, Value] = {}
        for name, value in table.data.items():
            if name in besides:
                continue
            if name not in wanted:
                self._wrong(
                    table, f"the rule has no such setting; {did_you_mean(name, wanted)}", name
                )
                continue
            try:
                settings[name] = _setting(name, wanted[name], value)
            except ValueError as error:
                self._wrong(table, str(error), name)
            else:
                self._note_roles(table, name, settings[name])
        return settings

    def _note_roles(self, table: Table, name: str, value: Value) -> None:
        if _is_tell(name) and isinstance(value, tuple):
            for place, word in enumerate(value):
                self._told += [(role, table, (name, place)) for role in word.split("+")]

    def _table(self, table: Table, key: str) -> Table | None:
        if key not in table.data:
            return None
        if not isinstance(table.data[key], dict):
            self._wrong(table, f"must be a table: {key} = {{ … }}", key)
            return None
        return table.table(key)

    def _wrong(self, table: Table, message: str, *keys: str | int) -> None:
        self._mistakes.append(table.mistake(message, *keys))


def _lay_over(lines: dict[str, list[Line]], by: Mapping[str, list[Line]]) -> None:
    """Let the lines of a partial reading win: what they say everywhere and for ever replaces, the others are added."""
    for name, stronger in by.items():
        everywhere = {
            setting
            for line in stronger
            if line.since is None and line.area is None
            for setting in line.settings
        }
        weaker = [
            Line(
                settings={
                    setting: value
                    for setting, value in line.settings.items()
                    if setting not in everywhere
                },
                since=line.since,
                area=line.area,
            )
            for line in lines.get(name, ())
        ]
        lines[name] = [line for line in weaker if line.settings] + stronger


def _is_tell(name: str) -> bool:
    return name == "tell" or name.startswith("tell_")


def _setting(name: str, kind: type, value: Any) -> Value:  # noqa: ANN401 (whatever TOML holds)
    """Return the value of a setting; raise ValueError with what it must be."""
    if kind is Limit:
        limit = _limit(value)
        if name in LIFE_SETTINGS and not (limit.working_days or limit.elapsed):
            raise ValueError("must be more than nothing")
        return limit
    if kind is bool:
        if not isinstance(value, bool):
            raise ValueError("must be true or false")
        return value
    if kind is int:
        return _number(name, value)
    if kind is str:
        return _word(name, value)
    if not (isinstance(value, list) and value):
        raise ValueError('must be a list of words, such as ["hub_manager"]')
    words = tuple(_word(name, each) for each in value)
    if len(set(words)) < len(words):
        raise ValueError("names a word twice")
    return words


def _number(name: str, value: Any) -> int:  # noqa: ANN401 (whatever TOML holds)
    if name.startswith("severity"):
        if not (_is_whole(value) and _HIGHEST_SEVERITY <= value <= _LOWEST_SEVERITY):
            raise ValueError(
                "must be 1 (act now), 2 (this working day), 3 (next review) or 4 (report)"
            )
    elif not (_is_whole(value) and value >= 1):
        raise ValueError("must be a whole number, 1 or more")
    return int(value)


def _word(name: str, value: object) -> str:
    if name == "rules":
        if value not in (*RULES, *CATALOGUE):
            known = did_you_mean(str(value), (*RULES, *CATALOGUE))
            raise ValueError(f"must be rules, or letters of the catalogue; {known}")
    elif name in CODES:
        if value not in CODES[name]:
            raise ValueError(f"must be one of {', '.join(CODES[name])}")
    elif name == "responsible":
        agency, _, role = value.partition("/") if isinstance(value, str) else ("", "", "")
        if agency not in AGENCIES or _WORD.fullmatch(role) is None:
            raise ValueError(
                'must be an agency and a role, such as "midwifery/named_midwife"; '
                f"agencies are {', '.join(AGENCIES)}"
            )
    elif _is_tell(name):
        roles = value.split("+") if isinstance(value, str) else [""]
        if not all(map(_WORD.fullmatch, roles)) or len(set(roles)) < len(roles):
            raise ValueError(
                "must be words of small letters joined by _ or -, such as hub_manager;"
                " several roles of one step are joined by +, each once"
            )
    elif not (isinstance(value, str) and _WORD.fullmatch(value)):
        raise ValueError("must be words of small letters joined by _ or -, such as hub_manager")
    return str(value)


def _limit(value: Any) -> Limit:  # noqa: ANN401 (whatever TOML holds)
    if not isinstance(value, dict):
        known = ", ".join(_UNITS)
        raise ValueError(f"must be a limit, such as {{ working_days = 1 }}; units are {known}")  # noqa: TRY004 (one kind of error)
    for key, count in value.items():
        if key not in {*_UNITS, "cap_hours"}:
            raise ValueError(f"{key} is no unit; {did_you_mean(key, (*_UNITS, 'cap_hours'))}")
        if not (_is_whole(count) and count >= 0):
            raise ValueError(f"{key} must be a whole number, 0 or more")
    units = value.keys() - {"cap_hours"}
    if len(units) != 1:
        raise ValueError(f"must name exactly one of {', '.join(_UNITS)}")
    if value.get("cap_hours") == 0:
        raise ValueError("cap_hours must be a whole number, 1 or more")
    days = value.get("working_days")
    if days is not None and days > MOST_WORKING_DAYS:
        raise ValueError(f"working_days must be {MOST_WORKING_DAYS} at most")
    try:
        elapsed = None if days is not None else timedelta(**{unit: value[unit] for unit in units})
        cap = timedelta(hours=value["cap_hours"]) if "cap_hours" in value else None
    except OverflowError:
        elapsed = cap = timedelta.max
    if max(elapsed or timedelta(), cap or timedelta()) > MOST_TIME:
        raise ValueError("must be ten years at most")
    return Limit(working_days=days, elapsed=elapsed, cap=cap)


def _hours(value: Any) -> tuple[time, time] | None:  # noqa: ANN401 (whatever TOML holds)
    try:
        start, end = (time.fromisoformat(each) for each in value)
    except (TypeError, ValueError):
        return None
    return (start, end) if start < end and start.tzinfo is end.tzinfo is None else None


def _is_whole(value: Any) -> bool:  # noqa: ANN401 (whatever TOML holds)
    return isinstance(value, int) and not isinstance(value, bool)


def _date(value: object) -> date | None:
    if isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            return None
    return value if isinstance(value, date) and not isinstance(value, datetime) else None
