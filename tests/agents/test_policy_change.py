"""Judge: does a policy that changed while the worker was down move what is open, and nothing else?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from baton.contract import codec
from baton.contract.topics import ALERTS, SOURCE_TOPICS
from baton.engine.alert_record import alert_of
from tests.agents.relay import Kept, a_judge, an_intake, as_facts, sent, tick
from tests.rules.told import CARE, DAY, HOUR, MINUTE, NOON, POLICY, policy_with

if TYPE_CHECKING:
    from datetime import datetime

    from baton.engine.alerts import Alert
    from baton.ledger.process import Effects, Output, Record
    from baton.rules.policy import Policy

BANK_HOLIDAY = policy_with('[bank_holidays]\nadd = ["2015-03-04"]')
"""Announced for the Wednesday after the Monday on which everything begins."""
ONE_DAY = policy_with("[rule.transfer-not-accepted]\nwithin = { working_days = 1 }")
FIVE_DAYS = policy_with("[rule.transfer-not-accepted]\nwithin = { working_days = 5 }")


def requested(case: str, at: datetime = NOON, authority: str = "local") -> Record:
    """Give the fact that a case was offered to another team."""
    fields = {
        "event_id": f"requested-{case}",
        "occurred_at": at,
        "agency": CARE,
        "authority": authority,
        "transfer": f"transfer-{case}",
        "case": case,
        "to_team": f"team-{case}",
    }
    topic = codec.topic_of("TransferRequested")
    record = sent(topic, codec.encode("TransferRequested", fields), at, int(case[-1]))
    return as_facts(an_intake(topic).apply([record]).outputs)[0]


def ticks(at: datetime) -> list[Record]:
    """Give a tick of every origin with which time comes to this moment."""
    written: list[Output] = []
    for topic in SOURCE_TOPICS:
        written += an_intake(topic.name).apply([tick(topic.name, at + MINUTE)]).outputs
    return as_facts(written)


def alerts(effects: Effects) -> dict[str, Alert]:
    """Give the alerts that were written, the last of each case."""
    written = (each for each in effects.outputs if each.topic == ALERTS.name)
    read = (alert_of(codec.decode(each.value)[1]) for each in written)
    return {alert.about: alert for alert in read}


def offered(*cases: str, until: datetime = NOON + HOUR, by: Policy = POLICY) -> Kept:
    """Give a judge that heard of these offers, all at noon, and of the time until a moment."""
    judge = a_judge(by)
    judge.apply([*(requested(case) for case in cases), *ticks(until)])
    return judge


def test_a_bank_holiday_announced_moves_an_open_deadline() -> None:
    """Due on Wednesday, which becomes a holiday while the worker is down: due on Thursday."""
    judge = a_judge(BANK_HOLIDAY, offered("case-1").rows)

    assert {} == alerts(judge.apply(ticks(NOON + 2 * DAY + HOUR)))
    (raised,) = alerts(judge.apply(ticks(NOON + 3 * DAY))).values()
    assert (NOON + 3 * DAY, NOON + 3 * DAY) == (raised.due_at, raised.raised_at)


def test_a_shorter_limit_raises_what_is_overdue_by_it() -> None:
    """As of the moment up to which had been judged: nobody was told earlier."""
    judge = a_judge(ONE_DAY, offered("case-1", until=NOON + DAY + HOUR).rows)

    (raised,) = alerts(judge.apply(ticks(NOON + DAY + 2 * HOUR))).values()

    assert NOON + DAY == raised.due_at
    assert NOON + DAY + HOUR <= raised.raised_at < NOON + DAY + 2 * HOUR


def test_a_longer_limit_takes_an_alert_back_until_it_is_due() -> None:
    """An alert that stands is judged again too; it is raised once more when it is due by the new limit."""
    judge = a_judge(FIVE_DAYS, offered("case-1", until=NOON + 2 * DAY).rows)

    assert ["withdrawn"] == [
        each.status for each in alerts(judge.apply(ticks(NOON + 3 * DAY))).values()
    ]
    (raised,) = alerts(judge.apply(ticks(NOON + 8 * DAY))).values()
    assert ("raised", NOON + 7 * DAY) == (raised.status, raised.raised_at)


def test_a_limit_that_changes_on_a_day_leaves_clocks_that_began_before() -> None:
    """A line from Tuesday on: the offer of Monday keeps its two days, that of Tuesday has one."""
    from_tuesday = policy_with(
        '[[rule.transfer-not-accepted.from]]\ndate = "2015-03-03"\nwithin = { working_days = 1 }'
    )
    judge = a_judge(from_tuesday, offered("case-1").rows)
    judge.apply([requested("case-2", NOON + DAY), *ticks(NOON + DAY + HOUR)])

    raised = alerts(judge.apply(ticks(NOON + 3 * DAY)))

    assert {"case-1": NOON + 2 * DAY, "case-2": NOON + 2 * DAY} == {
        case: alert.due_at for case, alert in raised.items()
    }


def test_an_area_line_moves_that_area_alone() -> None:
    """Another area keeps the limit that holds everywhere."""
    in_the_north = policy_with(
        '[[rule.transfer-not-accepted.from]]\narea = "north"\nwithin = { working_days = 1 }'
    )
    before = a_judge()
    before.apply([requested("case-1"), requested("case-2", authority="north"), *ticks(NOON + HOUR)])

    after = alerts(a_judge(in_the_north, before.rows).apply(ticks(NOON + DAY)))

    assert {"case-2": NOON + DAY} == {case: alert.due_at for case, alert in after.items()}


def test_the_same_policy_asks_nothing_again() -> None:
    """A restart alone changes no row but the ticks."""
    judge = a_judge(rows=offered("case-1", until=NOON + 2 * DAY).rows)

    effects = judge.apply(ticks(NOON + 2 * DAY + HOUR))

    assert [] == effects.outputs
    assert {b"t/"} == {key[:2] for key in effects.rows}


def test_it_is_asked_again_once() -> None:
    """The row of the policy is written with what was judged again, and is the same after the next restart."""
    judge = a_judge(BANK_HOLIDAY, offered("case-1").rows)
    effects = judge.apply(ticks(NOON + 2 * HOUR))
    assert {b"p/", b"t/", b"w/"} == {key[:2] for key in effects.rows}

    again = a_judge(BANK_HOLIDAY, judge.rows).apply(ticks(NOON + 3 * HOUR))
    assert {b"t/"} == {key[:2] for key in again.rows}


def test_a_crash_before_it_was_written_asks_again() -> None:
    """What was not committed was not judged."""
    rows = offered("case-1", until=NOON + DAY + HOUR).rows
    lost = a_judge(ONE_DAY, rows).apply(ticks(NOON + DAY + 2 * HOUR))

    second = a_judge(ONE_DAY, rows).apply(ticks(NOON + DAY + 2 * HOUR))

    assert lost.outputs == second.outputs != []


def test_rows_from_before_there_was_such_a_row_are_judged_again() -> None:
    """A deployment that grew into this release moves its open deadlines too."""
    rows = {
        key: value for key, value in offered("case-1").rows.items() if not key.startswith(b"p/")
    }

    effects = a_judge(BANK_HOLIDAY, rows).apply(ticks(NOON + 2 * HOUR))

    assert b"w/case:case-1" in effects.rows


@pytest.mark.parametrize("change", ["# a comment\n", "[bank_holidays]\nadd = ['2015-03-04']\n"])
def test_what_changed_is_seen_whatever_the_version_says(change: str) -> None:
    """Who forgets to count the version up still gets the new bank holiday."""
    assert POLICY.fingerprint != policy_with(change).fingerprint
    assert POLICY.version == policy_with(change).version
