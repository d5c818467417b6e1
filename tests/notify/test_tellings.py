"""Who is told of what, when, how often, and never again."""

from __future__ import annotations

from datetime import time, timedelta
from typing import Any

import pytest

from baton.notify.service import _alert_told
from baton.notify.tellings import (
    AT_ONCE,
    PAUSES,
    TO_ONE,
    TOGETHER,
    Delivery,
    Result,
    Step,
    Tellings,
    is_untold,
)
from tests.notify.conftest import ALERT_ID, NOON, alert, desk, desks, step

HOUR = timedelta(hours=1)


def outcomes(results: list[Result]) -> list[tuple[int, str, str]]:
    """Give step, role and outcome of each."""
    return [(each.step.number, each.step.role, each.outcome) for each in results]


def told_of(tellings: Tellings, *deliveries: Delivery) -> list[Result]:
    """Deliver all of these."""
    return [result for each in deliveries for result in tellings.delivered(each)]


def test_a_step_is_told_once() -> None:
    """However often the alert is heard, and however long one waits."""
    tellings = Tellings(desks())
    tellings.hear(alert())
    (delivery,) = tellings.due(NOON)
    results = tellings.delivered(delivery)
    tellings.hear(alert())

    assert [(1, "hub_manager", "told")] == outcomes(results)
    assert [] == tellings.due(NOON + HOUR)
    assert 0 == tellings.waiting


def test_all_desks_of_a_role_are_told_before_the_step_has_ended() -> None:
    """Then the role was told, by all the means there were."""
    tellings = Tellings(desks(desk("desk-1"), desk("desk-2", url="mailto://127.0.0.1/")))
    tellings.hear(alert())
    first, second = tellings.due(NOON)

    assert [] == tellings.delivered(first)
    assert [Result(Step(ALERT_ID, 1, "hub_manager"), "told", "email+webhook", 2)] == (
        tellings.delivered(second)
    )


def test_several_roles_are_told_at_once() -> None:
    """Both managers of a transfer, each for themselves."""
    tellings = Tellings(
        desks(desk("a", "sending_team_manager"), desk("b", "receiving_team_manager"))
    )
    tellings.hear(alert(step(1, "sending_team_manager", "receiving_team_manager")))
    deliveries = tellings.due(NOON)

    assert [(1, "sending_team_manager", "told"), (1, "receiving_team_manager", "told")] == outcomes(
        told_of(tellings, *deliveries)
    )


def test_a_role_without_anybody_is_said_at_once() -> None:
    """So that the engine goes on to the next."""
    assert [(1, "hub_manager", "nobody")] == outcomes(
        Tellings(desks(desk(role="other"))).hear(alert())
    )


def test_an_area_has_its_own_desks() -> None:
    """Where it has any; else those of every area are told."""
    every = desks(desk("anywhere"), desk("north", area="north"))

    assert ["north"] == [each.key for each in every.of("hub_manager", "north")]
    assert ["anywhere"] == [each.key for each in every.of("hub_manager", "south")]


def test_what_is_not_taken_is_tried_again_later_and_later() -> None:
    """Each attempt that failed is said, and in the end what came of the step."""
    tellings = Tellings(desks())
    tellings.hear(alert())
    now, results = NOON, list[Result]()
    for pause in (*PAUSES, None):
        (delivery,) = tellings.due(now)
        assert [] == tellings.due(now)
        results += tellings.not_delivered(delivery, now)
        if pause is not None:
            assert [] == tellings.due(now + pause - timedelta(seconds=1))
            now += pause

    *attempts, last = results
    all_of_them = range(1, len(PAUSES) + 2)
    assert [("attempt_failed", number, "desk-1") for number in all_of_them] == [
        (each.outcome, each.attempts, each.recipient) for each in attempts
    ]
    assert ("failed", len(PAUSES) + 1) == (last.outcome, last.attempts)


def test_an_attempt_that_failed_is_not_what_came_of_the_step() -> None:
    """An alert that shows it is still told of, by whoever is there and after a restart."""
    tried = {"role": "hub_manager", "by": "email", "at": NOON, "step": 1}
    shown = alert(told=[{**tried, "outcome": "attempt_failed"}])
    tellings = Tellings(desks())
    tellings.hear(shown)

    assert is_untold(shown)
    assert 1 == len(tellings.due(NOON))


def test_of_two_desks_the_one_that_did_not_answer_is_said_too() -> None:
    """Each attempt is of one desk and has a name of its own, so that telling it again says it once."""
    tellings = Tellings(desks(desk("desk-1"), desk("desk-2")))
    tellings.hear(alert())
    first, second = tellings.due(NOON)
    failed = [*tellings.not_delivered(first, NOON), *tellings.not_delivered(second, NOON)]
    events = [_alert_told(each) for each in failed]

    assert [("attempt_failed", 1)] * 2 == [(each["outcome"], each["attempts"]) for each in events]
    assert 2 == len({each["event_id"] for each in events})
    assert events[0]["event_id"] == _alert_told(failed[0])["event_id"]
    assert "desk-1" not in str(events)


