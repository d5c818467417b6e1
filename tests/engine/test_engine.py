"""Is time handled right, and is nothing left behind?"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from baton.engine.engine import Engine
from baton.rules.facts import Fact
from tests.engine.driving import Driven
from tests.rules.told import (
    CARE,
    DAY,
    HOUR,
    ITEMS,
    MINUTE,
    NOON,
    POLICY,
    accepted,
    beat,
    birth,
    booking,
    closed,
    ended,
    handover,
    heard,
    incident,
    noted,
    notified,
    policy_with,
    referral,
    request,
    revised,
    updated,
    withdrawn,
)

DUE = NOON + DAY
LATER = NOON + 9 * DAY
ALERT = "unreferred-incident/inc-1/woman-1"


# Facts are held, moments are judged in order.


def test_a_fact_is_held_until_time_has_come_to_it() -> None:
    """Heard, it changes nothing before the watermark passes the moment at which baton was told."""
    driven = Driven(incident(NOON))

    assert [] == driven.advance(NOON - MINUTE)
    assert (1, 0, []) == (driven.engine.held, driven.engine.open_deadlines, driven.engine.keys())
    driven.advance(NOON)
    assert (0, 1) == (driven.engine.held, driven.engine.open_deadlines)
    assert ["person:woman-1"] == driven.engine.keys()


def test_an_alert_is_raised_when_it_is_due() -> None:
    """However far time comes at once, the alert bears the moment it was due at."""
    driven = Driven(incident(NOON))

    assert [] == driven.advance(DUE - MINUTE)
    (alert,) = driven.advance(LATER)

    assert (ALERT, "raised", "overdue", DUE, DUE) == (
        alert.alert_id,
        alert.status,
        alert.reason,
        alert.raised_at,
        alert.as_of,
    )
    assert 0 == driven.engine.open_deadlines


def test_what_is_told_late_is_raised_when_it_is_heard() -> None:
    """Never before baton was told."""
    driven = Driven(heard(incident(NOON), NOON + 3 * DAY))

    (alert,) = driven.advance(LATER)

    assert (DUE, NOON + 3 * DAY) == (alert.due_at, alert.raised_at)


def test_an_answer_at_the_due_moment_comes_before_the_deadline() -> None:
    """Of one moment the facts are recorded first, and only then is anything judged."""
    driven = Driven(incident(NOON), referral(DUE))

    assert [] == driven.advance(LATER)


def test_facts_of_one_moment_are_judged_together() -> None:
    """Told at one moment, an incident long overdue and its answer raise nothing, whichever comes first."""
    moment = NOON + 3 * DAY
    late = heard(incident(NOON), moment)
    answer = heard(referral(NOON + HOUR), moment)

    assert [] == Driven(late, answer).advance(LATER)
    assert [] == Driven(answer, late).advance(LATER)


def test_the_order_of_hearing_plays_no_part() -> None:
    """A referral read before the incident, or after time was due to pass, is judged by when it was told."""
    told = [incident(NOON), referral(NOON + HOUR), incident(NOON + DAY, incident="inc-2")]
    forwards, backwards = Driven(*told), Driven(*reversed(told))

    assert forwards.advance(LATER) == backwards.advance(LATER)
    assert {"unreferred-incident/inc-2/woman-1": "raised"} == forwards.statuses()


def test_the_same_record_told_twice_is_told_once() -> None:
    """By authority, agency and event id; since the first telling."""
    driven = Driven()

    told = driven.hear(
        incident(NOON),
        heard(incident(NOON), NOON + HOUR),
        replace(incident(NOON), authority="there"),
    )

    assert [True, False, True] == told


def test_time_that_does_not_pass_changes_nothing() -> None:
    """A watermark that stands still, or is told to go back, leaves `now` where it is."""
    driven = Driven(incident(NOON))
    driven.advance(DUE)

    assert [] == driven.advance(DUE)
    assert [] == driven.advance(NOON)
    assert DUE == driven.engine.now


def test_a_broker_whose_clock_stepped_back_does_not_take_us_with_it() -> None:
    """Told at a moment that was judged already, a fact is judged as of now: nothing is raised in the past."""
    driven = Driven()
    driven.advance(LATER)
    driven.hear(incident(NOON))

    (alert,) = driven.advance(LATER)

    assert (DUE, LATER, LATER) == (alert.due_at, alert.raised_at, driven.engine.now)


# The life of an alert.


def test_a_late_answer_leaves_the_alert_standing() -> None:
    """It is answered, with its lateness, under its first `raised_at`."""
    driven = Driven(incident(NOON), referral(DUE + HOUR))

    raised, answered = driven.advance(LATER)

    assert ("raised", None) == (raised.status, raised.lateness)
    assert ("answered", "answered-late", HOUR) == (
        answered.status,
        answered.reason,
        answered.lateness,
    )
    assert (DUE, DUE + HOUR) == (answered.raised_at, answered.as_of)


def test_a_late_answer_heard_with_its_incident_raises_an_answered_alert() -> None:
    """Backlog or not, the lateness is told."""
    driven = Driven(heard(incident(NOON), LATER), heard(referral(DUE + HOUR), LATER))

    (alert,) = driven.advance(LATER)

    assert ("answered", LATER, HOUR) == (alert.status, alert.raised_at, alert.lateness)


def test_an_answer_in_time_but_told_late_withdraws() -> None:
    """With the reason, and when the answer came."""
    driven = Driven(incident(NOON), heard(referral(NOON + HOUR), DUE + HOUR))

    raised, taken_back = driven.advance(LATER)

    assert ("raised", "withdrawn") == (raised.status, taken_back.status)
    assert ("answered-in-time-told-late", NOON + HOUR) == (
        taken_back.reason,
        taken_back.answered_at,
    )


@pytest.mark.parametrize(
    "fact",
    [
        heard(updated(NOON + HOUR, "not_pregnant"), DUE + HOUR),
        ended(DUE + HOUR),
    ],
)
def test_a_correction_and_an_end_withdraw_without_a_reason(fact: Fact) -> None:
    """Why is nobody's business, and the alert does not point to the fact that says it."""
    driven = Driven(incident(NOON), fact)

    _, taken_back = driven.advance(LATER)

    assert ("withdrawn", None, None) == (
        taken_back.status,
        taken_back.reason,
        taken_back.answered_at,
    )
    assert fact.event_id not in {
        each.event_id for each in (*taken_back.evidence, *taken_back.trigger)
    }


