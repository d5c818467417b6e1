"""Flag a referral decided without a level of need by the area's threshold document.

Due `within` (one working day) of the decision: a decision on the same referral that states its level, this one or a
later. Without a case it is about the person whom the referral names first.

Taught by Leicestershire and Rutland, Baby E: referrals were read as low level and the "threshold model" not applied.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from baton.rules.cases import team_of
from baton.rules.deadline import answered_in_time
from baton.rules.facts import ReferralDecided
from baton.rules.referrals import referrals_of
from baton.rules.rule import Rule, finding

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from baton.rules.chronology import Chronology
    from baton.rules.outcome import Finding
    from baton.rules.policy import Policy

SLUG = "triage-without-threshold"


def judge(told: Chronology, now: datetime, policy: Policy) -> Iterator[Finding]:
    """Ask of each referral that was decided at which level of need."""
    for referral in referrals_of(told):
        if not referral.decided:
            continue
        decision = next((each for each in referral.decided if not each.level), referral.decided[0])
        terms = policy.terms(SLUG, decision.occurred_at, decision.authority)
        due_at = terms.due_after(decision.occurred_at)
        if not referral.is_about(told, due_at):
            continue
        met = answered_in_time(
            (each for each in referral.decided if each.level),
            since=decision.occurred_at,
            due_at=due_at,
            now=now,
            told=told,
            terms=terms,
            authority=decision.authority,
        )
        yield finding(
            SLUG,
            referral.referral_id,
            told,
            met,
            terms,
            trigger=(decision,),
            evidence=referral.received,
            missing=("level",),
            team=team_of(told, told.about),
        )


RULE = Rule(
    slug=SLUG,
    version=2,
    catalogue="B17",
    reads="case",
    without_case=judge,
    triggers=frozenset({ReferralDecided}),
    judge=judge,
    sentence="A referral decided without a level of need by the area's threshold document.",
    missing="the level of need of the decision",
)
