"""What becomes of an alert: is time exact, is nothing hidden, and is what cannot be done refused?

The timetables begin with an alert that was raised on Monday 2 March 2015 at noon, of severity 1 unless they say
otherwise; each is lived through in one go, as behind a backlog.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from baton.contract import codec
from baton.engine.alert_record import alert_of, fields_of
from baton.engine.alerts import ATTEMPT_FAILED, Alert
from baton.engine.life import (
    MATCHED,
    MOST_KEPT,
    MOST_MEMBERS,
    REFUSALS,
    STEPS,
    Lived,
    Lives,
    Matcher,
    OnOneAlert,
    Refusal,
    UnreadableMatcherError,
    silence_of,
    turn_of,
)
from baton.rules.facts import (
    ACTIONS,
    Action,
    AlertAcknowledged,
    AlertAssigned,
    AlertClosed,
    AlertNoted,
    AlertReopened,
    AlertsSilenced,
    AlertTold,
    SilenceEnded,
)
from tests.rules.told import CARE, DAY, HOUR, MINUTE, NOON, POLICY, policy_with

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from baton.rules.policy import Policy

ActionT = TypeVar("ActionT", bound=Action)

FOR_EVER = NOON + 400 * DAY
OUTCOMES = ("told", "failed", "nobody", "unknown", ATTEMPT_FAILED)
OTHER = "rule-1/inc-2/woman-2"
MILLISECOND = timedelta(milliseconds=1)


# Two-word builders.


def raised(at: datetime = NOON, alert: str = "rule-1/inc-1/woman-1", **fields: Any) -> Alert:
    """Give an alert as its rule raises it."""
    whole: dict[str, Any] = {
        "alert_id": alert,
        "rule": alert.partition("/")[0],
        "rule_version": 1,
        "policy_version": "p-1",
        "severity": 1,
        "about_kind": "person",
        "about": alert.rpartition("/")[2],
        "authority": "local",
        "status": "raised",
        "reason": "overdue",
        "trigger": (),
        "evidence": (),
        "missing": (),
        "members": (),
        "due_at": at,
        "raised_at": at,
        "answered_at": None,
        "as_of": at,
        "responsible_agency": "police",
        "responsible_team": None,
        "responsible_role": "public_protection_supervisor",
        "tell": ("public_protection_supervisor", "hub_manager", "named_midwife"),
    }
    return Alert(**whole | fields)


def then(before: Alert, after: timedelta, **fields: Any) -> Alert:
    """Give the alert as its rule has it later on."""
    return replace(before, as_of=NOON + after, **fields)


def answered(before: Alert, after: timedelta) -> Alert:
    """Give the alert answered late."""
    at = NOON + after
    return then(before, after, status="answered", reason="answered-late", answered_at=at)


def _action(kind: type[ActionT], after: timedelta, **fields: Any) -> ActionT:
    at = NOON + after
    whole: dict[str, Any] = {
        "event_id": f"{kind.__name__}-{after}",
        "occurred_at": at,
        "received_at": at,
        "agency": CARE,
        "by": "ann",
    }
    if kind not in {AlertsSilenced, SilenceEnded}:
        whole["alert"] = "rule-1/inc-1/woman-1"
    return kind(**whole | fields)


def taken_up(after: timedelta, **fields: Any) -> Action:
    """Give an acknowledgement, by Ann."""
    return _action(AlertAcknowledged, after, **fields)


def closed(after: timedelta, **fields: Any) -> Action:
    """Give a close, by Ann, with a rationale."""
    return _action(AlertClosed, after, **{"outcome": "acted", "rationale": "seen", **fields})


def given_to(after: timedelta, to: str) -> Action:
    """Give an assignment."""
    return _action(AlertAssigned, after, to=to)


def reopened(after: timedelta) -> Action:
    """Give a reopening."""
    return _action(AlertReopened, after)


def noted(after: timedelta, **fields: Any) -> Action:
    """Give a note."""
    return _action(AlertNoted, after, **fields)


def silenced(after: timedelta, until: timedelta, **fields: Any) -> AlertsSilenced:
    """Give a silence of the rule's alerts."""
    return _action(
        AlertsSilenced, after, **{"matcher": "rule=rule-1", "until": NOON + until, **fields}
    )


def unsilenced(after: timedelta, silence: Action) -> Action:
    """Give the end of a silence."""
    return _action(SilenceEnded, after, silence=silence.event_id)


def told(after: timedelta, step: int, role: str, outcome: str = "told", **fields: Any) -> Action:
    """Give what came of telling a role of a step."""
    named = {"step": step, "role": role, "outcome": outcome, "by": "email"}
    return _action(
        AlertTold, after, **{"event_id": f"told-{after}-{step}-{role}-{outcome}", **named, **fields}
    )


class Driven:
    """Lives, with what was written, so that they can be stopped and restored."""

    def __init__(self, *actions: Action, policy: Policy = POLICY) -> None:
        """Begin; the actions are held."""
        self.lives = Lives(policy)
        self.log: list[Alert] = []
        self.rules: dict[str, Alert] = {}
        self.rows: dict[str, str] = {}
        self.silences: dict[str, str] = {}
        self.heard: list[tuple[Action, int]] = []
        self.whole = True
        self.hear(*actions)

    def hear(self, *actions: Action) -> list[bool]:
        """Hear actions in this order; say of each whether it was news."""
        news = []
        for action in actions:
            place = len(self.heard)
            self.heard.append((action, place))
            news.append(self.lives.hear(action, ("alert-actions", 0, place)))
        return news

    def advance(
        self, to: datetime, said: Sequence[Alert] = (), most: int | None = None
    ) -> list[Alert]:
        """Let time come to a moment, given what the rules said."""
        self.rules |= {alert.alert_id: alert for alert in said}
        lived = self.lives.advance(to, said, most)
        self.whole = lived.whole
        self._write(lived)
        return lived.alerts

    def restarted(self, policy: Policy | None = None, now: datetime | None = None) -> Driven:
        """Give lives that were restored from what was written, as of then or the last moment, and know nothing else."""
        fresh = Driven(policy=policy or self.lives.policy)
        for action, place in self.heard:
            fresh.lives.hear(action, ("alert-actions", 0, place))
        for alert in self.rules.values():
            fresh.lives.restore_alert(alert)
        for alert_id, row in self.rows.items():
            fresh.lives.restore_life(alert_id, row)
        for row in self.silences.values():
            fresh.lives.restore_silence(row)
        fresh.lives.restored(now or self.lives.now, live_again=policy is not None)
        fresh.heard, fresh.log, fresh.rules = list(self.heard), list(self.log), dict(self.rules)
        fresh.rows, fresh.silences = dict(self.rows), dict(self.silences)
        return fresh

    def alert(self, alert_id: str = "rule-1/inc-1/woman-1") -> Alert:
        """Give an alert as operators have it."""
        found = self.lives.alert(alert_id)
        assert found is not None
        return found

    def standing(self) -> dict[str, Alert]:
        """Give all alerts as operators have them, by id."""
        return {alert.alert_id: alert for alert in self.log}

    def _write(self, lived: Lived) -> None:
        self.log += lived.alerts
        self.rows |= lived.lives
        self.rules |= lived.own
        for key, row in lived.silences.items():
            if row is None:
                self.silences.pop(key, None)
            else:
                self.silences[key] = row


