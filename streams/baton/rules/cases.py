"""What is known of a case: when it was open and for which referral, who holds it, and what the family was told.

Shared by the rules about cases (B and C) and about the family of a closed one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from baton.rules.facts import (
    CaseClosed,
    CaseOpened,
    CaseReopened,
    ReferralDecided,
    ReferralReceived,
    TransferAccepted,
    WorkerAllocated,
)
from baton.rules.incidents import lost, mothers_among

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from baton.rules.chronology import Chronology
    from baton.rules.deadline import Met

FAMILY = frozenset({"child", "mother", "father", "carer"})
"""Whom a worker meets; a home that was seen is nobody."""

_AT_ONE_INSTANT = (CaseOpened, CaseClosed, CaseReopened)


@dataclass(frozen=True, slots=True)
class Episode:
    """One time that a case was open: from its opening or reopening to its close, if it was closed."""

    case: str
    openings: tuple[CaseOpened | CaseReopened, ...]
    closed: CaseClosed | None = None

    @property
    def opened(self) -> CaseOpened | CaseReopened:
        """The record that began it."""
        return self.openings[0]

    @property
    def closed_at(self) -> datetime | None:
        """When it was closed, or None while it is open."""
        return None if self.closed is None else self.closed.occurred_at

    @property
    def people(self) -> tuple[str, ...]:
        """Whom its openings name, each once, in their order."""
        named = (each.people for each in self.openings if isinstance(each, CaseOpened))
        return tuple(dict.fromkeys(person for people in named for person in people))

    @property
    def referral(self) -> str | None:
        """The referral it was opened for; None for a case reopened, or opened for none that was stated."""
        named = (each.referral for each in self.openings if isinstance(each, CaseOpened))
        return next((referral for referral in named if referral is not None), None)

    @property
    def unborn(self) -> bool:
        """Whether it was stated to be about an unborn child."""
        return any(isinstance(each, CaseOpened) and each.unborn for each in self.openings)

    def is_open_at(self, moment: datetime) -> bool:
        """Say whether the case was open at a moment; at the instant of its close it still is."""
        return self.opened.occurred_at <= moment and (
            self.closed_at is None or moment <= self.closed_at
        )


@dataclass(frozen=True, slots=True)
class Received:
    """A referral, which several agencies may tell of: its records, and whom these name, each once."""

    records: tuple[ReferralReceived, ...]
    people: tuple[str, ...]

    @property
    def incidents(self) -> frozenset[str]:
        """The incidents that it names."""
        return frozenset(each.incident for each in self.records if each.incident is not None)

    @property
    def about_unborn(self) -> bool | None:
        """Whether it is about an unborn child; None where no record says so, nor that it is not."""
        said = {each.about_unborn for each in self.records}
        return True if True in said else False if False in said else None


def episodes_of(told: Chronology, case: str) -> list[Episode]:
    """Return each time that the case was open, by when it began.

    A case that is opened twice without a close between was opened once; one reopened whose opening was never told
    was opened then.
    """
    events: list[CaseOpened | CaseReopened | CaseClosed] = [
        *told.of(CaseOpened),
        *told.of(CaseReopened),
        *told.of(CaseClosed),
    ]
    events = [each for each in events if each.case == case]
    events.sort(key=lambda each: (each.occurred_at, _AT_ONE_INSTANT.index(type(each))))
    episodes: list[Episode] = []
    openings: list[CaseOpened | CaseReopened] = []
    for each in events:
        if not isinstance(each, CaseClosed):
            openings.append(each)
        elif openings:
            episodes.append(Episode(case, tuple(openings), each))
            openings = []
    if openings:
        episodes.append(Episode(case, tuple(openings)))
    return episodes


def cases_named(told: Chronology, person: str) -> list[str]:
    """Return the cases that were opened naming a person, or for a referral naming her, in the order of their ids."""
    referrals = {each.referral for each in told.of(ReferralReceived) if person in each.people}
    return sorted(
        {
            each.case
            for each in told.of(CaseOpened)
            if person in each.people or each.referral in referrals
        }
    )


def team_of(told: Chronology, case: str) -> str | None:
    """Return the team that holds the case by the last record that says so, or None if none does."""
    said = [
        *((each.occurred_at, each.team) for each in told.of(CaseOpened) if each.case == case),
        *(
            (each.occurred_at, each.by_team)
            for each in told.of(TransferAccepted)
            if each.case == case
        ),
        *((each.occurred_at, each.team) for each in told.of(WorkerAllocated) if each.case == case),
    ]
    return max(((at, team) for at, team in said if team is not None), default=(None, None))[1]


def received_of(told: Chronology) -> Mapping[str | None, Received]:
    """Return what was told of the receipt of each referral, by its id; each in the order in which it occurred.

    A case may name none: of None nothing was received.
    """
    (by_referral,) = told.once(_received_by_referral)
    return by_referral


def _received_by_referral(told: Chronology) -> Iterator[dict[str | None, Received]]:
    grouped: dict[str | None, list[ReferralReceived]] = {}
    for each in told.of(ReferralReceived):
        grouped.setdefault(each.referral, []).append(each)
    yield {
        referral: Received(
            tuple(records), tuple(dict.fromkeys(x for each in records for x in each.people))
        )
        for referral, records in grouped.items()
    }


def received(told: Chronology, referral: str | None) -> ReferralReceived | None:
    """Return the first record of a referral, or None."""
    known = received_of(told).get(referral)
    return None if known is None else known.records[0]


def decided(
    told: Chronology, referral: str | None, outcomes: tuple[str, ...]
) -> ReferralDecided | None:
    """Return the decision on a referral if it is one of these outcomes, or None; a later decision replaces it."""
    decisions = [each for each in told.of(ReferralDecided) if each.referral == referral]
    standing = next((each.outcome for each in reversed(decisions)), None)
    if standing not in outcomes:
        return None
    return next(each for each in decisions if each.outcome in outcomes)


def referrals_without_case(told: Chronology) -> Iterator[ReferralReceived]:
    """Give the referrals that name this person first and for which no case is there.

    A case is there if it was opened for the referral, was open when the referral came, or was opened afterwards
    without saying for which.
    """
    for each in received_of(told).values():
        if told.about not in each.people[:1]:
            continue
        referral = each.records[0]
        opened_for_it = any(each.referral == referral.referral for each in told.of(CaseOpened))
        if not opened_for_it and not any(
            episode.is_open_at(referral.occurred_at)
            or (episode.referral is None and episode.opened.occurred_at >= referral.occurred_at)
            for case in cases_named(told, told.about)
            for episode in episodes_of(told, case)
        ):
            yield referral


def pregnancy_lost(told: Chronology, episode: Episode, since: datetime, met: Met) -> bool:
    """Say whether a question about an unborn child fell away: its pregnancy ended before anything answered.

    A case that does not say that it is about an unborn child may be about another, whatever its referral says: it is
    asked about. One that names nobody is about whom its referral names. The chronology must hold the facts of the
    case's persons.
    """
    if not episode.unborn:
        return False
    referral = received_of(told).get(episode.referral)
    people = episode.people or (() if referral is None else referral.people)
    incidents = () if referral is None else referral.incidents
    end = lost(told, mothers_among(told, people, since, incidents), since)
    return end is not None and met.is_open_at(end.occurred_at)