def test_one_of_two_desks_is_enough() -> None:
    """A role is told when anybody of it was."""
    tellings = Tellings(desks(desk("desk-1"), desk("desk-2")))
    tellings.restore(in_journal("desk-1"), "failed")
    tellings.hear(alert())
    (delivery,) = tellings.due(NOON)

    assert [(1, "hub_manager", "told")] == outcomes(tellings.delivered(delivery))


def in_journal(key: str) -> str:
    """Give the journal's name for the first step of the alert and a desk."""
    from baton.notify.tellings import reference

    return reference(Step(ALERT_ID, 1, "hub_manager"), key)


@pytest.mark.parametrize(
    ("state", "outcome"), [("told", "told"), ("failed", "failed"), ("delivering", "unknown")]
)
def test_after_a_crash_nobody_is_told_twice(state: Any, outcome: str) -> None:
    """What was being delivered may have been: it is not repeated, and counts as unknown."""
    tellings = Tellings(desks())
    tellings.restore(in_journal("desk-1"), state)

    assert [(1, "hub_manager", outcome)] == outcomes(tellings.hear(alert()))
    assert [] == tellings.due(NOON + HOUR)


def test_what_was_not_taken_before_a_crash_is_tried_again() -> None:
    """It is known not to have arrived: it is under way no more."""
    tellings = Tellings(desks())
    tellings.restore(in_journal("desk-1"), "delivering")
    tellings.restore(in_journal("desk-1"), None)
    tellings.hear(alert())

    assert 1 == len(tellings.due(NOON))


def test_what_baton_knows_was_told_is_not_told_again() -> None:
    """The alert itself says so."""
    told = [{"role": "hub_manager", "by": "email", "at": NOON, "step": 1, "outcome": "told"}]
    tellings = Tellings(desks())

    assert [] == tellings.hear(alert(told=told))
    assert [] == tellings.due(NOON)


def test_a_later_step_is_told_as_well() -> None:
    """Each step for itself."""
    tellings = Tellings(desks(desk(), desk("head", "head_of_service")))
    tellings.hear(alert())
    told_of(tellings, *tellings.due(NOON))
    tellings.hear(alert(step(), step(2, "head_of_service", kind="chased")))

    assert [(2, "head_of_service", "told")] == outcomes(told_of(tellings, *tellings.due(NOON)))


def test_behind_a_backlog_each_role_is_told_once() -> None:
    """Of the newest step that names it; what was asked of it before is the same to whoever hears of it now."""
    tellings = Tellings(desks(desk(), desk("head", "head_of_service")))
    steps = [step(), step(2, "head_of_service"), step(3, "hub_manager", kind="lapsed")]
    tellings.hear(alert(*steps))

    assert [(2, "head_of_service"), (3, "hub_manager")] == sorted(
        (each.tellings[0].step.number, each.recipient.role) for each in tellings.due(NOON)
    )


@pytest.mark.parametrize("status", ["answered", "withdrawn", "closed"])
def test_nobody_is_asked_to_act_on_what_is_over(status: str) -> None:
    """What was answered before anybody could be told needs nobody; that it is over is told."""
    over = alert(step(1, "head_of_service"), step(2, kind="resolved"), status=status)
    tellings = Tellings(desks(desk(), desk("head", "head_of_service")))
    tellings.hear(over)

    assert [2] == [each.tellings[0].step.number for each in tellings.due(NOON)]


def test_what_was_not_taken_is_not_tried_again_of_an_alert_that_ended_meanwhile() -> None:
    """Somebody would hear of a new alert that is over; a role whose desk did not answer has nobody less for that."""
    tellings = Tellings(desks())
    tellings.hear(alert())
    (delivery,) = tellings.due(NOON)
    tellings.hear(alert(status="withdrawn"))

    assert [(1, "hub_manager", "attempt_failed")] == outcomes(
        tellings.not_delivered(delivery, NOON)
    )
    assert [] == tellings.due(NOON + HOUR)
    assert 0 == tellings.waiting


def test_an_alert_that_ends_while_it_waits_for_the_morning_is_not_told() -> None:
    """Quiet hours, and in the meantime the answer came."""
    quiet = desk(quiet=(time(22), time(7)))
    night = NOON.replace(hour=23)
    tellings = Tellings(desks(quiet))
    tellings.hear(alert(step(at=night), severity=2))
    assert [] == tellings.due(night + 2 * HOUR)
    tellings.hear(alert(step(at=night), severity=2, status="answered"))

    assert [] == tellings.due(night + 12 * HOUR)
    assert 0 == tellings.waiting


def test_a_critical_alert_knows_no_quiet_hours() -> None:
    """Act now, out of hours too."""
    quiet = desk(quiet=(time(22), time(7)))
    night = NOON.replace(hour=23)
    tellings = Tellings(desks(quiet))
    tellings.hear(alert(step(at=night), severity=1))

    assert 1 == len(tellings.due(night))


