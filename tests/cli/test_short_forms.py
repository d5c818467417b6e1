"""What people may type of an event."""

from __future__ import annotations

from typing import Any

import pytest

from baton.cli.short_forms import ShortFormError, agency_implied, from_options, spelt_out
from baton.contract.errors import InvalidField

LOCAL = {"scheme": "local", "value": "woman-1"}


def test_a_party_is_written_with_its_role_and_pregnancy() -> None:
    """`woman-1:victim:pregnant` is a person, a role and a pregnancy; commas part the parties."""
    people = "woman-1:victim:pregnant,nhs:9434765919:child,police:p-7:alleged_perpetrator,man-1"

    fields = from_options("IncidentRecorded", ["--people", people])

    expected: list[dict[str, Any]] = [
        {"person": LOCAL, "role": "victim", "pregnancy": "pregnant"},
        {"person": {"scheme": "nhs", "value": "9434765919"}, "role": "child"},
        {"person": {"scheme": "police", "value": "p-7"}, "role": "alleged_perpetrator"},
        {"person": {"scheme": "local", "value": "man-1"}},
    ]
    assert expected == fields["people"]


def test_a_party_may_leave_a_part_empty() -> None:
    """Between two colons nothing is stated."""
    fields = from_options("IncidentRecorded", ["--people", "woman-1::pregnant:2026-08-20"])

    assert [{"person": LOCAL, "pregnancy": "pregnant", "due_date": "2026-08-20"}] == fields[
        "people"
    ]


def test_lists_come_by_commas_and_by_repetition() -> None:
    """`--items a,b --items c` is one list of three."""
    fields = from_options("HandoverRecorded", ["--items", "chronology,plan", "--items=risks"])

    assert fields == {"items": ["chronology", "plan", "risks"]}


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        (["--about-unborn"], True),
        (["--about-unborn", "yes"], True),
        (["--about_unborn=no"], False),
        (["--about-unborn", "--referral", "r-1"], True),
    ],
)
def test_a_yes_or_no_field_needs_no_value(typed: list[str], meant: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """A flag alone is yes; both spellings of a name are right."""
    assert from_options("ReferralReceived", typed)["about_unborn"] is meant


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        (["inc-1"], "every field is written as --field value"),
        (["--incident"], "--incident needs a value"),
        (["--incident", "a", "--incident", "b"], "--incident is given twice"),
        (["--children-present", "perhaps"], "--children_present must be yes or no"),
        (["--people", "woman-1:victm"], "the role of a party is one of victim,"),
        (["--people", "woman-1:victim:pregnant:2026-01-01:more"], "a party is ID:ROLE:PREGNANCY"),
    ],
)
def test_what_is_no_short_form_is_told_without_its_content(typed: list[str], told: str) -> None:
    """A mistake names the option and what it takes, never the person that was typed."""
    with pytest.raises(ShortFormError) as error:
        from_options("IncidentRecorded", typed)

    assert told in str(error.value)
    assert "woman-1" not in str(error.value)


def test_a_person_of_an_unknown_scheme_is_refused() -> None:
    """A colon in an id is not guessed at."""
    with pytest.raises(ShortFormError, match="a person is an id, nhs:NUMBER"):
        from_options("ReferralReceived", ["--people", "council:woman-1"])


def test_an_unknown_field_is_told_with_the_nearest() -> None:
    """The contract's own words say which field may be meant."""
    with pytest.raises(InvalidField, match="did you mean grade"):
        from_options("IncidentRecorded", ["--grad", "high"])


def test_json_takes_short_persons_too() -> None:
    """In JSON a person may be short, and is left alone where it is not."""
    from baton.cli.short_forms import field_types

    kinds = field_types("IncidentRecorded")
    value = ["woman-1:victim", {"person": "woman-1"}, {"person": LOCAL, "role": "child"}, 7]

    expected = [
        {"person": LOCAL, "role": "victim"},
        {"person": LOCAL},
        {"person": LOCAL, "role": "child"},
        7,
    ]
    assert expected == spelt_out(kinds["people"], value, "people")


def test_an_agency_is_implied_where_only_one_tells_a_record() -> None:
    """Midwifery books pregnancies, children's services move cases; an incident may be anybody's."""
    implied = [
        agency_implied(each)
        for each in ("PregnancyBooked", "TransferRequested", "IncidentRecorded")
    ]

    assert implied == ["midwifery", "childrens_social_care", None]
