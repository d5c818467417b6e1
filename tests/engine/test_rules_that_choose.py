"""Rules that name which facts they need besides their chronology, and are judged again for no others (`also_named`)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from baton.rules import block_transfer, bulk_accepted_unread, team_closed_open_cases
from baton.rules.facts import CaseClosed, CaseOpened, TeamClosed, VisitCompleted
from tests.engine.driving import Driven
from tests.rules.told import CARE, DAY, HOUR, NOON, accepted, request

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from baton.rules.chronology import Chronology
    from baton.rules.facts import Fact
    from baton.rules.outcome import Finding
    from baton.rules.policy import Policy

RULES = {
    rule.slug: rule
    for rule in (block_transfer.RULE, bulk_accepted_unread.RULE, team_closed_open_cases.RULE)
}


def visit(at: datetime, case: str) -> VisitCompleted:
    """Somebody visits."""
    return VisitCompleted(
        event_id=f"visit-{case}-{at:%j%H}", occurred_at=at, received_at=at, agency=CARE, case=case
    )


def a_block(count: int) -> list[Fact]:
    """Offer so many cases at noon, and accept the first an hour later."""
    offers = [
        request(NOON, transfer=f"transfer-{n}", case=f"case-{n}") for n in range(1, count + 1)
    ]
    return [*offers, accepted(NOON + HOUR)]


def test_a_visit_becomes_known_to_the_block() -> None:
    """A fact that names neither the team nor the transfer changes the member that awaits it."""
    driven = Driven(*a_block(5), visit(NOON + DAY, "case-1"), rules=RULES)
    driven.advance(NOON + HOUR)

    (changed,) = driven.advance(NOON + DAY)

    assert ("requested", "accepted", "visited") == changed.members[0].states


def test_a_block_restored_still_awaits_its_cases() -> None:
    """What a block awaits is not written down: until it was judged anew, any of its cases may change it."""
    driven = Driven(*a_block(5), rules=RULES)
    driven.advance(NOON + HOUR)
    again = driven.restarted()

    again.hear(visit(NOON + DAY, "case-1"))

    (changed,) = again.advance(NOON + DAY)
    assert "visited" in changed.members[0].states


def test_a_team_is_not_judged_for_what_no_block_awaits() -> None:
    """Else every visit of two years would judge every team that ever had the case."""
    judged = []

    def watched(told: Chronology, now: datetime, policy: Policy) -> Iterator[Finding]:
        judged.append((told.about, now))
        return block_transfer.judge(told, now, policy)

    rules = {"block-transfer": replace(block_transfer.RULE, judge=watched)}
    visits = [visit(NOON + n * DAY, f"case-{n}") for n in range(1, 6)]

    Driven(*a_block(5), *visits, rules=rules).advance(NOON + 9 * DAY)

    # Of the cases of team-2 only the first was accepted and is still to be visited; team-1 awaits none.
    assert [NOON, NOON + HOUR, NOON + DAY] == [now for about, now in judged if about == "team-2"]
    assert NOON + DAY not in {now for about, now in judged if about == "team-1"}


def test_a_case_closed_late_is_known_to_the_team_that_was_closed() -> None:
    """The close names its case alone; the team that was closed with it open awaits it."""
    told: list[Fact] = [
        CaseOpened(
            event_id="opened",
            occurred_at=NOON,
            received_at=NOON,
            agency=CARE,
            case="case-1",
            team="team-1",
        ),
        TeamClosed(
            event_id="team",
            occurred_at=NOON + DAY,
            received_at=NOON + DAY,
            agency=CARE,
            team="team-1",
        ),
        CaseClosed(
            event_id="closed",
            occurred_at=NOON + 2 * DAY,
            received_at=NOON + 2 * DAY,
            agency=CARE,
            case="case-1",
        ),
    ]
    driven = Driven(*told, rules=RULES)

    (raised,) = driven.advance(NOON + DAY)
    (answered,) = driven.advance(NOON + 2 * DAY)

    assert ("raised", "open") == (raised.status, raised.members[0].states[0])
    assert ("answered", "closed") == (answered.status, answered.members[0].states[0])
