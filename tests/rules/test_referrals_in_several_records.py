"""A referral that several agencies tell of is one: whom its records name, what they say of an unborn child."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from baton.rules import (
    family_not_contacted,
    moved_area_without_transfer_in,
    unborn_concerns_unaddressed,
)
from baton.rules.facts import AddressChanged, CaseClosed, CaseOpened
from tests.engine.driving import Driven
from tests.rules.told import CARE, DAY, HOUR, NOON, booking, by, ended, findings, incident, referral

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


def opened(
    *people: str, days: float = 0, ref: str | None = "ref-1", unborn: bool = True
) -> CaseOpened:
    """Children's services open a case for it."""
    at = NOON + days * DAY
    fields: dict[str, Any] = {"people": people, "referral": ref, "unborn": unborn}
    return CaseOpened(
        event_id=f"opened-{days}",
        occurred_at=at,
        received_at=at,
        agency=CARE,
        case="case-1",
        **fields,
    )


def closed(days: float) -> CaseClosed:
    """They close it."""
    at = NOON + days * DAY
    return CaseClosed(
        event_id=f"closed-{days}", occurred_at=at, received_at=at, agency=CARE, case="case-1"
    )


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


def test_a_case_that_is_opened_again_for_it_is_another_question() -> None:
    """Called by its day, and twice on one day by its moment: none unsays what the other says."""
    again = [opened(days=3), closed(3.1), opened(days=3.2), closed(3.3), opened(days=3.4)]

    found = findings(family_not_contacted.RULE, "case-1", LATER, opened(), closed(1), *again)

    moment = (NOON + 3.4 * DAY).replace(tzinfo=None).isoformat()
    assert ["ref-1", "2015-03-05", (NOON + 3.2 * DAY).isoformat()[:19] + "Z", f"{moment}Z"] == [
        each.alert_id.split("/")[1] for each in found
    ]


def moved(event_id: str, to_authority: str | None) -> AddressChanged:
    """The family of the case moves on the second day."""
    at = NOON + DAY
    return AddressChanged(
        event_id=event_id,
        occurred_at=at,
        received_at=at,
        agency="housing",
        case="case-1",
        to_authority=to_authority,
    )


def test_two_records_of_one_move_are_one_question() -> None:
    """To where one of them states, whichever comes first."""
    there, unstated = moved("a", "north"), moved("b", None)
    for told in ((there, unstated), (moved("b", "north"), moved("a", None))):
        (found,) = findings(
            moved_area_without_transfer_in.RULE, "case-1", LATER, opened("woman-1"), *told
        )
        assert ("overdue", "north") == (found.reason, getattr(found.trigger[0], "to_authority", ""))