def lived(
    said: Iterable[Alert], *actions: Action, until: timedelta, policy: Policy = POLICY
) -> Driven:
    """Live through it all in one go."""
    all_of_it = Driven(*actions, policy=policy)
    all_of_it.advance(NOON + until, sorted(said, key=lambda alert: alert.as_of))
    return all_of_it


def steps(alert: Alert) -> list[tuple[str, timedelta, str]]:
    """Give the steps of an alert: why, how long after noon, whom."""
    return [(each.kind, each.at - NOON, " ".join(each.roles)) for each in alert.life.steps]


def kinds(alert: Alert) -> list[str]:
    """Give why people were to be told."""
    return [each.kind for each in alert.life.steps]


def refused(alert: Alert) -> list[str | None]:
    """Give, of everything done, why it had no effect."""
    return [each.refused for each in alert.life.actions]


# The ladder.


def test_nobody_takes_it_up_and_each_role_is_asked_in_turn() -> None:
    """The first at once, the next every half hour, then the last again, at twice the distance each time."""
    alert = lived([raised()], until=5 * HOUR).alert()

    assert [
        ("raised", 0 * HOUR, "public_protection_supervisor"),
        ("chased", HOUR / 2, "hub_manager"),
        ("chased", 1 * HOUR, "named_midwife"),
        ("chased", 1.5 * HOUR, "named_midwife"),
        ("chased", 2.5 * HOUR, "named_midwife"),
        ("chased", 4.5 * HOUR, "named_midwife"),
    ] == steps(alert)
    assert ("chased", NOON + 8.5 * HOUR) == (alert.life.next_step, alert.life.next_step_at)


def test_one_big_advance_is_as_exact_as_many_small_ones() -> None:
    """Raised, taken up after ten minutes and lapsed after four hours, all behind one backlog."""
    whole = lived([raised()], taken_up(10 * MINUTE), until=5 * HOUR)

    assert [
        (NOON, "raised"),
        (NOON + 10 * MINUTE, "acknowledged"),
        (NOON + 4 * HOUR + 10 * MINUTE, "raised"),
        (NOON + 4 * HOUR + 40 * MINUTE, "raised"),
    ] == [(each.as_of, each.status) for each in whole.log]
    assert ["raised", "lapsed", "chased"] == kinds(whole.alert())
    lapsed = whole.alert().life.steps[1]
    assert ("public_protection_supervisor",) == lapsed.roles


def test_an_acknowledgement_says_until_when() -> None:
    """Its own time, else the policy's, and never longer than the policy's longest."""
    for until, expected in ((None, 4 * HOUR), (2 * HOUR, 2 * HOUR), (9 * DAY, DAY)):
        action = taken_up(0 * HOUR, until=None if until is None else NOON + until)
        alert = lived([raised()], action, until=MINUTE).alert()

        assert ("acknowledged", NOON + expected) == (alert.status, alert.life.acknowledged_until)
        assert ("lapsed", NOON + expected) == (alert.life.next_step, alert.life.next_step_at)


def test_an_acknowledgement_at_the_very_moment_of_a_chase_is_in_time() -> None:
    """What people do at a moment comes before what is due at it; another may take it over, and make it longer."""
    both = [taken_up(HOUR / 2), taken_up(4 * HOUR + HOUR / 2, by="bob")]
    alert = lived([raised()], *both, until=5 * HOUR).alert()

    assert ["raised"] == kinds(alert)
    assert ("bob", NOON + 8.5 * HOUR) == (
        alert.life.acknowledged_by,
        alert.life.acknowledged_until,
    )


def test_where_the_last_role_has_nobody_the_last_that_was_reached_is_chased_with_it() -> None:
    """At once, and each time again: an alert that somebody has heard of is not left to those whom nobody can tell."""
    first, second, last = "public_protection_supervisor", "hub_manager", "named_midwife"
    hears = [told(MINUTE, 1, first), told(HOUR / 2 + MINUTE, 2, second)]
    hears.append(told(HOUR + MINUTE, 3, last, "nobody"))
    alert = lived([raised()], *hears, until=HOUR + 2 * MINUTE).alert()
    hears += [told(HOUR + 3 * MINUTE, 4, last, "nobody"), told(HOUR + 3 * MINUTE, 4, second)]
    later = lived([raised()], *hears, until=5 * HOUR).alert()
    hears[-1] = told(HOUR + 3 * MINUTE, 4, second, "failed")
    hears += [told(HOUR + 4 * MINUTE, 5, each, "failed") for each in (last, first)]
    failed = lived([raised()], *hears, until=HOUR + 30 * MINUTE).alert()

    assert ("chased", HOUR + MINUTE) == steps(alert)[-1][:2]
    assert (last, second) == alert.life.steps[-1].roles
    assert len(alert.life.steps) + 1 < len(later.life.steps)
    assert {(last, second)} == {each.roles for each in later.life.steps[3:]}
    assert (last, first) == failed.life.steps[-1].roles
    assert 5 == len(failed.life.steps), "nobody else is there to be asked"


def test_a_last_role_that_was_told_once_and_can_be_told_no_more_is_not_chased_alone() -> None:
    """What came of telling it last counts: it had somebody, and has nobody since, or its mail server is gone."""
    two = ("hub_manager", "team_manager")
    hears = [told(MINUTE, 1, two[0]), told(HOUR / 2 + MINUTE, 2, two[1])]
    hears.append(told(HOUR + MINUTE, 3, two[1], "failed"))
    alert = lived([raised(tell=two)], *hears, until=HOUR + 2 * MINUTE).alert()

    assert (two[1], two[0]) == alert.life.steps[-1].roles
    assert HOUR + MINUTE == steps(alert)[-1][1]


def test_where_nobody_knows_whether_it_was_told_the_next_is_asked_at_once() -> None:
    """As after a crash of what tells people; but that is no role without anybody."""
    hears = told(MINUTE, 1, "public_protection_supervisor", "unknown")
    whole = lived([raised()], hears, until=2 * MINUTE)

    assert [("chased", MINUTE, "hub_manager")] == steps(whole.alert())[1:]
    assert {whole.alert().alert_id} == {each.alert_id for each in whole.log}


def test_the_last_role_is_chased_for_years_without_end_and_without_number() -> None:
    """The distance grows, up to a limit: a record of two years holds a few steps, and the next is known."""
    alert = lived([raised()], until=800 * DAY).alert()

    assert len(alert.life.steps) < 30
    assert alert.life.next_step_at is not None


def test_severity_4_is_told_and_not_chased() -> None:
    """It stands in the periodic report; who takes it up is asked again when that ends."""
    alert = lived([raised(severity=4)], until=300 * DAY).alert()
    lapsed = lived([raised(severity=4)], taken_up(HOUR), until=300 * DAY).alert()

    assert [("raised", 0 * HOUR, "public_protection_supervisor")] == steps(alert)
    assert alert.life.next_step is None
    assert ["raised", "lapsed"] == kinds(lapsed)


def test_within_working_hours_limits_run_and_people_are_told() -> None:
    """Severity 2, from Friday at 16:00: three of the four hours are Monday's; at night it waits for the morning."""
    friday = 4 * DAY + 4 * HOUR
    alert = lived(
        [raised(NOON + friday, severity=2, tell=("hub_manager", "team_manager"))],
        until=8 * DAY,
    ).alert()
    night = lived([raised(NOON + 10 * HOUR, severity=2)], until=22 * HOUR).alert()

    assert [
        ("raised", friday, "hub_manager"),
        ("chased", 7 * DAY, "team_manager"),
    ] == steps(alert)[:2]
    assert [("raised", 21 * HOUR)] == [each[:2] for each in steps(night)]


