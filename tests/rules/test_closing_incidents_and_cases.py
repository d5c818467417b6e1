"""Branches of the rules on incidents, closures and feedback (A4 to A9, B1 to B17) that no scenario reaches."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from baton.rules import (
    closed_on_report_alone,
    feedback_without_rationale,
    incident_closed_incomplete,
    signed_off_incomplete,
    triage_without_threshold,
)
from baton.rules.deadline import Met, gravest
from baton.rules.facts import (
    AssessmentAuthorised,
    CaseClosed,
    CaseOpened,
    FeedbackGiven,
    ReferralDecided,
)
from tests.rules.told import (
    CARE,
    DAY,
    HOUR,
    NOON,
    closed,
    findings,
    incident,
    judged,
    policy_with,
    referral,
)

if TYPE_CHECKING:
    from datetime import datetime

    from baton.rules.facts import Fact
    from baton.rules.rule import Rule


def case_opened(at: datetime) -> CaseOpened:
    """A case is opened for the referral of an unborn child."""
    return CaseOpened(
        event_id="opened-case-1",
        occurred_at=at,
        received_at=at,
        agency=CARE,
        case="case-1",
        people=("woman-1",),
        referral="ref-1",
        unborn=True,
    )


def case_closed(at: datetime) -> CaseClosed:
    """A case is closed on somebody's word."""
    return CaseClosed(
        event_id="closed-case-1",
        occurred_at=at,
        received_at=at,
        agency=CARE,
        case="case-1",
        evidence=("report_of_parent",),
    )


def signed(at: datetime, *evidence: str, case: str = "case-1") -> AssessmentAuthorised:
    """An assessment is signed off."""
    return AssessmentAuthorised(
        event_id=f"signed-{case}",
        occurred_at=at,
        received_at=at,
        agency=CARE,
        case=case,
        assessment="assessment-1",
        evidence=evidence,
    )


def feedback(at: datetime) -> FeedbackGiven:
    """The referrer is told an outcome and not why."""
    return FeedbackGiven(
        event_id="feedback-1",
        occurred_at=at,
        received_at=at,
        agency=CARE,
        referral="ref-1",
        outcome="assessment",
    )


def decided(at: datetime, *, referral: str = "ref-1") -> ReferralDecided:
    """A referral is decided without a level."""
    return ReferralDecided(
        event_id=f"decided-{referral}",
        occurred_at=at,
        received_at=at,
        agency=CARE,
        referral=referral,
        outcome="assessment",
    )


@pytest.mark.parametrize(
    ("rule", "about", "told"),
    [
        (incident_closed_incomplete.RULE, "woman-1", (incident(NOON), closed(NOON + HOUR))),
        (closed_on_report_alone.RULE, "case-1", (case_closed(NOON + HOUR),)),
        (signed_off_incomplete.RULE, "case-1", (signed(NOON + HOUR),)),
        (feedback_without_rationale.RULE, "case-1", (case_opened(NOON), feedback(NOON + HOUR))),
    ],
)
def test_what_an_agencys_fast_clock_says_waits_for_its_moment(
    rule: Rule, about: str, told: tuple[Fact, ...]
) -> None:
    """A record heard before the moment it gives is judged at that moment, not before it."""
    (early,) = findings(rule, about, NOON, *told)
    (then,) = findings(rule, about, NOON + HOUR, *told)

    assert ("waiting", NOON + HOUR) == (early.reason, early.wake_at)
    assert ("found", None) == (then.reason, then.wake_at)


def test_an_assessment_of_another_case_is_not_asked_about() -> None:
    """Its records may come with those of a person whom both cases name."""
    assert {} == judged(signed_off_incomplete.RULE, "case-1", NOON, signed(NOON, case="case-2"))


def test_nothing_needed_is_nothing_missing() -> None:
    """Where the policy asks only for what could not be had, the signature is complete."""
    only_child = policy_with('[rule.signed-off-incomplete]\nevidence_needed = ["child_seen"]')

    assert {"assessment-1": "answered"} == judged(
        signed_off_incomplete.RULE,
        "case-1",
        NOON + DAY,
        case_opened(NOON),
        signed(NOON + HOUR),
        policy=only_child,
    )


def test_a_referral_without_a_decision_is_not_asked_for_its_level() -> None:
    """Another referral's decision in the same chronology asks about that one only."""
    told = (referral(NOON), decided(NOON + HOUR, referral="ref-2"))
    rule = triage_without_threshold.RULE

    assert {} == judged(rule, "case-1", NOON + 9 * DAY, *told)


def test_several_clocks_are_told_as_the_gravest() -> None:
    """Of equal ones as that which was due first, looked at again as soon as any would be."""
    told = [
        Met("waiting", NOON + DAY, wake_at=NOON + DAY),
        Met("overdue", NOON + HOUR),
        Met("overdue", NOON),
        Met("waiting", NOON + 2 * DAY, wake_at=NOON + 2 * DAY),
    ]

    assert Met("overdue", NOON, wake_at=NOON + DAY) == gravest(told)


def test_what_came_late_is_answered_by_the_last_of_it() -> None:
    """A conference held weeks late is not told as held when the other area was asked."""
    first, last = case_opened(NOON + HOUR), case_opened(NOON + 3 * DAY)
    told = [
        Met("answered-late", NOON + DAY, last),
        Met("answered-late", NOON, first),
        Met("answered", NOON + 4 * DAY, case_opened(NOON + 4 * DAY)),
    ]

    assert Met("answered-late", NOON, last) == gravest(told)
