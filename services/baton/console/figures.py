"""What a board asks of all alerts together: how many, how fast, how late, and what comes again. Counts, no alert."""

from __future__ import annotations

import csv
import io
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from statistics import median
from typing import TYPE_CHECKING, Final

from baton import wording
from baton.rules.working_days import local_date

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from baton.console.rows import Row

WEEKS: Final = 12
REPEATS_WITHIN: Final = timedelta(days=90)
REPEATS: Final = 3
"""As many alerts of one rule for one team, within that time, are a repeat cause (handbook, D8)."""
AWAITING_A_REFERRAL: Final = frozenset(
    {"unreferred-incident", "incident-closed-unreferred", "pregnancy-learned-late"}
)
_TAKEN_UP: Final = (
    ("within 15 minutes", timedelta(minutes=15)),
    ("within an hour", timedelta(hours=1)),
    ("within 4 hours", timedelta(hours=4)),
    ("within a day", timedelta(days=1)),
    ("later", timedelta.max),
)
_LATE: Final = (
    ("up to an hour late", timedelta(hours=1)),
    ("up to a day late", timedelta(days=1)),
    ("up to a week late", timedelta(days=7)),
    ("more than a week late", timedelta.max),
)


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure: bars to be drawn, and the table that says the same and may say more."""

    name: str
    title: str
    says: str
    """The figure in one sentence."""
    bars: list[tuple[str, int]]
    headings: list[str]
    table: list[list[str | int]]

    def csv(self) -> str:
        """Give the table as a file for a spreadsheet; nothing in it is taken for a formula."""
        out = io.StringIO()
        writer = csv.writer(out)
        writer.writerow(self.headings)
        writer.writerows([safe_cell(cell) for cell in row] for row in self.table)
        return out.getvalue()


def safe_cell(cell: str | int) -> str | int:
    """Give a cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in {"=", "+", "-", "@", "\t"} else cell


def figures(rows: Sequence[Row], now: datetime) -> list[Figure]:
    """Return every figure over these alerts."""
    return [
        _by_week(rows, now),
        _by_rule(rows, now),
        _taken_up(rows),
        _late(rows),
        _again(rows, now),
    ]


def _weeks(now: datetime) -> list[date]:
    today = local_date(now)
    monday = today - timedelta(days=today.weekday())
    return [monday - timedelta(weeks=back) for back in range(WEEKS - 1, -1, -1)]


@lru_cache(maxsize=10_000)
def _week_of_hour(hour: int) -> date:
    """Return the Monday of an hour since 1970: the local day changes on the hour, so one answer is for all of it."""
    on = local_date(datetime.fromtimestamp(hour * 3_600, UTC))
    return on - timedelta(days=on.weekday())


