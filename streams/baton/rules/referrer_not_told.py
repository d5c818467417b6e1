"""Flag a referrer who was not told in time what became of the referral, with the outcome and its rationale.

Two questions. Of the decision: once there is one, feedback is due `decision_within` (one working day) of the
referral, so that a late decision is late feedback. Of the close: due `closure_within` (five working days) of it; a
referrer who was told of the ending before the close (`telling_ends`: no further action, early help) was told. The close
of an unborn child's case whose pregnancy ended asks nothing.

A referrer who is anonymous, or of an agency in `not_owed_to` (the public), is not told. Without a case it is about
the person whom the referral names first.

Taught by Leicestershire and Rutland, Baby C: the closure was "not shared with housing", who could not object.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from baton.rules.cases import team_of
from baton.rules.closures import began, closures_of, unless_lost
from baton.rules.deadline import answered_in_time
from baton.rules.facts import CaseClosed, ReferralDecided
from baton.rules.policy import Limit
from baton.rules.referrals import referrals_of
from baton.rules.rule import Rule, finding

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from baton.rules.chronology import Chronology
    from baton.rules.facts import FeedbackGiven
    from baton.rules.outcome import Finding
    from baton.rules.policy import Policy
    from baton.rules.referrals import Referral

SLUG = "referrer-not-told"


def judge(told: Chronology, now: datetime, policy: Policy) -> Iterator[Finding]:
    """Ask of the referral of this case, and of each of its closings, whether the referrer was told."""
    yield from of_decisions(told, now, policy)
    yield from _of_closures(told, now, policy)


def of_decisions(told: Chronology, now: datetime, policy: Policy) -> Iterator[Finding]:
    """Ask of each referral that was decided whether the referrer was told the decision."""
    for referral in referrals_of(told):
        if not referral.decided:
            continue
        decision = referral.decided[0]
        started = referral.received[0] if referral.received else decision
        terms = policy.terms(SLUG, started.occurred_at, started.authority)
        due_at = terms.due_after(started.occurred_at, "decision_within")
        is_about = referral.is_about(told, due_at)
        if not is_about or not referral.is_owed_feedback(terms.words("not_owed_to")):
            continue
        met = answered_in_time(
            _in_full(referral),
            since=started.occurred_at,
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
            evidence=(*referral.received, *referral.feedback),
            missing=("FeedbackGiven",),
            team=team_of(told, told.about),
        )


def _of_closures(told: Chronology, now: datetime, policy: Policy) -> Iterator[Finding]:
    referrals = {each.referral_id: each for each in referrals_of(told)}
    for closure in closures_of(told):
        closed = closure.first
        terms = policy.terms(SLUG, closed.occurred_at, closed.authority)
        referral = referrals.get(closure.episode.referral or "")
        if referral is None or not referral.is_owed_feedback(terms.words("not_owed_to")):
            continue
        started = began(told, closure)
        ends = terms.words("telling_ends")
        met = answered_in_time(
            [
                each
                for each in _in_full(referral)
                if each.occurred_at >= closed.occurred_at or each.outcome in ends
            ],
            since=started,
            due_at=terms.due_after(closed.occurred_at, "closure_within"),
            now=now,
            told=told,
            terms=terms,
            authority=closed.authority,
        )
        yield finding(
            SLUG,
            closure.subject,
            told,
            unless_lost(met, told, closure),
            terms,
            trigger=(closed,),
            evidence=(*referral.received, *referral.feedback),
            missing=("FeedbackGiven",),
            team=team_of(told, told.about),
        )


def _in_full(referral: Referral) -> list[FeedbackGiven]:
    """Return the feedback that told the referrer an outcome and its rationale."""
    return [each for each in referral.told_referrer if each.outcome and each.rationale_given]


RULE = Rule(
    slug=SLUG,
    version=3,
    catalogue="B8",
    reads="case",
    also_reads=frozenset({"person"}),
    without_case=of_decisions,
    triggers=frozenset({ReferralDecided, CaseClosed}),
    judge=judge,
    sentence="A referrer who was not told in time what became of the referral, and why.",
    missing="feedback to the referrer with the outcome and its rationale",
    settings={
        "decision_within": Limit,
        "closure_within": Limit,
        "telling_ends": tuple,
        "not_owed_to": tuple,
        "answered_by": str,
    },
)
