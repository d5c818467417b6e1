"""What makes an alert more serious than its rule alone says, applied to every finding in one place (the engine).

Near the due date, a very young child, a child protection plan, a repeat, an earlier close that nobody verified, and a
young parent (B18): each raises the severity by the `steps` of its policy block, all together by `at_most`, and never
beyond 1. To which rules it applies is policy too: by name, or by the letter of the catalogue. What raised an alert is
in its `raised_by`.

A modifier counts from the moment at which both the question was asked and the circumstance was there, until the
question was answered. So severity rises with time (the due date comes near), and time alone never lowers it. What
warns before anything is due is as serious as policy says of that warning.

B18 is told in part only: no record of the contract has a parent's age. A pregnant girl whom an incident records as a
child is one for certain; a parent of 18 to 20, or one of no incident, cannot be told.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from baton.rules.cases import cases_named, received
from baton.rules.facts import BirthRecorded, CaseClosed, CaseOpened
from baton.rules.holding import planned_cases
from baton.rules.incidents import (
    OVERDUE_BIRTH,
    ended_after,
    incidents_of,
    pregnancies_of,
    stated_pregnant,
)
from baton.rules.outcome import BREACHING, Finding
from baton.rules.policy import Limit
from baton.rules.unverified import unverified_closures
from baton.rules.working_days import LONDON

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from baton.rules.chronology import Chronology
    from baton.rules.policy import Policy, Terms
    from baton.rules.rule import Rule

MOST_SERIOUS = 1
_GROWING_UP = timedelta(days=3 * 365)
"""From a child's 18th birthday to the 21st of a young parent, at least."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question that raised an alert, and what there is to know around it.

    `told` has the facts of the person or case, of the case's persons and of their other cases; `people` are those
    persons, `others` all that the rule found about the same person or case.
    """

    finding: Finding
    at: datetime
    people: tuple[str, ...]
    told: Chronology
    others: Sequence[Finding]
    now: datetime
    policy: Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Modifier:
    """A circumstance that makes an alert more serious; `since` says from when, or None.

    `sentence` is what its owner could sign, `settings` what it asks of the policy besides `steps` and `rules`.
    """

    slug: str
    sentence: str
    since: Callable[[Asked, Terms], datetime | None]
    settings: Mapping[str, type]
    catalogue: str | None = None


COMMON_SETTINGS: dict[str, type] = {"steps": int, "rules": tuple}


def is_weighed(finding: Finding) -> bool:
    """Say whether a finding may be more serious than it says itself: it raises an alert, and not the gravest.

    A warning is none yet: policy has a severity for each, and one that comes too often is not read when it matters.
    """
    return finding.reason in BREACHING and finding.severity != MOST_SERIOUS


def weighed(
    findings: Sequence[tuple[Rule, Finding]],
    around: Callable[[], Chronology],
    now: datetime,
    policy: Policy,
) -> Iterator[tuple[Rule, Finding]]:
    """Give the findings on one person or case as serious as they are.

    `around` gives the chronology with the facts of the persons and cases around; it is called only if there is
    anything to weigh.
    """
    wide: Chronology | None = None
    for rule, finding in findings:
        if not is_weighed(finding):
            yield rule, finding
            continue
        wide = wide or around()
        others = [
            other for each, other in findings if each is rule and other.about == finding.about
        ]
        at = min(fact.occurred_at for fact in finding.trigger)
        people = tuple(dict.fromkeys(_people(finding, wide)))
        yield rule, _weighed(rule, Asked(finding, at, people, wide, others, now, policy))


def _weighed(rule: Rule, asked: Asked) -> Finding:
    finding, policy = asked.finding, asked.policy
    steps, raised_by, wakes = 0, [], []
    until = asked.now if finding.answered_at is None else min(asked.now, finding.answered_at)
    holding = policy.modifying(rule.slug, rule.catalogue[0], asked.at, finding.authority)
    for slug, modifier in MODIFIERS.items():
        terms = holding.get(slug)
        if terms is None:
            continue
        since = modifier.since(asked, terms)
        if since is None:
            continue
        if since <= until:
            steps += terms.number("steps")
            raised_by.append(slug)
        elif finding.answered_at is None:
            wakes.append(since)
    severity = max(MOST_SERIOUS, finding.severity - min(steps, policy.most_steps))
    if finding.wake_at is not None:
        wakes.append(finding.wake_at)
    return replace(
        finding, severity=severity, raised_by=tuple(raised_by), wake_at=min(wakes, default=None)
    )


def _people(finding: Finding, told: Chronology) -> Iterator[str]:
    """Give the person whom a finding is about, or those of its case."""
    if finding.about_kind == "person":
        yield finding.about
        return
    for opened in told.of(CaseOpened):
        if opened.case == finding.about:
            referral = received(told, opened.referral)
            yield from opened.people
            yield from () if referral is None else referral.people


def _first(moments: Iterator[datetime]) -> datetime | None:
    return min(moments, default=None)


def _near_due_date(asked: Asked, terms: Terms) -> datetime | None:
    return _first(_due_dates_near(asked, terms))


def _due_dates_near(asked: Asked, terms: Terms) -> Iterator[datetime]:
    for person in asked.people:
        for pregnancy in pregnancies_of(asked.told, person):
            booked_at = pregnancy.booking.occurred_at
            if ended_after(asked.told, person, booked_at) is not None:
                continue
            near_at = _midnight(pregnancy.due_date - (terms.due_after(asked.at) - asked.at))
            over_at = pregnancy.over_at or _midnight(pregnancy.due_date) + OVERDUE_BIRTH
            since = max(near_at, asked.at)
            if since <= over_at:
                yield since


def _very_young(asked: Asked, terms: Terms) -> datetime | None:
    births = (
        each.occurred_at
        for each in asked.told.of(BirthRecorded)
        if each.person in asked.people or each.child in asked.people
    )
    return _first(max(born, asked.at) for born in births if asked.at <= terms.due_after(born))


def _planned(asked: Asked, terms: Terms) -> datetime | None:
    return _first(_plans_since(asked, terms))


def _plans_since(asked: Asked, terms: Terms) -> Iterator[datetime]:
    cases = planned_cases(asked.told)
    about = asked.finding.about
    named = [about] if asked.finding.about_kind == "case" else cases_named(asked.told, about)
    for case in (cases[each] for each in named if each in cases):
        before = [each for each in case.life if each.occurred_at < asked.at]
        was_open = not (before and isinstance(before[-1], CaseClosed))
        if was_open and case.plan(asked.at) in terms.words("plans"):
            yield asked.at
        for change in case.plans:
            if change.occurred_at > asked.at and change.plan in terms.words("plans"):
                yield change.occurred_at


def _repeated(asked: Asked, terms: Terms) -> datetime | None:
    due_at = asked.finding.due_at
    for other in asked.others:
        if (
            other.reason in BREACHING
            and due_at
            and other.due_at
            and other.due_at < due_at <= terms.due_after(other.due_at)
        ):
            return asked.at
    return None


def _closed_unverified(asked: Asked, terms: Terms) -> datetime | None:
    """Say since when a family's earlier close counts; that of a sibling's case for the same referral is no earlier one.

    Areas that open a case for each child close them one after the other.
    """
    about = asked.finding.about
    for person in asked.people:
        for closure in unverified_closures(asked.told, person, asked.now, asked.policy):
            closed_at, case = closure.closed.occurred_at, closure.closed.case
            if not closed_at < asked.at <= terms.due_after(closed_at):
                continue
            if case == about or not _referrals(asked.told, case) & _referrals(asked.told, about):
                return asked.at
    return None


def _referrals(told: Chronology, case: str) -> set[str]:
    """Return the referrals that a case was opened for."""
    return {
        each.referral
        for each in told.of(CaseOpened)
        if each.case == case and each.referral is not None
    }


def _young_parent(asked: Asked, terms: Terms) -> datetime | None:
    for person in asked.people:
        of_person = asked.told.read_as("person", person)
        for incident in incidents_of(of_person):
            parties = [party for record in incident.told for party in record.people or ()]
            if all((party.person, party.role) != (person, "child") for party in parties):
                continue
            grown_up = (incident.occurred_at + _GROWING_UP).date()
            booked = (
                pregnancy.due_date <= grown_up
                for pregnancy in pregnancies_of(of_person, person)
                if ended_after(of_person, person, pregnancy.booking.occurred_at) is None
            )
            stated = stated_pregnant(incident, person, terms.words("counts_as_pregnant"))
            lost = ended_after(of_person, person, incident.occurred_at)
            if any(booked) or (stated is not None and lost is None):
                return asked.at
    return None


@lru_cache(maxsize=4_096)
def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, LONDON).astimezone(UTC)


MODIFIERS: dict[str, Modifier] = {
    modifier.slug: modifier
    for modifier in (
        Modifier(
            slug="near-due-date",
            sentence="An unborn child is to be born soon.",
            since=_near_due_date,
            settings={"within": Limit},
        ),
        Modifier(
            slug="very-young",
            sentence="A child was born not long ago.",
            since=_very_young,
            settings={"within": Limit},
        ),
        Modifier(
            slug="child-protection-plan",
            sentence="A child of the family is under a child protection plan.",
            since=_planned,
            settings={"plans": tuple},
        ),
        Modifier(
            slug="repeat",
            sentence="The same was missing before, about the same person or case.",
            since=_repeated,
            settings={"within": Limit},
        ),
        Modifier(
            slug="earlier-unverified-closure",
            sentence="A case of the family was closed before without anybody having verified it.",
            since=_closed_unverified,
            settings={"within": Limit},
        ),
        Modifier(
            slug="young-parent-modifier",
            sentence="The mother was recorded as a child herself.",
            since=_young_parent,
            settings={"counts_as_pregnant": tuple},
            catalogue="B18",
        ),
    )
}
"""Every circumstance that raises a severity, by its name; the register of the modifiers."""
