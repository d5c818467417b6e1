"""`baton explain` of every rule in the register: why, what would answer it, and when it is looked at again."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from baton.cli.chronology import rfc_3339
from baton.engine.alerts import Alert
from baton.replay.play import play_scenario
from baton.replay.scenario import PolicyText, read_scenario
from baton.replay.told import Persons
from baton.rules.facts import FACTS
from baton.rules.outcome import RAISING
from baton.rules.register import RULES

Baton = Callable[..., Result]

ROOT = Path(__file__).parents[2]
POLICY = PolicyText((ROOT / "policy.toml").read_text(encoding="utf-8"))
FILES = sorted((ROOT / "tests" / "scenarios").glob("*.toml"))
OPEN = {"waiting", "due-soon", "overdue", "cannot-tell", "found"}


@cache
def played() -> tuple[tuple[Path, list[Alert]], ...]:
    """Return every scenario with the alerts at its end, of the rules that it looks at."""
    texts = ((file, file.read_text(encoding="utf-8")) for file in FILES)
    return tuple(
        (file, play_scenario(read_scenario(text, file.name, POLICY), Persons()))
        for file, text in texts
    )


def stories_of(rule: str) -> list[tuple[Path, Alert]]:
    """Return the scenarios in which this rule's alert stands at the end, each with one."""
    stands = ((file, _first(rule, alerts)) for file, alerts in played())
    return [(file, alert) for file, alert in stands if alert is not None]


def _first(rule: str, alerts: list[Alert]) -> Alert | None:
    mine = (each for each in alerts if each.rule == rule and each.status != "withdrawn")
    return next(mine, None)


def ends_of(rule: str) -> list[tuple[Path, Alert]]:
    """Return, of the alerts of a rule at the end of its scenarios, one for each status and reason."""
    found: dict[tuple[str, str | None], tuple[Path, Alert]] = {}
    for file, alerts in played():
        for alert in alerts:
            if alert.rule == rule:
                found.setdefault((alert.status, alert.reason), (file, alert))
    return list(found.values())


def judged(baton: Baton, asked: str, file: Path) -> list[dict[str, Any]]:
    """Return what explain says of the judgements."""
    result = baton("explain", asked, file, "--json")
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    return [judgement for line in lines for judgement in line["judgements"]]


@pytest.mark.parametrize("rule", RULES)
def test_an_alert_of_each_rule_is_explained_by_its_id(baton: Baton, rule: str) -> None:
    """One judgement, with its reason and, while it is open, what would answer it; and the alert itself."""
    file, alert = stories_of(rule)[0]

    result = baton("explain", alert.alert_id, file, "--json")

    (row,) = (json.loads(line) for line in result.stdout.splitlines())
    (judgement,) = row["judgements"]
    assert (judgement["rule"], judgement["alert_id"]) == (rule, alert.alert_id)
    assert judgement["reason"] == alert.reason
    assert judgement["reason"] in RAISING
    assert bool(judgement["would_be_answered_by"]) == (judgement["reason"] in OPEN)
    # That a role has nobody to tell follows from what was told of alerts, which is in no chronology.
    assert bool(row["facts"]) == bool(RULES[rule].triggers & {*FACTS.values()})
    assert [each["alert_id"] for each in row["alerts"]] == [alert.alert_id]


@pytest.mark.parametrize("rule", RULES)
def test_an_alert_of_each_rule_is_explained_by_whom_it_is_about(baton: Baton, rule: str) -> None:
    """Who asks for the person, case, team or feed is told too, in words."""
    file, alert = stories_of(rule)[0]

    result = baton("explain", f"{alert.about_kind}:{alert.about}", file)

    words = " ".join(result.stdout.split())
    assert f"{rule}: an alert" in words
    assert f"id: {alert.alert_id}" in words
    assert alert.reason == "answered-late" or RULES[rule].missing in words


@pytest.mark.parametrize("rule", RULES)
def test_an_alert_is_explained_however_it_stands(baton: Baton, rule: str) -> None:
    """Raised, answered late, or withdrawn, when what asked is forgotten or corrected too.

    It is said why, what was awaited and, where something answered, what did and when, and when it is looked at again.
    """
    ends = ends_of(rule)
    assert ends
    for file, alert in ends:
        (judgement,) = judged(baton, alert.alert_id, file)
        words = " ".join(baton("explain", alert.alert_id, file).stdout.split())

        reason = judgement["reason"]
        assert f"{rule}: " in words
        assert "is looked at again: " in words
        assert bool(judgement["would_be_answered_by"]) == (reason in OPEN)
        if reason in OPEN | {"answered", "answered-late"}:
            assert RULES[rule].missing in words
        if reason == "answered-late":
            assert judgement["answered_by"]
            assert {each["occurred_at"] for each in judgement["answered_by"]} == {
                alert.answered_at and rfc_3339(alert.answered_at)
            }
        if alert.status == "withdrawn":
            assert reason in {"answered", "not-asked", "transfer-withdrawn"}


@pytest.mark.parametrize("rule", RULES)
def test_a_question_that_waits_says_when_it_is_looked_at_again(
    baton: Baton, tmp_path: Path, rule: str
) -> None:
    """The minute before an alert is raised there is none yet; if it is asked already, it says when."""
    waited = False
    for file, alert in stories_of(rule)[:3]:
        before = alert.raised_at - timedelta(minutes=1)
        for judgement in judged(baton, alert.alert_id, ending(file, before, tmp_path)):
            if judgement["reason"] == "waiting":
                assert rfc_3339(before) < judgement["looks_again_at"] <= judgement["due_at"]
                assert judgement["would_be_answered_by"]
                waited = True
            elif judgement["reason"] == "cannot-tell":
                assert judgement["waits_for"]
            else:
                assert judgement["reason"] in {"answered", "not-asked"}
        if waited:
            return
    # What is found at once never waits; what has a limit and awaits an answer always does.
    assert not {"within", "answered_by"} <= RULES[rule].settings.keys()


def ending(file: Path, at: datetime, folder: Path) -> Path:
    """Return a copy of a scenario that ends at a moment."""
    text = file.read_text(encoding="utf-8")
    until = f'until = "{at.isoformat()}"'
    # A block of silence has an `until` of its own, further down.
    copy = folder / file.name
    copy.write_text(re.sub(r"^until *=.*$", until, text, count=1, flags=re.MULTILINE))
    return copy
