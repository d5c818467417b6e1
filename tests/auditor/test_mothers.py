"""A9 by rule and by SQL: who the mother is behind a sibling's name, who answers for her, and whose loss ends it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from baton.auditor import compare, expected_alerts
from tests.auditor.families import Families, named
from tests.auditor.test_oracle import TEXT, log, said

Line = tuple[str, str, dict[str, Any]]


def referred(*people: str, at: str = "02T12:00", **fields: Any) -> Line:
    """A school refers an unborn child, naming these people."""
    fields = {"agency": "school", "about_unborn": True, **fields}
    return line("ReferralReceived", at, *people, referral="ref-1", **fields)


def booked(person: str, at: str = "01T12:00") -> Line:
    """A woman books; her child is due in June."""
    return hers("PregnancyBooked", person, at, due_date="2026-06-05")


def hers(record: str, person: str, at: str, **fields: Any) -> Line:
    """Midwifery tells of her pregnancy."""
    return moment(at), record, {"person": named(person), "agency": "midwifery", **fields}


def informed(*people: str, day: str = "02", **fields: Any) -> list[Line]:
    """Midwifery is told in the hour after the referral, or a later day's, and says so an hour later."""
    told = {"to_agency": "midwifery", "agency": "childrens_social_care", **fields}
    return [
        line("AgencyInformed", f"{day}T13:00", *people, **told),
        line("InformationAcknowledged", f"{day}T14:00", *people, agency="midwifery", **fields),
    ]


def stated(person: str, pregnancy: str = "pregnant") -> Line:
    """The police record an incident an hour before the referral."""
    party = {"person": named(person), "role": "victim", "pregnancy": pregnancy}
    return moment("02T11:00"), "IncidentRecorded", {"incident": "inc-1", "people": [party]}


def line(record: str, at: str, *people: str, **fields: Any) -> Line:
    """Return something that names these people."""
    return moment(at), record, {"people": [named(each) for each in people], **fields}


def moment(at: str) -> str:
    """Return a moment of March."""
    return f"2026-03-{at}:00Z"


BOY, WOMAN, SISTER = "boy-1", "woman-1", "sister-1"
BOTH = referred(BOY, WOMAN)

