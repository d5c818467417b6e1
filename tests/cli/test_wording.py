"""Alerts in plain words."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from baton import wording
from baton.rules.register import RULES

MakeAlert = Callable[..., dict[str, Any]]

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "raised, overdue"),
        ({"reason": "found"}, "raised"),
        ({"status": "acknowledged"}, "acknowledged, overdue"),
        (
            {"status": "answered", "reason": "answered-late", "answered_at": NOON + 27.5 * HOUR},
            "answered, 1 day 3 h late",
        ),
        (
            {"status": "withdrawn", "reason": "answered-in-time-told-late"},
            "withdrawn: answered in time, told late",
        ),
        ({"status": "withdrawn", "reason": None}, "withdrawn"),
        (
            {"status": "withdrawn", "reason": "transfer-withdrawn"},
            "withdrawn: the transfer was taken back",
        ),
        ({"status": "closed", "outcome": "not_a_concern"}, "closed: not a concern"),
    ],
)
def test_how_an_alert_stands(alert: MakeAlert, fields: dict[str, object], words: str) -> None:
    """The status in words, with its lateness, and no reason where none is given."""
    assert wording.status(alert() | fields) == words


def test_an_alert_that_no_rule_raises_has_its_words_too(alert: MakeAlert) -> None:
    """`pipeline-blind` is the watchdog's: what is missing is named, and where it stands still is in its members."""
    fields = alert(
        rule="pipeline-blind", about={"kind": "agency", "key": "baton"}, missing=[], severity=1
    )

    assert "baton itself was blind" in wording.sentence(fields)
    assert wording.missing(fields).startswith("judgement of all that was told")
    assert wording.about(fields) == "agency baton"


def test_who_must_act_is_an_agency_a_team_and_a_role(alert: MakeAlert) -> None:
    """Nobody is named, and codes are words."""
    with_team = {"agency": "childrens_social_care", "team": "north", "role": "head_of_service"}

    assert wording.who(alert()) == "police: public protection supervisor"
    assert (
        wording.who(alert(responsible=with_team))
        == "children's social care, team north: head of service"
    )


def test_what_is_missing_is_in_the_rules_own_words(alert: MakeAlert) -> None:
    """The register says what should have come; items of a list are added, record names are not."""
    handover = alert(rule="handover-incomplete", missing=["domestic_abuse", "risks"])

    assert wording.missing(alert()) == RULES["unreferred-incident"].missing
    assert (
        wording.missing(handover)
        == f"{RULES['handover-incomplete'].missing}: domestic abuse, risks"
    )


def test_a_role_that_has_nobody_to_tell_is_named(alert: MakeAlert) -> None:
    """Two such alerts of one agency are told apart by what they are about, and by what a message says of them."""
    nobody = alert(
        alert_id="nobody-to-tell/hub_manager/north",
        rule="nobody-to-tell",
        authority="north",
        about={"kind": "agency", "key": "childrens_social_care"},
        missing=["somebody-to-tell"],
    )

    assert "agency children's social care, role hub manager" == wording.about(nobody)
    assert wording.sentence(nobody).endswith("has nobody to tell: hub manager.")
    assert "somebody of that role who can be told: hub manager" == wording.missing(nobody)
    assert "person p-1" == wording.about(alert(alert_id="nobody-to-tell/hub_manager/north"))


def test_an_alert_of_a_rule_that_is_not_known_here_is_still_shown(alert: MakeAlert) -> None:
    """A newer worker's alerts are readable by an older program."""
    newer = alert(rule="some-new-rule", missing=["SomethingNew"])

    assert wording.sentence(newer) == "some new rule"
    assert wording.missing(newer) == "SomethingNew"
    assert "some-new-rule" in wording.line(newer)


def test_due_says_for_how_long_it_has_been(alert: MakeAlert) -> None:
    """Overdue is counted while an alert is open; what was merely found is not due."""
    assert wording.due(alert(), NOON + 2 * HOUR) == "2026-03-02 12:00, 2 h ago"
    assert wording.due(alert(status="answered"), NOON + 2 * HOUR) == "2026-03-02 12:00"
    assert wording.due(alert(reason="found")) == ""
    assert wording.due(alert(due_at=None)) == ""


def test_times_are_local() -> None:
    """In summer London is an hour ahead; seconds are shown where there are any."""
    assert wording.local(datetime(2026, 7, 1, 12, tzinfo=UTC)) == "2026-07-01 13:00"
    assert wording.local(datetime(2026, 7, 1, 12, 0, 5, tzinfo=UTC)) == "2026-07-01 13:00:05"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (59, "59 s"),
        (60, "1 min"),
        (3_600, "1 h"),
        (5_400, "1 h 30 min"),
        (86_400, "1 day"),
        (176_400, "2 days 1 h"),
    ],
)
def test_a_duration_is_rough(seconds: int, words: str) -> None:
    """The two largest units are enough."""
    assert wording.duration(timedelta(seconds=seconds)) == words


def test_every_rule_can_be_put_in_words(alert: MakeAlert) -> None:
    """No rule of the register lacks a sentence or what is missing, and none speaks of health."""
    for slug, rule in RULES.items():
        words = dict(wording.details(alert(rule=slug)))
        assert words["what"] == rule.sentence
        assert words["missing"].startswith(rule.missing)


def test_the_details_hold_everything_a_person_needs(alert: MakeAlert) -> None:
    """What, about whom, since when, what is missing, who should act, who is to be told, and the id."""
    words = dict(wording.details(alert()))

    assert words["about"] == "person p-1"
    assert words["severity"] == "1, act now, out of hours too"
    assert words["to be told"] == "hub manager"
    assert words["id"] == "unreferred-incident/inc-1/p-1"


def test_what_raised_a_severity_is_said(alert: MakeAlert) -> None:
    """Beside how soon somebody must act."""
    words = dict(wording.details(alert(severity=2, raised_by=["near-due-date", "repeat"])))

    assert words["severity"] == "2, this working day; more serious by near due date, repeat"
