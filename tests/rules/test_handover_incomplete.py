"""C2: a transfer accepted although the handover lacked a required item."""

from __future__ import annotations

from datetime import datetime

import pytest

from baton.rules.chronology import Feed
from baton.rules.facts import Fact
from baton.rules.handover_incomplete import RULE
from baton.rules.outcome import Reason
from tests.rules.told import (
    DAY,
    HOUR,
    ITEMS,
    MINUTE,
    NOON,
    accepted,
    findings,
    handover,
    judged,
    policy_with,
    rejected,
    request,
    withdrawn,
)

WHOLE = handover(NOON, *ITEMS)
SOME, REST = ITEMS[:4], ITEMS[4:]


def test_nothing_was_handed_over() -> None:
    """Due at the acceptance, and every item is missing; the sending team owes them."""
    (found,) = findings(RULE, "case-1", NOON, request(NOON - HOUR), accepted(NOON))

    assert ("overdue", NOON, None) == (found.reason, found.due_at, found.wake_at)
    assert (ITEMS, "team-1") == (found.missing, found.team)


@pytest.mark.parametrize(
    ("notes", "why"),
    [
        ((handover(NOON - DAY, *ITEMS),), "answered"),
        ((handover(NOON, *ITEMS),), "answered"),
        ((handover(NOON + MINUTE, *ITEMS),), "answered-late"),
        ((handover(NOON - DAY, *SOME), handover(NOON, *REST)), "answered"),
        ((handover(NOON - DAY, *SOME), handover(NOON + MINUTE, *REST)), "answered-late"),
        ((handover(NOON - DAY, *SOME),), "overdue"),
        ((handover(NOON - DAY, *SOME), handover(NOON + MINUTE, "plan")), "overdue"),
        ((handover(NOON - DAY, *ITEMS, transfer="transfer-2"),), "overdue"),
        ((handover(NOON - DAY, *ITEMS, case="case-2"),), "overdue"),
    ],
)
def test_all_notes_together_must_carry_every_item(notes: tuple[Fact, ...], why: Reason) -> None:
    """By the acceptance, its moment included, over all notes of the transfer, in whichever order they are read."""
    told = [accepted(NOON), *notes]

    assert {"transfer-1": why} == judged(RULE, "case-1", NOON + DAY, *told)
    assert {"transfer-1": why} == judged(RULE, "case-1", NOON + DAY, *reversed(told))


def test_the_missing_items_are_named() -> None:
    """While it stands, what is still missing; answered late, what was missing at the acceptance, and when it came."""
    told = [accepted(NOON), handover(NOON - DAY, *SOME), handover(NOON + HOUR, *REST[:-1])]

    (standing,) = findings(RULE, "case-1", NOON + DAY, *told)
    (late,) = findings(RULE, "case-1", NOON + DAY, *told, handover(NOON + 2 * HOUR, REST[-1]))

    assert (REST[-1],) == standing.missing
    assert (REST, NOON + 2 * HOUR) == (late.missing, late.answered_at)


def test_the_list_is_the_partnerships() -> None:
    """`items` is a line of the policy."""
    short = policy_with('[rule.handover-incomplete]\nitems = ["pregnancy"]')

    assert {"transfer-1": "answered"} == judged(
        RULE, "case-1", NOON, accepted(NOON), handover(NOON, "pregnancy"), policy=short
    )


@pytest.mark.parametrize(
    ("back", "why"),
    [
        (withdrawn(NOON - MINUTE), "overdue"),
        (withdrawn(NOON), "transfer-withdrawn"),
        (withdrawn(NOON + DAY), "transfer-withdrawn"),
        (rejected(NOON + DAY), "overdue"),
    ],
)
def test_a_transfer_taken_back_after_its_acceptance_owes_nothing(back: Fact, why: Reason) -> None:
    """Taken back before it, it was offered and accepted again."""
    assert {"transfer-1": why} == judged(RULE, "case-1", NOON + 2 * DAY, accepted(NOON), back)


def test_the_first_acceptance_is_the_moment() -> None:
    """Saying yes twice does not put off what was due at the first."""
    told = [accepted(NOON + DAY), handover(NOON + HOUR, *ITEMS), accepted(NOON)]

    assert {"transfer-1": "answered-late"} == judged(RULE, "case-1", NOON + 2 * DAY, *told)


@pytest.mark.parametrize(
    "told", [(), (request(NOON),), (request(NOON), rejected(NOON + HOUR), WHOLE)]
)
def test_nothing_is_asked_before_an_acceptance(told: tuple[Fact, ...]) -> None:
    """An offer owes no handover yet."""
    assert {} == judged(RULE, "case-1", NOON + DAY, *told)


def test_without_its_request_the_sending_team_is_not_known() -> None:
    """An acceptance may arrive before its offer."""
    (found,) = findings(RULE, "case-1", NOON, accepted(NOON))

    assert found.team is None


def test_one_transfer_of_two_cases_is_two_questions() -> None:
    """The other case of the transfer has its own acceptance and its own notes."""
    told = [accepted(NOON), accepted(NOON, case="case-2"), handover(NOON, *ITEMS, case="case-2")]

    assert ["overdue"] == [found.reason for found in findings(RULE, "case-1", NOON, *told)]
    assert ["answered"] == [found.reason for found in findings(RULE, "case-2", NOON, *told)]


def test_two_transfers_are_two_questions() -> None:
    """Each with its own notes."""
    told = [accepted(NOON), WHOLE, accepted(NOON, transfer="transfer-2")]

    assert {"transfer-1": "answered", "transfer-2": "overdue"} == judged(
        RULE, "case-1", NOON, *told
    )


@pytest.mark.parametrize("notes", [(), (handover(NOON + MINUTE, *ITEMS),)])
def test_an_acceptance_dated_after_now_waits(notes: tuple[Fact, ...]) -> None:
    """An agency's clock may be a little ahead: nothing is raised before it is due."""
    (found,) = findings(RULE, "case-1", NOON - MINUTE, accepted(NOON), *notes)

    assert ("waiting", NOON) == (found.reason, found.wake_at)


@pytest.mark.parametrize(
    ("complete_to", "why"), [(NOON - MINUTE, "cannot-tell"), (NOON, "overdue")]
)
def test_a_silent_feed_may_hold_the_handover(complete_to: datetime, why: Reason) -> None:
    """While children's services are silent nobody can tell."""
    silent = Feed(complete_to, NOON)

    assert {"transfer-1": why} == judged(RULE, "case-1", NOON + HOUR, accepted(NOON), feed=silent)
