"""Flag a referral that two records end in opposite ways: no further action, and accepted.

Found when the second of the two is told: a decision whose outcome is among `refused`, and one whose outcome is among
`accepted`, on the same referral. Which of them holds, only the people who wrote them can say. It is about the person
whom the referral names first, with a case or without.

Not of the reviews' own words: records that contradict each other let every other rule be answered by the wrong one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from baton.rules.deadline import found_unless
from baton.rules.facts import ReferralDecided
from baton.rules.incidents import PREGNANT
from baton.rules.referrals import referrals_of
from baton.rules.rule import Rule, finding
from baton.rules.whom import referral_is_about

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from baton.rules.chronology import Chronology
    from baton.rules.outcome import Finding
    from baton.rules.policy import Policy

SLUG = "contradictory-records"


def judge(told: Chronology, now: datetime, policy: Policy) -> Iterator[Finding]:
    """Ask of each referral of this person whether its decisions agree."""
    for referral in referrals_of(told):
        if not referral.decided or not referral_is_about(referral.received, told, PREGNANT):
            continue
        first = referral.decided[0]
        terms = policy.terms(SLUG, first.occurred_at, first.authority)
        refused = [each for each in referral.decided if each.outcome in terms.words("refused")]
        accepted = [each for each in referral.decided if each.outcome in terms.words("accepted")]
        if not refused or not accepted:
            continue
        yield finding(
            SLUG,
            referral.referral_id,
            told,
            found_unless((), at=max(refused[0].occurred_at, accepted[0].occurred_at), now=now),
            terms,
            trigger=(refused[0], accepted[0]),
            evidence=referral.decided,
            missing=("ReferralDecided",),
        )


RULE = Rule(
    slug=SLUG,
    version=2,
    catalogue="contradictory-records",
    reads="person",
    triggers=frozenset({ReferralDecided}),
    judge=judge,
    sentence="A referral that two records end in opposite ways: no further action, and accepted.",
    missing="one decision that holds",
    settings={"refused": tuple, "accepted": tuple},
)
