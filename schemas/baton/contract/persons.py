"""What an identifier of a person must look like. No lookup, no names: form only."""

from typing import Final

from baton.contract.errors import InvalidField

NHS: Final = "nhs"
"""The scheme of NHS numbers."""

_NHS_DIGITS: Final = 10
_MODULUS: Final = 11


def nhs_number_is_valid(value: str) -> bool:
    """Say whether `value` is ten digits whose last is the modulus-11 check digit of the first nine.

    Spaces are refused, so that one number has one form. So are ten equal digits: they pass the
    check, and are what people type to get past a form, which would make one person of many.
    """
    if len(value) != _NHS_DIGITS or not (value.isascii() and value.isdigit()):
        return False
    if len(set(value)) == 1:
        return False
    weighted = sum(int(digit) * (_NHS_DIGITS - place) for place, digit in enumerate(value[:-1]))
    # A remainder that calls for 10 has no check digit: such numbers are never issued, and match
    # none here.
    return (_MODULUS - weighted % _MODULUS) % _MODULUS == int(value[-1])


def check_person(scheme: str, value: str) -> None:
    """Raise InvalidField, reason `nhs-number`, for the scheme `nhs` and what is no NHS number."""
    if scheme == NHS and not nhs_number_is_valid(value):
        raise InvalidField(
            "nhs-number",
            "not an NHS number: ten digits without spaces, the last a check digit",
            path="value",
        )