def test_at_night_whoever_is_there_is_told_with_whoever_is_not() -> None:
    """A role with office hours passes it on to the first that is there; if none is, it is told alone."""
    at_night = raised(NOON + 10 * HOUR, tell=("named_midwife", "hub_manager", "team_manager"))
    nobody_there = raised(NOON + 10 * HOUR, tell=("named_midwife", "team_manager"))

    assert [
        ("raised", 10 * HOUR, "named_midwife hub_manager"),
        ("chased", 10.5 * HOUR, "team_manager"),
    ] == steps(lived([at_night], until=10.5 * HOUR).alert())
    assert "named_midwife" == steps(lived([nobody_there], until=10 * HOUR).alert())[0][2]


def test_two_roles_are_asked_at_once() -> None:
    """A word `a+b` in `tell` is one step for both."""
    both = raised(tell=("sending_team_manager+receiving_team_manager", "head_of_service"))

    assert [
        ("raised", 0 * HOUR, "sending_team_manager receiving_team_manager"),
        ("chased", HOUR / 2, "head_of_service"),
    ] == steps(lived([both], until=HOUR / 2).alert())


def test_whose_turn_comes_next_is_known_from_the_record() -> None:
    """The rung after the last that was asked; the last again; nobody's where nobody is to be told."""
    tell = ("a", "b+c", "d")

    assert ("a",) == turn_of(tell, [])
    assert ("b", "c") == turn_of(tell, [["a"]])
    assert ("d",) == turn_of(tell, [["a"], ["a", "b", "c"]])
    assert ("d",) == turn_of(tell, [["d"]])
    assert () == turn_of((), [])


def test_an_alert_that_nobody_is_to_hear_of_has_no_steps() -> None:
    """An old record may have an empty `tell`."""
    alert = lived([raised(tell=())], until=DAY).alert()

    assert ([], None) == (kinds(alert), alert.life.next_step)


# A turn for the worse, and the end.


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"severity": 2}, {"severity": 1}),
        ({"severity": 2, "reason": "due-soon"}, {"severity": 2, "reason": "overdue"}),
    ],
)
@pytest.mark.parametrize("how", ["raised", "acknowledged", "silenced", "closed"])
def test_a_turn_for_the_worse_ends_whatever_kept_it_quiet(
    before: dict[str, Any], after: dict[str, Any], how: str
) -> None:
    """Acknowledgement, silence and close; the steps begin again with the first role."""
    quiet: dict[str, list[Action]] = {
        "raised": [],
        "acknowledged": [taken_up(MINUTE)],
        "silenced": [silenced(MINUTE, 3 * DAY)],
        "closed": [closed(MINUTE)],
    }
    first = raised(**before)
    alert = lived([first, then(first, HOUR, **after)], *quiet[how], until=HOUR).alert()

    assert ("raised", None, None, None, None) == (
        alert.status,
        alert.life.acknowledged_by,
        alert.life.silence,
        alert.life.closed_by,
        alert.life.outcome,
    )
    assert ("worse", HOUR, "public_protection_supervisor") == steps(alert)[-1]


def test_what_is_not_worse_leaves_it_as_it_was() -> None:
    """A higher number of severity, a warning again, another member."""
    first = raised()
    changes = [then(first, HOUR, severity=2), then(first, 2 * HOUR, severity=2, missing=("x",))]
    alert = lived([first, *changes], taken_up(MINUTE), until=2 * HOUR).alert()

    assert ("acknowledged", 2, ["raised"]) == (alert.status, alert.severity, kinds(alert))


def test_a_silence_after_the_turn_holds_again() -> None:
    """Only those from before are over."""
    first = raised(severity=2)
    alert = lived(
        [first, then(first, HOUR, severity=1)],
        silenced(MINUTE, 3 * DAY),
        silenced(2 * HOUR, 3 * DAY, event_id="after"),
        until=2 * HOUR,
    ).alert()

    assert "after" == alert.life.silence


def test_the_rule_has_the_last_word() -> None:
    """Answered or withdrawn outweighs what people did, and stays in the record."""
    for status in ("answered", "withdrawn"):
        over = then(raised(), 2 * HOUR, status=status)
        whole = lived([raised(), over], closed(HOUR, second_by="bob"), until=3 * HOUR)

        assert (status, "ann") == (whole.alert().status, whole.alert().life.closed_by)
        assert whole.alert().life.next_step is None


def test_who_was_told_is_told_that_it_is_over() -> None:
    """All roles that may have heard of it, once; not those who could not be told, and nobody where nobody had been."""
    said = [
        told(MINUTE, 1, "public_protection_supervisor"),
        told(31 * MINUTE, 2, "hub_manager", "unknown"),
        told(61 * MINUTE, 3, "named_midwife", "failed"),
        told(3 * HOUR, 5, "hub_manager"),
    ]
    alert = lived([raised(), answered(raised(), 70 * MINUTE)], *said, until=DAY).alert()
    untold = lived([raised(), answered(raised(), HOUR)], until=DAY).alert()

    assert ("resolved", 70 * MINUTE, "hub_manager public_protection_supervisor") == steps(alert)[-1]
    assert "resolved" not in kinds(untold)


def test_whoever_is_told_while_it_ends_is_told_that_too() -> None:
    """The news that it is over crossed with the telling; but of what a person closed nobody is told."""
    late = told(2 * HOUR, 1, "public_protection_supervisor")
    alert = lived([raised(), answered(raised(), HOUR)], late, until=DAY).alert()
    by_hand = lived(
        [raised(), answered(raised(), 2 * HOUR)],
        closed(MINUTE, second_by="bob"),
        told(3 * HOUR, 1, "public_protection_supervisor"),
        until=DAY,
    ).alert()

    assert ("resolved", 2 * HOUR, "public_protection_supervisor") == steps(alert)[-1]
    assert ["raised"] == kinds(by_hand)


def test_nobody_is_told_twice_that_it_is_over() -> None:
    """Whoever is told of an old step afterwards is; those who know it are not told again."""
    first, second = "public_protection_supervisor", "hub_manager"
    alert = lived(
        [raised(), answered(raised(), HOUR)],
        told(MINUTE, 1, first),
        told(2 * HOUR, 2, second),
        told(3 * HOUR, 1, first, "unknown"),
        until=DAY,
    ).alert()

    assert [("resolved", HOUR, first), ("resolved", 2 * HOUR, second)] == steps(alert)[-2:]


def test_an_alert_opened_again_by_a_fact_begins_again() -> None:
    """An answer that was taken back; and one that was withdrawn and is raised anew, as a new one."""
    first = raised()
    again = then(first, 3 * HOUR)
    anew = then(first, 3 * HOUR, raised_at=NOON + 3 * HOUR)

    assert (
        "reopened"
        == kinds(lived([first, answered(first, HOUR), again], until=3 * HOUR).alert())[-1]
    )
    assert (
        "raised"
        == kinds(
            lived([first, then(first, HOUR, status="withdrawn"), anew], until=3 * HOUR).alert()
        )[-1]
    )


