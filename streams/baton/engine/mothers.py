"""Who may be the mother of an unborn child whom a referral is about, and what is told of her pregnancy.

A referral may name a sibling before the mother, and nobody states which of them she is. So each of them is read with
what is told of the pregnancies of the others. But an agency may name everybody whom it does not know by one id: of whom
more than `MOST_BESIDE` facts are told, nothing is read beside others, nor of others beside that one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from baton.rules.facts import (
    AgencyInformed,
    BirthRecorded,
    DueDateRevised,
    InformationAcknowledged,
    MilestoneRecorded,
    PregnancyBooked,
    PregnancyEnded,
    ReferralReceived,
)

if TYPE_CHECKING:
    from baton.engine.gathered import Index
    from baton.engine.keys import Kept

MOST_BESIDE = 100
"""How many facts may be told of a person of whom, or beside whom, is read what is told of pregnancies."""
PERSON, REFERRAL = frozenset({"person"}), frozenset({"referral"})
_OF_A_PREGNANCY = frozenset(
    {PregnancyBooked, DueDateRevised, MilestoneRecorded, BirthRecorded, PregnancyEnded}
)
_INFORMATION = frozenset({AgencyInformed, InformationAcknowledged})


def is_of_pregnancy(kept: Kept) -> bool:
    """Say whether a fact tells of somebody's pregnancy: of itself, or that an agency was told of her.

    Information that names a referral is about that one, and found by it.
    """
    kind = type(kept.fact)
    return kind in _OF_A_PREGNANCY or (kind in _INFORMATION and "referral" not in kept.kinds)


def is_read_beside(index: Index, person: str) -> bool:
    """Say whether so little is told of a person that it is read beside others, and of others beside this one."""
    return len(index.get(person, ())) <= MOST_BESIDE


def possible_mothers(index: Index, referral: str) -> set[str]:
    """Return all whom the records of a referral about an unborn child name; of another referral nobody."""
    received = [each for each in index.get(referral, ()) if type(each.fact) is ReferralReceived]
    if not any(cast("ReferralReceived", each.fact).about_unborn for each in received):
        return set()
    return {key for each in received for key in each.named(PERSON)}


def reading_beside(index: Index, kept: Kept) -> set[str]:
    """Return the persons in whose chronologies a fact belongs because a referral names them beside its person."""
    if not is_of_pregnancy(kept):
        return set()
    return {
        other
        for person in kept.named(PERSON)
        if is_read_beside(index, person)
        for other in _named_with(index, person)
        if is_read_beside(index, other)
    }


def reading_no_longer(index: Index, kept: Kept) -> set[str]:
    """Return the persons whose chronologies have less in them with this fact, and so are to be gathered anew.

    It is one more than `MOST_BESIDE` of its person.
    """
    return {
        other
        for person in kept.named(PERSON)
        if len(index[person]) == MOST_BESIDE + 1
        for other in (person, *_named_with(index, person))
    }


def _named_with(index: Index, person: str) -> set[str]:
    """Return whom referrals about an unborn child name together with a person."""
    return {
        other
        for each in index[person]
        if type(each.fact) is ReferralReceived
        for referral in each.named(REFERRAL)
        for other in possible_mothers(index, referral)
    }