def _week(row: Row) -> date:
    return _week_of_hour(int(row.raised // 3_600))


def _by_week(rows: Sequence[Row], now: datetime) -> Figure:
    weeks = _weeks(now)
    count = Counter(_week(row) for row in rows)
    bars = [(f"{each.day} {each:%b %Y}", count[each]) for each in weeks]
    total = sum(number for _, number in bars)
    return Figure(
        name="alerts-by-week",
        title="Alerts by week",
        says=f"Alerts raised in the last {WEEKS} weeks: {total}.",
        bars=bars,
        headings=["Week from", "Alerts"],
        table=[[label, number] for label, number in bars],
    )


def _by_rule(rows: Sequence[Row], now: datetime) -> Figure:
    weeks = _weeks(now)
    cells = Counter((row.rule, _week(row)) for row in rows)
    totals = Counter({rule: sum(cells[rule, week] for week in weeks) for rule, _ in cells})
    ranked = [(rule, number) for rule, number in totals.most_common() if number]
    most = f" Most often: {wording.words(ranked[0][0])}, {ranked[0][1]}." if ranked else ""
    return Figure(
        name="alerts-by-rule-and-week",
        title="Alerts by rule and week",
        says=f"Rules that raised alerts in the last {WEEKS} weeks: {len(ranked)}.{most}",
        bars=[(wording.opening(wording.words(rule)), number) for rule, number in ranked[:12]],
        headings=["Rule", *(f"{each.day} {each:%b}" for each in weeks), "All"],
        table=[[rule, *(cells[rule, week] for week in weeks), number] for rule, number in ranked],
    )


def _taken_up(rows: Sequence[Row]) -> Figure:
    spans = [
        (row.severity, row.acknowledged_at - row.raised_at) for row in rows if row.acknowledged_at
    ]
    never = sum(1 for row in rows if row.acknowledged_at is None)
    bars = [*_spread([span for _, span in spans], _TAKEN_UP), ("by nobody", never)]
    table: list[list[str | int]] = []
    for level in (1, 2, 3, 4):
        own = [span for severity, span in spans if severity == level]
        of = sum(1 for row in rows if row.severity == level)
        counts = [number for _, number in _spread(own, _TAKEN_UP)]
        table.append([level, of, *counts, of - len(own), _median(own)])
    middle = (
        f" Half of those taken up were so within {_median([s for _, s in spans])}." if spans else ""
    )
    return Figure(
        name="time-to-acknowledge",
        title="Time to acknowledge",
        says=f"Alerts that somebody took up: {len(spans)} of {len(rows)}.{middle}",
        bars=bars,
        headings=[
            "Severity",
            "Alerts",
            *(label for label, _ in _TAKEN_UP),
            "by nobody",
            "half within",
        ],
        table=table,
    )


def _late(rows: Sequence[Row]) -> Figure:
    asked = [row for row in rows if row.rule in AWAITING_A_REFERRAL and row.status != "withdrawn"]
    late = [
        row.answered_at - row.due_at
        for row in asked
        if row.answered_at and row.due_at and row.answered_at > row.due_at
    ]
    missing = sum(1 for row in asked if row.answered_at is None)
    bars = [*_spread(late, _LATE), ("not referred yet", missing)]
    middle = f" Half of those that came were up to {_median(late)} late." if late else ""
    return Figure(
        name="lateness-of-referrals",
        title="Lateness of referrals",
        says=f"Incidents that involve a pregnancy and were not referred in time: {len(asked)}.{middle}",
        bars=bars,
        headings=["How late", "Referrals"],
        table=[[label, number] for label, number in bars],
    )


def _again(rows: Sequence[Row], now: datetime) -> Figure:
    count = Counter(
        (row.rule, f"team {row.team}" if row.team else wording.agency(row.audience.agency))
        for row in rows
        if now - row.raised_at <= REPEATS_WITHIN and row.status != "withdrawn"
    )
    causes = [(rule, whose, n) for (rule, whose), n in count.most_common() if n >= REPEATS]
    flagged = sum(1 for row in rows if row.repeat and now - row.raised_at <= REPEATS_WITHIN)
    days = REPEATS_WITHIN.days
    return Figure(
        name="repeat-causes",
        title="Repeat causes",
        says=(
            f"Rules that raised {REPEATS} alerts or more for the same team or agency in {days} days: {len(causes)}."
            f" Alerts that were more serious because the same had happened before: {flagged}."
        ),
        bars=[
            (f"{wording.opening(wording.words(rule))}, {whose}", number)
            for rule, whose, number in causes[:12]
        ],
        headings=["Rule", "Team or agency", "Alerts"],
        table=[[rule, whose, number] for rule, whose, number in causes],
    )


def _spread(
    spans: Iterable[timedelta], limits: Sequence[tuple[str, timedelta]]
) -> list[tuple[str, int]]:
    count = Counter(next(label for label, most in limits if span <= most) for span in spans)
    return [(label, count[label]) for label, _ in limits]


def _median(spans: Sequence[timedelta]) -> str:
    return (
        wording.duration(timedelta(seconds=median(map(timedelta.total_seconds, spans))))
        if spans
        else ""
    )


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar with its place in the drawing."""

    label: str
    value: int
    y: int
    width: float


ROOM: Final = 250
"""How wide the longest bar is drawn, of 320."""
_HIGH: Final = 44


def bars_of(figure: Figure) -> tuple[list[Bar], int]:
    """Return where each bar of a figure is drawn, and how high the drawing is."""
    most = max((value for _, value in figure.bars), default=0) or 1
    bars = [
        Bar(label, value, place * _HIGH, round(value / most * ROOM, 1))
        for place, (label, value) in enumerate(figure.bars)
    ]
    return bars, len(bars) * _HIGH
