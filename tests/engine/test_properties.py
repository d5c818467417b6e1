"""What holds of every rule, whatever is told: order, repetition, persons, time, restarts."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from baton.rules.register import RULES
from tests.engine.driving import Driven
from tests.engine.generated import (
    AFTER,
    DELAYS,
    END,
    JUDGED,
    Told,
    in_order,
    records_for,
    timetables,
)
from tests.rules.told import DAY, MINUTE, NOON

if TYPE_CHECKING:
    from datetime import datetime

    from baton.engine.alerts import Alert
    from baton.rules.rule import Rule

quickly = settings(
    max_examples=6,
    deadline=None,
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
        HealthCheck.filter_too_much,
    ],
)
every_rule = pytest.mark.parametrize("rule", JUDGED.values(), ids=JUDGED.keys())
BY_FACTS = {slug: rule for slug, rule in RULES.items() if rule.reads != "agency"}
"""The rules that judge by when things occurred; a feed's silence is about when it was heard."""
every_rule_by_facts = pytest.mark.parametrize("rule", BY_FACTS.values(), ids=BY_FACTS.keys())


def timetable_of(
    rule: Rule, world: str = "", *, heartbeats: bool = True
) -> st.SearchStrategy[list[Told]]:
    """Draw what concerns a rule."""
    names = records_for(rule)
    if not heartbeats:
        names = [name for name in names if name != "SourceHeartbeat"]
    elif "SourceHeartbeat" not in names:
        names.append("SourceHeartbeat")
    triggers = tuple(sorted(kind.__name__ for kind in rule.triggers))
    return timetables(tuple(names), world, triggers=triggers)


def heard_at_once(rule: Rule, told: list[Told]) -> Driven:
    """Hear everything, then let time come to the end at once."""
    driven = Driven(rules={rule.slug: rule})
    for each in told:
        driven.hear_at(each.fact, each.order)
    driven.advance(END)
    return driven


def heard_live(rule: Rule, told: list[Told], moments: list[datetime], stop: int = -1) -> Driven:
    """Hear each fact no sooner than it is told, while time comes to one moment after the other; stop once."""
    driven = Driven(rules={rule.slug: rule})
    waiting = list(told)
    for place, moment in enumerate([*sorted(moments), END]):
        while waiting and waiting[0].received_at <= moment:
            each = waiting.pop(0)
            driven.hear_at(each.fact, each.order)
        driven.advance(moment)
        assert 0 == driven.engine.overdue_missing
        if place == stop:
            driven = driven.restarted()
            assert 0 == driven.engine.overdue_missing
    return driven


MOMENTS = st.lists(
    st.builds(
        lambda after, delay: NOON + after + delay, st.sampled_from(AFTER), st.sampled_from(DELAYS)
    ),
    min_size=3,
    max_size=8,
)


@every_rule
@quickly
@given(data=st.data())
def test_order_and_repetition_change_nothing(rule: Rule, data: st.DataObject) -> None:
    """The same log in any order of hearing, any record delivered again: the same alerts, at the same moments."""
    told = data.draw(timetable_of(rule))
    again = data.draw(st.lists(st.sampled_from(told), max_size=5))
    disordered = data.draw(st.permutations([*told, *again]))

    assert heard_at_once(rule, told).log == heard_at_once(rule, disordered).log


@every_rule
@quickly
@given(data=st.data())
def test_a_record_sent_twice_is_one_record(rule: Rule, data: st.DataObject) -> None:
    """Told again later, under the same event id: it is known since it was first told."""
    told = data.draw(timetable_of(rule))
    repeated = [
        each.at(each.received_at + 3 * DAY)
        for each in data.draw(st.lists(st.sampled_from(told), max_size=5))
    ]

    assert heard_at_once(rule, told).log == heard_at_once(rule, in_order([*told, *repeated])).log


@every_rule
@quickly
@given(data=st.data())
def test_live_and_in_one_go_are_the_same_and_a_restart_changes_nothing(
    rule: Rule, data: st.DataObject
) -> None:
    """In many small steps, in one, or restored from what was written after any of them: the same alerts."""
    told = data.draw(timetable_of(rule))
    moments = data.draw(MOMENTS)
    stop = data.draw(st.integers(0, len(moments) - 1))

    whole = heard_at_once(rule, told)
    live = heard_live(rule, told, moments)
    stopped = heard_live(rule, told, moments, stop)

    assert whole.log == live.log
    assert whole.log == stopped.log
    assert whole.written == live.written
    assert whole.written == stopped.written


