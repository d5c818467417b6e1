"""A1: a domestic incident involving a pregnancy that nothing answered in time."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from baton.rules.chronology import Feed
from baton.rules.facts import Fact, Party
from baton.rules.outcome import Reason
from baton.rules.unreferred_incident import RULE
from baton.rules.working_days import LONDON
from tests.rules.told import (
    CARE,
    DAY,
    HOUR,
    MINUTE,
    NOON,
    birth,
    booking,
    by,
    ended,
    findings,
    incident,
    judged,
    noted,
    notified,
    policy_with,
    referral,
    revised,
    updated,
)

DUE = NOON + DAY


@pytest.mark.parametrize(
    ("now", "why"),
    [(NOON, "waiting"), (DUE - MINUTE, "waiting"), (DUE, "overdue"), (DUE + MINUTE, "overdue")],
)
def test_nothing_answers(now: datetime, why: Reason) -> None:
    """Without an answer it is overdue from the due moment on, and not a minute before."""
    assert {"inc-1": why} == judged(RULE, "woman-1", now, incident(NOON))


@pytest.mark.parametrize(
    ("at", "why"),
    [
        (NOON - MINUTE, "overdue"),
        (NOON, "answered"),
        (NOON + HOUR, "answered"),
        (DUE, "answered"),
        (DUE + MINUTE, "answered-late"),
    ],
)
def test_a_referral_counts_by_its_own_time(at: datetime, why: Reason) -> None:
    """It answers from the incident to the due moment, both included, in whichever order the two are read."""
    told = [incident(NOON), referral(at)]

    assert {"inc-1": why} == judged(RULE, "woman-1", NOON + 2 * DAY, *told)
    assert {"inc-1": why} == judged(RULE, "woman-1", NOON + 2 * DAY, *reversed(told))


def test_the_first_answer_is_the_answer() -> None:
    """A second, late referral changes nothing of an answer in time, nor when it came."""
    told = [incident(NOON), referral(DUE + HOUR, referral="ref-2"), referral(NOON + HOUR)]

    (found,) = findings(RULE, "woman-1", NOON + 2 * DAY, *told)

    assert (NOON + HOUR, "answered") == (found.answered_at, found.reason)


def test_a_finding_says_what_was_due_from_whom_and_why() -> None:
    """The alert can explain itself: due moment, next moment to ask, facts, what is missing, who is told."""
    (waiting,) = findings(RULE, "woman-1", NOON, incident(NOON))
    (late,) = findings(RULE, "woman-1", NOON + 2 * DAY, incident(NOON), referral(DUE + HOUR))

    assert (DUE, DUE) == (waiting.due_at, waiting.wake_at)
    assert "unreferred-incident/inc-1/woman-1" == late.alert_id
    assert ("person", "woman-1", 1) == (late.about_kind, late.about, late.severity)
    assert (DUE, None, DUE + HOUR) == (late.due_at, late.wake_at, late.answered_at)
    assert ("police", "public_protection_supervisor") == late.responsible
    assert ("ReferralReceived",) == late.missing
    assert [incident(NOON), referral(DUE + HOUR)] == list(late.evidence)
    assert CARE == late.waits_for


@pytest.mark.parametrize(
    ("pregnancy", "why"),
    [
        ("pregnant", "overdue"),
        ("recently_pregnant", "not-asked"),
        ("not_pregnant", "not-asked"),
        ("not_asked", "not-asked"),
        ("unknown", "not-asked"),
        (None, "not-asked"),
    ],
)
def test_only_pregnant_counts_as_pregnant(pregnancy: str | None, why: Reason) -> None:
    """Of the answers to the pregnancy question, one starts the clock."""
    assert {"inc-1": why} == judged(RULE, "woman-1", DUE, incident(NOON, pregnancy))


def test_the_partnership_may_count_the_recently_pregnant() -> None:
    """`counts_as_pregnant` is a line of the policy."""
    wider = policy_with(
        '[rule.unreferred-incident]\ncounts_as_pregnant = ["pregnant", "recently_pregnant"]'
    )

    assert {"inc-1": "overdue"} == judged(
        RULE, "woman-1", DUE, incident(NOON, "recently_pregnant"), policy=wider
    )


def test_two_incidents_are_two_questions() -> None:
    """A referral between them answers the first; the second is not swallowed, nor the earlier referral its answer."""
    told = [incident(NOON), referral(NOON + HOUR), incident(NOON + 2 * HOUR, incident="inc-2")]

    assert {"inc-1": "answered", "inc-2": "overdue"} == judged(
        RULE, "woman-1", NOON + 2 * DAY, *told
    )


def test_one_incident_told_by_two_records_is_one() -> None:
    """The same incident id is one incident, from the earlier of its records on."""
    told = [incident(NOON + HOUR, event_id="again"), incident(NOON)]

    (found,) = findings(RULE, "woman-1", DUE, *told)

    assert (DUE, "overdue") == (found.due_at, found.reason)


def test_an_incident_without_this_person_is_not_hers() -> None:
    """An incident reaches a chronology through a referral that names it, and asks nothing about this person."""
    told = [incident(NOON, who="woman-2"), referral(NOON + HOUR, "woman-1", incident="inc-1")]

    assert {} == judged(RULE, "woman-1", DUE, *told)
    assert {"inc-1": "answered"} == judged(RULE, "woman-2", DUE, *told)


def test_each_pregnant_woman_of_an_incident_is_asked_about() -> None:
    """Two women at one incident; a referral for one by name answers hers alone."""
    people = tuple(Party(person=who, pregnancy="pregnant") for who in ("woman-1", "woman-2"))
    told = [incident(NOON, people=people), referral(NOON + HOUR)]

    assert {"inc-1": "answered"} == judged(RULE, "woman-1", DUE, *told)
    assert {"inc-1": "overdue"} == judged(RULE, "woman-2", DUE, *told)


# What answers.


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ((referral(NOON + HOUR, "man-1", incident="inc-1"),), "answered"),
        ((referral(NOON + HOUR, "man-1"),), "overdue"),
        ((referral(NOON + HOUR, incident="inc-2"),), "overdue"),
        ((notified(NOON + HOUR),), "overdue"),
        ((noted(NOON + HOUR, incident="inc-1"),), "answered"),
        ((noted(NOON + HOUR, incident="inc-1", agency="police"),), "overdue"),
        ((noted(NOON + HOUR, "woman-1"),), "overdue"),
        ((notified(NOON + HOUR), noted(NOON + 2 * HOUR)), "answered"),
        ((notified(NOON + HOUR, incident="inc-2"), noted(NOON + 2 * HOUR)), "overdue"),
        ((notified(NOON + HOUR, notification="note-2"), noted(NOON + 2 * HOUR)), "overdue"),
    ],
)
def test_what_answers(answer: tuple[Fact, ...], why: Reason) -> None:
    """A referral for her or naming the incident, or a notification recorded by children's services that names it."""
    assert {"inc-1": why} == judged(RULE, "woman-1", DUE, incident(NOON), *answer)


