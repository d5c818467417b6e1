"""NHS numbers are checked by form and check digit, whoever sends them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baton.contract.errors import InvalidField
from baton.contract.persons import check_person, nhs_number_is_valid

NHS_NUMBERS = st.integers(0, 10**9 - 1).map(lambda number: f"{number:09}")


# Of the range 999 000 0000 to 999 999 9999, which is kept for tests and never issued.
@pytest.mark.parametrize("value", ["9990000018", "9990000026", "9990000034"])
def test_a_right_check_digit_is_valid(value: str) -> None:
    """Ten digits, the last by modulus 11."""
    assert nhs_number_is_valid(value)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "9990000019",
        "999 000 0018",
        " 9990000018",
        "999000001",
        "99900000180",
        "999000001X",
        "٩٩٩٠٠٠٠٠١٨",
        "²990000018",
        "0000000000",
        "9999999999",
        "9991234560",  # the check digit of its nine would be 10, so it has none
        "9991234561",
    ],
)
def test_anything_else_is_not(value: str) -> None:
    """Wrong digit, spaces, other lengths, other scripts, one digit repeated."""
    assert not nhs_number_is_valid(value)


@given(nine=NHS_NUMBERS)
def test_nine_digits_have_at_most_one_check_digit(nine: str) -> None:
    """One wrong check digit is always found."""
    assert sum(nhs_number_is_valid(f"{nine}{digit}") for digit in range(10)) <= 1


@given(nine=NHS_NUMBERS, place=st.integers(0, 8))
def test_two_neighbours_exchanged_are_found(nine: str, place: int) -> None:
    """The mistakes that people make in typing do not give another valid number."""
    for digit in range(10):
        value = f"{nine}{digit}"
        swapped = value[:place] + value[place + 1] + value[place] + value[place + 2 :]
        if swapped != value and nhs_number_is_valid(value):
            assert not nhs_number_is_valid(swapped)


def test_only_the_scheme_nhs_is_checked() -> None:
    """An agency's own ids have whatever form they have; an error does not repeat the value."""
    check_person("local", "woman-1")
    check_person("nhs", "9990000018")
    with pytest.raises(InvalidField) as caught:
        check_person("nhs", "9990000019")
    assert caught.value.reason == "nhs-number"
    assert "9990000019" not in str(caught.value)
