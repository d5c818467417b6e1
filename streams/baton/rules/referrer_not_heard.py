"""Flag a referrer who could not object before a case was closed, or whose objection was not answered.

Of the close: where the referrer had been told the outcome, the case may be closed once they have acknowledged it or
`objection_window` (five working days) has passed; found at the close. While the referrer has not been told at all the
question is held open: that is another rule's, and after the close an objection still is. Of an objection: an answer is
due `answer_within` (five working days) of it, and before the case is closed, whichever is earlier.

Without a case an objection is about the person whom the referral names first.

Taught by Leicestershire and Rutland, Baby C: housing had "no opportunity to comment" on the closure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from baton.rules.cases import team_of
from baton.rules.closures import began, closures_of, unless_lost
from baton.rules.deadline import Met, answered_in_time, first
from baton.rules.facts import CaseClosed, ReferrerObjected
from baton.rules.policy import Limit
from baton.rules.referrals import referrals_of
from baton.rules.rule import Rule, finding

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from baton.rules.chronology import Chronology
    from baton.rules.closures import Closure
    from baton.rules.outcome import Finding
    from baton.rules.policy import Policy, Terms
    from baton.rules.referrals import Referral

SLUG = "referrer-not-heard"


def judge(told: Chronology, now: datetime, policy: Policy) -> Iterator[Finding]:
    """Ask of each closing of this case, and of each objection, whether the referrer was heard."""
    referrals = {each.referral_id: each for each in referrals_of(told)}
    for closure in closures_of(told):
        closed = closure.first
        terms = policy.terms(SLUG, closed.occurred_at, closed.authority)
        referral = referrals.get(closure.episode.referral or "")
        if referral is None:
            continue
        yield finding(
            SLUG,
            closure.subject,
            told,
            unless_lost(_closed_too_soon(closure, referral, told, now, terms), told, closure),
            terms,
            trigger=(closed,),
            evidence=(*referral.received, *referral.feedback),
            missing=("FeedbackAcknowledged",),
            team=team_of(told, told.about),
        )
    yield from of_objections(told, now, policy)


def _closed_too_soon(
    closure: Closure, referral: Referral, told: Chronology, now: datetime, terms: Terms
) -> Met:
    """Say how the close stands: too soon within the window of what the referrer was told last before it."""
    closed_at = closure.first.occurred_at
    since = began(told, closure)
    before = [each for each in referral.told_referrer if since <= each.occurred_at <= closed_at]
    if not before:
        return Met("waiting", closed_at)
    last = before[-1]
    if closed_at >= terms.due_after(last.occurred_at, "objection_window"):
        return Met("answered", closed_at)
    return answered_in_time(
        referral.acknowledged,
        since=last.occurred_at,
        due_at=closed_at,
        now=now,
        told=told,
        terms=terms,
        authority=closure.first.authority,
    )


def of_objections(told: Chronology, now: datetime, policy: Policy) -> Iterator[Finding]:
    """Ask of each objection whether it was answered; several to one referral, not yet answered, are one."""
    closes = [closure.first.occurred_at for closure in closures_of(told)]
    for referral in referrals_of(told):
        for number, objected in enumerate(_asked(referral), 1):
            terms = policy.terms(SLUG, objected.occurred_at, objected.authority)
            due_at = terms.due_after(objected.occurred_at, "answer_within")
            if not referral.is_about(told, due_at):
                continue
            yield finding(
                SLUG,
                f"{referral.referral_id}/objection-{number}",
                told,
                answered_in_time(
                    referral.answered,
                    since=objected.occurred_at,
                    due_at=min([due_at, *(at for at in closes if at >= objected.occurred_at)]),
                    now=now,
                    told=told,
                    terms=terms,
                    authority=objected.authority,
                ),
                terms,
                trigger=(objected,),
                evidence=referral.received,
                missing=("ObjectionAnswered",),
                team=team_of(told, told.about),
            )


def _asked(referral: Referral) -> Iterator[ReferrerObjected]:
    """Give the objections that ask anew: one repeated before it was answered is the same."""
    open_since: datetime | None = None
    for objected in referral.objected:
        answer = None if open_since is None else first(referral.answered, open_since)
        if open_since is None or (answer is not None and answer.occurred_at < objected.occurred_at):
            open_since = objected.occurred_at
            yield objected


RULE = Rule(
    slug=SLUG,
    version=3,
    catalogue="B9",
    reads="case",
    also_reads=frozenset({"person"}),
    without_case=of_objections,
    triggers=frozenset({CaseClosed, ReferrerObjected}),
    judge=judge,
    sentence="A referrer who could not object before the case was closed, or whose objection was not answered.",
    missing="the referrer's acknowledgement before the close, or an answer to the objection",
    settings={"objection_window": Limit, "answer_within": Limit, "answered_by": str},
)