@every_rule
@quickly
@given(data=st.data())
def test_in_parts_and_in_one_go_are_the_same_and_a_restart_between_two_parts_changes_nothing(
    rule: Rule, data: st.DataObject
) -> None:
    """However few questions are judged at once, stopped within a moment or not: the same alerts, the same rows."""
    told = data.draw(timetable_of(rule))
    most, stop = data.draw(st.integers(1, 3)), data.draw(st.integers(0, 8))

    whole = heard_at_once(rule, told)
    parts = Driven(rules={rule.slug: rule})
    for each in told:
        parts.hear_at(each.fact, each.order)
    parts.whole = False
    for part in count():
        parts.advance(END, most)
        if parts.whole:
            break
        if part == stop:
            parts = parts.restarted()

    assert by_id(whole.log) == by_id(parts.log)
    assert whole.written == parts.written
    assert END == parts.engine.now


def by_id(log: list[Alert]) -> dict[str, list[Alert]]:
    """Give what was said of each alert, in order."""
    said: dict[str, list[Alert]] = {}
    for alert in log:
        said.setdefault(alert.alert_id, []).append(alert)
    return said


@every_rule
@quickly
@given(data=st.data())
def test_nothing_is_raised_before_it_is_due_or_told(rule: Rule, data: st.DataObject) -> None:
    """An alert's moment is never before its due moment, nor before baton was told what asks for it."""
    told = data.draw(timetable_of(rule))

    driven = heard_at_once(rule, told)

    told_at = {each.fact.event_id: each.received_at for each in told}
    # A rule that warns before it breaches bears the due moment from the first warning on.
    warns = any("warning" in setting for setting in rule.settings)
    for alert in driven.log:
        assert alert.raised_at <= alert.as_of
        if alert.status == "withdrawn":
            continue
        assert warns or alert.due_at is None or alert.due_at <= alert.as_of
        assert all(
            told_at[each.event_id] <= alert.as_of for each in (*alert.trigger, *alert.evidence)
        )


@every_rule
@quickly
@given(data=st.data())
def test_time_alone_takes_nothing_back(rule: Rule, data: st.DataObject) -> None:
    """An alert is withdrawn, or loses its answer, only at a moment at which something was told."""
    told = data.draw(timetable_of(rule))

    driven = heard_at_once(rule, told)

    moments = {each.received_at for each in told}
    before: dict[str, Alert] = {}
    for alert in driven.log:
        if alert.status == "withdrawn":
            assert alert.as_of in moments, alert.alert_id
            assert alert.alert_id in before
        before[alert.alert_id] = alert
    assert [] == driven.advance(END + 3_000 * DAY)


@every_rule_by_facts
@quickly
@given(data=st.data())
def test_told_late_leaves_the_same_alerts_standing(rule: Rule, data: st.DataObject) -> None:
    """The same facts, told in another order and at other moments: the same alerts stand, with the same status."""
    told = data.draw(timetable_of(rule, heartbeats=False))
    delays = data.draw(st.lists(st.sampled_from(DELAYS), min_size=len(told), max_size=len(told)))
    late = in_order(
        [
            each.at(max(each.received_at, each.fields["occurred_at"]) + delay + 5 * MINUTE)
            for each, delay in zip(told, delays, strict=True)
        ]
    )

    prompt, tardy = heard_at_once(rule, told), heard_at_once(rule, late)

    assert _standing(prompt) == _standing(tardy)


@every_rule_by_facts
@quickly
@given(data=st.data())
def test_facts_about_others_change_nothing(rule: Rule, data: st.DataObject) -> None:
    """What is told of other persons, cases and teams changes no alert about these."""
    mine = data.draw(timetable_of(rule, "a", heartbeats=False))
    theirs = data.draw(timetable_of(rule, "b", heartbeats=False))

    alone = heard_at_once(rule, mine)
    together = heard_at_once(rule, in_order([*mine, *theirs]))

    ids = {alert.alert_id for alert in heard_at_once(rule, theirs).log}
    assert alone.log == [alert for alert in together.log if alert.alert_id not in ids]


def _standing(driven: Driven) -> dict[str, tuple[object, ...]]:
    return {
        alert.alert_id: (
            alert.status,
            alert.reason,
            alert.due_at,
            alert.answered_at,
            alert.missing,
            alert.members,
        )
        for alert in driven.engine.alerts()
        if alert.status != "withdrawn"
    }