def test_what_is_answered_before_anybody_heard_of_it_is_told_to_nobody() -> None:
    """It was answered, late, before baton was told of either; and a withdrawal of it changes no step."""
    late = raised(status="answered", reason="answered-late")
    alert = lived([late, then(late, HOUR, status="withdrawn")], until=DAY).alert()

    assert ("withdrawn", []) == (alert.status, kinds(alert))


# What people do.


def test_one_person_asks_and_another_agrees() -> None:
    """Then it is closed, by both; until then it stays as it is, and is chased."""
    asked = lived([raised()], closed(MINUTE), until=2 * MINUTE).alert()
    agreed = lived([raised()], closed(MINUTE), closed(HOUR / 4, by="bob"), until=DAY).alert()

    assert ("raised", "ann") == (asked.status, asked.life.closing_by)
    assert ("closed", "ann", "bob", "acted", None) == (
        agreed.status,
        agreed.life.closed_by,
        agreed.life.second_by,
        agreed.life.outcome,
        agreed.life.closing_by,
    )


def test_the_second_need_not_say_why_again() -> None:
    """In a record of their own, or in one of the first's that names both."""
    for second in (
        closed(HOUR, by="bob", rationale=None),
        closed(HOUR, second_by="bob", rationale=None),
        closed(HOUR, by="bob", second_by="ann", rationale=None),
    ):
        alert = lived([raised()], taken_up(0 * HOUR), closed(MINUTE), second, until=DAY).alert()
        assert ("closed", [None] * 3) == (alert.status, refused(alert))


def test_the_same_person_is_no_second() -> None:
    """Neither by asking again nor by naming themselves; with another outcome it is a new request."""
    again = lived([raised()], closed(MINUTE), closed(2 * MINUTE), until=HOUR).alert()
    itself = lived([raised()], closed(MINUTE, second_by="ann"), until=HOUR).alert()
    other = lived(
        [raised()],
        closed(MINUTE),
        closed(2 * MINUTE, outcome="duplicate"),
        closed(3 * MINUTE, by="bob"),
        closed(4 * MINUTE, by="ann", outcome="acted", rationale=None),
        until=HOUR,
    ).alert()

    assert [None, "same-person"] == refused(again)
    assert ["same-person"] == refused(itself)
    assert ("closed", "bob", "ann") == (other.status, other.life.closed_by, other.life.second_by)


def test_a_key_in_other_letters_is_no_second() -> None:
    """Whoever signs in, or types, as `Ann` and as `ann` is one person."""
    again = lived([raised()], closed(MINUTE), closed(2 * MINUTE, by="Ann"), until=HOUR).alert()
    itself = lived([raised()], closed(MINUTE, second_by="ANN"), until=HOUR).alert()

    second = closed(2 * MINUTE, by="bob", second_by="ANN", rationale=None)
    agreed = lived([raised()], closed(MINUTE), second, until=HOUR).alert()

    assert [None, "same-person"] == refused(again)
    assert ["same-person"] == refused(itself)
    assert "closed" == agreed.status


def test_others_are_closed_by_one_who_says_why() -> None:
    """Severity 2 with a rationale; severity 4 without one; a second is noted, unless it is the same."""
    assert ["no-rationale"] == refused(
        lived([raised(severity=2)], closed(MINUTE, rationale=None), until=DAY).alert()
    )
    for severity, fields, second in (
        (2, {}, None),
        (2, {"second_by": "bob"}, "bob"),
        (4, {"rationale": None, "second_by": "ann"}, None),
    ):
        alert = lived([raised(severity=severity)], closed(MINUTE, **fields), until=DAY).alert()
        assert ("closed", "ann", second) == (
            alert.status,
            alert.life.closed_by,
            alert.life.second_by,
        )


def test_a_closed_alert_is_opened_again() -> None:
    """It begins with the first role, and whoever it belongs to keeps it."""
    alert = lived(
        [raised()],
        given_to(MINUTE, "cat"),
        closed(2 * MINUTE, second_by="bob"),
        reopened(5 * HOUR),
        until=5 * HOUR,
    ).alert()

    assert ("raised", "cat", None) == (alert.status, alert.life.owner, alert.life.closed_by)
    assert ("reopened", 5 * HOUR, "public_protection_supervisor") == steps(alert)[-1]


@pytest.mark.parametrize("over", ["answered", "withdrawn", "closed"])
def test_what_is_over_takes_no_more_but_a_note(over: str) -> None:
    """Every action stands in the record with its refusal."""
    ended = [] if over == "closed" else [then(raised(), HOUR, status=over)]
    first = [closed(MINUTE, second_by="bob")] if over == "closed" else []
    after = [
        taken_up(2 * HOUR),
        given_to(3 * HOUR, "cat"),
        closed(4 * HOUR, second_by="bob"),
        noted(5 * HOUR),
    ]
    alert = lived([raised(), *ended], *first, *after, until=DAY).alert()

    assert over == alert.status
    assert ["finished", "finished", "finished", None] == refused(alert)[-4:]


def test_what_cannot_be_done_is_refused() -> None:
    """Before it was raised, until a time that has passed, or opened although it is not closed."""
    early = lived([raised()], taken_up(-MINUTE), until=MINUTE).alert()
    past = lived([raised()], taken_up(MINUTE, until=NOON + MINUTE), until=HOUR / 4).alert()
    open_ = lived([raised()], reopened(MINUTE), until=HOUR / 4).alert()
    answered_ = lived([raised(), answered(raised(), MINUTE)], reopened(HOUR), until=DAY).alert()

    assert ["not-raised-yet"] == refused(early)
    assert ["past"] == refused(past)
    assert ["not-closed"] == refused(open_)
    assert ["finished"] == refused(answered_)


def test_an_action_on_no_alert_at_all_gives_none() -> None:
    """It is kept for the case that such an alert is raised, and shown nowhere else."""
    nothing = lived([], taken_up(MINUTE), told(MINUTE, 1, "hub_manager"), until=DAY)

    assert ([], [], None) == (
        nothing.log,
        nothing.lives.alerts(),
        nothing.lives.alert("rule-1/inc-1/woman-1"),
    )


def test_every_action_is_of_one_alert_or_of_silence_or_of_telling() -> None:
    """A new one makes somebody decide what it does."""
    assert {*get_args(OnOneAlert), AlertsSilenced, SilenceEnded, AlertTold} == {*ACTIONS.values()}


def test_every_refusal_and_step_has_its_sentence() -> None:
    """One for each, none twice; and the words are those of the code."""
    assert set(get_args(Refusal)) == set(REFUSALS)
    for sentences in (REFUSALS, STEPS):
        assert len(set(sentences.values())) == len(sentences)
        assert all(text[0].isupper() and text.endswith(".") for text in sentences.values())


def test_a_record_keeps_the_newest_and_their_numbers() -> None:
    """However much is done, it fits into a message; what is left out is the oldest."""
    notes = [noted(MINUTE + n * MILLISECOND, event_id=f"note-{n}") for n in range(MOST_KEPT + 5)]
    alert = lived([raised()], *notes, until=HOUR).alert()

    assert MOST_KEPT == len(alert.life.actions)
    assert f"note-{MOST_KEPT + 4}" == alert.life.actions[-1].event_id
    assert codec.encode("Alert", fields_of(alert))


# Silence.


