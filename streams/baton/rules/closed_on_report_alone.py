"""Flag a case closed on nothing but somebody's word: the referrer's, a parent's, or a third party's.

Found at the close, from what the close itself says it rests on: every item is among `reports`. One that says nothing
of its evidence is not asked here, but by the rules on visits and on the safety rationale.

Taught by Leicestershire and Rutland, Baby C: closed because "home conditions had improved", as housing said.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from baton.rules.cases import team_of
from baton.rules.closures import closures_of, unless_lost
from baton.rules.deadline import found_unless
from baton.rules.facts import CaseClosed
from baton.rules.rule import Rule, finding

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from baton.rules.chronology import Chronology
    from baton.rules.outcome import Finding
    from baton.rules.policy import Policy

SLUG = "closed-on-report-alone"


def judge(told: Chronology, now: datetime, policy: Policy) -> Iterator[Finding]:
    """Ask of each closing of this case that states its evidence whether somebody had looked."""
    for closure in closures_of(told):
        closed = closure.first
        terms = policy.terms(SLUG, closed.occurred_at, closed.authority)
        stated = [each for each in closure.records if each.evidence]
        if not stated:
            continue
        reports = set(terms.words("reports"))
        met = found_unless(
            (each for each in stated if not reports.issuperset(each.evidence)),
            at=closed.occurred_at,
            now=now,
        )
        yield finding(
            SLUG,
            closure.subject,
            told,
            unless_lost(met, told, closure),
            terms,
            trigger=(closed,),
            evidence=tuple(stated),
            missing=("child_seen", "mother_met", "father_met", "home_seen", "agency_checks"),
            team=team_of(told, told.about),
        )


RULE = Rule(
    slug=SLUG,
    version=3,
    catalogue="B3",
    reads="case",
    also_reads=frozenset({"person"}),
    triggers=frozenset({CaseClosed}),
    judge=judge,
    sentence="A case closed on nothing but the word of the referrer, a parent or a third party.",
    missing="evidence for the close that somebody saw or checked",
    settings={"reports": tuple},
)
