"""A referral about an unborn child names a sibling first: what is told of the mother is read beside him."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from baton.engine import mothers
from baton.rules import midwifery_not_told
from baton.rules.facts import AgencyInformed
from baton.rules.register import RULES
from tests.engine.driving import Driven
from tests.rules.told import CARE, DAY, HOUR, NOON, booking, by, ended, incident, referral

if TYPE_CHECKING:
    from collections.abc import Mapping

    from baton.rules.facts import ReferralReceived
    from baton.rules.rule import Rule

ONE = {midwifery_not_told.SLUG: midwifery_not_told.RULE}
ABOUT_THE_BOY = "midwifery-not-told/ref-1/boy-1"
DUE = NOON + 4 * DAY


def unborn(*people: str, event_id: str = "", about_unborn: bool = True) -> ReferralReceived:
    """A school refers an unborn child, naming these people."""
    told = referral(NOON, *people, event_id=event_id)
    return replace(by("school", told), about_unborn=about_unborn)


def informed(about: str, *people: str) -> AgencyInformed:
    """Midwifery is told of people for a referral."""
    return AgencyInformed(
        event_id=f"informed-{about}",
        occurred_at=NOON,
        received_at=NOON,
        agency=CARE,
        people=people,
        to_agency="midwifery",
        referral=about,
    )


@pytest.mark.parametrize("rules", [ONE, RULES], ids=["alone", "all"])
@pytest.mark.parametrize("is_restarted", [False, True])
@pytest.mark.parametrize(
    "received",
    [
        [unborn("boy-1", "woman-1")],
        [unborn("boy-1", event_id="a"), unborn("woman-1", event_id="b")],
        [unborn("boy-1", event_id="a", about_unborn=False), unborn("woman-1", event_id="b")],
    ],
    ids=["one-record", "two-records", "said-by-the-second"],
)
def test_her_loss_ends_the_question_about_him(
    *, received: list[ReferralReceived], is_restarted: bool, rules: Mapping[str, Rule]
) -> None:
    """It is heard at once, also by a worker that was restarted in between."""
    driven = Driven(*received, rules=rules)
    driven.advance(DUE)
    assert "raised" == driven.statuses()[ABOUT_THE_BOY]
    if is_restarted:
        driven = driven.restarted()

    driven.hear(ended(DUE + DAY))
    driven.advance(DUE + DAY)

    assert "withdrawn" == driven.statuses()[ABOUT_THE_BOY]


def test_it_is_known_although_it_was_told_before_the_referral() -> None:
    """She had booked, and the school named her son: the question is about her."""
    driven = Driven(booking(NOON - DAY), unborn("boy-1", "woman-1"), rules=ONE)

    driven.advance(DUE)

    assert {"midwifery-not-told/ref-1/woman-1": "raised"} == driven.statuses()


def test_a_referral_that_is_not_about_an_unborn_child_brings_nothing_of_others() -> None:
    """His chronology is his own."""
    driven = Driven(ended(NOON), unborn("boy-1", "woman-1", about_unborn=False), rules=RULES)
    driven.advance(DUE)

    assert driven.engine._answers["person:boy-1"].told.kept.keys() == set(
        driven.engine._index["referral:ref-1"]
    )


def test_only_her_pregnancy_is_read_beside_him() -> None:
    """Not the incidents in which she took part, nor her own referrals and what was told for these."""
    hers = (
        incident(NOON - HOUR),
        referral(NOON, "woman-1", referral="ref-2"),
        informed("ref-2", "woman-1"),
        booking(NOON - DAY),
    )
    driven = Driven(*hers, unborn("boy-1", "woman-1"), rules=RULES)
    driven.advance(DUE)

    read = {type(kept.fact).__name__ for kept in driven.engine._answers["person:boy-1"].told.kept}
    assert {"ReferralReceived", "PregnancyBooked"} == read


def test_nothing_is_read_of_strangers() -> None:
    """An incident in which he took part may be named by a referral that is about others."""
    others = replace(unborn("man-2", "woman-2"), referral="ref-2", incident="inc-1")
    his = incident(NOON - HOUR, who="boy-1")
    driven = Driven(his, others, booking(NOON - DAY, who="woman-2"), rules=RULES)
    driven.advance(DUE)

    read = {type(kept.fact).__name__ for kept in driven.engine._answers["person:boy-1"].told.kept}
    assert {"IncidentRecorded", "ReferralReceived"} == read


def test_what_is_explained_of_him_is_his() -> None:
    """What is told of her pregnancy is not shown as if it were his."""
    driven = Driven(
        unborn("boy-1", "woman-1"), booking(NOON + HOUR), ended(NOON + 2 * HOUR), rules=ONE
    )
    driven.advance(DUE)

    explained = driven.engine.explain("person:boy-1")

    assert ["ReferralReceived"] == [type(fact).__name__ for fact in explained.facts]
    assert ["not-asked"] == [finding.reason for finding in explained.findings]


@pytest.mark.parametrize("often", ["woman-1", "boy-1"])
def test_of_somebody_who_is_named_too_often_nothing_is_read(
    monkeypatch: pytest.MonkeyPatch, often: str
) -> None:
    """An agency may name everybody whom it does not know by one id: it is nobody's mother, and nobody's child."""
    monkeypatch.setattr(mothers, "MOST_BESIDE", 2)
    driven = Driven(unborn("boy-1", "woman-1"), ended(NOON + HOUR), rules=ONE)
    driven.advance(DUE)
    assert {} == driven.statuses()

    driven.hear(referral(DUE + HOUR, often, referral="ref-2"))
    driven.hear(referral(DUE + HOUR, often, referral="ref-3"))
    driven.advance(DUE + HOUR)

    # What had been read is not any more.
    assert {ABOUT_THE_BOY: "raised"} == driven.statuses()
    again = driven.restarted()
    for each in (driven, again):
        each.hear(ended(DUE + 2 * HOUR))
        each.advance(DUE + 2 * HOUR)
        assert {ABOUT_THE_BOY: "raised"} == each.statuses()