def test_a_question_that_is_gone_withdraws() -> None:
    """A due date that makes the pregnancy impossible: the late booking asks nothing any more."""
    told = [incident(NOON, None), booking(NOON + HOUR), revised(NOON + 3 * DAY, date(2016, 3, 1))]

    raised, taken_back = Driven(*told).advance(LATER)

    assert ("pregnancy-learned-late/inc-1/woman-1", "raised") == (raised.alert_id, raised.status)
    assert ("withdrawn", None) == (taken_back.status, taken_back.reason)


def test_a_withdrawn_transfer_withdraws_with_its_reason() -> None:
    """Whether it is nobody's answer or an incomplete handover."""
    told = [request(NOON), accepted(NOON + 3 * DAY), withdrawn(NOON + 4 * DAY)]
    late = [request(NOON, transfer="transfer-2"), withdrawn(NOON + 4 * DAY, transfer="transfer-2")]
    driven = Driven(*told, *late)

    changed = driven.advance(LATER)

    assert {
        "transfer-not-accepted/transfer-1/case-1": "answered",
        "transfer-not-accepted/transfer-2/case-1": "withdrawn",
        "handover-incomplete/transfer-1/case-1": "withdrawn",
    } == driven.statuses()
    assert {"transfer-withdrawn"} == {each.reason for each in changed if each.status == "withdrawn"}


def test_an_alert_that_was_withdrawn_can_be_raised_again() -> None:
    """Unsaid, and said again: it is raised anew, at the moment it was said."""
    driven = Driven(
        incident(NOON), updated(NOON + 2 * DAY, "not_pregnant"), updated(NOON + 3 * DAY, "pregnant")
    )

    changed = driven.advance(LATER)

    assert ["raised", "withdrawn", "raised"] == [each.status for each in changed]
    assert NOON + 4 * DAY == changed[-1].raised_at


def test_an_alert_grows_under_its_first_moment() -> None:
    """A sixth case joins the block: the same alert, raised when the fifth was."""
    offers = [
        request(NOON + n * HOUR, transfer=f"transfer-{n}", case=f"case-{n}") for n in range(6)
    ]
    driven = Driven(*offers)

    five, six = driven.advance(NOON + 8 * HOUR)

    assert (5, 6) == (len(five.members), len(six.members))
    assert five.raised_at == six.raised_at == NOON + 4 * HOUR


