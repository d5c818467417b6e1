"""What makes an alert more serious: each circumstance, by how much, and what is shown of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from baton.engine.engine import Engine
from baton.rules import assessment_overdue, family_not_contacted
from baton.rules.facts import AssessmentAuthorised, AssessmentStarted, CaseClosed, CaseOpened, Fact
from baton.rules.register import RULES
from baton.rules.severity import MODIFIERS, weighed
from tests.engine.driving import Driven
from tests.rules.told import (
    CARE,
    DAY,
    NOON,
    POLICY,
    birth,
    booking,
    ended,
    heard,
    of_case,
    policy_with,
)

if TYPE_CHECKING:
    from baton.engine.alerts import Alert
    from baton.rules.policy import Policy

RULE = RULES["assessment-without-analysis"]
FAMILY = {family_not_contacted.SLUG: family_not_contacted.RULE}


def opened(plan: str = "none") -> CaseOpened:
    """Give the opening of woman-1's case, a week before."""
    at = NOON - 7 * DAY
    return CaseOpened(
        event_id="opened",
        occurred_at=at,
        received_at=at,
        agency=CARE,
        case="case-1",
        people=("woman-1",),
        plan=plan,
    )


def authorised() -> AssessmentAuthorised:
    """Give an assessment of the case, authorised at noon without an analysis: severity 3 by its rule."""
    return AssessmentAuthorised(
        event_id="authorised",
        occurred_at=NOON,
        received_at=NOON,
        agency=CARE,
        case="case-1",
        assessment="assessment-1",
    )


def raised(*facts: Fact, policy: Policy = POLICY) -> Alert:
    """Give the one alert that these facts raise, an hour after noon."""
    engine = Engine(policy, {RULE.slug: RULE})
    for place, fact in enumerate((authorised(), *facts)):
        engine.hear(fact, ("a-topic", 0, place))
    engine.advance(NOON + timedelta(hours=1))
    (alert,) = engine.alerts()
    return alert


def test_what_raised_it_is_shown() -> None:
    """In a field of its own, by the names that policy has; the reason says why the alert is there."""
    soon = booking(NOON - 3 * DAY, (NOON + 60 * DAY).date())

    alert = raised(opened("child_protection"), soon)

    assert (2, "overdue") == (alert.severity, alert.reason)
    assert ("near-due-date", "child-protection-plan") == alert.raised_by


def test_what_is_told_late_of_another_case_raises_what_stands() -> None:
    """An earlier case of the same mother was closed, and nobody had seen the family: it is heard of afterwards."""
    earlier = replace(opened(), case="case-0", event_id="earlier", occurred_at=NOON - 30 * DAY)
    closed = heard(of_case(CaseClosed, -10, case="case-0"), NOON + 3 * DAY)
    driven = Driven(earlier, opened(), closed, rules=FAMILY)
    driven.through((NOON + 2 * DAY, NOON + 3 * DAY))

    told = [each for each in driven.log if each.about == "case-1"]
    assert [(2, (), NOON), (1, ("earlier-unverified-closure",), NOON + 3 * DAY)] == [
        (each.severity, each.raised_by, each.as_of) for each in told
    ]


def test_a_warning_before_anything_is_due_is_not_raised() -> None:
    """It is as serious as policy says of it; once the assessment is due, what raises it counts."""
    rule = assessment_overdue.RULE
    begun = of_case(AssessmentStarted, assessment="assessment-1")
    driven = Driven(opened("child_protection"), begun, rules={rule.slug: rule})

    changed = driven.through(NOON + n * 7 * DAY for n in range(12))

    assert [
        ("due-soon", 4, ()),
        ("due-soon", 3, ()),
        ("overdue", 1, ("child-protection-plan",)),
    ] == [(each.reason, each.severity, each.raised_by) for each in changed]


def test_without_any_of_them_it_is_as_serious_as_its_rule_says() -> None:
    """And nothing is shown."""
    alert = raised(opened())

    assert (3, ()) == (alert.severity, alert.raised_by)


def test_a_lost_pregnancy_is_not_shown() -> None:
    """What is left could be read as a disclosure."""
    soon = booking(NOON - 3 * DAY, (NOON + 60 * DAY).date())

    assert () == raised(opened(), soon, ended(NOON - DAY)).raised_by


def test_never_beyond_the_most_serious() -> None:
    """Three steps from three are no step beyond one."""
    three_steps = policy_with(
        "[severity]\nat_most = 9\n[severity.very-young]\nsteps = 3\n[severity.child-protection-plan]\nsteps = 3"
    )

    assert 1 == raised(opened("child_protection"), birth(NOON - DAY), policy=three_steps).severity


@pytest.mark.parametrize(
    ("lines", "severity"),
    [
        ("[severity]\nat_most = 0", 3),
        ("[severity]\nat_most = 2", 1),
        (
            '[severity.child-protection-plan]\nplans = ["looked_after"]\n[severity.very-young]\nrules = ["A"]',
            3,
        ),
        ('[severity.child-protection-plan]\nrules = ["assessment-without-analysis"]', 2),
        ('[[severity.child-protection-plan.from]]\narea = "north"\nsteps = 9', 2),
    ],
)
def test_how_much_and_for_which_rules_is_policy(lines: str, severity: int) -> None:
    """By rule or by part of the catalogue, with dated and local lines like a rule's."""
    assert (
        severity
        == raised(opened("child_protection"), birth(NOON - DAY), policy=policy_with(lines)).severity
    )


def test_a_policy_may_leave_a_modifier_out() -> None:
    """Then it raises nothing."""
    without = replace(POLICY, modifiers={"very-young": POLICY.modifiers["very-young"]})

    assert ("very-young",) == raised(
        opened("child_protection"), birth(NOON - DAY), policy=without
    ).raised_by


def test_every_modifier_has_its_block_and_no_rules_name() -> None:
    """The register of the modifiers and the policy agree."""
    assert set(MODIFIERS) == set(POLICY.modifiers)
    assert not set(MODIFIERS) & set(RULES)


def test_where_nothing_was_raised_nothing_is_read() -> None:
    """The facts around are gathered for an alert alone."""
    asked = list(weighed([], lambda: pytest.fail("read"), NOON, POLICY))

    assert [] == asked