# What is known of the pregnancy.


def test_an_update_starts_the_clock_when_it_is_made() -> None:
    """First said to be pregnant by an update: due one working day from the update."""
    (found,) = findings(RULE, "woman-1", NOON, incident(NOON, None), updated(NOON + 3 * HOUR))

    assert (DUE + 3 * HOUR, "waiting") == (found.due_at, found.reason)


def test_an_update_that_repeats_what_is_known_moves_nothing() -> None:
    """The clock began when she was first said to be pregnant."""
    (found,) = findings(RULE, "woman-1", NOON, incident(NOON), updated(NOON + 3 * HOUR))

    assert DUE == found.due_at


def test_an_update_dated_before_its_incident_counts_from_the_incident() -> None:
    """Nobody can have been told of an incident before it happened."""
    (found,) = findings(RULE, "woman-1", NOON, incident(NOON, None), updated(NOON - HOUR))

    assert DUE == found.due_at


def test_at_one_instant_the_update_outweighs_the_record() -> None:
    """A correction of the same minute corrects."""
    assert {"inc-1": "not-asked"} == judged(
        RULE, "woman-1", DUE, incident(NOON), updated(NOON, "not_pregnant")
    )


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("not_pregnant", "not-asked"),
        ("unknown", "overdue"),
        ("not_asked", "overdue"),
        (None, "overdue"),
    ],
)
def test_an_update_can_unsay_a_pregnancy(said: str | None, why: Reason) -> None:
    """Not pregnant is a correction; unknown, not asked and nothing said are none."""
    assert {"inc-1": why} == judged(
        RULE, "woman-1", DUE, incident(NOON), updated(NOON + HOUR, said)
    )