def test_cases_that_share_a_transfer_have_an_alert_each() -> None:
    """Two offers of one case, and one of another, under one transfer: raised once each, and nothing taken back."""
    driven = Driven(request(NOON), request(NOON + MINUTE), request(NOON + HOUR, case="case-2"))

    changed = driven.advance(LATER)

    assert {"raised"} == {each.status for each in changed}
    assert {
        "transfer-not-accepted/transfer-1/case-1",
        "transfer-not-accepted/transfer-1/case-2",
    } == set(driven.statuses())


def test_nothing_new_writes_nothing() -> None:
    """A second answer, or an update of other things, leaves an alert as it is."""
    driven = Driven(incident(NOON), referral(DUE + HOUR))
    driven.advance(NOON + 2 * DAY)

    driven.hear(referral(NOON + 2 * DAY, referral="ref-2"), updated(NOON + 2 * DAY, who=None))

    assert [] == driven.advance(LATER)


def test_a_change_of_policy_alone_writes_nothing() -> None:
    """An alert keeps the version of the policy it was judged by until something else changes in it."""
    driven = Driven(incident(NOON))
    driven.advance(LATER)
    again = driven.restarted()
    again.engine.policy = replace(POLICY, version="another")

    again.hear(updated(LATER, who=None))

    assert [] == again.advance(LATER)


# References: many records name only their incident, notification, referral or transfer.


@pytest.mark.parametrize(
    ("told", "about"),
    [
        ([closed(NOON + HOUR)], "incident-closed-unreferred/inc-1/woman-1"),
        (
            [closed(NOON + HOUR), updated(NOON + 9 * HOUR, who=None)],
            "incident-closed-unreferred/inc-1/woman-1",
        ),
    ],
)
def test_a_record_that_names_only_its_incident_reaches_its_persons(
    told: list[Fact], about: str
) -> None:
    """A close told before its incident, or after it."""
    for facts in ([incident(NOON), *told], [*told, heard(incident(NOON), LATER)]):
        driven = Driven(*facts)
        driven.advance(LATER)
        assert about in driven.standing()


def test_a_notification_answers_through_the_one_that_was_sent() -> None:
    """Recorded by children's services by its number alone, before or after anybody says what it was about."""
    told = [incident(NOON), notified(NOON + HOUR), noted(NOON + 2 * HOUR)]

    for facts in (told, [told[2], told[1], told[0]]):
        driven = Driven(*facts)
        driven.advance(LATER)
        assert {} == driven.standing()


def test_facts_about_another_person_change_nothing() -> None:
    """Her referral, booking, birth and end are hers alone."""
    told = [incident(NOON), incident(NOON, incident="inc-2", who="woman-2")]
    others = [
        booking(NOON, who="woman-2"),
        referral(NOON + HOUR, "woman-2"),
        birth(NOON + HOUR, who="woman-2"),
        ended(DUE + HOUR, who="woman-2"),
    ]
    alone, together = Driven(*told), Driven(*told, *others)
    alone.advance(LATER)
    together.advance(LATER)

    hers = [each for each in alone.log if each.about == "woman-1"]
    assert hers == [each for each in together.log if each.about == "woman-1"]


# Silent feeds.


def test_a_silent_feed_is_one_alert_and_suspends_the_others() -> None:
    """Nothing can be told from its silence: the question waits, and the silence itself is told."""
    driven = Driven(beat(NOON), incident(NOON))

    changed = driven.advance(LATER)

    assert [("source-silent", NOON + HOUR)] == [(each.rule, each.raised_at) for each in changed]
    assert (1, 0) == (driven.engine.suspended, driven.engine.open_deadlines)


def test_what_was_suspended_is_raised_once_the_feed_is_heard() -> None:
    """Heard past the due moment, and still unanswered: raised when that was heard."""
    driven = Driven(beat(NOON), incident(NOON), beat(NOON + 3 * DAY))

    driven.advance(LATER)

    assert {ALERT: "raised"}.items() <= driven.standing().items()
    (alert,) = (each for each in driven.engine.alerts() if each.alert_id == ALERT)
    assert (DUE, NOON + 3 * DAY) == (alert.due_at, alert.raised_at)
    assert 0 == driven.engine.suspended


