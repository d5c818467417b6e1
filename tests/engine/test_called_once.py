"""Two questions of a rule under one name: the gravest stands, and none unsays what another says."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from baton.rules import (
    assessment_overdue,
    family_not_contacted,
    moved_area_without_transfer_in,
    step_change_gap,
)
from baton.rules.facts import (
    CaseClosed,
    CaseOpened,
    CaseReopened,
    ContactMade,
    Fact,
    ReferralDecided,
)
from tests.engine.driving import Driven
from tests.rules.told import CARE, DAY, NOON, POLICY, of_case, referral

if TYPE_CHECKING:
    from baton.rules.rule import Rule

DECIDED = ReferralDecided(
    event_id="decided",
    occurred_at=NOON,
    received_at=NOON,
    agency=CARE,
    referral="ref-1",
    outcome="assessment",
    rationale_given=True,
)
TWICE = [
    referral(NOON - DAY),
    DECIDED,
    of_case(CaseOpened, 1, referral="ref-1"),
    of_case(CaseClosed, 5),
    of_case(CaseOpened, 20, referral="ref-1"),
]
SAME_INSTANT = [
    of_case(CaseOpened, 0),
    of_case(CaseClosed, 5, reason="RC5"),
    of_case(CaseReopened, 5),
    of_case(CaseClosed, 5, reason="RC5", role="manager"),
]
STEPPED_DOWN = [
    of_case(CaseOpened, 0, people=("woman-1",)),
    of_case(CaseClosed, 5, reason="RC9"),
    of_case(CaseClosed, 5, reason="RC9", role="manager"),
]
ON_ONE_DAY = [
    of_case(CaseOpened, 0),
    of_case(CaseClosed, 0.1),
    of_case(CaseOpened, 0.2),
    of_case(CaseClosed, 0.2),
    of_case(CaseReopened, 0.2),
]


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        (assessment_overdue.RULE, TWICE),
        (family_not_contacted.RULE, TWICE),
        (family_not_contacted.RULE, ON_ONE_DAY),
        (moved_area_without_transfer_in.RULE, SAME_INSTANT),
        (step_change_gap.RULE, STEPPED_DOWN),
    ],
    ids=["twice-assessed", "twice-contacted", "on-one-day", "two-closes", "two-steps"],
)
def test_a_restart_says_nothing_twice(rule: Rule, told: list[Fact]) -> None:
    """Restarted every day, and everything asked again: the same alerts, at the same moments."""
    steady, restarted = (Driven(*told, rules={rule.slug: rule}) for _ in range(2))
    for day in range(120):
        steady.advance(NOON + day * DAY)
        restarted.advance(NOON + day * DAY)
        restarted = restarted.restarted(POLICY)

    assert steady.log == restarted.log
    assert steady.log
    assert "withdrawn" not in {each.status for each in steady.log}


def test_the_gravest_stands() -> None:
    """Whichever of the two: the family was not reached after one opening, and was, or still may be, after the other."""
    rule = family_not_contacted.RULE
    opened, again = (
        of_case(CaseOpened, 1, referral="ref-1"),
        of_case(CaseOpened, 14, referral="ref-1"),
    )
    closed, reached = of_case(CaseClosed, 13), of_case(ContactMade, 2, with_=("mother",))

    missed_first = Driven(opened, closed, again, rules={rule.slug: rule})
    missed_first.advance(NOON + 15 * DAY)
    missed_then = Driven(opened, reached, closed, again, rules={rule.slug: rule})
    missed_then.advance(NOON + 15 * DAY)
    assert {} == missed_then.standing()
    missed_then.advance(NOON + 40 * DAY)

    assert [NOON + 8 * DAY] == [each.due_at for each in missed_first.engine.alerts()]
    assert [NOON + 21 * DAY] == [each.due_at for each in missed_then.engine.alerts()]


def test_what_is_still_waited_for_takes_no_reason_away() -> None:
    """It was answered in time, and told late: so says the alert that is withdrawn, though the second has time yet."""
    rule = family_not_contacted.RULE
    opened, again = (
        of_case(CaseOpened, 1, referral="ref-1"),
        of_case(CaseOpened, 20, referral="ref-1"),
    )
    reached = replace(of_case(ContactMade, 2, with_=("mother",)), received_at=NOON + 21 * DAY)
    driven = Driven(opened, of_case(CaseClosed, 15), again, reached, rules={rule.slug: rule})

    driven.advance(NOON + 22 * DAY)

    (alert,) = driven.engine.alerts()
    assert ("withdrawn", "answered-in-time-told-late") == (alert.status, alert.reason)
