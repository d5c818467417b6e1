"""Expectations: each has an alert of its own, and what differs is said in words."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from baton.replay.expect import differences
from baton.replay.play import play_scenario
from baton.replay.scenario import Scenario
from baton.replay.told import Persons

Read = Callable[[str], Scenario]

TOLD = """\
title = "Nobody refers"
until = "2026-02-09T12:00"

[[told]]
at = "2026-02-02T14:00"
event = "IncidentRecorded"
from = "police"
incident = "inc-1"
people = [{ person = "woman-1", pregnancy = "pregnant" }]

[[told]]
at = "2026-02-04T14:00"
event = "IncidentRecorded"
from = "police"
incident = "inc-2"
people = [{ person = "woman-1", pregnancy = "pregnant" }]
"""
FIRST = '[[expect]]\nalert = "unreferred-incident"\nabout = "woman-1"\nat = "2026-02-03T14:00"\n'
SECOND = FIRST.replace("02-03", "02-05")
EITHER = '[[expect]]\nalert = "unreferred-incident"\nabout = "woman-1"\n'


def compared(read: Read, text: str) -> list[str]:
    """Return what is not as expected."""
    scenario = read(text)
    persons = Persons()
    return differences(scenario, play_scenario(scenario, persons), persons.plain)


@pytest.mark.parametrize(
    "expected",
    [
        FIRST + SECOND,
        FIRST
        + 'status = "raised"\nreason = "overdue"\nseverity = 1\ndue_at = "2026-02-03T14:00"\n'
        + SECOND,
        EITHER + FIRST,
        EITHER + EITHER,
        EITHER + 'after = "2026-02-03T14:00"\nbefore = "2026-02-03T14:00"\n' + SECOND,
    ],
)
def test_what_is_expected_is_met_by_an_alert_of_its_own(read: Read, expected: str) -> None:
    """Whatever the order and however loose an expectation, as many as can be are met."""
    assert not compared(read, TOLD + expected)


def test_two_expectations_do_not_share_an_alert(read: Read) -> None:
    """The same thing expected twice is met once."""
    found = compared(read, TOLD + FIRST + FIRST)

    assert len(found) == 2
    assert found[0].startswith("expected (line ")
    assert "differs in: at" in found[0]
    assert found[1].startswith(
        "not expected: unreferred-incident about woman-1, raised at 2026-02-05 14:00"
    )


@pytest.mark.parametrize(
    ("differing", "names"),
    [
        ('status = "answered"', "status"),
        ('reason = "answered-late"', "reason"),
        ("severity = 2", "severity"),
        ('after = "2026-02-03T14:01"\nbefore = "2026-02-05T13:59"', "after"),
        ('due_at = "2026-02-03T14:01"', "due_at"),
        ('answered_at = "2026-02-03T14:00"', "answered_at"),
        ('members = ["case-1"]', "members"),
    ],
)
def test_a_difference_says_what_was_expected_found_and_differs(
    read: Read, differing: str, names: str
) -> None:
    """The nearest alert is shown beside the expectation."""
    found = compared(read, TOLD + SECOND + EITHER + differing)

    unmet = next(each for each in found if each.startswith("expected"))
    assert (
        "found: unreferred-incident about woman-1, raised at 2026-02-03 14:00, status raised"
        in unmet
    )
    assert f"differs in: {names}" in unmet


def test_an_expectation_about_somebody_else_finds_nothing(read: Read) -> None:
    """There is no near alert to show, and the alerts that came are not expected."""
    found = compared(read, TOLD + FIRST.replace("woman-1", "woman-2"))

    assert "found: no such alert" in found[0]
    assert len(found) == 3


def test_no_expectation_expects_silence(read: Read) -> None:
    """Every alert is then one too many, unless others are allowed."""
    assert len(compared(read, TOLD)) == 2
    assert not compared(read, 'others = "allow"\n' + TOLD)


def test_only_the_rules_named_are_looked_at(read: Read) -> None:
    """What another rule says neither meets nor spoils an expectation."""
    assert not compared(read, 'rules = ["block-transfer"]\n' + TOLD)


def test_what_is_heard_after_the_end_is_not_heard(read: Read) -> None:
    """A referral told after `until` answers nothing before it."""
    late = """
[[told]]
at = "2026-02-02T15:00"
received = "2026-02-09T12:01"
event = "ReferralReceived"
from = "police"
referral = "ref-1"
people = ["woman-1"]
"""
    assert not compared(read, TOLD + late + FIRST + SECOND)


def test_a_person_is_shown_by_the_plain_id(read: Read) -> None:
    """An NHS number is one person for all agencies, and another than the same digits as a short id."""
    nhs = '{ scheme = "nhs", value = "9990000018" }'
    text = TOLD.replace('"woman-1", pregnancy', f"{nhs}, pregnancy", 1).replace(
        '"woman-1"', '"9990000018"'
    )
    expected = (FIRST + SECOND).replace("woman-1", "9990000018")

    assert not compared(read, text + expected)


def test_what_became_of_an_alert_is_compared_too(read: Read) -> None:
    """Owner, steps and refusals; what is expected and what was found is said in the same words."""
    given = (
        '[[told]]\nat = "2026-02-03T14:01"\nevent = "AlertAssigned"\nfrom = "police"\nby = "ann"\n'
        'alert = "unreferred-incident/inc-1/woman-1"\nto = "bob"\n'
        '[[told]]\nat = "2026-02-03T14:02"\nevent = "AlertReopened"\nfrom = "police"\nby = "ann"\n'
        'alert = "unreferred-incident/inc-1/woman-1"\n'
    )
    text = TOLD.replace("2026-02-09T12:00", "2026-02-03T14:10") + given + FIRST
    right = 'owner = "bob"\nsteps = ["raised"]\nrefused = ["not-closed"]\n'
    wrong = 'owner = "cat"\nsteps = []\nrefused = []\n'

    assert [] == compared(read, text + right)
    (unmet, other) = compared(read, text + wrong)
    assert "owner cat, steps none, refused none" in unmet
    assert "differs in: owner, steps, refused" in unmet
    assert "owner bob, steps raised, refused not-closed" in other