def test_what_was_suspended_is_asked_at_every_heartbeat() -> None:
    """A feed that comes back far behind, and only then past the due moment, loses no question."""
    driven = Driven(
        beat(NOON),
        incident(NOON),
        beat(NOON + HOUR, heard_at=NOON + 2 * DAY),
        beat(NOON + 2 * HOUR, heard_at=NOON + 2 * DAY + MINUTE),
        beat(NOON + 3 * DAY),
    )

    driven.advance(LATER)

    assert "raised" == driven.statuses()[ALERT]


def test_what_was_answered_during_the_silence_raises_nothing() -> None:
    """The feed comes back with the referral: there was nothing to raise."""
    driven = Driven(
        beat(NOON),
        incident(NOON),
        heard(referral(NOON + HOUR), NOON + 3 * DAY),
        beat(NOON + 3 * DAY + MINUTE),
    )

    driven.advance(LATER)

    assert driven.statuses().get(ALERT) is None
    assert 0 == driven.engine.suspended


def test_another_agencys_silence_matters_to_nobody() -> None:
    """Police are silent; children's services would answer."""
    driven = Driven(beat(NOON, agency="police"), incident(NOON))

    driven.advance(LATER)

    assert "raised" == driven.statuses()[ALERT]


def test_a_later_offer_is_asked_again_when_the_feed_is_heard() -> None:
    """Suspended behind a late reply to an earlier offer of the same transfer, it is not forgotten."""
    driven = Driven(
        request(NOON),
        accepted(NOON + 2 * DAY + HOUR),
        request(NOON + 3 * DAY),
        beat(NOON + 4 * DAY),
        beat(NOON + 12 * DAY),
    )

    driven.advance(NOON + 12 * DAY)

    assert "raised" == driven.statuses()["transfer-not-accepted/transfer-1/case-1"]


def test_heartbeats_are_forgotten() -> None:
    """Of a feed that is heard only the last one is kept, and none of those that say nothing new."""
    told = [beat(NOON + n * MINUTE) for n in range(50)]
    driven = Driven(*told)

    driven.advance(NOON + HOUR)
    driven.hear(beat(NOON - HOUR, heard_at=NOON + HOUR))
    driven.advance(NOON + HOUR + MINUTE)

    assert {told[-1].identity} == set(driven.written.facts)
    assert (told[-1],) == driven.engine.explain(f"agency:{CARE}").facts


def test_heartbeats_of_a_silence_are_kept_until_it_is_over() -> None:
    """A feed that creeps on, hours behind: its alert's facts are kept, and forgotten with the silence."""
    creeping = [beat(NOON + n * MINUTE, heard_at=NOON + 5 * HOUR + n * MINUTE) for n in range(1, 5)]
    driven = Driven(beat(NOON), *creeping)

    driven.advance(NOON + 6 * HOUR)
    assert 5 == len(driven.written.facts)
    driven.hear(beat(NOON + 7 * HOUR))
    driven.advance(NOON + 7 * HOUR)

    assert {beat(NOON + 7 * HOUR).identity} == set(driven.written.facts)
    assert {f"source-silent/2015-03-02T12:00:00Z/{CARE}": "answered"} == driven.statuses()


def test_a_heartbeat_told_again_after_its_silence_unsays_nothing() -> None:
    """It was forgotten, and while it waits for its moment to be forgotten once more, its alert stands."""
    driven = Driven(beat(NOON), beat(NOON + 5 * HOUR))
    driven.advance(NOON + 5 * HOUR)

    driven.hear(beat(NOON + 6 * HOUR), heard(beat(NOON), NOON + 7 * HOUR))
    driven.advance(NOON + 8 * HOUR)

    assert "answered" == driven.statuses()[f"source-silent/2015-03-02T12:00:00Z/{CARE}"]


# Restarts.

