"""What the auditor works out by itself."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from baton.auditor import CannotAuditError, expected_alerts
from baton.simulate import FAILURES, RULE_OF, Plan, events
from tests.simulate.dense import DENSE

TEXT = (Path(__file__).parents[2] / "policy.toml").read_text(encoding="utf-8")
PLAN = Plan(volumes=DENSE, failures=dict.fromkeys(FAILURES, 0.15), told_late=0.08, repeated=0.03)


def test_what_was_sown_should_be_found() -> None:
    """Every failure of the simulation has the alert that must follow, about whom it was; and it stands."""
    sown: list[dict[str, Any]] = []
    sown_by: list[int] = []
    lines: list[str] = []
    for line in events(replace(PLAN, seed=4, years=0.5), sown.append):
        lines.append(line)
        sown_by.append(len(sown))
    # Two months later nothing that was sown still waits.
    early = sown[: sown_by[len(lines) // 2]]
    standing = {
        (alert.rule, *alert.alert_id.split("/")[1:], alert.about.removeprefix("local:"))
        for alert in expected_alerts(map(json.loads, lines), TEXT)
        if alert.status != "withdrawn"
    }

    assert {each["sown"] for each in early} == set(RULE_OF)
    for each in early:
        of = set() if each["sown"] in {"block", "feed-silent"} else {each["of"]}
        assert any({each["alert"], each["about"]} | of <= set(alert) for alert in standing), each


def test_persons_may_have_other_keys() -> None:
    """On Kafka an alert names a pseudonym: the same alerts, by another id."""
    lines = [json.loads(line) for line in events(replace(PLAN, years=0.05))]
    plain = {alert.alert_id for alert in expected_alerts(lines, TEXT)}
    keyed = expected_alerts(lines, TEXT, person=lambda scheme, value: f"p-{scheme}-{value}")

    assert {alert.alert_id.replace("p-local-", "local:") for alert in keyed} == plain


def test_a_dated_line_of_the_policy_is_refused() -> None:
    """It is not worked out here, and a second opinion that guesses is none."""
    dated = TEXT + '\n[[rule.source-silent.from]]\ndate = "2026-01-01"\nwithin = { hours = 2 }\n'

    with pytest.raises(CannotAuditError, match="dated lines for source-silent"):
        expected_alerts([], dated)