def test_while_silenced_steps_wait_and_the_alert_stands() -> None:
    """What fell due is asked when the silence is over, once."""
    whole = lived([raised()], silenced(-MINUTE, 2 * HOUR), until=2.5 * HOUR)

    assert [("raised", 2 * HOUR), ("chased", 2.5 * HOUR)] == [
        each[:2] for each in steps(whole.alert())
    ]
    first = whole.log[0]
    assert ("raised", NOON + 2 * HOUR) == (first.status, first.life.silenced_until)
    assert ("raised", NOON + 2 * HOUR) == (first.life.next_step, first.life.next_step_at)
    assert (None, None) == (whole.alert().life.silence, whole.alert().life.silenced_until)


def test_a_silence_lasts_no_longer_than_agreed_for_the_severity() -> None:
    """A day for severity 1, seven days for severity 2, whatever it asks for."""
    for severity, longest in ((1, DAY), (2, 7 * DAY)):
        whole = lived([raised(severity=severity)], silenced(0 * HOUR, 90 * DAY), until=MINUTE)
        assert NOON + longest == whole.alert().life.silenced_until
        assert [NOON + 90 * DAY] == [each.until for each in whole.lives.silences]
        after = lived(
            [raised(severity=severity)], silenced(0 * HOUR, 90 * DAY), until=longest + DAY
        )
        assert after.alert().life.silence is None


def test_a_silence_is_ended_before_its_time() -> None:
    """What waited is asked at once; the end of one that does not hold changes nothing."""
    silence = silenced(MINUTE, 3 * HOUR)
    whole = lived(
        [raised()],
        silence,
        unsilenced(HOUR, silence),
        unsilenced(2 * HOUR, silence),
        until=4 * HOUR,
    )

    assert ("chased", HOUR) == steps(whole.alert())[1][:2]
    assert ["AlertsSilenced", "SilenceEnded"] == [each.event for each in whole.alert().life.actions]
    assert ((), {}) == (whole.lives.silences, whole.silences)


def test_of_several_silences_the_longest_counts() -> None:
    """When it ends the alert is told, and not when the shorter does; the other may be ended, too."""
    short, long = silenced(0 * HOUR, HOUR), silenced(MINUTE, 5 * HOUR, event_id="long")
    alert = lived([raised()], short, long, unsilenced(2 * MINUTE, short), until=3 * MINUTE).alert()
    ended = lived([raised()], short, long, unsilenced(2 * MINUTE, long), until=3 * MINUTE).alert()

    assert ("long", NOON + 5 * HOUR) == (alert.life.silence, alert.life.silenced_until)
    assert NOON + HOUR == ended.life.silenced_until


def test_a_silence_means_what_it_says() -> None:
    """Its own area, and every field; an alert that is over, or that an acknowledgement keeps quiet, bears it too."""
    other = silenced(MINUTE, HOUR, authority="elsewhere")
    twice = silenced(2 * MINUTE, HOUR, event_id=other.event_id)
    assert lived([raised()], other, until=2 * MINUTE).alert().life.silence is None
    assert (
        lived([raised(status="answered")], silenced(MINUTE, HOUR), until=2 * MINUTE)
        .alert()
        .life.actions
        == ()
    )
    both = lived([raised()], taken_up(MINUTE), twice, until=3 * MINUTE).alert()
    assert ("acknowledged", NOON + HOUR) == (both.status, both.life.silenced_until)


def test_a_silence_that_began_already_does_not_begin_again() -> None:
    """The same event from another agency: the first counts."""
    one = silenced(MINUTE, HOUR, event_id="same")
    other = silenced(2 * MINUTE, 5 * HOUR, event_id="same", agency="police")

    assert (
        NOON + HOUR == lived([raised()], one, other, until=3 * MINUTE).alert().life.silenced_until
    )


def test_what_a_matcher_may_say() -> None:
    """Pairs of known fields; one named twice may have either value; anything else is read as nothing."""
    alert = raised(responsible_team="team-1")
    for text, expected in (
        ("rule=rule-1", True),
        ("rule=rule-1,severity=1", True),
        ("rule=rule-1, severity=2", False),
        ("severity=1,severity=2", True),
        ("alert=rule-1/inc-1/woman-1,about=woman-1,about_kind=person", True),
        ("agency=police,team=team-1,role=public_protection_supervisor", True),
        ("team=team-2", False),
    ):
        assert expected == Matcher.read(text).matches(alert), text
    for text in ("", "rule", "rule=", "=x", "colour=red", "rule=x,"):
        with pytest.raises(UnreadableMatcherError, match=", ".join(MATCHED)):
            Matcher.read(text)
    assert "unreadable-matcher" == silence_of(silenced(MINUTE, HOUR, matcher="all"), NOON)
    assert "past" == silence_of(silenced(MINUTE, HOUR), NOON + HOUR)


# What came of telling people.


def test_where_a_step_reaches_nobody_the_next_is_asked_at_once() -> None:
    """The role is an alert of its own, about its agency, until somebody of it is told of anything."""
    nobody = told(MINUTE, 1, "public_protection_supervisor", "nobody")
    whole = lived([raised()], nobody, until=2 * MINUTE)
    alert = whole.alert("nobody-to-tell/public_protection_supervisor/local")

    assert [("raised", 0 * HOUR), ("chased", MINUTE)] == [each[:2] for each in steps(whole.alert())]
    assert ("raised", "agency", "police", 2) == (
        alert.status,
        alert.about_kind,
        alert.about,
        alert.severity,
    )
    assert [("rule-1/inc-1/woman-1", ("nobody",))] == [
        (each.key, each.states) for each in alert.members
    ]
    assert [("raised", MINUTE, "feed_operator")] == steps(alert)

    whole.hear(
        told(HOUR, 1, "public_protection_supervisor", alert="rule-1/inc-2/woman-2", by="phone")
    )
    whole.advance(NOON + 2 * HOUR, [raised(NOON + 3 * MINUTE, "rule-1/inc-2/woman-2")])
    after = whole.alert(alert.alert_id)
    assert ("answered", "answered-late", NOON + HOUR) == (
        after.status,
        after.reason,
        after.answered_at,
    )


def test_told_at_the_moment_of_the_step_counts() -> None:
    """Also where it leads to another step, which reaches nobody either: all at one moment."""
    alert = lived(
        [raised()],
        told(0 * HOUR, 2, "hub_manager", "failed"),
        told(0 * HOUR, 1, "public_protection_supervisor", "nobody"),
        told(0 * HOUR, 7, "hub_manager"),
        until=MINUTE,
    ).alert()

    assert [("raised", 0 * HOUR), ("chased", 0 * HOUR), ("chased", 0 * HOUR)] == [
        each[:2] for each in steps(alert)
    ]
    assert ["nobody", "failed"] == [each.outcome for each in alert.life.told]


def test_an_attempt_that_failed_is_shown_and_changes_nothing() -> None:
    """The next role is asked, and `nobody-to-tell` raised, when the step has come to its end and not before."""
    role = "public_protection_supervisor"
    tried = [told(each * MINUTE, 1, role, "attempt_failed") for each in (1, 2)]
    trying = lived([raised()], *tried, until=3 * MINUTE)
    failed = lived([raised()], *tried, told(4 * MINUTE, 1, role, "failed"), until=5 * MINUTE)

    assert (["raised"], 2) == (kinds(trying.alert()), len(trying.alert().life.told))
    assert f"nobody-to-tell/{role}/local" not in trying.standing()
    assert (["raised", "chased"], 3) == (kinds(failed.alert()), len(failed.alert().life.told))
    assert f"nobody-to-tell/{role}/local" in failed.standing()


