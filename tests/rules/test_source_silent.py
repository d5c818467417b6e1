"""An agency's feed that has stopped telling us: once, instead of once for every answer it might hold."""

from __future__ import annotations

from datetime import datetime

import pytest

from baton.rules.outcome import Reason
from baton.rules.source_silent import RULE
from tests.rules.told import CARE, HOUR, MINUTE, NOON, beat, findings, heard, judged, policy_with

SILENT = NOON + HOUR
BEGAN = "2015-03-02T12:00:00Z"


@pytest.mark.parametrize(
    ("now", "why"),
    [(SILENT - MINUTE, "waiting"), (SILENT, "overdue"), (SILENT + HOUR, "overdue")],
)
def test_a_feed_is_silent_an_hour_after_it_was_complete(now: datetime, why: Reason) -> None:
    """By the moment up to which it said it was complete, not by when it said so."""
    assert {BEGAN: why} == judged(RULE, CARE, now, beat(NOON, heard_at=NOON + MINUTE))


def test_a_feed_that_never_promised_is_never_silent() -> None:
    """Without a heartbeat there is nothing to ask."""
    assert {} == judged(RULE, CARE, SILENT)


def test_each_heartbeat_puts_the_question_off() -> None:
    """Only the last one waits."""
    told = [beat(NOON), beat(NOON + 10 * MINUTE), beat(NOON + 20 * MINUTE)]

    (found,) = findings(RULE, CARE, NOON + 30 * MINUTE, *told)

    assert ("waiting", SILENT + 20 * MINUTE) == (found.reason, found.wake_at)


def test_a_silence_ends_when_a_fresh_heartbeat_is_heard() -> None:
    """The alert stands as answered, with its lateness; the new heartbeat waits in its turn."""
    again = beat(NOON + 3 * HOUR)

    ended, waiting = findings(RULE, CARE, NOON + 3 * HOUR, again, beat(NOON))

    assert ("answered-late", SILENT, NOON + 3 * HOUR) == (
        ended.reason,
        ended.due_at,
        ended.answered_at,
    )
    assert "waiting" == waiting.reason


def test_a_heartbeat_sent_in_time_and_heard_late_takes_the_alert_back() -> None:
    """It counts by its own moment, as every answer does: it was we who could not hear."""
    held_up = heard(beat(NOON + 59 * MINUTE), SILENT + MINUTE)

    assert {BEGAN: "answered", "2015-03-02T12:59:00Z": "waiting"} == judged(
        RULE, CARE, SILENT + MINUTE, beat(NOON), held_up
    )


def test_a_stale_heartbeat_does_not_end_a_silence() -> None:
    """A feed that creeps on, hours behind, is one silence and one alert, from its beginning."""
    told = [beat(NOON), beat(NOON + HOUR, heard_at=NOON + 3 * HOUR)]

    (found,) = findings(RULE, CARE, NOON + 3 * HOUR, *told)

    assert ("overdue", SILENT, f"source-silent/{BEGAN}/{CARE}") == (
        found.reason,
        found.due_at,
        found.alert_id,
    )


def test_a_feed_that_was_stale_from_its_first_heartbeat() -> None:
    """It is silent since an hour after what it first said."""
    told = [beat(NOON - 3 * HOUR, heard_at=NOON)]

    assert {"2015-03-02T09:00:00Z": "overdue"} == judged(RULE, CARE, NOON, *told)


def test_a_heartbeat_that_goes_back_is_no_news() -> None:
    """What was complete does not become incomplete."""
    told = [beat(NOON), beat(NOON - HOUR, heard_at=NOON + MINUTE)]

    assert {BEGAN: "waiting"} == judged(RULE, CARE, NOON + 2 * MINUTE, *told)


def test_two_silences_are_two_alerts() -> None:
    """Each bears the moment from which nothing was told."""
    told = [beat(NOON), beat(NOON + 3 * HOUR)]

    assert {BEGAN: "answered-late", "2015-03-02T15:00:00Z": "overdue"} == judged(
        RULE, CARE, NOON + 5 * HOUR, *told
    )


def test_how_long_is_the_partnerships() -> None:
    """`within` is a line of the policy."""
    patient = policy_with("[rule.source-silent]\nwithin = { hours = 8 }")

    assert {BEGAN: "waiting"} == judged(RULE, CARE, NOON + 7 * HOUR, beat(NOON), policy=patient)
