"""`baton replay`: files in, alerts out, and whether the expectations are met."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TextIO

from rich.console import Console

from baton.engine.policy_file import parse_policy
from baton.engine.toml_lines import Mistake, Mistakes
from baton.replay import logs
from baton.replay.expect import differences
from baton.replay.play import play_log, play_scenario
from baton.replay.scenario import PolicyText, read_scenario
from baton.replay.show import json_line, row, table
from baton.replay.told import Persons

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime
    from pathlib import Path

    from baton.engine.alerts import Alert

MET: Final = 0
NOT_MET: Final = 1
WRONG: Final = 2
"""Exit codes; of several files the highest counts."""

_WIDTH = 160


@dataclass(slots=True)
class Result:
    """What became of one file: its alerts, what is not as expected, and what is wrong with the file itself."""

    file: str
    title: str = ""
    alerts: list[Alert] = field(default_factory=list)
    differences: list[str] = field(default_factory=list)
    mistakes: tuple[Mistake, ...] = ()
    persons: Persons = field(default_factory=Persons)
    has_expectations: bool = False

    @property
    def exit_code(self) -> int:
        """0: all met; 1: not met; 2: the file is wrong."""
        if self.mistakes:
            return WRONG
        return NOT_MET if self.differences else MET


def replay(
    paths: Iterable[Path],
    policy: PolicyText,
    *,
    rules: Iterable[str] | None = None,
    until: datetime | None = None,
    progress: Callable[[str, int, int], None] | None = None,
) -> Iterator[Result]:
    """Play each file by itself, scenario or log, and give its result; nothing is carried from one to the next.

    `rules` looks at those rules only. `until` is where the clock of a log stops (default: when its last record is
    heard); a scenario has its own. `progress` is called with the file, bytes read and bytes in all.
    """
    looked_at = None if rules is None else frozenset(rules)
    for path in paths:
        result = Result(str(path))
        try:
            with readable(result.file):
                _play(path, policy, result, until, progress)
        except Mistakes as error:
            result.mistakes = error.mistakes
        if looked_at is not None:
            result.alerts = [alert for alert in result.alerts if alert.rule in looked_at]
        yield result


def _play(
    path: Path,
    policy: PolicyText,
    result: Result,
    until: datetime | None,
    progress: Callable[[str, int, int], None] | None,
) -> None:
    if path.suffix == ".toml":
        scenario = read_scenario(path.read_text(encoding="utf-8"), result.file, policy)
        result.title = scenario.title
        result.has_expectations = True
        result.alerts = play_scenario(scenario, result.persons)
        result.differences = differences(scenario, result.alerts, result.persons.plain)
    elif path.suffix in logs.SUFFIXES:
        told = None if progress is None else lambda read, size: progress(result.file, read, size)
        agreed = parse_policy(policy.text, policy.name)
        result.alerts = play_log(lambda: logs.read_log(path, told), agreed, result.persons, until)
    else:
        raise unknown_kind(result.file)


@contextmanager
def readable(file: str) -> Iterator[None]:
    """Turn what keeps a file from being read into a mistake of that file."""
    try:
        yield
    except UnicodeDecodeError:
        raise Mistakes([Mistake(file, 1, "", "is not UTF-8 text")]) from None
    except OSError as error:
        raise Mistakes([Mistake(file, 1, "", f"cannot be read: {error.strerror}")]) from None


def unknown_kind(file: str) -> Mistakes:
    """Say of which kinds a file may be."""
    known = ", ".join((".toml", *logs.SUFFIXES))
    return Mistakes([Mistake(file, 1, "", f"is of no known kind; known are {known}")])


def run(  # noqa: PLR0913 (one for each thing a person may say on the command line)
    paths: Iterable[Path],
    *,
    json: bool,
    policy_path: Path,
    out: TextIO,
    err: TextIO,
    progress: Callable[[str, int, int], None] | None = None,
    rules: Iterable[str] | None = None,
    until: datetime | None = None,
) -> int:
    """Replay the files and print what they say: alerts to `out`, what is wrong or differs to `err`.

    Returns the exit code: 0 all expectations met, 1 not met, 2 a file (or the policy) is wrong.
    """
    files = list(paths)
    try:
        policy = policy_text(policy_path)
    except Mistakes as error:
        err.write(f"{error}\n")
        return WRONG
    console = console_for(out)
    worst = MET
    for result in replay(files, policy, rules=rules, until=until, progress=progress):
        worst = max(worst, result.exit_code)
        if json:
            named = result.file if len(files) > 1 else None
            out.writelines(
                f"{json_line(row(alert, result.persons.plain, named))}\n" for alert in result.alerts
            )
        elif not result.mistakes:
            _print(result, console)
        err.writelines(f"{mistake}\n" for mistake in result.mistakes)
        if result.differences:
            err.write(f"{result.file}: not as expected\n")
            err.writelines(f"  {difference}\n" for difference in result.differences)
    return worst


def policy_text(path: Path) -> PolicyText:
    """Read a policy that must be right by itself. Raises Mistakes."""
    with readable(str(path)):
        policy = PolicyText(path.read_text(encoding="utf-8"), str(path))
    parse_policy(policy.text, policy.name)
    return policy


def console_for(out: TextIO) -> Console:
    """Give what prints tables; into a file or a pipe nothing is folded to a terminal's width."""
    return Console(file=out, highlight=False, width=None if out.isatty() else _WIDTH)


def _print(result: Result, console: Console) -> None:
    console.print(f"{result.file}: {result.title}" if result.title else result.file, markup=False)
    if result.alerts:
        console.print(table(result.alerts, result.persons.plain))
    else:
        console.print("no alerts")
    if result.has_expectations and not result.differences:
        console.print("as expected")
    console.print()
