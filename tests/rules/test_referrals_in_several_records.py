"""A referral that several agencies tell of is one: whom its records name, what they say of an unborn child."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from baton.rules import unborn_concerns_unaddressed
from baton.rules.facts import CaseOpened, MilestoneRecorded, Party
from tests.engine.driving import Driven
from tests.rules.told import (
    DAY,
    HOUR,
    NOON,
    birth,
    booking,
    by,
    ended,
    incident,
    of_case,
    referral,
)

if TYPE_CHECKING:
    from baton.rules.facts import Fact, ReferralReceived

B6 = {unborn_concerns_unaddressed.SLUG: unborn_concerns_unaddressed.RULE}
LATER = NOON + 200 * DAY


def received(
    *people: str, hours: int = 0, about_unborn: bool | None = True, inc: str | None = None
) -> ReferralReceived:
    """One of its records, so many hours after Monday noon; of nobody, where nobody is named."""
    told = by("school", referral(NOON + hours * HOUR, incident=inc))
    return replace(told, people=people, about_unborn=about_unborn)


def opened(*people: str) -> CaseOpened:
    """Children's services open an unborn child's case for it."""
    return of_case(CaseOpened, people=people, referral="ref-1", unborn=True)


def alerts(*facts: Fact) -> set[str]:
    """Say on which ids an unborn child's concerns stand unaddressed in the end."""
    driven = Driven(*facts, rules=B6)
    driven.advance(LATER)
    return {each.rpartition("/")[2] for each in driven.standing()}


def test_it_is_about_whom_the_first_record_with_names_names_first() -> None:
    """One alert, whatever the records are; one that names nobody comes first here."""
    told = (received(), received("boy-1", "woman-1", hours=1), received("woman-1", hours=2))

    assert {"boy-1"} == alerts(*told)


def test_whose_pregnancy_ended_may_be_named_by_any_record() -> None:
    """Without a case, and with one that names nobody."""
    told = (received("boy-1"), received("woman-1", hours=1), ended(NOON + DAY))

    assert set() == alerts(*told)
    assert set() == alerts(*told, opened())


def test_of_two_named_the_one_who_is_known_to_expect_a_child_counts() -> None:
    """Booked, or stated pregnant in the incident of the referral: another's loss does not end it."""
    told = (
        received("boy-1", "woman-1", "sister-1", inc="inc-1"),
        ended(NOON + DAY, who="sister-1"),
    )

    assert set() == alerts(*told)
    assert {"boy-1"} == alerts(*told, booking(NOON - DAY))
    assert {"boy-1"} == alerts(*told, incident(NOON - HOUR))
    assert set() == alerts(*told, incident(NOON - HOUR, who="sister-1"))


def test_of_two_stated_pregnant_one_loss_is_not_the_others() -> None:
    """Nobody had booked, and the police know of both. What was over before the referral is of another child."""
    both = incident(
        NOON - DAY,
        people=tuple(Party(person=x, pregnancy="pregnant") for x in ("woman-1", "sister-1")),
    )
    told = (both, received("boy-1", "woman-1", "sister-1", inc="inc-1"))
    lost = ended(NOON + DAY, who="sister-1")

    assert {"boy-1"} == alerts(*told, lost)
    assert set() == alerts(*told, lost, ended(NOON + 2 * DAY))
    assert set() == alerts(*told, lost, birth(NOON - HOUR))


def test_a_case_that_names_the_boy_alone_goes_by_the_referral() -> None:
    """Whom the referral names besides counts for what became of the unborn child."""
    told = (received("boy-1", "woman-1"), booking(NOON - DAY), opened("boy-1"))

    assert {"case-1"} == alerts(*told)
    assert set() == alerts(*told, ended(NOON + DAY))


def test_what_is_told_of_another_child_answers_nothing() -> None:
    """The mother is known, and her sister, who is not, has an assessment and gives birth."""
    told = (received("woman-1", "sister-1"), booking(NOON - DAY), opened("woman-1", "sister-1"))
    assessed = MilestoneRecorded(
        event_id="assessed",
        occurred_at=NOON + HOUR,
        received_at=NOON + HOUR,
        agency="midwifery",
        person="sister-1",
        milestone="assessment",
    )

    alone = Driven(*told, rules=B6)
    alone.advance(LATER)
    with_hers = Driven(*told, assessed, birth(NOON + DAY, who="sister-1"), rules=B6)
    with_hers.advance(LATER)

    assert 1 == len(alone.standing())
    assert alone.log == with_hers.log


def test_a_case_that_names_both_goes_by_who_is_known_too() -> None:
    """The sister's loss does not end what is asked of the mother's case."""
    told = (
        received("woman-1", "sister-1", inc="inc-1"),
        opened("woman-1", "sister-1"),
        ended(NOON + DAY, who="sister-1"),
    )

    assert set() == alerts(*told)
    assert {"case-1"} == alerts(*told, incident(NOON - HOUR))


def test_what_a_record_denies_its_case_does_not_say() -> None:
    """A case is about an unborn child by its own word only where no record of its referral says anything of one."""
    assert set() == alerts(received("woman-1", about_unborn=False), opened("woman-1"))
    assert {"case-1"} == alerts(received("woman-1", about_unborn=None), opened("woman-1"))
    assert {"case-1"} == alerts(
        received("woman-1", about_unborn=False), received("woman-1", hours=1), opened("woman-1")
    )
