"""What is remembered changes nothing: the engine equals one that asks every question afresh at every moment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from baton.engine.engine import Engine
from baton.rules.facts import FACTS
from baton.rules.register import RULES
from tests.engine.afresh import Afresh, OfEverybody
from tests.engine.driving import Driven
from tests.engine.generated import AFTER, DELAYS, END, JUDGED, Told, records_for, timetables
from tests.rules.told import DAY, MINUTE, NOON, POLICY, incident, policy_with

if TYPE_CHECKING:
    from datetime import datetime

    from baton.rules.rule import Rule

STRICTER = policy_with(
    """
    version = "stricter"
    [rule.unreferred-incident]
    within = { hours = 1 }
    [rule.family-not-contacted]
    within = { days = 2 }
    [severity.repeat]
    steps = 2
    """
)
MOMENTS = st.lists(
    st.builds(
        lambda after, delay: NOON + after + delay, st.sampled_from(AFTER), st.sampled_from(DELAYS)
    ),
    min_size=3,
    max_size=10,
)
quickly = settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
HEARD = frozenset({"SourceHeartbeat"})
"""What tells of a feed, and of nobody: whom it keeps waiting is noted where he is asked about, and changes no alert."""
UNHEARD = tuple(sorted(FACTS.keys() - HEARD))
thoroughly = settings(quickly, max_examples=60)


def driven_by(engine: Engine) -> Driven:
    """Drive an engine that knows nothing yet."""
    driven = Driven(policy=engine.policy, rules=RULES)
    driven.engine = engine
    return driven


def live(
    driven: Driven, told: list[Told], moments: list[datetime], again: dict[int, Engine]
) -> Driven:
    """Tell everything while time comes to one moment after the other; go on with another engine after some of them.

    Each record is delivered twice. After every moment each chronology is explained, which must change nothing.
    """
    waiting = list(told)
    for place, moment in enumerate([*sorted(moments), END]):
        while waiting and waiting[0].received_at <= moment:
            each = waiting.pop(0)
            driven.hear_at(each.fact, each.order)
            driven.hear_at(each.fact, each.order)
        driven.advance(moment)
        keys = driven.engine.keys()
        for key in keys:
            driven.engine.explain(key)
        if place in again:
            now, before = driven.engine.now, driven.engine.policy
            driven.engine = again[place]
            driven.restart(now, judge_again=driven.engine.policy is not before)
    return driven


@thoroughly
@given(data=st.data())
def test_all_rules_on_anything_told(data: st.DataObject) -> None:
    """Told late, in any order, twice, with feeds that fall silent, restarted, and under another policy from then on."""
    told = data.draw(timetables(tuple(sorted(FACTS)), most=30))
    compare(data, told)


@pytest.mark.parametrize("rule", JUDGED.values(), ids=JUDGED.keys())
@quickly
@given(data=st.data())
def test_all_rules_on_what_concerns_one(rule: Rule, data: st.DataObject) -> None:
    """The same of what one rule speaks of, so that more of it hangs together."""
    names = (*records_for(rule), "SourceHeartbeat")
    triggers = tuple(sorted(kind.__name__ for kind in rule.triggers))
    compare(data, data.draw(timetables(names, most=16, triggers=triggers)))


@thoroughly
@given(data=st.data())
def test_nobody_is_passed_over(data: st.DataObject) -> None:
    """Whoever is not asked about when something is told would have said the same as before."""
    passed_nobody_over(data.draw(timetables(UNHEARD, most=30)))


@pytest.mark.parametrize("rule", JUDGED.values(), ids=JUDGED.keys())
@quickly
@given(data=st.data())
def test_nobody_whom_a_rule_speaks_of_is_passed_over(rule: Rule, data: st.DataObject) -> None:
    """The same of what one rule speaks of, and of what may make it more serious."""
    names = tuple({*records_for(rule), "CaseOpened", "CaseClosed", "PlanStarted", "BirthRecorded"})
    triggers = tuple(sorted(kind.__name__ for kind in rule.triggers))
    drawn = timetables(tuple(sorted({*names} - HEARD)), most=16, triggers=triggers)
    passed_nobody_over([] if HEARD.issuperset(triggers) else data.draw(drawn))


def passed_nobody_over(told: list[Told]) -> None:
    """Drive an engine, and one that asks of everybody, and compare every alert as it changed, and all written.

    No agency's clock is ahead: what is told before it happens is known, and counts from when it happens on.
    """
    told = [each.at(max(each.received_at, each.fact.occurred_at)) for each in told]
    some, every = driven_by(Engine(POLICY)), driven_by(OfEverybody(POLICY))
    for driven in (some, every):
        for each in told:
            driven.hear_at(each.fact, each.order)
        driven.advance(END)

    assert every.log == some.log
    assert every.written == some.written


def compare(data: st.DataObject, told: list[Told]) -> None:
    """Drive both engines, and compare every alert as it changed, and all that was written."""
    moments = data.draw(MOMENTS)
    stricter = data.draw(
        st.dictionaries(st.integers(0, len(moments) - 1), st.booleans(), max_size=3)
    )
    restarts = {place: STRICTER if each else POLICY for place, each in stricter.items()}
    remembered = data.draw(st.sampled_from([1, 2, 5, 4_096]))

    some = live(
        driven_by(Engine(POLICY, remembered=remembered)),
        told,
        moments,
        {place: Engine(policy, remembered=remembered) for place, policy in restarts.items()},
    )
    none = live(
        driven_by(Afresh(POLICY)),
        told,
        moments,
        {place: Afresh(policy) for place, policy in restarts.items()},
    )

    assert none.log == some.log
    assert none.written == some.written


def test_so_many_keys_are_remembered_and_no_more() -> None:
    """Memory is bounded by what is asked, not by how many persons were ever told of."""
    driven = driven_by(Engine(POLICY, remembered=3))

    driven.hear(*(incident(NOON, who=f"woman-{n}", incident=f"inc-{n}") for n in range(9)))
    driven.advance(NOON + MINUTE)

    assert ["person:woman-6", "person:woman-7", "person:woman-8"] == list(driven.engine._answers)
    assert 9 == len(driven.advance(NOON + 5 * DAY))
