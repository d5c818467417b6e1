"""Rules that are asked of a month of a team (`monthly`): when, and on what."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from baton.rules import deadline_driven_closures
from baton.rules.facts import CaseClosed, CaseOpened, SupervisionRecorded, VisitCompleted
from tests.engine.driving import Driven
from tests.rules.told import CARE, DAY, NOON

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from typing import Any

    from baton.rules.chronology import Chronology
    from baton.rules.facts import Fact
    from baton.rules.outcome import Finding
    from baton.rules.policy import Policy

IN_APRIL = NOON + 40 * DAY


def of_case(kind: Any, at: datetime, case: str = "case-1", **fields: Any) -> Fact:
    """Give a fact of a case."""
    fact: Fact = kind(
        event_id=f"{kind.__name__}-{case}-{at:%j%H%M}",
        occurred_at=at,
        received_at=at,
        agency=CARE,
        case=case,
        **fields,
    )
    return fact


class Asking:
    """An engine with the monthly rule alone, which notes what it is asked on."""

    def __init__(self, *facts: Fact) -> None:
        """Begin."""
        self.asked: list[int] = []
        rule = replace(deadline_driven_closures.RULE, judge=self._judge)
        self.driven = Driven(*facts, rules={rule.slug: rule})

    def _judge(self, told: Chronology, now: datetime, policy: Policy) -> Iterator[Finding]:
        self.asked.append(len(told.of(VisitCompleted)))
        return deadline_driven_closures.judge(told, now, policy)

    def hear(self, fact: Fact) -> list[int]:
        """Hear of a fact, and return on how many visits the rule was asked for it."""
        self.asked.clear()
        self.driven.hear(fact)
        self.driven.advance(fact.received_at)
        return list(self.asked)


def in_march() -> Asking:
    """A case that was opened and closed in March; it is April."""
    asking = Asking(
        of_case(CaseOpened, NOON, team="team-1"), of_case(CaseClosed, NOON + DAY, reason="RC1")
    )
    asking.driven.advance(IN_APRIL)
    return asking


def test_a_month_that_is_over_is_asked_about_for_what_its_rule_reads() -> None:
    """A visit may change what it said; the rule does not read who supervised."""
    asking = in_march()

    assert [] == asking.hear(of_case(SupervisionRecorded, IN_APRIL + DAY))
    assert [1] == asking.hear(of_case(VisitCompleted, IN_APRIL + 2 * DAY))


def test_a_month_keeps_up_with_its_cases() -> None:
    """What was told meanwhile of a case, and a case more, are there the next time."""
    asking = in_march()
    assert [1] == asking.hear(of_case(VisitCompleted, IN_APRIL + DAY))

    other = "case-2"
    asking.hear(of_case(VisitCompleted, IN_APRIL + 2 * DAY, other))
    asking.hear(
        replace(of_case(CaseOpened, IN_APRIL + 3 * DAY, other, team="team-1"), occurred_at=NOON)
    )
    closed = of_case(CaseClosed, IN_APRIL + 4 * DAY, other, reason="RC1")

    assert [2] == asking.hear(replace(closed, occurred_at=NOON + DAY))


def test_a_month_that_was_forgotten_is_gathered_again() -> None:
    """Only those asked about last are kept; what is said of the others is the same."""
    asking = in_march()
    asking.driven.engine._remembered = 1
    for team, case in (("team-2", "case-2"), ("team-3", "case-3")):
        opened = of_case(CaseOpened, NOON, case, team=team)
        closed = of_case(CaseClosed, NOON + DAY, case, reason="RC1")
        asking.hear(replace(opened, received_at=IN_APRIL))
        asking.hear(replace(closed, received_at=IN_APRIL))

    assert ["month:2015-03:team-3"] == list(asking.driven.engine._told_of_month)
    assert [1] == asking.hear(of_case(VisitCompleted, IN_APRIL + DAY))
    assert ["month:2015-03:team-1"] == list(asking.driven.engine._told_of_month)