def test_an_update_of_other_things_says_nothing_of_people() -> None:
    """An update without people leaves what the record said."""
    told = [incident(NOON), updated(NOON + HOUR, who=None), updated(NOON + HOUR, incident="inc-2")]

    assert {"inc-1": "overdue"} == judged(RULE, "woman-1", DUE, *told)


def test_an_update_waits_for_its_record() -> None:
    """Without the record nobody knows when the incident was."""
    assert {} == judged(RULE, "woman-1", DUE, updated(NOON))


def test_an_update_can_bring_a_person_in() -> None:
    """She is first named by the update, as pregnant."""
    told = [incident(NOON, None, who="man-1"), updated(NOON + HOUR)]

    assert {"inc-1": "overdue"} == judged(RULE, "woman-1", DUE + HOUR, *told)
    assert {"inc-1": "not-asked"} == judged(RULE, "man-1", DUE + HOUR, *told)


@pytest.mark.parametrize("said", ["not_pregnant", "unknown", None])
def test_a_booking_outweighs_what_police_were_told(said: str | None) -> None:
    """Booked before the incident, she is pregnant whatever the incident says, and since the incident."""
    (found,) = findings(RULE, "woman-1", DUE, booking(NOON - 7 * DAY), incident(NOON, said))

    assert (DUE, "overdue") == (found.due_at, found.reason)
    assert booking(NOON - 7 * DAY) in found.evidence


def test_a_booking_made_later_is_another_rules_question() -> None:
    """Known only from a booking after the incident, it is not asked here; known before, it stays here."""
    assert {"inc-1": "not-asked"} == judged(
        RULE, "woman-1", NOON + 9 * DAY, incident(NOON, "unknown"), booking(NOON + MINUTE)
    )
    assert {"inc-1": "overdue"} == judged(
        RULE, "woman-1", DUE, incident(NOON), booking(NOON + MINUTE)
    )


@pytest.mark.parametrize(
    ("due_date", "why"),
    [
        (date(2015, 12, 7), "overdue"),  # 280 days after the incident: its first day
        (date(2015, 12, 8), "not-asked"),
        (date(2015, 2, 9), "overdue"),  # 21 days before the incident: the last day
        (date(2015, 2, 8), "not-asked"),
    ],
)
def test_a_booked_pregnancy_has_a_first_and_a_last_day(due_date: date, why: Reason) -> None:
    """From 280 days before the due date to 21 days after it, both included."""
    told = [booking(NOON - 30 * DAY, due_date), incident(NOON, "unknown")]

    assert {"inc-1": why} == judged(RULE, "woman-1", DUE, *told)


def test_days_of_a_pregnancy_are_local_days() -> None:
    """Half past midnight in summer is the same day in London, though the day before in UTC."""
    just_after_midnight = NOON.replace(month=6, hour=23, minute=30)  # 00:30 on 3 June in London
    told = [
        booking(just_after_midnight - 90 * DAY, date(2016, 3, 9)),
        incident(just_after_midnight, None),
    ]

    assert {"inc-1": "overdue"} == judged(RULE, "woman-1", just_after_midnight + DAY, *told)


