"""Flag feedback that told a referrer an outcome and not why.

Found at once: `rationale_given` is true, or the feedback is without one; what is not stated is not given. Later
feedback on the same referral that gives it answers late. Without a case it is about the person whom the referral
names first.

Taught by Leicestershire and Rutland: partners must be told "the rationale" of a decision.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from baton.rules.cases import team_of
from baton.rules.deadline import found_unless
from baton.rules.facts import FeedbackGiven
from baton.rules.referrals import referrals_of
from baton.rules.rule import Rule, finding

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from baton.rules.chronology import Chronology
    from baton.rules.outcome import Finding
    from baton.rules.policy import Policy

SLUG = "feedback-without-rationale"


def judge(told: Chronology, now: datetime, policy: Policy) -> Iterator[Finding]:
    """Ask of each referral whether its feedback said why; repeats are one alert."""
    for referral in referrals_of(told):
        without = [each for each in referral.feedback if not each.rationale_given]
        if not without or not referral.is_about(told, without[0].occurred_at):
            continue
        terms = policy.terms(SLUG, without[0].occurred_at, without[0].authority)
        yield finding(
            SLUG,
            referral.referral_id,
            told,
            found_unless(
                (each for each in referral.feedback if each.rationale_given),
                at=without[0].occurred_at,
                now=now,
            ),
            terms,
            trigger=(without[0],),
            evidence=tuple(without),
            missing=("rationale_given",),
            team=team_of(told, told.about),
        )


RULE = Rule(
    slug=SLUG,
    version=2,
    catalogue="B10",
    reads="case",
    without_case=judge,
    triggers=frozenset({FeedbackGiven}),
    judge=judge,
    sentence="Feedback that told a referrer an outcome and not why.",
    missing="the rationale, told to the referrer",
    settings={},
)
