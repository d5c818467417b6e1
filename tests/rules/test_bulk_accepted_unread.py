"""C5: cases of a block accepted together, whose files nobody read; what the scenarios leave out."""

from __future__ import annotations

from dataclasses import replace

from baton.rules.bulk_accepted_unread import RULE
from tests.rules.told import DAY, MINUTE, NOON, accepted, findings, judged, request


def test_a_transfer_in_two_blocks_is_asked_about_once() -> None:
    """Refused in a first block and offered again in a second one, it is a later move of the first as well."""
    first = [
        request(NOON, transfer=f"one-{n}", case=f"case-{n}", block="block-1") for n in range(5)
    ]
    second = [
        request(NOON + DAY, transfer=f"two-{n}", case=f"case-{n}", block="block-2")
        for n in range(5)
    ]
    said = [accepted(NOON + 2 * DAY, transfer=f"two-{n}", case=f"case-{n}") for n in range(2)]

    found = findings(RULE, "team-2", NOON + 2 * DAY, *first, *second, *said)

    assert ["case-0", "case-1"] == [each.about for each in found]
    assert {"case"} == {each.about_kind for each in found}


def test_accepted_by_nobody_knows_whom_is_not_accepted_by_the_same_team() -> None:
    """A team that was not stated, neither in the offer nor in the acceptance, is the same as no other."""
    named = [
        request(NOON, transfer=f"transfer-{n}", case=f"case-{n}", block="block-1") for n in range(3)
    ]
    nowhere = [
        request(NOON, transfer=f"transfer-{n}", case=f"case-{n}", block="block-1", to_team=None)
        for n in range(3, 5)
    ]
    said = [
        replace(accepted(NOON + DAY, transfer=f"transfer-{n}", case=f"case-{n}"), by_team=None)
        for n in range(3, 5)
    ]

    assert {} == judged(RULE, "team-2", NOON + 9 * DAY, *named, *nowhere, *said)


def test_a_row_of_acceptances_each_within_a_minute_is_one_row() -> None:
    """Who accepts a case every fifty seconds reads none of them."""
    told = [
        *(request(NOON, transfer=f"transfer-{n}", case=f"case-{n}") for n in range(5)),
        *(
            accepted(NOON + DAY + n * MINUTE, transfer=f"transfer-{n}", case=f"case-{n}")
            for n in range(5)
        ),
    ]

    assert 5 == len(findings(RULE, "team-2", NOON + DAY + 5 * MINUTE, *told))
