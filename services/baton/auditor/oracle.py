"""The alerts that a log should lead to, worked out by SQL over the whole of it. See `sql/`, one file a part."""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

import duckdb

from baton.auditor.calendar import days

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

RULES: Final = (
    "unreferred-incident",
    "incident-closed-unreferred",
    "pregnancy-learned-late",
    "incident-closed-incomplete",
    "notification-not-recorded",
    "notification-not-triaged",
    "midwifery-not-told",
    "transfer-not-accepted",
    "handover-incomplete",
    "handover-details-lost",
    "block-transfer",
    "bulk-accepted-unread",
    "case-without-worker",
    "no-visit-after-transfer",
    "source-silent",
)
"""The rules that are worked out here."""

_PARTS: Final = ("prepare", "incidents", "transfers", "life")
_SECONDS: Final = {"days": 86_400, "hours": 3_600, "minutes": 60, "seconds": 1}
_LISTS: Final = {
    "counts_as_pregnant": ("unreferred-incident", "counts_as_pregnant"),
    "closed_as_needing_nothing": ("incident-closed-unreferred", "reasons"),
    "handover_items": ("handover-incomplete", "items"),
    "longer_visit_plans": ("no-visit-after-transfer", "plans"),
    "urgent_plans": ("case-without-worker", "urgent_plans"),
    "urgent_weeks": ("case-without-worker", "urgent_weeks"),
    "urgent_days": ("case-without-worker", "urgent_days"),
    "block_cases": ("block-transfer", "cases"),
}
"""What the SQL calls a setting, and where the policy has it."""
_COLUMNS: Final = {
    **dict.fromkeys(
        (
            *("record", "received_at", "event_id", "occurred_at", "recorded_at", "agency"),
            *("authority", "incident", "notification", "referral", "transfer", "case", "worker"),
            *("from_team", "to_team", "by_team", "block", "reason", "outcome", "level", "plan"),
            *("to_agency", "item", "role", "complete_to", "team", "grade"),
        ),
        "VARCHAR",
    ),
    **dict.fromkeys(
        (
            *("information_recorded", "safety_ensured", "rationale_given", "about_unborn"),
            "unborn",
        ),
        "BOOLEAN",
    ),
    **dict.fromkeys(("items", "open_items", "with", "seen"), "VARCHAR[]"),
    "due_date": "DATE",
    "people": "JSON",
    "person": "STRUCT(scheme VARCHAR, value VARCHAR)",
}


class CannotAuditError(ValueError):
    """The policy says something that is not worked out here; the message says what."""


@dataclass(frozen=True, slots=True)
class Expected:
    """One alert as it should stand at the end of a log; times are aware, in UTC."""

    alert_id: str
    rule: str
    about_kind: str
    about: str
    status: str
    reason: str | None
    due_at: datetime
    raised_at: datetime
    answered_at: datetime | None


def expected_alerts(
    log: Path | Iterable[Mapping[str, Any]],
    policy: str,
    *,
    until: datetime | None = None,
    person: Callable[[str, str], str] | None = None,
) -> list[Expected]:
    """Return the alerts of RULES that a log should lead to, as they stand at `until`, or when its last record is heard.

    `log` is a file of JSON lines, as `baton replay` reads them, or such objects; all of it is looked at at once.
    `policy` is the text of the policy. `person` gives the key of a person by scheme and value; left out, it is as in
    `baton replay`. Raises CannotAuditError.
    """
    with TemporaryDirectory() as folder, duckdb.connect() as database:
        path = log if isinstance(log, Path) else _written(log, Path(folder) / "log.ndjson")
        database.execute("SET TimeZone = 'UTC'")
        _read_policy(database, tomllib.loads(policy))
        _read_log(database, path, until)
        for part in _PARTS:
            if part == "incidents":
                _name_persons(database, person)
            database.execute(
                files("baton.auditor").joinpath("sql", f"{part}.sql").read_text(encoding="utf-8")
            )
        rows = database.execute(
            "SELECT alert_id, rule, about_kind, about, status, reason, due_at, raised_at,"
            " answered_at FROM expected ORDER BY raised_at, alert_id"
        ).fetchall()
    return [_expected(row) for row in rows]


def _written(log: Iterable[Mapping[str, Any]], path: Path) -> Path:
    with path.open("w", encoding="utf-8") as stream:
        stream.writelines(json.dumps(each) + "\n" for each in log)
    return path