@pytest.mark.parametrize(
    ("over", "why"),
    [
        (birth(NOON - MINUTE), "not-asked"),
        (birth(NOON), "overdue"),
        (ended(NOON - MINUTE), "not-asked"),
        (birth(NOON - 31 * DAY), "overdue"),
        (birth(NOON - MINUTE, who="woman-2"), "overdue"),
        (revised(NOON - DAY, date(2016, 3, 1)), "not-asked"),
        (revised(NOON - DAY, date(2015, 9, 1)), "overdue"),
        (revised(NOON + DAY, date(2016, 3, 1)), "not-asked"),
        (revised(NOON - 31 * DAY, date(2016, 3, 1)), "overdue"),
        (revised(NOON - DAY, date(2016, 3, 1), who="woman-2"), "overdue"),
        (booking(NOON - DAY, date(2015, 9, 1)), "overdue"),
        (booking(NOON - DAY, date(2015, 9, 1), who="woman-2"), "overdue"),
    ],
)
def test_a_booked_pregnancy_is_over_or_moved(over: Fact, why: Reason) -> None:
    """A birth or an end before the incident closes it; a revised due date moves it; another woman's does neither."""
    told = [booking(NOON - 30 * DAY), over, incident(NOON, "unknown")]

    assert {"inc-1": why} == judged(RULE, "woman-1", NOON + 2 * DAY, *told)


def test_a_due_date_revised_after_the_birth_moves_nothing() -> None:
    """What is said of the next pregnancy does not change the one that is over."""
    told = [
        booking(NOON - 30 * DAY),
        incident(NOON, None),
        birth(NOON + DAY),
        revised(NOON + 2 * DAY, date(2017, 1, 1)),
    ]

    assert {"inc-1": "overdue"} == judged(RULE, "woman-1", NOON + 3 * DAY, *told)


def test_a_booking_long_after_the_due_date_is_another_pregnancy() -> None:
    """A birth that nobody recorded does not make one pregnancy of two."""
    told = [
        booking(NOON - 400 * DAY, date(2014, 8, 1)),
        booking(NOON - 30 * DAY, date(2015, 9, 1)),
        incident(NOON - 350 * DAY, None),
    ]

    assert {"inc-1": "overdue"} == judged(RULE, "woman-1", NOON, *told)


# When a pregnancy ends, the question falls away in silence.


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ((ended(NOON + HOUR),), "not-asked"),
        ((ended(NOON - MINUTE),), "overdue"),
        ((ended(NOON + HOUR, who="woman-2"),), "overdue"),
        ((ended(NOON + 9 * DAY),), "not-asked"),
        ((birth(NOON + HOUR), ended(NOON + 2 * HOUR)), "overdue"),
        ((ended(NOON + HOUR), birth(NOON + 2 * HOUR)), "not-asked"),
        ((birth(NOON + HOUR, who="woman-2"), ended(NOON + 2 * HOUR)), "not-asked"),
        ((ended(NOON + 302 * DAY),), "overdue"),
        ((birth(NOON + HOUR),), "overdue"),
        ((referral(NOON + HOUR), ended(NOON + 2 * HOUR)), "answered"),
        ((ended(NOON + HOUR), referral(NOON + 2 * HOUR)), "not-asked"),
        ((referral(DUE + HOUR), ended(DUE + 2 * HOUR)), "answered-late"),
        ((ended(DUE + HOUR), referral(DUE + 2 * HOUR)), "not-asked"),
    ],
)
def test_the_question_falls_away_when_the_pregnancy_ends(
    told: tuple[Fact, ...], why: Reason
) -> None:
    """Unless an answer came first, an end takes the question away; a birth is no end, and nor is a later end."""
    assert {"inc-1": why} == judged(RULE, "woman-1", NOON + 303 * DAY, incident(NOON), *told)