def test_a_role_that_is_still_tried_is_waited_for() -> None:
    """Of two roles asked at once one could not be told; the other may be, at its next attempt."""
    both = raised(tell=("sending_team_manager+receiving_team_manager", "head_of_service"))
    hears = [
        told(MINUTE, 1, "sending_team_manager", "attempt_failed"),
        told(2 * MINUTE, 1, "receiving_team_manager", "failed"),
    ]
    waiting = lived([both], *hears, until=3 * MINUTE).alert()
    failed = told(4 * MINUTE, 1, "sending_team_manager", "failed")

    assert ["raised"] == kinds(waiting)
    assert ["raised", "chased"] == kinds(lived([both], *hears, failed, until=5 * MINUTE).alert())


def test_an_attempt_that_failed_makes_nobody_unreachable() -> None:
    """Who heard of the alert before is chased with a last role that has nobody, also while it is tried again."""
    two = ("hub_manager", "team_manager")
    hears = [
        told(MINUTE, 1, two[0]),
        told(2 * MINUTE, 1, two[0], "attempt_failed"),
        told(HOUR / 2 + MINUTE, 2, two[1], "nobody"),
    ]
    alert = lived([raised(tell=two)], *hears, until=HOUR / 2 + 2 * MINUTE).alert()

    assert (two[1], two[0]) == alert.life.steps[-1].roles


def test_attempts_that_failed_give_way_before_any_outcome_does() -> None:
    """What came of the steps decides who is told next; of attempts the newest are shown."""
    role = "public_protection_supervisor"
    came = told(MINUTE, 1, role)
    tried = [
        told(2 * MINUTE + timedelta(seconds=each), 1, role, "attempt_failed")
        for each in range(MOST_KEPT + 5)
    ]
    kept = lived([raised()], came, *tried, until=10 * MINUTE).alert().life.told

    assert [came.event_id, *(each.event_id for each in tried[6:])] == [
        each.event_id for each in kept
    ]


def test_one_of_two_who_is_told_is_enough() -> None:
    """The step reached somebody; only if neither can be told does it go on, and after the last rung nowhere."""
    both = raised(tell=("sending_team_manager+receiving_team_manager", "head_of_service"))
    first = told(MINUTE, 1, "sending_team_manager", "failed")
    enough = lived([both], first, told(2 * MINUTE, 1, "receiving_team_manager"), until=HOUR / 4)
    neither = lived(
        [both],
        first,
        told(2 * MINUTE, 1, "receiving_team_manager", "failed"),
        told(3 * MINUTE, 2, "head_of_service", "failed"),
        until=HOUR / 4,
    )

    assert ["raised"] == kinds(enough.alert())
    assert [("raised", 0 * HOUR), ("chased", 2 * MINUTE)] == [
        each[:2] for each in steps(neither.alert())
    ]


def test_what_was_taken_up_is_not_passed_on() -> None:
    """Nor what an old step says, nor what names a step or role that was not asked."""
    alert = lived(
        [raised()],
        taken_up(MINUTE),
        told(2 * MINUTE, 1, "public_protection_supervisor", "nobody"),
        told(3 * MINUTE, 1, "hub_manager", "nobody"),
        told(4 * MINUTE, 9, "public_protection_supervisor", "nobody"),
        until=HOUR,
    ).alert()
    old = lived([raised()], told(HOUR, 1, "public_protection_supervisor", "failed"), until=HOUR)

    assert (["raised"], 1) == (kinds(alert), len(alert.life.told))
    assert ["raised", "chased", "chased"] == kinds(old.alert())


def test_that_a_role_has_nobody_grows_by_member_and_is_reopened_by_one() -> None:
    """Taken up it stays so; closed it is opened again by the next alert that should have been heard."""
    role = "public_protection_supervisor"
    about = f"nobody-to-tell/{role}/local"
    second = raised(NOON + HOUR, "rule-1/inc-2/woman-2")
    first_told = told(MINUTE, 1, role, "nobody")
    second_told = told(HOUR + MINUTE, 1, role, "failed", alert=second.alert_id)
    taken = lived(
        [raised(), second],
        first_told,
        taken_up(2 * MINUTE, alert=about),
        second_told,
        until=HOUR + MINUTE,
    ).alert(about)
    shut = lived(
        [raised(), second],
        first_told,
        closed(2 * MINUTE, alert=about),
        second_told,
        until=HOUR + MINUTE,
    ).alert(about)

    assert ("acknowledged", 2) == (taken.status, len(taken.members))
    assert ("raised", 2, "reopened") == (shut.status, len(shut.members), kinds(shut)[-1])


def test_that_nobody_hears_that_nobody_hears_comes_to_an_end() -> None:
    """It is an alert about the next role, and never a member of itself."""
    about = "nobody-to-tell/public_protection_supervisor/local"
    of_it = "nobody-to-tell/feed_operator/local"
    whole = lived(
        [raised()],
        told(MINUTE, 1, "public_protection_supervisor", "nobody"),
        told(2 * MINUTE, 1, "feed_operator", "nobody", alert=about),
        told(3 * MINUTE, 1, "feed_operator", "nobody", alert=of_it),
        until=4 * MINUTE,
    )

    assert [about] == [each.key for each in whole.alert(of_it).members]
    assert ["raised", "chased"] == kinds(whole.alert(of_it))


def test_a_role_of_many_alerts_keeps_a_bounded_record() -> None:
    """The first two hundred are named: that it is so is what counts."""
    alerts = [raised(NOON, f"rule-1/inc-{n}/woman-{n}") for n in range(MOST_MEMBERS + 3)]
    role = "public_protection_supervisor"
    nobody = [
        told(MINUTE, 1, role, "nobody", alert=each.alert_id, event_id=f"told-{each.alert_id}")
        for each in alerts
    ]
    whole = lived(alerts, *nobody, until=2 * MINUTE)

    assert MOST_MEMBERS == len(whole.alert(f"nobody-to-tell/{role}/local").members)


# Time, order and restarts.


def test_an_action_told_twice_is_one() -> None:
    """By its own id; and it may be heard again after a restart."""
    whole = Driven()

    assert [True, False] == whole.hear(noted(MINUTE), noted(MINUTE))
    assert 1 == whole.lives.held
    whole.advance(NOON + HOUR, [raised()])
    assert [False] == whole.restarted().hear(noted(MINUTE))


def test_a_clock_that_stepped_back_takes_nobody_with_it() -> None:
    """An action from before now is done now."""
    whole = lived([raised()], until=HOUR / 4)
    whole.hear(taken_up(-HOUR))
    whole.advance(NOON + HOUR / 4)
    whole.advance(NOON)

    assert ("acknowledged", NOON + HOUR / 4) == (whole.alert().status, whole.alert().as_of)
    assert NOON + HOUR / 4 == whole.lives.now


