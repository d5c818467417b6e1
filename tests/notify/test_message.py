"""What people are told: enough to act on, and nothing that a locked screen may not show."""

from __future__ import annotations

import pytest

from baton.notify.message import many, one
from baton.rules.register import RULES
from baton.wording import reference
from tests.notify.conftest import ALERT_ID, alert


def test_a_message_says_what_is_missing_and_where_to_look() -> None:
    """In the rule's own words, with when it was due and who must act."""
    said = one(alert(), "raised", "https://baton.example")

    assert said.title == "baton: ACT NOW: unreferred incident"
    for words in (
        "A domestic incident involving a pregnancy that nothing answered in time.",
        "Missing: a referral, or a notification recorded by children's services",
        "Due: 2026-03-02 12:00",
        "Who must act: police: public protection supervisor",
        f"https://baton.example/alerts/{reference(ALERT_ID)}",
    ):
        assert words in said.text


@pytest.mark.parametrize("rule", sorted(RULES))
def test_no_message_holds_a_person_or_a_record(rule: str) -> None:
    """Neither pseudonym nor id of an agency's record, for any rule, alone or among many."""
    told = alert(rule=rule, alert_id=f"{rule}/inc-77/p-0123456789", raised_by=["near-due-date"])
    for said in (one(told, "raised", "https://baton.example"), many([(told, "chased")] * 2)):
        for kept in ("p-0123456789", "inc-77", "near due date"):
            assert kept not in said.title + said.text


def test_that_it_is_over_is_said_without_a_reason() -> None:
    """A pregnancy may have ended: nothing says why."""
    said = one(alert(status="withdrawn", reason=None), "resolved")

    assert said.title == "baton: Resolved: unreferred incident"
    assert "needs nothing more" in said.text


def test_many_come_the_most_serious_first() -> None:
    """With how many of them are to be acted on now."""
    said = many([(alert(severity=3, rule="block-transfer"), "raised"), (alert(), "chased")])

    assert said.title == "baton: 2 alerts, 1 of them to act on now"
    assert said.text.index("act now") < said.text.index("next review")
