"""C1: a transfer that the receiving team has neither accepted nor rejected in time."""

from __future__ import annotations

from datetime import datetime

import pytest

from baton.rules.chronology import Feed
from baton.rules.facts import Fact
from baton.rules.outcome import Reason
from baton.rules.transfer_not_accepted import RULE
from baton.rules.working_days import LONDON
from tests.rules.told import (
    DAY,
    HOUR,
    MINUTE,
    NOON,
    accepted,
    findings,
    handover,
    judged,
    read,
    rejected,
    request,
    withdrawn,
)

DUE = NOON + 2 * DAY


@pytest.mark.parametrize(
    ("now", "why"), [(DUE - MINUTE, "waiting"), (DUE, "overdue"), (DUE + MINUTE, "overdue")]
)
def test_nobody_replies(now: datetime, why: Reason) -> None:
    """Overdue from the due moment on, two working days after the request."""
    assert {"transfer-1": why} == judged(RULE, "case-1", now, request(NOON))


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        (accepted(NOON - MINUTE), "overdue"),
        (accepted(NOON), "answered"),
        (accepted(DUE), "answered"),
        (accepted(DUE + MINUTE), "answered-late"),
        (rejected(DUE), "answered"),
        (rejected(DUE + MINUTE), "answered-late"),
        (withdrawn(DUE), "answered"),
        (withdrawn(DUE + MINUTE), "transfer-withdrawn"),
        (accepted(NOON, transfer="transfer-2"), "overdue"),
        (accepted(NOON, case="case-2"), "overdue"),
        (handover(NOON), "overdue"),
        (read(NOON), "overdue"),
    ],
)
def test_what_replies(reply: Fact, why: Reason) -> None:
    """Yes, no and taken back end the waiting, in whichever order they are read; a note or a reading does not."""
    assert why == judged(RULE, "case-1", DUE + DAY, request(NOON), reply)["transfer-1"]
    assert why == judged(RULE, "case-1", DUE + DAY, reply, request(NOON))["transfer-1"]


def test_without_a_request_nothing_is_asked() -> None:
    """An acceptance may arrive before its offer."""
    assert {} == judged(RULE, "case-1", DUE, accepted(NOON))


@pytest.mark.parametrize("event_ids", [("1", "2"), ("2", "1")])
def test_accepted_at_the_instant_it_was_taken_back_is_accepted(event_ids: tuple[str, str]) -> None:
    """At one instant an acceptance comes first, whatever the records are called."""
    told = [
        request(NOON),
        accepted(DUE + HOUR, event_id=event_ids[0]),
        withdrawn(DUE + HOUR, event_id=event_ids[1]),
    ]

    assert {"transfer-1": "answered-late"} == judged(RULE, "case-1", DUE + DAY, *told)


def test_a_new_request_is_a_new_clock() -> None:
    """Offered again after a rejection, under the same name: one alert, for the later clock."""
    told = [request(NOON), rejected(NOON + HOUR), request(NOON + DAY)]

    (waiting,) = findings(RULE, "case-1", DUE, *told)
    (overdue,) = findings(RULE, "case-1", DUE + DAY, *told)

    assert ("waiting", DUE + DAY, DUE + DAY) == (waiting.reason, waiting.due_at, waiting.wake_at)
    assert ("overdue", (request(NOON + DAY),)) == (overdue.reason, overdue.trigger)


def test_an_open_offer_is_graver_than_a_late_reply() -> None:
    """Replied to late, then offered again and left: the alert is open again, and still the same one."""
    told = [request(NOON), rejected(DUE + HOUR), request(DUE + DAY)]

    (late,) = findings(RULE, "case-1", DUE + 2 * DAY, *told)
    (open_again,) = findings(RULE, "case-1", NOON + 7 * DAY, *told)

    assert ("answered-late", NOON + 7 * DAY) == (late.reason, late.wake_at)
    assert "overdue" == open_again.reason
    assert late.alert_id == open_again.alert_id


def test_an_unanswerable_offer_is_not_hidden_behind_a_late_reply() -> None:
    """Replied to late, then offered again, and now the feed is silent: it must be asked again when it is heard."""
    told = [request(NOON), rejected(DUE + HOUR), request(NOON + 3 * DAY)]
    silent = Feed(NOON + 4 * DAY, NOON + 4 * DAY + HOUR)

    assert {"transfer-1": "cannot-tell"} == judged(
        RULE, "case-1", NOON + 8 * DAY, *told, feed=silent
    )


def test_one_transfer_of_two_cases_is_two_questions() -> None:
    """A case's chronology holds what its transfer's other cases were told; each is asked about itself alone."""
    told = [request(NOON), request(NOON + HOUR, case="case-2"), accepted(NOON + DAY, case="case-2")]

    assert ["overdue"] == [found.reason for found in findings(RULE, "case-1", DUE + DAY, *told)]
    assert ["answered"] == [found.reason for found in findings(RULE, "case-2", DUE + DAY, *told)]


def test_the_alert_is_for_the_receiving_team() -> None:
    """It names the team from which the reply is due."""
    (found,) = findings(RULE, "case-1", DUE, request(NOON))

    assert ("team-2", ("childrens_social_care", "receiving_team_manager")) == (
        found.team,
        found.responsible,
    )
    assert ("case", "case-1", ("TransferAccepted",)) == (
        found.about_kind,
        found.about,
        found.missing,
    )


@pytest.mark.parametrize(
    ("asked", "due"),
    [
        (datetime(2015, 3, 6, 16, tzinfo=LONDON), datetime(2015, 3, 10, 16, tzinfo=LONDON)),
        (datetime(2015, 3, 7, 16, tzinfo=LONDON), datetime(2015, 3, 11, 0, tzinfo=LONDON)),
        (datetime(2015, 3, 27, 16, tzinfo=LONDON), datetime(2015, 3, 31, 16, tzinfo=LONDON)),
        (datetime(2015, 4, 2, 16, tzinfo=LONDON), datetime(2015, 4, 8, 16, tzinfo=LONDON)),
    ],
)
def test_two_working_days(asked: datetime, due: datetime) -> None:
    """Over a weekend, from a weekend, over a change of the clocks, and over Easter."""
    (found,) = findings(RULE, "case-1", asked, request(asked))

    assert due == found.due_at


def test_a_silent_feed_may_hold_the_reply() -> None:
    """While children's services are silent nobody can tell."""
    silent = Feed(NOON, NOON + HOUR)

    assert {"transfer-1": "cannot-tell"} == judged(RULE, "case-1", DUE, request(NOON), feed=silent)
