"""What is known of a referral: received, decided, told to the referrer, objected to. Shared by the feedback rules (B).

An alert on a referral is about the case that was first opened for it, if it was by then; else about the person whom
it names first. So a rule asks the same on a case's chronology and, `without_case`, on a person's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from baton.rules.facts import (
    CaseOpened,
    FeedbackAcknowledged,
    FeedbackGiven,
    ObjectionAnswered,
    ReferralDecided,
    ReferralReceived,
    ReferrerObjected,
)
from baton.rules.incidents import PREGNANT
from baton.rules.whom import referral_is_about

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from baton.rules.chronology import Chronology

OfReferral = (
    ReferralReceived
    | ReferralDecided
    | FeedbackGiven
    | FeedbackAcknowledged
    | ReferrerObjected
    | ObjectionAnswered
)
ANONYMOUS = "9"
"""The referral source of somebody who did not say who they are: nobody can be told."""


@dataclass(frozen=True, slots=True)
class Referral:
    """One referral, by all that was told of it; each tuple by when it occurred."""

    referral_id: str
    received: tuple[ReferralReceived, ...]
    decided: tuple[ReferralDecided, ...]
    feedback: tuple[FeedbackGiven, ...]
    acknowledged: tuple[FeedbackAcknowledged, ...]
    objected: tuple[ReferrerObjected, ...]
    answered: tuple[ObjectionAnswered, ...]
    opened: tuple[CaseOpened, ...]

    def is_about(self, told: Chronology, by: datetime) -> bool:
        """Say whether an alert on it, as of `by`, is about this chronology's case or person."""
        case = next((each.case for each in self.opened if each.occurred_at <= by), None)
        if told.kind == "case":
            return case == told.about
        return case is None and referral_is_about(self.received, told, PREGNANT)

    def is_owed_feedback(self, not_owed_to: tuple[str, ...]) -> bool:
        """Say whether there is a referrer to be told: not for one who is anonymous, nor for agencies of a list."""
        return not any(
            each.source == ANONYMOUS or each.agency in not_owed_to for each in self.received
        )

    @property
    def told_referrer(self) -> tuple[FeedbackGiven, ...]:
        """The feedback that went to the referrer: what does not say to whom did, by what the record means."""
        referrers = {None, *(each.agency for each in self.received)}
        return tuple(
            each for each in self.feedback if not self.received or each.to_agency in referrers
        )


def referrals_of(told: Chronology) -> tuple[Referral, ...]:
    """Group what was told by referral, in the order of their ids."""
    return told.once(_referrals)


def _referrals(told: Chronology) -> Iterator[Referral]:
    opened = [each for each in told.of(CaseOpened) if each.referral is not None]
    every: tuple[OfReferral, ...] = (
        *told.of(ReferralReceived),
        *told.of(ReferralDecided),
        *told.of(FeedbackGiven),
        *told.of(FeedbackAcknowledged),
        *told.of(ReferrerObjected),
        *told.of(ObjectionAnswered),
    )
    for key in sorted({each.referral for each in every} | {str(each.referral) for each in opened}):
        yield Referral(
            key,
            tuple(each for each in told.of(ReferralReceived) if each.referral == key),
            tuple(each for each in told.of(ReferralDecided) if each.referral == key),
            tuple(each for each in told.of(FeedbackGiven) if each.referral == key),
            tuple(each for each in told.of(FeedbackAcknowledged) if each.referral == key),
            tuple(each for each in told.of(ReferrerObjected) if each.referral == key),
            tuple(each for each in told.of(ObjectionAnswered) if each.referral == key),
            tuple(each for each in opened if each.referral == key),
        )
