"""Which closings of a family's cases nobody verified: closed under B1, B3 or B5. Shared by B14 and the modifiers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from baton.rules import closed_on_report_alone, closed_without_visit, signed_off_incomplete
from baton.rules.cases import cases_named, received
from baton.rules.closures import closures_of
from baton.rules.facts import CaseClosed, CaseOpened
from baton.rules.outcome import RAISING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from baton.rules.chronology import Chronology
    from baton.rules.closures import Closure
    from baton.rules.outcome import Finding
    from baton.rules.policy import Policy

RULES = (closed_without_visit.RULE, closed_on_report_alone.RULE, signed_off_incomplete.RULE)


@dataclass(frozen=True, slots=True)
class Unverified:
    """A close that one of these rules flags, and whom the case was about, in the order in which they were named."""

    closed: CaseClosed
    people: tuple[str, ...]


def unverified_closures(
    told: Chronology, person: str, now: datetime, policy: Policy
) -> Iterator[Unverified]:
    """Give the closings of a person's cases that these rules flag, as of `now`, in the order of the cases' ids.

    What was missing at the close and came later does not unsay how the case was closed.
    """
    if not told.of(CaseClosed):
        return
    for case in cases_named(told, person):
        of_case = told.read_as("case", case)
        closures = closures_of(of_case)
        if not closures:
            continue
        findings = [
            finding
            for rule in RULES
            for finding in rule.judge(of_case, now, policy)
            if finding.reason in RAISING
        ]
        people = tuple(dict.fromkeys(_people(told, case)))
        for closure in closures:
            if any(_flags(finding, closure) for finding in findings):
                yield Unverified(closure.first, people)


def _people(told: Chronology, case: str) -> Iterator[str]:
    """Give whom the openings of a case name, and then the referrals it was opened for."""
    openings = [each for each in told.of(CaseOpened) if each.case == case]
    for opened in openings:
        yield from opened.people
    for opened in openings:
        referral = received(told, opened.referral)
        yield from () if referral is None else referral.people


def _flags(finding: Finding, closure: Closure) -> bool:
    """Say whether a finding is about this close, or about an assessment signed off while the case was open for it."""
    asked_by, closed = finding.trigger[0], closure.first
    if finding.rule != signed_off_incomplete.SLUG:
        return asked_by is closed
    return (
        not closure.openings
        or closure.openings[0].occurred_at <= asked_by.occurred_at <= closed.occurred_at
    )