def test_under_another_policy_what_is_open_is_looked_at_again() -> None:
    """A shorter limit that is already past is asked at once, and not for a time gone by."""
    quick = policy_with(
        "[life.severity-1]\nacknowledge_within = { minutes = 5 }\nchase_within = { hours = 9 }"
    )
    whole = lived([raised(), answered(raised(NOON, "rule-1/x/y"), MINUTE)], until=HOUR / 4)
    again = whole.restarted(quick)
    again.advance(NOON + HOUR / 3)

    assert [("raised", 0 * HOUR), ("chased", HOUR / 4)] == [
        each[:2] for each in steps(again.alert())
    ]
    assert NOON + HOUR / 4 + 9 * HOUR == again.alert().life.next_step_at


def test_lives_without_rows_begin_when_time_moves() -> None:
    """What an older version kept, open or over: an open one is asked for once, and nothing is asked of the others."""
    fresh = Lives(POLICY)
    over = replace(answered(raised(NOON, "rule-1/x/y"), HOUR))
    for alert in (raised(), over):
        fresh.restore_alert(alert)
    fresh.restored(NOON + DAY)
    lived_ = fresh.advance(NOON + DAY, [])

    assert [("rule-1/inc-1/woman-1", NOON + DAY)] == [
        (each.alert_id, each.as_of) for each in lived_.alerts
    ]
    assert {"rule-1/inc-1/woman-1", "rule-1/x/y"} == lived_.lives.keys()
    assert [] == Lives(POLICY).advance(NOON, []).alerts


def test_a_role_that_policy_does_not_know_any_more_is_told_like_any_other() -> None:
    """An alert keeps the roles of the policy by which it was judged."""
    at_night = raised(NOON + 10 * HOUR, tell=("duty_desk",))
    whole = lived([at_night], told(10 * HOUR + MINUTE, 1, "duty_desk", "nobody"), until=11 * HOUR)

    assert ("raised", 10 * HOUR, "duty_desk") == steps(whole.alert())[0]
    assert "other" == whole.alert("nobody-to-tell/duty_desk/local").about


# Whatever happens.

OFFSETS = [n * HOUR / 2 for n in range(-1, 12)] + [
    n * HOUR / 2 + edge for n in (1, 4, 8) for edge in (-MILLISECOND, MILLISECOND)
]
OFFSETS += [DAY, 2 * DAY, 5 * DAY]
IDS = ("rule-1/inc-1/woman-1", "rule-2/inc-2/woman-2")
ROLES = ("public_protection_supervisor", "hub_manager", "named_midwife", "feed_operator")


@st.composite
def stories(draw: st.DrawFn) -> tuple[list[Alert], list[Action]]:
    """Draw what rules say of two alerts, and what people do to them."""
    said: list[Alert] = []
    for alert_id in IDS:
        begun = NOON
        for after in sorted(draw(st.lists(st.sampled_from(OFFSETS), max_size=4, unique=True))):
            status = draw(st.sampled_from(["raised", "raised", "raised", "answered", "withdrawn"]))
            at = NOON + after
            if not said or said[-1].alert_id != alert_id or said[-1].status == "withdrawn":
                begun = at
            said.append(
                raised(
                    at,
                    alert_id,
                    raised_at=begun,
                    status=status,
                    severity=draw(st.integers(1, 4)),
                    reason=draw(st.sampled_from(["due-soon", "overdue"])),
                    tell=draw(st.sampled_from([ROLES[:3], ("hub_manager+named_midwife",)])),
                )
            )
    said.sort(key=lambda alert: (alert.as_of, alert.alert_id))
    return said, [draw(_actions(place)) for place in range(draw(st.integers(0, 12)))]


@st.composite
def _actions(draw: st.DrawFn, place: int) -> Action:
    kind = draw(st.sampled_from([*ACTIONS.values()]))
    after = draw(st.sampled_from(OFFSETS))
    alert = draw(st.sampled_from([*IDS, f"nobody-to-tell/{ROLES[0]}/local"]))
    fields: dict[str, Any] = {
        "event_id": f"action-{place}",
        "by": draw(st.sampled_from(["ann", "bob"])),
    }
    until = NOON + after + draw(st.sampled_from([-HOUR, HOUR, 3 * HOUR, 9 * DAY]))
    choices: dict[type[Action], dict[str, Any]] = {
        AlertAcknowledged: {"alert": alert, "until": draw(st.sampled_from([None, until]))},
        AlertAssigned: {"alert": alert, "to": "cat"},
        AlertNoted: {"alert": alert},
        AlertClosed: {
            "alert": alert,
            "outcome": draw(st.sampled_from(["acted", "duplicate"])),
            "rationale": draw(st.sampled_from([None, "seen"])),
            "second_by": draw(st.sampled_from([None, "ann", "bob"])),
        },
        AlertReopened: {"alert": alert},
        AlertsSilenced: {
            "matcher": draw(st.sampled_from(["rule=rule-1", "severity=1,severity=2", "bad"])),
            "until": until,
        },
        SilenceEnded: {"silence": f"action-{draw(st.integers(0, 11))}"},
        AlertTold: {
            "alert": alert,
            "step": draw(st.integers(1, 3)),
            "role": draw(st.sampled_from(ROLES)),
            "outcome": draw(st.sampled_from(OUTCOMES)),
        },
    }
    return _action(kind, after, **fields, **choices[kind])


def in_parts(said: list[Alert], actions: list[Action], most: int, stop: int) -> Driven:
    """Live through a story moment by moment, looking at so many alerts at once, stopped and restored after a part."""
    live, rest, part = Driven(*actions), list(said), 0
    while rest or not live.whole or live.lives.now != FOR_EVER:
        moments = (live.lives.next_moment, rest[0].as_of if rest and live.whole else None, FOR_EVER)
        moment = min(each for each in moments if each is not None)
        now = [alert for alert in rest if live.whole and alert.as_of <= moment]
        rest = rest[len(now) :]
        live.advance(moment, now, most)
        if part == stop:
            whole = live.whole
            # As the judge does: as of the moment to which the rules have come.
            live = live.restarted(now=moment)
            live.whole = whole
        part += 1
    return live


STORY = stories()
quickly = settings(max_examples=60, deadline=None)


def in_one_go(said: list[Alert], actions: list[Action]) -> Driven:
    """Live through a story behind a backlog."""
    whole = Driven(*actions)
    whole.advance(FOR_EVER, said)
    return whole


def step_by_step(
    said: list[Alert], actions: list[Action], moments: Iterable[datetime], stop: int = -1
) -> Driven:
    """Live through a story as it happens, stopped and restored after one of the moments."""
    live = Driven(*actions)
    rest = list(said)
    for place, moment in enumerate((*sorted(moments), FOR_EVER)):
        now = [alert for alert in rest if alert.as_of <= moment]
        rest = rest[len(now) :]
        live.advance(moment, now)
        if place == stop:
            live = live.restarted()
    return live


@quickly
@given(story=STORY, most=st.integers(1, 3), stop=st.integers(0, 8))
def test_in_parts_is_as_in_one_go(
    story: tuple[list[Alert], list[Action]], most: int, stop: int
) -> None:
    """However few alerts are looked at in one go: the same records, with the same times."""
    whole, parts = in_one_go(*story), in_parts(*story, most, stop)

    def in_order(log: list[Alert]) -> list[Alert]:
        return sorted(log, key=lambda alert: (alert.as_of, alert.alert_id))

    assert in_order(whole.log) == in_order(parts.log)
    assert whole.rows == parts.rows


