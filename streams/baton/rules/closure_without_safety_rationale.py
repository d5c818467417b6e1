"""Flag a case closed without a rationale, resting on evidence, that the child is safe without children's services.

Found at the close: `safety_rationale_given` is true and, where the policy asks for it (`needs_evidence`), the same
record says what evidence it rests on. What is not stated is not given.

Taught by Leicestershire and Rutland, Baby C: the review's rule is to "only close a case once" the child is safe.
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

SLUG = "closure-without-safety-rationale"


def judge(told: Chronology, now: datetime, policy: Policy) -> Iterator[Finding]:
    """Ask of each closing of this case why the child is safe."""
    for closure in closures_of(told):
        closed = closure.first
        terms = policy.terms(SLUG, closed.occurred_at, closed.authority)
        needs_evidence = bool(terms.number("needs_evidence"))
        met = found_unless(
            (
                each
                for each in closure.records
                if each.safety_rationale_given and (each.evidence or not needs_evidence)
            ),
            at=closed.occurred_at,
            now=now,
        )
        has_rationale = any(each.safety_rationale_given for each in closure.records)
        yield finding(
            SLUG,
            closure.subject,
            told,
            unless_lost(met, told, closure),
            terms,
            trigger=(closed,),
            evidence=closure.records,
            missing=("evidence",) if has_rationale else ("safety_rationale_given",),
            team=team_of(told, told.about),
        )


RULE = Rule(
    slug=SLUG,
    version=3,
    catalogue="B15",
    reads="case",
    also_reads=frozenset({"person"}),
    triggers=frozenset({CaseClosed}),
    judge=judge,
    sentence="A case closed without a rationale, resting on evidence, that the child is safe.",
    missing="a rationale, with its evidence, that the child is safe without children's services",
    settings={"needs_evidence": bool},
)
