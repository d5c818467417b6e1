"""`baton explain` of every rule in the register: why, what would answer it, and when it is looked at again."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
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
JUDGED = tuple(slug for slug, rule in RULES.items() if rule.triggers & {*FACTS.values()})
"""The rules that judge facts; that a role has nobody to tell follows from what was told of alerts."""
OPEN = {"waiting", "due-soon", "overdue", "cannot-tell", "found"}


@cache
def stories_of(rule: str) -> tuple[tuple[Path, Alert], ...]:
    """Return the scenarios that expect this rule's alert to stand at the end, each with one."""
    return tuple(_stories_of(rule))


def _stories_of(rule: str) -> Iterator[tuple[Path, Alert]]:
    for file in FILES:
        text = file.read_text(encoding="utf-8")
        if f'alert = "{rule}"' not in re.sub(r" +=", " =", text):
            continue
        for alert in play_scenario(read_scenario(text, file.name, POLICY), Persons()):
            # Of a feed that was silent and is heard again, the heartbeats of its silence are kept no longer.
            over = alert.about_kind == "agency" and alert.status == "answered"
            if alert.rule == rule and alert.status != "withdrawn" and not over:
                yield file, alert
                break


def judged(baton: Baton, asked: str, file: Path) -> list[dict[str, Any]]:
    """Return what explain says of the judgements."""
    result = baton("explain", asked, file, "--json")
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    return [judgement for line in lines for judgement in line["judgements"]]


@pytest.mark.parametrize("rule", JUDGED)
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
    assert row["facts"]
    assert [each["alert_id"] for each in row["alerts"]] == [alert.alert_id]


@pytest.mark.parametrize("rule", JUDGED)
def test_an_alert_of_each_rule_is_explained_by_whom_it_is_about(baton: Baton, rule: str) -> None:
    """Who asks for the person, case, team or feed is told too, in words."""
    file, alert = stories_of(rule)[0]

    result = baton("explain", f"{alert.about_kind}:{alert.about}", file)

    words = " ".join(result.stdout.split())
    assert f"{rule}: an alert" in words
    assert f"id: {alert.alert_id}" in words
    assert alert.reason == "answered-late" or RULES[rule].missing in words


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