TIMETABLE = [
    incident(NOON),
    closed(NOON + HOUR),
    beat(NOON + HOUR),
    heard(incident(NOON - DAY, None, incident="inc-0"), NOON + 2 * HOUR),
    booking(NOON + 3 * HOUR, who="woman-1"),
    *(request(NOON + 4 * HOUR, transfer=f"transfer-{n}", case=f"case-{n}") for n in range(6)),
    handover(NOON + 5 * HOUR, *ITEMS, transfer="transfer-0", case="case-0"),
    accepted(NOON + 6 * HOUR, transfer="transfer-0", case="case-0"),
    accepted(NOON + 6 * HOUR, transfer="transfer-1", case="case-1"),
    withdrawn(NOON + 4 * DAY, transfer="transfer-2", case="case-2"),
    beat(NOON + 2 * HOUR, heard_at=NOON + 2 * DAY),
    heard(referral(NOON + 2 * HOUR), NOON + 2 * DAY + HOUR),
    beat(NOON + 5 * DAY),
    ended(NOON + 6 * DAY),
    updated(NOON + 7 * DAY),
]
MOMENTS = [NOON + n * timedelta(hours=6) for n in range(40)]


@pytest.mark.parametrize("stop", range(0, len(MOMENTS), 3))
def test_restored_from_what_was_written_it_goes_on_as_if_never_stopped(stop: int) -> None:
    """At any moment: the same alerts from there on, with no deadline lost and none left over."""
    never = Driven(*TIMETABLE)
    whole = never.through(MOMENTS)
    stopped = Driven(*TIMETABLE)
    before = stopped.through(MOMENTS[:stop])

    again = stopped.restarted()
    assert 0 == again.engine.overdue_missing
    assert (stopped.engine.open_deadlines, stopped.engine.suspended, stopped.engine.held) == (
        again.engine.open_deadlines,
        again.engine.suspended,
        again.engine.held,
    )
    after = again.through(MOMENTS[stop:])

    assert whole == before + after
    assert never.engine.alerts() == again.engine.alerts()
    assert 0 == again.engine.open_deadlines + again.engine.held
    keys = never.engine.keys()
    for key in keys:
        assert never.engine.explain(key) == again.engine.explain(key)


def test_restored_before_time_was_ever_told() -> None:
    """Nothing was judged yet: everything is held."""
    driven = Driven(incident(NOON)).restarted()

    assert (1, None) == (driven.engine.held, driven.engine.now)
    driven.advance(LATER)
    assert {ALERT: "raised"} == driven.statuses()


def test_what_was_told_before_a_restart_is_no_news_after_it() -> None:
    """Neither what was recorded, nor what still waits for its moment."""
    recorded, waiting = incident(NOON), heard(referral(NOON + timedelta(hours=1)), LATER)
    driven = Driven(recorded, waiting)
    driven.advance(NOON + timedelta(hours=2))
    again = driven.restarted()

    assert 1 == again.engine.held
    assert [False, False] == again.hear(recorded, waiting)
    assert 1 == again.engine.held


def test_restarted_over_a_deadline_it_is_raised_as_it_was_due() -> None:
    """Down for a week: the alert bears the moment it was due at."""
    driven = Driven(incident(NOON))
    driven.advance(NOON)

    (alert,) = driven.restarted().advance(LATER)

    assert DUE == alert.raised_at


def test_under_another_policy_what_waits_and_what_stands_is_asked_again() -> None:
    """By the new limits a transfer that waited is overdue, and an alert that stands is not due yet."""
    other = policy_with("""
        [rule.unreferred-incident]
        within = { working_days = 3 }
        [rule.transfer-not-accepted]
        within = { working_days = 1 }
    """)
    driven = Driven(incident(NOON), request(NOON))
    driven.advance(NOON + DAY)
    assert {ALERT: "raised"} == driven.statuses()

    again = driven.restarted(other)
    again.advance(NOON + DAY + HOUR)

    assert {
        ALERT: "withdrawn",
        "transfer-not-accepted/transfer-1/case-1": "raised",
    } == again.statuses()


def test_no_deadline_is_ever_missing_from_the_heap() -> None:
    """A wake time that changes is found again, before and after; the figure is there to be watched."""
    driven = Driven(incident(NOON), request(NOON + HOUR))
    for moment in MOMENTS:
        driven.advance(moment)
        assert 0 == driven.engine.overdue_missing


# Being asked.


def test_explain_says_what_is_known_and_what_every_rule_finds() -> None:
    """Also where nothing was raised."""
    driven = Driven(referral(NOON + HOUR), incident(NOON))
    driven.advance(LATER)

    explained = driven.engine.explain("person:woman-1")

    assert (incident(NOON), referral(NOON + HOUR)) == explained.facts
    assert [("unreferred-incident", "answered")] == [
        (each.rule, each.reason) for each in explained.findings
    ]
    assert () == explained.alerts


