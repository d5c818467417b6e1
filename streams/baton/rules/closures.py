"""What is known of the closing of a case, and of the visits before it. Shared by the rules on closures (B).

A close told twice without a reopening between is one closure: its first moment counts, a later record completes it
late. The close of a case whose opening nobody told is one too. A death (RC2) asks nobody anything: the loss of a
pregnancy is closed under the same code, and must leave nothing behind (domain handbook, section 4).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from baton.rules.cases import Episode, pregnancy_lost, received
from baton.rules.deadline import Met
from baton.rules.facts import CaseClosed, CaseOpened, CaseReopened, VisitCompleted

if TYPE_CHECKING:
    from baton.rules.chronology import Chronology
    from baton.rules.facts import Fact

DIED = "RC2"
EVER = datetime.min.replace(tzinfo=UTC)

_AT_ONE_INSTANT = (CaseOpened, CaseClosed, CaseReopened)


@dataclass(frozen=True, slots=True)
class Closure:
    """One closing of a case: `number` counts its openings, `records` are the closes told of it, by their time."""

    number: int
    openings: tuple[CaseOpened | CaseReopened, ...]
    records: tuple[CaseClosed, ...]

    @property
    def subject(self) -> str:
        """What it is called in an alert id."""
        return f"closure-{self.number}"

    @property
    def first(self) -> CaseClosed:
        """The record that closed it."""
        return self.records[0]

    @property
    def episode(self) -> Episode:
        """The time that the case was open; without openings where nobody told of one."""
        return Episode(self.first.case, self.openings, self.first)


def closures_of(told: Chronology) -> list[Closure]:
    """Return each closing of the case that this chronology is about, deaths left out."""
    every: tuple[CaseOpened | CaseReopened | CaseClosed, ...] = (
        *told.of(CaseOpened),
        *told.of(CaseReopened),
        *told.of(CaseClosed),
    )
    events = [each for each in every if each.case == told.about]
    events.sort(key=lambda each: (each.occurred_at, _AT_ONE_INSTANT.index(type(each))))
    closures: list[Closure] = []
    number = 1
    openings: list[CaseOpened | CaseReopened] = []
    records: list[CaseClosed] = []
    for event in events:
        if isinstance(event, CaseClosed):
            records.append(event)
            continue
        if records:
            closures.append(Closure(number, tuple(openings), tuple(records)))
            openings, records = [], []
            number += 1
        openings.append(event)
    if records:
        closures.append(Closure(number, tuple(openings), tuple(records)))
    return [each for each in closures if not any(record.reason == DIED for record in each.records)]


def began(told: Chronology, closure: Closure) -> datetime:
    """Return since when work on what was closed counts: its referral, else its opening, else ever."""
    referral = received(told, closure.episode.referral) if closure.episode.referral else None
    if referral is not None:
        return referral.occurred_at
    return closure.openings[0].occurred_at if closure.openings else EVER


def visits(told: Chronology, seen: tuple[str, ...]) -> list[Fact]:
    """Return the visits to this case's family that saw any of these."""
    return [
        each
        for each in told.of(VisitCompleted)
        if each.case == told.about and not set(seen).isdisjoint(each.seen)
    ]


def unless_lost(met: Met, told: Chronology, closure: Closure) -> Met:
    """Let the question fall away, in silence, where the case was about an unborn child whose pregnancy ended."""
    if closure.openings and pregnancy_lost(
        told, closure.episode, closure.openings[0].occurred_at, met
    ):
        return Met("not-asked", met.due_at)
    return met
