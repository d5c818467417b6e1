"""Flag a case closed towards the other service, early help or children's services, that did not open in time.

Down: a case closed with one of `closure_reasons` (RC9, early help) must be followed by another case for one of its
people. Up: a case that an agency other than children's services closes, after a referral from that agency or from one
of `referral_sources` (5D, early help) while it was open, must be followed by a case of children's services. Due
`within` (two working days) of the close; one opened while the closed case was open counts, and so does reopening it.

The records do not say which service a case belongs to: another case for the same person is taken for the receiver's,
and an early help case is known only by the agency that tells it. A case that names nobody, nor its referral, is not
asked about, since no other could ever be known to follow it.

Taught by Baby E: the child's needs fell between the "boundaries" of services.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from baton.rules.deadline import answered_in_time
from baton.rules.facts import (
    CHILDRENS_SOCIAL_CARE,
    CaseClosed,
    CaseOpened,
    CaseReopened,
    ReferralReceived,
)
from baton.rules.holding import held_case
from baton.rules.policy import Limit
from baton.rules.rule import Rule, finding

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from baton.rules.chronology import Chronology
    from baton.rules.facts import Fact
    from baton.rules.holding import HeldCase
    from baton.rules.outcome import Finding
    from baton.rules.policy import Policy, Terms

SLUG = "step-change-gap"


def judge(told: Chronology, now: datetime, policy: Policy) -> Iterator[Finding]:
    """Ask of each close of this case that hands the child on whether the next service had opened."""
    case = held_case(told)
    for closed in case.closings:
        terms = policy.terms(SLUG, closed.occurred_at, closed.authority)
        opened_at = case.opened_at(closed.occurred_at) or closed.occurred_at
        goes_up = _goes_up(case, closed, opened_at, told, terms)
        goes_down = closed.reason in terms.words("closure_reasons")
        if not case.people or not (goes_up or goes_down):
            continue
        answers: list[Fact] = [
            each
            for each in _others(case, told)
            if goes_down or each.agency == CHILDRENS_SOCIAL_CARE
        ]
        answers += [
            each
            for each in case.life
            if isinstance(each, CaseReopened) and each.occurred_at >= closed.occurred_at
        ]
        yield finding(
            SLUG,
            closed.occurred_at,
            told,
            answered_in_time(
                answers,
                since=opened_at,
                due_at=terms.due_after(closed.occurred_at),
                now=now,
                told=told,
                terms=terms,
                authority=closed.authority,
            ),
            terms,
            trigger=(closed,),
            missing=("CaseOpened",),
            team=case.team(closed.occurred_at),
        )


def _goes_up(
    case: HeldCase, closed: CaseClosed, opened_at: datetime, told: Chronology, terms: Terms
) -> bool:
    """Say whether another agency's case was closed after a referral to children's services."""
    return closed.agency != CHILDRENS_SOCIAL_CARE and any(
        opened_at <= each.occurred_at <= closed.occurred_at
        and not set(each.people).isdisjoint(case.people)
        and (each.agency == closed.agency or each.source in terms.words("referral_sources"))
        for each in told.of(ReferralReceived)
    )


def _others(case: HeldCase, told: Chronology) -> Iterator[CaseOpened]:
    for each in told.of(CaseOpened):
        if each.case != case.case_id and not set(each.people).isdisjoint(case.people):
            yield each


RULE = Rule(
    slug=SLUG,
    version=2,
    catalogue="C14",
    reads="case",
    also_reads=frozenset({"person"}),
    triggers=frozenset({CaseClosed}),
    judge=judge,
    sentence="A case closed towards the other service, early help or children's services, that did not open in time.",
    missing="a case opened by the service that the child was handed to",
    settings={
        "within": Limit,
        "answered_by": str,
        "closure_reasons": tuple,
        "referral_sources": tuple,
    },
)
