"""An id that is shown in alerts as it is cannot be a name, an address or an NHS number."""

from __future__ import annotations

import pytest

from baton.contract.errors import InvalidField
from baton.contract.pointers import check_pointers


@pytest.mark.parametrize("value", ["inc-1", "2026/00017:b", "CASE_9", "local", "123456789"])
def test_a_pointer_may_be(value: str) -> None:
    """Agencies number as they like."""
    check_pointers({"incident": value, "case": None, "level": "as the area's document has it"})


@pytest.mark.parametrize("name", ["by", "second_by", "to", "worker"])
@pytest.mark.parametrize("value", ["someone@agency.example", "Jane Smith", "9434765919"])
def test_the_key_of_somebody_who_acts_is_no_name(name: str, value: str) -> None:
    """Nor an e-mail address, which is one: it would stand in alerts and in the audit."""
    check_pointers({name: "operator-1"})

    with pytest.raises(InvalidField) as refused:
        check_pointers({name: value})

    assert name == refused.value.path
    assert value not in str(refused.value)


def test_an_agency_numbers_its_records_as_it_likes() -> None:
    """An id of a record may hold what an address has."""
    check_pointers({"event_id": "17@records", "incident": "17@records"})


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("Jane Smith", "bad-text"),
        ("1,High", "bad-text"),
        ("a\tb", "bad-text"),
        ("9434765919", "nhs-number"),
    ],
)
def test_a_pointer_may_not_be(value: str, reason: str) -> None:
    """The error names the field and does not repeat what it held."""
    with pytest.raises(InvalidField) as refused:
        check_pointers({"incident": value})

    assert (reason, "incident") == (refused.value.reason, refused.value.path)
    assert value not in str(refused.value)
