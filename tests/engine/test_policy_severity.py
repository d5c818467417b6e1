"""Are the mistakes in what raises a severity found, each with its place?"""

from __future__ import annotations

from datetime import date

import pytest

from baton.engine.policy_file import PolicyErrors, holding, parse_policy
from tests.rules.told import POLICY, POLICY_TEXT


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (
            "[severity]\nat_most = -1",
            "severity.at_most: must be a whole number of steps, 0 or more",
        ),
        (
            "[severity.near-due-dat]\nsteps = 1",
            "severity.near-due-dat: there is no such modifier; did you mean near-due-date?",
        ),
        ("[severity]\nrepeat = 1", "severity.repeat: must be a table: repeat = { … }"),
        ("severity = 1", "severity: must be a table: severity = { … }"),
        (
            "[severity.repeat]\nsteps = 0",
            "severity.repeat.steps: must be a whole number, 1 or more",
        ),
        (
            '[severity.repeat]\nrules = ["a1"]',
            "severity.repeat.rules: must be rules, or letters of the catalogue; known are",
        ),
        (
            "[severity.repeat]\nfrom = 1",
            "severity.repeat.from: must be written as [[severity.repeat.from]]",
        ),
        ("[rule.family-not-contacted]\nsupervision_answers = 1", "must be true or false"),
        (
            "[rule.family-not-contacted]\nseverity_escalated = 5",
            "must be 1 (act now), 2 (this working day)",
        ),
    ],
)
def test_a_mistake_is_found(lines: str, message: str) -> None:
    """In words that say what to do."""
    with pytest.raises(PolicyErrors) as found:
        parse_policy(POLICY_TEXT, overrides=lines)

    (mistake,) = found.value.mistakes
    assert message in str(mistake)


def test_a_block_that_is_there_is_whole() -> None:
    """In the policy itself; a scenario may name one setting."""
    with pytest.raises(PolicyErrors) as found:
        parse_policy(POLICY_TEXT.replace('\nplans  = ["child_protection"]\n', "\n"))

    assert ["severity.child-protection-plan.plans"] == [each.field for each in found.value.mistakes]


def test_what_holds_is_shown_like_a_rules() -> None:
    """`baton policy show repeat`."""
    rows = {row.setting: row.value for row in holding(POLICY, "repeat", date(2026, 3, 2))}

    assert {"basis": "ours", "within": "365 days", "steps": "1", "rules": "A, B, C"} == rows
