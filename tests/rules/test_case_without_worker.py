"""C6: the moments at which a case lost its last worker, each a question of its own."""

from __future__ import annotations

from datetime import timedelta

from baton.rules.case_without_worker import RULE
from baton.rules.facts import WorkerAllocated, WorkerEnded
from tests.rules.told import CARE, DAY, NOON, judged

TENTH = timedelta(milliseconds=100)


def test_two_gaps_within_a_second_are_two_questions() -> None:
    """The first is taken over, the second is not: under one name one of them would hide the other."""
    told = [
        WorkerAllocated(
            event_id=f"allocated-{count}",
            occurred_at=NOON + count * TENTH,
            received_at=NOON + count * TENTH,
            agency=CARE,
            case="case-1",
            worker=f"worker-{count}",
            team="team-1",
        )
        for count in (0, 2)
    ] + [
        WorkerEnded(
            event_id=f"ended-{count}",
            occurred_at=NOON + (count + 1) * TENTH,
            received_at=NOON + (count + 1) * TENTH,
            agency=CARE,
            case="case-1",
            worker=f"worker-{count}",
        )
        for count in (0, 2)
    ]

    assert {"2015-03-02T12:00:00.100Z": "answered", "2015-03-02T12:00:00.300Z": "overdue"} == (
        judged(RULE, "case-1", NOON + 3 * DAY, *told)
    )
