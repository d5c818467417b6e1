"""A2: an incident closed as "no children" or "not required" while a party was pregnant and not referred."""

from __future__ import annotations

from datetime import datetime

import pytest

from baton.rules.chronology import Feed
from baton.rules.facts import Fact
from baton.rules.incident_closed_unreferred import RULE
from baton.rules.outcome import Reason
from tests.rules.told import (
    DAY,
    HOUR,
    MINUTE,
    NOON,
    birth,
    booking,
    closed,
    ended,
    findings,
    incident,
    judged,
    noted,
    referral,
    updated,
)

CLOSE = NOON + 2 * HOUR


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("no_children", {"inc-1": "overdue"}),
        ("not_required", {"inc-1": "overdue"}),
        ("referred", {}),
        ("no_further_action", {}),
        ("other", {}),
        (None, {}),
    ],
)
def test_two_reasons_contradict_a_pregnancy(
    reason: str | None, expected: dict[str, Reason]
) -> None:
    """The others say nothing of children; one not stated says nothing at all."""
    assert expected == judged(RULE, "woman-1", CLOSE, incident(NOON), closed(CLOSE, reason))


def test_it_is_due_at_the_close() -> None:
    """No time is given: the close itself is the moment, and the closing is what triggers."""
    (found,) = findings(RULE, "woman-1", CLOSE, incident(NOON), closed(CLOSE))

    assert (CLOSE, None) == (found.due_at, found.wake_at)
    assert ((closed(CLOSE),), (closed(CLOSE), incident(NOON))) == (found.trigger, found.evidence)


def test_a_close_made_again_once_she_is_known_to_be_pregnant_is_asked_about() -> None:
    """The first could not know; the second could, and nothing had been referred."""
    again = closed(CLOSE + 2 * HOUR)
    told = [incident(NOON, pregnancy=None), closed(CLOSE), updated(CLOSE + HOUR), again]

    (found,) = findings(RULE, "woman-1", CLOSE + 3 * HOUR, *told)

    assert ("overdue", CLOSE + 2 * HOUR) == (found.reason, found.due_at)


def test_a_close_dated_after_now_waits() -> None:
    """An agency's clock may be a little ahead of ours."""
    (found,) = findings(RULE, "woman-1", CLOSE - MINUTE, incident(NOON), closed(CLOSE))

    assert ("waiting", CLOSE) == (found.reason, found.wake_at)


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (referral(NOON - MINUTE), "overdue"),
        (referral(NOON), "answered"),
        (referral(CLOSE), "answered"),
        (referral(CLOSE + MINUTE), "answered-late"),
        (referral(CLOSE, incident="inc-1"), "answered"),
        (noted(CLOSE, incident="inc-1"), "answered"),
    ],
)
def test_a_referral_before_the_close_answers(answer: Fact, why: Reason) -> None:
    """From the incident to the close, both included, in whichever order it is read."""
    told = [incident(NOON), closed(CLOSE), answer]

    assert {"inc-1": why} == judged(RULE, "woman-1", NOON + DAY, *told)
    assert {"inc-1": why} == judged(RULE, "woman-1", NOON + DAY, *reversed(told))


@pytest.mark.parametrize(
    ("known", "why"),
    [
        ((incident(NOON, "unknown"),), "not-asked"),
        ((incident(NOON, "unknown"), booking(NOON - DAY)), "overdue"),
        ((incident(NOON, "unknown"), booking(CLOSE)), "overdue"),
        ((incident(NOON, "unknown"), booking(CLOSE + MINUTE)), "not-asked"),
        ((incident(NOON, "unknown"), updated(CLOSE)), "overdue"),
        ((incident(NOON, "unknown"), updated(CLOSE + MINUTE)), "not-asked"),
        ((incident(NOON), updated(CLOSE + MINUTE, "not_pregnant")), "not-asked"),
    ],
)
def test_what_was_known_by_the_close_counts(known: tuple[Fact, ...], why: Reason) -> None:
    """What is learned afterwards is another rule's; what is corrected afterwards was never so."""
    assert {"inc-1": why} == judged(RULE, "woman-1", NOON + DAY, closed(CLOSE), *known)


@pytest.mark.parametrize(
    ("over", "why"),
    [
        (birth(NOON + HOUR), "not-asked"),
        (birth(CLOSE), "not-asked"),
        (birth(CLOSE + MINUTE), "overdue"),
        (birth(NOON + HOUR, who="woman-2"), "overdue"),
        (birth(NOON - MINUTE), "overdue"),
        (ended(NOON + HOUR), "not-asked"),
        (ended(CLOSE + MINUTE), "not-asked"),
    ],
)
def test_a_pregnancy_that_is_over_at_the_close_contradicts_nothing(over: Fact, why: Reason) -> None:
    """Born before the close, no pregnancy was live; ended, the question falls away in silence."""
    assert {"inc-1": why} == judged(
        RULE, "woman-1", NOON + DAY, incident(NOON), closed(CLOSE), over
    )


def test_the_first_close_that_contradicts_counts() -> None:
    """Closed for another reason, then as "no children": due at the second; a third changes nothing."""
    told = [
        incident(NOON),
        closed(CLOSE - HOUR, "other"),
        closed(CLOSE),
        closed(CLOSE + HOUR, "not_required"),
    ]

    (found,) = findings(RULE, "woman-1", NOON + DAY, *told)

    assert CLOSE == found.due_at


@pytest.mark.parametrize("told", [closed(NOON - MINUTE), closed(CLOSE, incident="inc-2")])
def test_a_close_before_its_incident_or_of_another_is_none(told: Fact) -> None:
    """It closes nothing that is known."""
    assert {} == judged(RULE, "woman-1", NOON + DAY, incident(NOON), told)


@pytest.mark.parametrize(
    ("complete_to", "why"), [(CLOSE - MINUTE, "cannot-tell"), (CLOSE, "overdue")]
)
def test_a_silent_feed_may_hold_the_referral(complete_to: datetime, why: Reason) -> None:
    """Children's services, silent since before the close, may know of a referral."""
    feed = Feed(complete_to, CLOSE)

    assert {"inc-1": why} == judged(
        RULE, "woman-1", NOON + DAY, incident(NOON), closed(CLOSE), feed=feed
    )