def test_what_is_not_urgent_comes_once_a_day_together() -> None:
    """At the digest's time, the whole day's in one message; what is urgent does not wait for it."""
    tellings = Tellings(desks(desk(digest=time(8, 30))))
    for number in range(3):
        tellings.hear(alert(alert_id=f"rule/inc-{number}/woman-1", severity=3))
    tellings.hear(alert(severity=2))

    assert [1] == [len(each.tellings) for each in tellings.due(NOON)]
    assert [] == tellings.due(NOON + 20 * HOUR)
    assert [3] == [len(each.tellings) for each in tellings.due(NOON + 20.5 * HOUR)]


def test_a_flood_comes_as_one_message() -> None:
    """A backlog that ends raises many alerts at once: one message to each desk, not hundreds."""
    tellings = Tellings(desks())
    for number in range(AT_ONCE + 1):
        tellings.hear(alert(alert_id=f"rule/inc-{number}/woman-1"))
    (delivery,) = tellings.due(NOON)

    assert AT_ONCE + 1 == len(delivery.tellings)
    assert AT_ONCE + 1 == len(tellings.delivered(delivery))


def test_a_storm_is_told_in_messages_that_somebody_can_take() -> None:
    """Each step once, the most serious first, one message after the other; then nothing of it is kept."""
    tellings = Tellings(desks())
    for number in range(2 * TOGETHER + AT_ONCE + 1):
        urgent = 1 if number > 2 * TOGETHER else 2
        tellings.hear(alert(alert_id=f"rule/inc-{number}/woman-1", severity=urgent))
    told: list[str] = []
    sizes = []
    while deliveries := tellings.due(NOON):
        (delivery,) = deliveries
        assert [] == tellings.due(NOON), "the next waits until this one was taken"
        sizes.append(len(delivery.tellings))
        told += [each.step.alert_id for each in delivery.tellings]
        assert sizes[-1] == len(tellings.delivered(delivery))

    assert [TOGETHER, TOGETHER, AT_ONCE + 1] == sizes
    assert len(told) == len(set(told)) == sum(sizes)
    assert {f"rule/inc-{2 * TOGETHER + 1 + number}/woman-1" for number in range(AT_ONCE)} == set(
        told[:AT_ONCE]
    )
    assert not tellings.alerts


def test_no_more_are_begun_than_are_asked_for() -> None:
    """The most serious of them; the others are due still."""
    every = [desk(f"desk-{number}", f"role-{number}") for number in range(1, 5)]
    tellings = Tellings(desks(*every))
    for number in range(1, 5):
        roles = step(1, f"role-{number}")
        tellings.hear(alert(roles, alert_id=f"rule/inc-{number}/w", severity=5 - number))

    begun = [[each.recipient.key for each in tellings.due(NOON, most)] for most in (0, 2, 9)]

    assert [[], ["desk-4", "desk-3"], ["desk-2", "desk-1"]] == begun


def test_few_messages_are_on_their_way_to_one_desk() -> None:
    """The most serious; the next is due once one of them was taken, or was not."""
    tellings = Tellings(desks())
    for number in range(TO_ONE + 2):
        tellings.hear(alert(alert_id=f"rule/inc-{number}/w", severity=4 - number))

    first, second = tellings.due(NOON)
    assert [] == tellings.due(NOON)
    assert ["rule/inc-3/w", "rule/inc-2/w"] == [
        each.tellings[0].step.alert_id for each in (first, second)
    ]

    tellings.delivered(first)
    tellings.not_delivered(second, NOON)
    assert ["rule/inc-1/w", "rule/inc-0/w"] == [
        each.tellings[0].step.alert_id for each in tellings.due(NOON)
    ]


def test_hearing_of_one_alert_looks_at_no_other() -> None:
    """With many that wait: what a storm costs grows with it, and not with its square."""
    tellings = Tellings(desks())
    looked: list[str] = []

    class Watched(dict[Step, list[Any]]):
        def items(self) -> Any:
            looked.append("at another")
            return super().items()

    tellings.hear(alert(alert_id="rule/inc-1/woman-1"))
    tellings._by_alert["rule/inc-1/woman-1"] = Watched(tellings._by_alert["rule/inc-1/woman-1"])
    tellings.hear(alert(alert_id="rule/inc-2/woman-1"))
    tellings.hear(alert(alert_id="rule/inc-2/woman-1", status="answered"))

    assert [] == looked


def test_an_alert_that_says_of_every_step_what_came_of_it_is_told() -> None:
    """Of such nothing is kept at a start."""
    told = {"role": "hub_manager", "by": "email", "at": NOON, "step": 1, "outcome": "told"}

    assert is_untold(alert())
    assert is_untold(alert(told=[{**told, "step": 2}]))
    assert not is_untold(alert(told=[told]))