CASES: dict[str, tuple[list[Line], set[str]]] = {
    "she-had-booked": ([booked(WOMAN), BOTH], {WOMAN}),
    "the-police-know-it": ([stated(WOMAN), referred(BOY, WOMAN, incident="inc-1")], {WOMAN}),
    "stated-of-an-earlier-child": (
        [
            stated(WOMAN),
            hers("BirthRecorded", WOMAN, "02T11:30"),
            referred(BOY, WOMAN, incident="inc-1"),
        ],
        {BOY},
    ),
    "of-another-incident": ([stated(WOMAN), referred(BOY, WOMAN, incident="inc-9")], {BOY}),
    "nobody-knows": ([BOTH], {BOY}),
    "she-books-afterwards": ([BOTH, booked(WOMAN, "04T12:00")], {BOY}),
    "another-had-booked-and-she-books-afterwards": (
        [booked(SISTER), referred(BOY, WOMAN, SISTER), booked(WOMAN, "04T12:00")],
        {WOMAN, SISTER},
    ),
    "another-had-booked": ([booked(SISTER), referred(WOMAN, SISTER)], {SISTER}),
    "told-of-her-whoever-she-is": ([BOTH, *informed(WOMAN)], set()),
    "told-of-the-referral": ([booked(WOMAN), BOTH, *informed(referral="ref-1")], set()),
    "told-of-her-for-another-referral": ([BOTH, *informed(WOMAN, referral="ref-9")], {BOY}),
    "told-of-the-boy-alone": ([booked(WOMAN), BOTH, *informed(BOY)], {WOMAN}),
    "told-of-another-expecting": (
        [booked(WOMAN), booked(SISTER), referred(BOY, WOMAN, SISTER), *informed(SISTER)],
        {WOMAN},
    ),
    "hers-ended": ([booked(WOMAN), BOTH, hers("PregnancyEnded", WOMAN, "05T12:00")], set()),
    "ended-whoever-she-is": ([BOTH, hers("PregnancyEnded", WOMAN, "05T12:00")], set()),
    "of-one-not-named": ([BOTH, hers("PregnancyEnded", SISTER, "05T12:00")], {BOY}),
    "another-womans-ended": (
        [
            booked(WOMAN),
            booked(SISTER),
            referred(BOY, WOMAN, SISTER),
            hers("PregnancyEnded", SISTER, "05T12:00"),
        ],
        {WOMAN},
    ),
    "both-ended-and-she-was-answered-for-in-between": (
        [
            referred(BOY, WOMAN, SISTER),
            hers("PregnancyEnded", SISTER, "02T12:30"),
            *informed(WOMAN),
            hers("PregnancyEnded", WOMAN, "05T12:00"),
        ],
        set(),
    ),
    "answered-late-between-two-losses": (
        [
            referred(BOY, WOMAN, SISTER),
            hers("PregnancyEnded", SISTER, "04T12:00"),
            *informed(WOMAN, day="05"),
            hers("PregnancyEnded", WOMAN, "06T12:00"),
        ],
        {BOY},
    ),
    "names-nobody-and-two-incidents": (
        [
            stated(WOMAN, "not_pregnant"),
            referred(incident="inc-9"),
            referred(at="02T13:00", incident="inc-1"),
        ],
        {WOMAN},
    ),
    "another-womans-ended-and-hers-goes-on": (
        [
            referred(BOY, WOMAN, SISTER),
            booked(WOMAN, "04T12:00"),
            hers("PregnancyEnded", SISTER, "05T12:00"),
        ],
        {BOY},
    ),
    "the-child-was-born-before": (
        [
            BOTH,
            hers("BirthRecorded", WOMAN, "04T12:00"),
            hers("PregnancyEnded", WOMAN, "05T12:00"),
        ],
        {BOY},
    ),
    "told-in-two-records": (
        [booked(WOMAN), referred(BOY), referred(WOMAN, at="02T13:00")],
        {WOMAN},
    ),
    "told-in-two-records-the-other-way-round": (
        [booked(WOMAN), referred(WOMAN), referred(BOY, at="02T13:00")],
        {WOMAN},
    ),
    "said-to-be-about-an-unborn-child-by-the-second": (
        [
            booked(WOMAN),
            referred(BOY, about_unborn=None),
            referred(WOMAN, at="02T13:00"),
            hers("PregnancyEnded", WOMAN, "05T12:00"),
        ],
        set(),
    ),
    "midwifery-referred-too": ([BOTH, referred(WOMAN, at="04T12:00", agency="midwifery")], set()),
    "not-about-an-unborn-child": ([booked(WOMAN), referred(BOY, WOMAN, about_unborn=False)], set()),
}


@pytest.mark.parametrize(("told", "about"), CASES.values(), ids=CASES)
def test_both_say_the_same_of_who_the_mother_is(told: list[Line], about: set[str]) -> None:
    """A referral may name a sibling first: the question is about the mother, as far as she is known."""
    later = line("IncidentUpdated", "20T12:00", incident="inc-2")
    lines = log(*sorted([*told, later], key=lambda each: each[0]))
    found = expected_alerts(map(json.loads, lines), TEXT)

    standing = (each for each in found if each.rule == "midwifery-not-told")
    assert {f"local:{each}" for each in about} == {
        each.about for each in standing if each.status != "withdrawn"
    }
    assert compare(found, said(lines)).differences == ()


@pytest.mark.parametrize("seed", range(3))
def test_both_say_the_same_of_families_at_random(seed: int) -> None:
    """Whatever is told, in whatever order: the same alerts, about the same persons, to the second."""
    lines = Families(seed, 250).lines()

    found = compare(expected_alerts(map(json.loads, lines), TEXT), said(lines))

    assert found.expected > 150
    assert found.differences == ()