# Clocks and feeds.


@pytest.mark.parametrize(
    ("happened", "due"),
    [
        # Friday to Monday: exactly the cap of 72 hours.
        (datetime(2015, 3, 6, 16, tzinfo=LONDON), datetime(2015, 3, 9, 16, tzinfo=LONDON)),
        # A Saturday counts from Monday 00:00.
        (datetime(2015, 3, 7, 16, tzinfo=LONDON), datetime(2015, 3, 10, tzinfo=LONDON)),
        # Maundy Thursday: the cap, long before Tuesday; it is elapsed time.
        (datetime(2015, 4, 2, 16, tzinfo=LONDON), datetime(2015, 4, 5, 16, tzinfo=LONDON)),
        # Over the spring change: the same local time, an hour sooner than the cap.
        (datetime(2015, 3, 27, 16, tzinfo=LONDON), datetime(2015, 3, 30, 16, tzinfo=LONDON)),
        # Over the autumn change the cap is an hour before it.
        (datetime(2015, 10, 23, 16, tzinfo=LONDON), datetime(2015, 10, 26, 15, tzinfo=LONDON)),
    ],
)
def test_one_working_day_and_at_most_72_hours(happened: datetime, due: datetime) -> None:
    """The earlier of the two wins."""
    (found,) = findings(RULE, "woman-1", happened, incident(happened))

    assert due == found.due_at


@pytest.mark.parametrize(
    ("feed", "why"),
    [
        (Feed(NOON, NOON + HOUR), "cannot-tell"),
        (Feed(NOON, DUE), "cannot-tell"),
        (Feed(NOON, DUE + MINUTE), "overdue"),
        (Feed(DUE - MINUTE, NOON + HOUR), "cannot-tell"),
        (Feed(DUE, NOON + HOUR), "overdue"),
    ],
)
def test_absence_means_nothing_while_the_feed_is_silent(feed: Feed, why: Reason) -> None:
    """While children's services are silent, and were not heard past the due moment, nobody can tell."""
    assert {"inc-1": why} == judged(RULE, "woman-1", DUE, incident(NOON), feed=feed)


def test_an_answer_in_time_is_one_though_the_feed_is_silent() -> None:
    """Silence says nothing of what was told."""
    silent = Feed(NOON, NOON + HOUR)

    assert {"inc-1": "answered"} == judged(
        RULE, "woman-1", DUE, incident(NOON), referral(NOON + HOUR), feed=silent
    )


def test_a_late_answer_proves_nothing_while_the_feed_is_silent() -> None:
    """One in time may be among what the silent feed holds back; what is known meanwhile is in the finding."""
    silent, late = Feed(NOON, NOON + HOUR), referral(DUE + HOUR)

    (found,) = findings(RULE, "woman-1", DUE + DAY, incident(NOON), late, feed=silent)

    assert ("cannot-tell", DUE + HOUR) == (found.reason, found.answered_at)


def test_what_is_dated_after_now_raises_nothing_yet() -> None:
    """A late referral dated ahead of now: still waiting, and asked again when it is due."""
    (found,) = findings(RULE, "woman-1", DUE - MINUTE, incident(NOON), referral(DUE + MINUTE))

    assert ("waiting", DUE) == (found.reason, found.wake_at)


def test_the_same_event_id_of_two_agencies_is_two_facts() -> None:
    """Agencies number their own records: equal ids and times give one order, whichever is told first."""
    mine, theirs = referral(NOON, event_id="1"), by("housing", referral(NOON, event_id="1"))

    (one,) = findings(RULE, "woman-1", DUE, incident(NOON), mine, theirs)
    (other,) = findings(RULE, "woman-1", DUE, incident(NOON), theirs, mine)

    assert one == other