def _read_log(database: duckdb.DuckDBPyConnection, path: Path, until: datetime | None) -> None:
    columns = ", ".join(f"'{name}': '{kind}'" for name, kind in _COLUMNS.items())
    # In one thread: the lines' order decides between events of one moment.
    database.execute("SET preserve_insertion_order = true")
    database.execute(
        f"CREATE TABLE told AS SELECT * FROM read_json(?, format = 'newline_delimited',"  # noqa: S608 (our own words)
        f" maximum_object_size = 16777216, columns = {{{columns}}})",
        [str(path)],
    )
    end = None if until is None else until.astimezone(UTC).replace(tzinfo=None)
    database.execute("CREATE TABLE asked AS SELECT ?::TIMESTAMP AS until", [end])
    database.execute(
        "CREATE TABLE log_end AS SELECT coalesce(until, (SELECT"
        " max(coalesce(received_at, recorded_at, occurred_at)::TIMESTAMPTZ AT TIME ZONE 'UTC')"
        " FROM told)) AS ended FROM asked"
    )


def _name_persons(
    database: duckdb.DuckDBPyConnection, person: Callable[[str, str], str] | None
) -> None:
    """Give every person the key that alerts name them by."""
    if person is None:
        key = "CASE scheme WHEN 'scenario' THEN value ELSE scheme || ':' || value END"
        database.execute(
            f"CREATE TABLE persons AS SELECT event_id, number, {key} AS key, role, pregnancy"  # noqa: S608 (our own words)
            " FROM persons_named"
        )
        return
    named = database.execute("SELECT DISTINCT scheme, value FROM persons_named").fetchall()
    database.execute("CREATE TABLE keys (scheme VARCHAR, value VARCHAR, key VARCHAR)")
    rows = [
        {"scheme": scheme, "value": value, "key": person(scheme, value)} for scheme, value in named
    ]
    database.execute(
        "INSERT INTO keys SELECT unnest(?::STRUCT(scheme VARCHAR, value VARCHAR, key VARCHAR)[], recursive := true)",
        [rows],
    )
    database.execute(
        "CREATE TABLE persons AS SELECT event_id, number, key, role, pregnancy"
        " FROM persons_named JOIN keys USING (scheme, value)"
    )


def _read_policy(database: duckdb.DuckDBPyConnection, policy: dict[str, Any]) -> None:
    rules: dict[str, dict[str, Any]] = policy["rule"]
    limits: list[tuple[str, int | None, int | None, int | None]] = []
    for rule in RULES:
        if "from" in rules[rule]:
            message = f"the policy has dated lines for {rule}, which are not worked out here"
            raise CannotAuditError(message)
        limits += [
            _limit(f"{rule}.{name}", value)
            for name, value in rules[rule].items()
            if isinstance(value, dict)
        ]
    database.execute(
        "CREATE TABLE limits"
        " (name VARCHAR, working_days INTEGER, microseconds BIGINT, cap_hours INTEGER)"
    )
    database.executemany("INSERT INTO limits VALUES (?, ?, ?, ?)", limits)
    database.execute("CREATE TABLE settings (name VARCHAR, value VARCHAR)")
    database.executemany(
        "INSERT INTO settings VALUES (?, ?)",
        [
            (name, str(each))
            for name, (rule, key) in _LISTS.items()
            for each in (
                rules[rule][key] if isinstance(rules[rule][key], list) else [rules[rule][key]]
            )
        ],
    )
    database.execute("CREATE TABLE waits_for (rule VARCHAR, agency VARCHAR)")
    database.executemany(
        "INSERT INTO waits_for VALUES (?, ?)",
        [(rule, rules[rule]["answered_by"]) for rule in RULES if "answered_by" in rules[rule]],
    )
    holidays = policy.get("bank_holidays", {})
    database.execute("CREATE TABLE days (day DATE, working BOOLEAN, number INTEGER)")
    table = [
        {"day": day, "working": working, "number": number}
        for day, working, number in days(holidays.get("add", ()), holidays.get("remove", ()))
    ]
    database.execute(
        "INSERT INTO days SELECT unnest(?::STRUCT(day DATE, working BOOLEAN, number INTEGER)[],"
        " recursive := true)",
        [table],
    )


def _limit(name: str, value: dict[str, int]) -> tuple[str, int | None, int | None, int | None]:
    seconds = sum(_SECONDS[unit] * count for unit, count in value.items() if unit in _SECONDS)
    working_days = value.get("working_days")
    microseconds = None if working_days is not None else seconds * 1_000_000
    return name, working_days, microseconds, value.get("cap_hours")


def _expected(row: tuple[Any, ...]) -> Expected:
    times = (None if moment is None else moment.replace(tzinfo=UTC) for moment in row[6:])
    return Expected(*row[:6], *times)