@quickly
@given(story=STORY)
def test_attempts_that_failed_change_nothing_that_people_are_asked(
    story: tuple[list[Alert], list[Action]],
) -> None:
    """The same steps, the same states and the same alerts of the engine's own as without them."""
    said, actions = story
    without = [each for each in actions if getattr(each, "outcome", "") != ATTEMPT_FAILED]

    def standing(driven: Driven) -> dict[str, Alert]:
        return {
            alert_id: replace(
                alert, as_of=FOR_EVER, life=replace(alert.life, told=alert.life.outcomes)
            )
            for alert_id, alert in driven.standing().items()
        }

    assert standing(in_one_go(said, without)) == standing(in_one_go(said, actions))


def test_what_people_did_is_taken_in_though_enough_was_looked_at() -> None:
    """Whoever is restored as of that moment takes it for done."""
    live = Driven(taken_up(HOUR / 4))
    live.advance(NOON, [raised()])
    live.advance(NOON + HOUR / 4, most=0)

    again = live.restarted(now=NOON + HOUR / 4)
    again.advance(NOON + HOUR)

    assert "acknowledged" == again.alert().status


def test_when_enough_was_looked_at_time_stands_still() -> None:
    """What falls due after that moment waits for the next part."""
    said = [raised(), raised(NOON + MINUTE, OTHER)]
    (_, chased_at, _), *_ = steps(lived(said, until=HOUR).alert())[1:]
    live = Driven()
    for alert in said:
        live.advance(alert.as_of, [alert])

    live.advance(NOON + HOUR, most=1)

    assert (False, NOON + chased_at) == (live.whole, live.lives.now)
    assert NOON + chased_at + MINUTE == live.lives.next_moment
    assert [["raised", "chased"], ["raised"]] == [kinds(live.alert(each.alert_id)) for each in said]


def test_told_at_the_moment_of_the_step_counts_though_enough_was_looked_at() -> None:
    """Of two steps that are due at one moment the second is asked too, where somebody was told of it by then."""
    said = [raised(), raised(alert=OTHER)]
    (_, chased_at, role), *_ = steps(lived(said, until=HOUR).alert())[1:]
    live = Driven(
        *(told(chased_at, 2, role, alert=each.alert_id, event_id=each.alert_id) for each in said)
    )
    live.advance(NOON, said)

    live.advance(NOON + chased_at, most=1)

    for each in said:
        assert ["told"] == [telling.outcome for telling in live.alert(each.alert_id).life.told]


def test_a_silence_holds_after_a_restart() -> None:
    """It is taken back with the rest, and nobody is told before it ends."""
    live = Driven(silenced(0 * HOUR, HOUR))
    live.advance(NOON, [raised()])

    again = live.restarted()
    again.advance(NOON + HOUR - MINUTE)
    assert [] == kinds(again.alert())
    again.advance(NOON + HOUR)

    assert [("raised", HOUR, "public_protection_supervisor")] == steps(again.alert())


def test_what_was_taken_up_is_not_chased_with_what_was_not() -> None:
    """Both were to be chased at one moment; one of them is not any more."""
    said = [raised(), raised(alert=OTHER)]

    alerts = lived(said, taken_up(MINUTE, alert=OTHER), until=HOUR)

    assert "chased" in kinds(alerts.alert())
    assert ["raised"] == kinds(alerts.alert(OTHER))


def test_what_was_said_at_several_moments_is_not_taken_in_parts() -> None:
    """It would be lost between two parts."""
    with pytest.raises(ValueError, match="several moments"):
        Lives(POLICY).advance(FOR_EVER, [raised(), then(raised(), HOUR)], 1)


@quickly
@given(
    story=STORY,
    moments=st.lists(st.sampled_from(OFFSETS).map(lambda after: NOON + after), max_size=8),
    stop=st.integers(0, 8),
)
def test_batches_and_restarts_change_nothing(
    story: tuple[list[Alert], list[Action]], moments: list[datetime], stop: int
) -> None:
    """The same records, with the same times, and the same rows: in one go, live, or restored at any moment."""
    whole = in_one_go(*story)
    live = step_by_step(*story, moments)
    stopped = step_by_step(*story, moments, stop)

    assert whole.log == live.log
    assert whole.log == stopped.log
    assert (whole.rows, whole.rules, whole.silences) == (live.rows, live.rules, live.silences)
    assert (whole.rows, whole.rules, whole.silences) == (
        stopped.rows,
        stopped.rules,
        stopped.silences,
    )
    assert whole.lives.alerts() == stopped.lives.alerts()


@quickly
@given(story=STORY, data=st.data())
def test_order_of_hearing_and_repetition_change_nothing(
    story: tuple[list[Alert], list[Action]], data: st.DataObject
) -> None:
    """An action counts by its place in its log, however often and in whatever order it comes to us."""
    said, actions = story
    placed = list(enumerate(actions))
    again = data.draw(st.lists(st.sampled_from(placed), max_size=4)) if placed else []
    other = Lives(POLICY)
    for place, action in data.draw(st.permutations([*placed, *again])):
        other.hear(action, ("alert-actions", 0, place))

    assert in_one_go(said, actions).log == other.advance(FOR_EVER, said).alerts


@quickly
@given(story=STORY)
def test_time_alone_takes_no_alert_back(story: tuple[list[Alert], list[Action]]) -> None:
    """It ends no alert and closes none; an acknowledgement and a silence end, and steps are asked."""
    said, actions = story
    moments = {each.as_of for each in said} | {each.received_at for each in actions}
    before: dict[str, Alert] = {}
    for alert in in_one_go(said, actions).log:
        was = before.get(alert.alert_id)
        before[alert.alert_id] = alert
        if was is None or alert.as_of in moments:
            continue
        assert alert.status == was.status or (was.status, alert.status) == (
            "acknowledged",
            "raised",
        )


@quickly
@given(story=STORY)
def test_whatever_happens_a_record_is_whole(story: tuple[list[Alert], list[Action]]) -> None:
    """Steps are numbered in order and in time, two persons are two, and every word is of a closed list."""
    said, actions = story
    whole = in_one_go(said, actions)
    for alert in whole.log:
        life = alert.life
        assert [*range(1, len(life.steps) + 1)] == [each.number for each in life.steps]
        assert all(each.at <= alert.as_of and each.kind in STEPS for each in life.steps)
        assert all(each.refused is None or each.refused in REFUSALS for each in life.actions)
        if alert.status == "closed":
            assert life.closed_by is not None
            assert life.closed_by != life.second_by
        assert (alert.status == "acknowledged") == (life.acknowledged_until is not None)
        for ends_at in (life.acknowledged_until, life.silenced_until, life.next_step_at):
            assert ends_at is None or ends_at > alert.as_of
        assert alert == alert_of(codec.decode(codec.encode("Alert", fields_of(alert)))[1])
    told_of = {alert.alert_id for alert in whole.log}
    for alert_id in told_of:
        newest = [alert for alert in whole.log if alert.alert_id == alert_id][-1]
        assert newest == whole.lives.alert(alert_id)


@quickly
@given(story=STORY)
def test_a_critical_alert_is_never_closed_by_one(
    story: tuple[list[Alert], list[Action]],
) -> None:
    """When it is closed at severity 1 there are two."""
    before: dict[str, str] = {}
    for alert in in_one_go(*story).log:
        if alert.status == "closed" and before.get(alert.alert_id) != "closed":
            assert alert.severity != 1 or alert.life.second_by is not None
        before[alert.alert_id] = alert.status
