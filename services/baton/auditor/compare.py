"""What should have been alerted beside what was: missed, false, doubled, mistimed."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, fields
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from baton.auditor.oracle import RULES, Expected

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Kind = Literal["missed", "false", "doubled", "mistimed"]


@dataclass(frozen=True, slots=True)
class Difference:
    """One alert that is not as it should be, and what of it."""

    kind: Kind
    alert_id: str
    rule: str
    detail: str

    def __str__(self) -> str:
        """Say it in a line."""
        return f"{self.kind}: {self.alert_id}: {self.detail}"


@dataclass(frozen=True, slots=True)
class Comparison:
    """What was compared, and everything that differs."""

    expected: int
    actual: int
    differences: tuple[Difference, ...]

    @property
    def counts(self) -> dict[Kind, int]:
        """How many of each kind."""
        found = Counter(each.kind for each in self.differences)
        kinds: tuple[Kind, ...] = ("missed", "false", "doubled", "mistimed")
        return {kind: found[kind] for kind in kinds}


def compare(expected: Iterable[Expected], actual: Iterable[Mapping[str, Any]]) -> Comparison:
    """Compare what should have been alerted with what was.

    `actual` are alerts as `baton replay --json` prints them, or as `baton.contract.codec` decodes them from the topic
    (the newest of each id; twice the same id is an alert said twice). Those of other rules than RULES are passed
    over. An alert that should not be, or one that should have been withdrawn and was not, is false; one that should
    be, or that was withdrawn and should not have been, is missed; one with another time, answer or reason is mistimed.
    """
    wanted = {each.alert_id: each for each in expected}
    said: dict[str, Expected] = {}
    times: Counter[str] = Counter()
    for row in actual:
        if row["rule"] in RULES:
            said[row["alert_id"]] = _as_expected(row)
            times[row["alert_id"]] += 1
    differences: list[Difference] = []
    for alert_id, count in times.items():
        if count > 1:
            differences.append(
                Difference("doubled", alert_id, said[alert_id].rule, f"said {count} times")
            )
    for alert_id in sorted(wanted.keys() | said.keys()):
        found = _difference(wanted.get(alert_id), said.get(alert_id))
        if found is not None:
            differences.append(found)
    return Comparison(len(wanted), times.total(), tuple(differences))


def _difference(wanted: Expected | None, said: Expected | None) -> Difference | None:
    if wanted == said:
        return None
    if wanted is None:
        assert said is not None  # noqa: S101 (one of the two has this id)
        return Difference("false", said.alert_id, said.rule, f"{said.status}, due {said.due_at}")
    if said is None:
        detail = f"{wanted.status}, due {wanted.due_at}"
        return Difference("missed", wanted.alert_id, wanted.rule, detail)
    kind: Kind = "mistimed"
    if (wanted.status == "withdrawn") != (said.status == "withdrawn"):
        kind = "false" if wanted.status == "withdrawn" else "missed"
    detail = "; ".join(
        f"{each.name} {getattr(said, each.name)}, should be {getattr(wanted, each.name)}"
        for each in fields(Expected)
        if getattr(said, each.name) != getattr(wanted, each.name)
    )
    return Difference(kind, wanted.alert_id, wanted.rule, detail)


def _as_expected(row: Mapping[str, Any]) -> Expected:
    about = row["about"]
    kind, key = (
        (about["kind"], about["key"])
        if isinstance(about, dict)
        else (row["about_kind"], row["alert_id"].rpartition("/")[2])
    )
    return Expected(
        alert_id=row["alert_id"],
        rule=row["rule"],
        about_kind=kind,
        about=key,
        # Taken up or closed by somebody: the rule's question stands open.
        status="raised" if row["status"] in {"acknowledged", "closed"} else row["status"],
        reason=row["reason"],
        due_at=_moment(row["due_at"]),
        raised_at=_moment(row["raised_at"]),
        answered_at=None if row["answered_at"] is None else _moment(row["answered_at"]),
    )


def _moment(value: str | datetime) -> datetime:
    return value if isinstance(value, datetime) else datetime.fromisoformat(value)
