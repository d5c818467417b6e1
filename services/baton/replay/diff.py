"""`baton replay --diff`: the same files under two policies, and the alerts that differ.

An alert is the same one under both where it has the same id. Gained: only the other policy gives it. Lost: only the
current one does. Moved: both do, and one of `COMPARED` differs. A scenario's own `[policy]` lines hold under both, and
its expectations are not judged.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal, TextIO, cast, get_args

from rich.table import Table

from baton.engine.policy_file import parse_policy
from baton.engine.toml_lines import Mistakes
from baton.replay import logs
from baton.replay.play import Played, played, played_log
from baton.replay.run import MET, WRONG, console_for, policy_text, readable, unknown_kind
from baton.replay.scenario import PolicyText, read_scenario
from baton.replay.show import json_line, local, rfc_3339
from baton.replay.told import Persons

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

    from rich.console import Console

    from baton.engine.alerts import Alert

Kind = Literal["gained", "lost", "moved"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
COMPARED: Final = ("status", "severity", "raised_at", "due_at", "members", "tell", "responsible")
"""What makes an alert a moved one: what policy decides. Why and on what it rests follows from these."""


@dataclass(frozen=True, slots=True)
class Change:
    """One alert that the other policy gives, does not give, or gives differently; None where there is none."""

    before: Alert | None
    after: Alert | None
    plain: Callable[[str], str]

    @property
    def kind(self) -> Kind:
        """Say which of the three it is."""
        if self.before is None:
            return "gained"
        return "lost" if self.after is None else "moved"

    @property
    def alert(self) -> Alert:
        """The alert as it will be, or was."""
        return self.after or cast("Alert", self.before)

    @property
    def first_raised_at(self) -> datetime:
        """When it was raised, under the policy that raised it first."""
        return min(each.raised_at for each in (self.before, self.after) if each is not None)

    @property
    def changed(self) -> tuple[str, ...]:
        """What differs, of an alert that both give."""
        if self.before is None or self.after is None:
            return ()
        before, after = _compared(self.before), _compared(self.after)
        return tuple(name for name in COMPARED if before[name] != after[name])


@dataclass(slots=True)
class Comparison:
    """What differs in one file, of how many alerts and of how many persons, cases, teams and feeds."""

    file: str
    changes: list[Change] = field(default_factory=list)
    unchanged: int = 0
    known: Counter[str] = field(default_factory=Counter)
    """How many there are of each kind of thing that an alert may be about."""


def compare(  # noqa: PLR0913 (one for each thing a person may say on the command line)
    path: Path,
    policy: PolicyText,
    other: PolicyText,
    *,
    rules: Iterable[str] | None = None,
    until: datetime | None = None,
    progress: Callable[[str, int, int], None] | None = None,
) -> Comparison:
    """Play a file under both policies, by itself each time, and say what differs. Raises Mistakes."""
    persons = Persons()
    found = Comparison(str(path))
    looked_at = None if rules is None else frozenset(rules)
    with readable(found.file):
        before, after = (_played(path, each, persons, until, progress) for each in (policy, other))
    chronologies = after.played.engine.keys()
    found.known.update(key.partition(":")[0] for key in chronologies)
    old, new = before.alerts(looked_at), after.alerts(looked_at)
    for alert_id in old.keys() | new.keys():
        change = Change(old.get(alert_id), new.get(alert_id), persons.plain)
        if change.kind == "moved" and not change.changed:
            found.unchanged += 1
        else:
            found.changes.append(change)
    found.changes.sort(key=lambda each: (each.first_raised_at, each.alert.alert_id))
    return found


@dataclass(frozen=True, slots=True)
class _Played:
    played: Played
    rules: frozenset[str] | None

    def alerts(self, looked_at: frozenset[str] | None) -> dict[str, Alert]:
        """Return the alerts of the rules that the file, and the person who asks, look at, by id."""
        return {
            alert.alert_id: alert
            for alert in self.played.alerts()
            if all(each is None or alert.rule in each for each in (self.rules, looked_at))
        }


def _played(
    path: Path,
    policy: PolicyText,
    persons: Persons,
    until: datetime | None,
    progress: Callable[[str, int, int], None] | None,
) -> _Played:
    file = str(path)
    if path.suffix == ".toml":
        scenario = read_scenario(path.read_text(encoding="utf-8"), file, policy)
        last = played(scenario.told, scenario.policy, persons, until=scenario.until)
        return _Played(last, scenario.rules)
    if path.suffix not in logs.SUFFIXES:
        raise unknown_kind(file)
    told = None if progress is None else lambda read, size: progress(file, read, size)
    agreed = parse_policy(policy.text, policy.name)
    return _Played(played_log(lambda: logs.read_log(path, told), agreed, persons, until), None)


def summary(comparisons: Sequence[Comparison]) -> dict[str, Any]:
    """Count what differs: in all, by rule, and the share of persons, cases, teams and feeds that it touches."""
    changes = [change for each in comparisons for change in each.changes]
    by_rule: dict[str, Counter[str]] = {}
    for change in changes:
        by_rule.setdefault(change.alert.rule, Counter())[change.kind] += 1
    touched: Counter[str] = Counter(
        kind
        for each in comparisons
        for kind, _ in {(change.alert.about_kind, change.alert.about) for change in each.changes}
    )
    known = sum((each.known for each in comparisons), Counter())
    kinds = [kind for kind in ("person", "case", "team", "agency") if known[kind]]
    return {
        "files": len(comparisons),
        **_counted(Counter(change.kind for change in changes)),
        "unchanged": sum(each.unchanged for each in comparisons),
        "rules": {rule: _counted(by_rule[rule]) for rule in sorted(by_rule)},
        "touched": {
            "all": _share(touched.total(), known.total()),
            **{kind: _share(touched[kind], known[kind]) for kind in kinds},
        },
    }


def _counted(counts: Counter[str]) -> dict[str, int]:
    return {kind: counts[kind] for kind in KINDS}


def _share(touched: int, known: int) -> dict[str, float]:
    return {"touched": touched, "of": known, "share": round(touched / known, 4) if known else 0.0}


def run_diff(  # noqa: PLR0913 (one for each thing a person may say on the command line)
    paths: Iterable[Path],
    *,
    json: bool,
    policy_path: Path,
    other_path: Path,
    out: TextIO,
    err: TextIO,
    progress: Callable[[str, int, int], None] | None = None,
    rules: Iterable[str] | None = None,
    until: datetime | None = None,
) -> int:
    """Compare the files under two policies and print what differs to `out`, what is wrong to `err`.

    Returns the exit code: 0 compared, 2 a file or a policy is wrong; then the others are still compared.
    """
    files = list(paths)
    try:
        policy, other = policy_text(policy_path), policy_text(other_path)
    except Mistakes as error:
        err.write(f"{error}\n")
        return WRONG
    console = console_for(out)
    compared: list[Comparison] = []
    for path in files:
        try:
            found = compare(path, policy, other, rules=rules, until=until, progress=progress)
        except Mistakes as error:
            err.write(f"{error}\n")
            continue
        compared.append(found)
        if json:
            named = found.file if len(files) > 1 else None
            out.writelines(f"{json_line(row(change, named))}\n" for change in found.changes)
        else:
            _print(found, console)
    counted = summary(compared)
    if json:
        out.write(f"{json_line({'summary': counted})}\n")
    else:
        console.print(*_summary_lines(counted), sep="\n", markup=False)
    return MET if len(compared) == len(files) else WRONG


# Showing it.


def row(change: Change, file: str | None = None) -> dict[str, Any]:
    """Return a change as a line of JSON has it; `file` only where several files were given."""
    alert = change.alert
    fields: dict[str, Any] = {} if file is None else {"file": file}
    return fields | {
        "change": change.kind,
        "rule": alert.rule,
        "about": change.plain(alert.about),
        "about_kind": alert.about_kind,
        "alert_id": alert.alert_id,
        "changed": list(change.changed),
        "before": change.before and _fields(change.before, change.plain),
        "after": change.after and _fields(change.after, change.plain),
    }


def _compared(alert: Alert) -> dict[str, Any]:
    """Return what is compared of an alert: comparable, and not yet in words."""
    return {
        "status": alert.status,
        "severity": alert.severity,
        "raised_at": alert.raised_at,
        "due_at": alert.due_at,
        "members": {member.key for member in alert.members},
        "tell": alert.tell,
        "responsible": (alert.responsible_agency, alert.responsible_role),
    }


def _fields(alert: Alert, plain: Callable[[str], str]) -> dict[str, Any]:
    return {
        "status": alert.status,
        "reason": alert.reason,
        "severity": alert.severity,
        "raised_at": rfc_3339(alert.raised_at),
        "due_at": alert.due_at and rfc_3339(alert.due_at),
        "answered_at": alert.answered_at and rfc_3339(alert.answered_at),
        "members": [plain(member.key) for member in alert.members],
        "tell": list(alert.tell),
        "responsible": f"{alert.responsible_agency}/{alert.responsible_role}",
    }


def _print(found: Comparison, console: Console) -> None:
    console.print(found.file, markup=False)
    if not found.changes:
        console.print(f"no difference in {found.unchanged} alerts\n")
        return
    table = Table(box=None, pad_edge=False)
    table.add_column("change", no_wrap=True)
    for name in ("rule", "about", "under the current policy", "under the other"):
        table.add_column(name, overflow="fold")
    for change in found.changes:
        names = change.changed or ("status", "severity", "raised_at", "due_at")
        table.add_row(
            change.kind,
            change.alert.rule,
            change.plain(change.alert.about),
            _words(change.before, names),
            _words(change.after, names),
        )
    console.print(table)
    console.print()


def _words(alert: Alert | None, names: Iterable[str]) -> str:
    """Say, of one side of a change, only what is to be compared."""
    if alert is None:
        return "no alert"
    texts = {
        "status": alert.status,
        "severity": f"severity {alert.severity}",
        "raised_at": f"raised {local(alert.raised_at)}",
        "due_at": f"due {local(alert.due_at)}" if alert.due_at else "",
        "members": f"{len(alert.members)} members",
        "tell": f"tell {', '.join(alert.tell)}",
        "responsible": f"from {alert.responsible_agency}/{alert.responsible_role}",
    }
    return ", ".join(texts[name] for name in names if texts[name])


def _summary_lines(counted: dict[str, Any]) -> Iterator[str]:
    def line(counts: dict[str, Any]) -> str:
        return ", ".join(f"{counts[kind]} {kind}" for kind in KINDS)

    yield f"{line(counted)}, {counted['unchanged']} unchanged"
    for rule, counts in counted["rules"].items():
        yield f"  {rule}: {line(counts)}"
    for kind, share in counted["touched"].items():
        if kind != "all":
            yield f"touched: {share['touched']} of {share['of']} ({share['share']:.1%}), {kind}"
