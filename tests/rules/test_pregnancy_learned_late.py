"""A3: an incident whose pregnancy only a later booking shows, and that nothing has answered."""

from __future__ import annotations

from datetime import date

import pytest

from baton.rules.chronology import Feed
from baton.rules.facts import Fact
from baton.rules.outcome import Reason
from baton.rules.pregnancy_learned_late import RULE
from baton.rules.unreferred_incident import RULE as UNREFERRED
from tests.rules.told import (
    DAY,
    HOUR,
    MINUTE,
    NOON,
    birth,
    booking,
    ended,
    findings,
    incident,
    judged,
    referral,
    revised,
    updated,
)

BOOKED = NOON + 28 * DAY - HOUR  # the same local time, after the clocks have changed
DUE = BOOKED + DAY
LATER = NOON + 60 * DAY


def test_the_clock_runs_from_the_booking() -> None:
    """One working day from when the pregnancy was learned, though the incident was weeks before."""
    (waiting,) = findings(RULE, "woman-1", DUE - MINUTE, incident(NOON, "unknown"), booking(BOOKED))
    (overdue,) = findings(RULE, "woman-1", DUE, incident(NOON, "unknown"), booking(BOOKED))

    assert ("waiting", DUE, DUE) == (waiting.reason, waiting.due_at, waiting.wake_at)
    assert ("overdue", (booking(BOOKED),)) == (overdue.reason, overdue.trigger)
    assert (booking(BOOKED), incident(NOON, "unknown")) == overdue.evidence


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (referral(NOON - MINUTE), "overdue"),
        (referral(NOON), "answered"),
        (referral(BOOKED - DAY), "answered"),
        (referral(DUE), "answered"),
        (referral(DUE + MINUTE), "answered-late"),
    ],
)
def test_a_referral_since_the_incident_answers(answer: Fact, why: Reason) -> None:
    """Also one that came between the incident and the booking; in whichever order they are read."""
    told = [incident(NOON, "unknown"), booking(BOOKED), answer]

    assert {"inc-1": why} == judged(RULE, "woman-1", LATER, *told)
    assert {"inc-1": why} == judged(RULE, "woman-1", LATER, *reversed(told))


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ((incident(NOON), booking(BOOKED)), {}),  # stated at the incident: A1's
        (
            (incident(NOON, None), updated(BOOKED), booking(BOOKED)),
            {},
        ),  # known by an update of the same moment
        ((incident(NOON, None), updated(BOOKED + HOUR), booking(BOOKED)), {"inc-1": "overdue"}),
        ((incident(NOON, None), booking(NOON)), {}),  # booked at the very moment: A1's
        ((incident(NOON, None), booking(NOON + MINUTE)), {"inc-1": "overdue"}),
        ((incident(NOON, None), booking(BOOKED, date(2015, 12, 7))), {"inc-1": "overdue"}),
        (
            (incident(NOON, None), booking(BOOKED, date(2015, 12, 8))),
            {},
        ),  # began after the incident
        ((incident(NOON, None), booking(BOOKED, who="woman-2")), {}),
        ((incident(NOON, "not_pregnant"), booking(BOOKED)), {"inc-1": "overdue"}),
        ((booking(BOOKED),), {}),
    ],
)
def test_only_a_later_booking_asks(told: tuple[Fact, ...], expected: dict[str, Reason]) -> None:
    """It must cover the incident, and nothing may have said so before it."""
    assert expected == judged(RULE, "woman-1", LATER, *told)


@pytest.mark.parametrize(
    "told",
    [
        (incident(NOON), booking(BOOKED)),
        (incident(NOON, "unknown"), booking(BOOKED)),
        (incident(NOON, "unknown"), booking(NOON - DAY)),
        (incident(NOON, "unknown"), updated(NOON + DAY), booking(BOOKED)),
        (incident(NOON, "unknown"), updated(BOOKED + DAY), booking(BOOKED)),
    ],
)
def test_an_incident_is_asked_about_once(told: tuple[Fact, ...]) -> None:
    """However the pregnancy came to be known, either A1 or A3 is overdue, never both."""
    reasons = [
        *judged(UNREFERRED, "woman-1", LATER, *told).values(),
        *judged(RULE, "woman-1", LATER, *told).values(),
    ]

    assert 1 == reasons.count("overdue")


def test_the_first_booking_counts() -> None:
    """A woman who books again, elsewhere, is pregnant once, and since the first booking."""
    (found,) = findings(
        RULE, "woman-1", LATER, incident(NOON, None), booking(BOOKED + DAY), booking(BOOKED)
    )

    assert DUE == found.due_at


def test_two_incidents_before_one_booking() -> None:
    """Each has its question; a referral between them answers the first alone."""
    told = [
        incident(NOON, None),
        referral(NOON + HOUR),
        incident(NOON + DAY, None, incident="inc-2"),
        booking(BOOKED),
    ]

    assert {"inc-1": "answered", "inc-2": "overdue"} == judged(RULE, "woman-1", LATER, *told)


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (ended(BOOKED + HOUR), {"inc-1": "not-asked"}),
        (ended(DUE + HOUR), {"inc-1": "not-asked"}),
        (birth(BOOKED + HOUR), {"inc-1": "overdue"}),
        (revised(BOOKED + HOUR, date(2016, 3, 1)), {}),
    ],
)
def test_what_unsays_the_pregnancy(told: Fact, expected: dict[str, Reason]) -> None:
    """An end takes the question away; a birth does not; a due date that makes it impossible asks nothing."""
    assert expected == judged(RULE, "woman-1", LATER, incident(NOON, None), booking(BOOKED), told)


def test_a_silent_feed_may_hold_the_referral() -> None:
    """While children's services are silent nobody can tell."""
    silent = Feed(DUE - MINUTE, DUE)

    assert {"inc-1": "cannot-tell"} == judged(
        RULE, "woman-1", LATER, incident(NOON, None), booking(BOOKED), feed=silent
    )