def test_explain_before_anything_was_judged() -> None:
    """Nothing is known of an unknown key, nor before time was told."""
    assert () == Driven(incident(NOON)).engine.explain("person:woman-1").facts
    assert () == Driven().engine.explain("person:woman-9").findings


def test_alerts_come_by_when_they_were_raised() -> None:
    """Whatever their status."""
    driven = Driven(
        incident(NOON + HOUR, incident="inc-2", who="woman-2"), incident(NOON), referral(DUE + HOUR)
    )
    driven.advance(LATER)

    raised = [each.raised_at for each in driven.engine.alerts()]

    assert sorted(raised) == raised
    assert {ALERT: "answered", "unreferred-incident/inc-2/woman-2": "raised"} == driven.statuses()


def test_an_engine_begins_with_nothing() -> None:
    """No time, no alert, no deadline."""
    engine = Engine(POLICY)

    assert (None, [], 0, 0, 0) == (
        engine.now,
        engine.alerts(),
        engine.open_deadlines,
        engine.suspended,
        engine.held,
    )


def test_a_block_of_a_reorganisation_stays_cheap() -> None:
    """A hundred families of five in one block: were each linked with each, this would take minutes."""
    offers: list[Fact] = [
        replace(
            request(NOON + n * MINUTE, transfer=f"transfer-{n}", case=f"case-{n}", block="block-1"),
            people=tuple(f"child-{n}-{m}" for m in range(5)),
        )
        for n in range(100)
    ]
    driven = Driven(*offers)

    driven.advance(NOON + DAY)

    (alert,) = driven.engine.alerts()
    assert 100 == len(alert.members)


# Time comes in parts.


def test_time_stops_within_a_moment_and_goes_on_there() -> None:
    """Two are due at the same moment, and one is judged: the other bears that moment too, also after a restart."""
    driven = Driven(incident(NOON), incident(NOON, incident="inc-2", who="woman-2"))
    driven.advance(NOON)

    (first,) = driven.advance(LATER, 1)
    assert (False, DUE) == (driven.whole, driven.engine.now)
    again = driven.restarted()
    (second,) = again.advance(LATER, 1)

    assert [DUE, DUE] == [first.raised_at, second.raised_at]
    assert again.advance(LATER, 1) == []
    assert (True, LATER) == (again.whole, again.engine.now)


def test_what_is_told_of_a_past_moment_is_not_forgotten_between_two_parts() -> None:
    """A broker's clock stepped back while time stood still within a moment: it is asked about after a restart."""
    driven = Driven(incident(NOON), incident(NOON, incident="inc-2", who="woman-2"))
    driven.advance(NOON)
    driven.advance(LATER, 1)

    driven.hear(heard(incident(NOON, incident="inc-3", who="woman-3"), NOON + HOUR))
    assert driven.advance(DUE, 0) == []
    again = driven.restarted()

    assert 2 == len(again.advance(LATER))
    assert {"unreferred-incident/inc-3/woman-3": "raised"}.items() <= again.statuses().items()


def test_another_policy_is_asked_in_parts_and_time_waits_for_it() -> None:
    """What was open is asked again by it, one at a time, as of the moment up to which had been judged."""
    shorter = policy_with("[rule.unreferred-incident]\nwithin = { minutes = 1 }")
    driven = Driven(incident(NOON), incident(NOON, incident="inc-2", who="woman-2"))
    driven.advance(NOON + HOUR)
    again = driven.restarted(shorter)

    (first,) = again.advance(LATER, 1)
    assert (False, NOON + HOUR) == (again.whole, again.engine.now)
    (second,) = again.advance(LATER, 1)

    assert [NOON + HOUR] * 2 == [first.raised_at, second.raised_at]
    assert again.advance(LATER) == []
    assert again.whole


def test_the_next_moment_is_that_of_what_is_told_or_falls_due_first() -> None:
    """Nothing is due before anything was told; under another policy, what is open is asked at once."""
    driven = Driven()
    assert None is driven.engine.next_moment
    driven.hear(incident(NOON))
    assert NOON == driven.engine.next_moment
    driven.advance(NOON)
    assert DUE == driven.engine.next_moment

    driven.hear(incident(NOON + HOUR, incident="inc-2"))
    assert NOON + HOUR == driven.engine.next_moment
    assert NOON == driven.restarted(policy_with('version = "another"')).engine.next_moment
