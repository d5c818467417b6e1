"""Fields are checked strictly, errors name the field, and no error repeats what it held."""

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from baton.contract import codec
from baton.contract.errors import REASONS, InvalidEvent, InvalidField, UnknownRecord

NOON = datetime(2015, 3, 2, 12, tzinfo=UTC)
WOMAN = {"scheme": "local", "value": "woman-1"}
SECRET = "Zebedee"  # noqa: S105 - stands for content; if an error repeats it, that is the failure


def incident(**fields: object) -> dict[str, Any]:
    """Give an incident with its required fields, and others."""
    required = {"event_id": "e-1", "occurred_at": NOON, "agency": "police", "incident": "inc-1"}
    return required | fields


def refusal(name: str, fields: Any) -> InvalidField:
    """Give the error with which `complete` and `encode` alike refuse the fields."""
    with pytest.raises(InvalidField) as completing:
        codec.complete(name, fields)
    with pytest.raises(InvalidField) as encoding:
        codec.encode(name, fields)
    assert str(completing.value) == str(encoding.value)
    return completing.value


def test_what_is_left_out_takes_its_default() -> None:
    """Null, empty, `local`, and `other` for a person's part."""
    told = codec.complete("IncidentRecorded", incident(people=[{"person": WOMAN}]))

    assert told == incident(
        recorded_at=None,
        authority="local",
        source_record=None,
        people=[{"person": WOMAN, "role": "other", "pregnancy": None, "due_date": None}],
        grade=None,
        children_present=None,
    )


def test_an_update_leaves_a_person_s_part_as_it_was() -> None:
    """In an update everything not stated is null, the part too: null means no change."""
    told = codec.complete("IncidentUpdated", incident(people=[{"person": WOMAN}]))

    assert told["people"][0]["role"] is None


def test_defaults_are_not_shared() -> None:
    """Changing one event's list changes no other's."""
    codec.complete("IncidentRecorded", incident())["people"].append("changed")

    assert codec.complete("IncidentRecorded", incident())["people"] == []


@pytest.mark.parametrize(
    ("fields", "path", "reason"),
    [
        ({"incident": None}, "incident", "wrong-type"),
        ({"incident": 7}, "incident", "wrong-type"),
        ({"incident": ""}, "incident", "empty"),
        ({"incident": "\ud800"}, "incident", "bad-text"),
        ({"incident": SECRET * 100}, "incident", "too-long"),
        ({"agency": SECRET}, "agency", "unknown-code"),
        ({"agency": ["police"]}, "agency", "wrong-type"),
        ({"occurred_at": NOON.replace(tzinfo=None)}, "occurred_at", "naive-time"),
        ({"occurred_at": "2015-03-02T12:00:00Z"}, "occurred_at", "wrong-type"),
        ({"occurred_at": 0}, "occurred_at", "wrong-type"),
        ({"occurred_at": date(2015, 3, 2)}, "occurred_at", "wrong-type"),
        ({"occurred_at": NOON.replace(year=1815)}, "occurred_at", "out-of-range"),
        ({"occurred_at": datetime.max.replace(tzinfo=UTC)}, "occurred_at", "out-of-range"),
        (
            {"occurred_at": datetime.min.replace(tzinfo=timezone(timedelta(hours=1)))},
            "occurred_at",
            "out-of-range",
        ),
        ({"children_present": 1}, "children_present", "wrong-type"),
        ({"people": SECRET}, "people", "wrong-type"),
        ({"people": {"person": WOMAN}}, "people", "wrong-type"),
        ({"people": [{"person": WOMAN}] * 501}, "people", "too-many"),
        ({"people": [{"person": WOMAN}, SECRET]}, "people[1]", "wrong-type"),
        ({"people": [{}]}, "people[0].person", "missing-field"),
        ({"people": [{"person": SECRET}]}, "people[0].person", "wrong-type"),
        (
            {"people": [{"person": WOMAN}, {"person": WOMAN, "role": SECRET}]},
            "people[1].role",
            "unknown-code",
        ),
        (
            {"people": [{"person": WOMAN, "due_date": NOON}]},
            "people[0].due_date",
            "wrong-type",
        ),
        (
            {"people": [{"person": WOMAN, "due_date": date(3015, 8, 20)}]},
            "people[0].due_date",
            "out-of-range",
        ),
        ({"people": [{"person": WOMAN, "rol": "victim"}]}, "people[0].rol", "unknown-field"),
        ({"peple": []}, "peple", "unknown-field"),
        (
            {"people": [{"person": {"scheme": "nhs", "value": "9990000019"}}]},
            "people[0].person.value",
            "nhs-number",
        ),
    ],
)
def test_a_wrong_field_is_refused_by_name(fields: Any, path: str, reason: str) -> None:
    """The error has the path of the field and a reason of the closed list."""
    error = refusal("IncidentRecorded", incident(**fields))

    assert (error.path, error.reason) == (path, reason)
    assert str(error).startswith(f"{reason}: {path}: ")
    assert SECRET not in str(error)
    assert "9990000019" not in str(error)


@pytest.mark.parametrize("field", ["event_id", "occurred_at", "agency", "incident"])
def test_a_required_field_is_required(field: str) -> None:
    """What identifies an event, and when, and whose it is, has no default."""
    fields = incident()
    del fields[field]
    error = refusal("IncidentRecorded", fields)

    assert (error.path, error.reason) == (field, "missing-field")


def test_a_misspelt_field_is_told_its_likely_name() -> None:
    """An error says what to do."""
    assert "did you mean people?" in refusal("IncidentRecorded", incident(peple=[])).detail


@pytest.mark.parametrize("name", [f"{SECRET} was seen in the street", 7, None, "ä"])
def test_a_name_that_is_content_is_not_repeated(name: object) -> None:
    """An unknown field's name is repeated only if it looks like one."""
    error = refusal("IncidentRecorded", {**incident(), name: "x"})

    assert error.reason == "unknown-field"
    assert str(name) not in error.detail


def test_a_code_that_avro_cannot_list_is_held_to_its_list() -> None:
    """Census codes begin with a digit, so they are text with a closed list."""
    fields = {**incident(), "referral": "ref-1"}
    del fields["incident"]

    assert codec.complete("ReferralReceived", fields | {"source": "1A", "concerns": ["3A"]})
    wrong = refusal("ReferralReceived", fields | {"concerns": ["3A", SECRET]})
    assert (wrong.path, wrong.reason) == ("concerns[1]", "unknown-code")
    assert refusal("ReferralReceived", fields | {"source": "1Z"}).path == "source"


def test_numbers_are_held_to_their_range() -> None:
    """A count is not negative, a number is not a boolean."""
    fields = {**incident(), "case": "case-1"}
    del fields["incident"]

    assert codec.complete("PlacementStarted", fields | {"carer_other_children": 2})
    for wrong, reason in ((-1, "out-of-range"), (True, "wrong-type"), (2.0, "wrong-type")):
        error = refusal("PlacementStarted", fields | {"carer_other_children": wrong})
        assert (error.path, error.reason) == ("carer_other_children", reason)


def test_a_narrative_is_refused_without_being_repeated() -> None:
    """A megabyte of text in a field gives an error of one line."""
    error = refusal("IncidentRecorded", incident(source_record=SECRET * 150_000))

    assert error.detail == "source_record: has 1050000 characters; at most 200 are allowed"


def test_times_become_utc_and_whole_milliseconds() -> None:
    """The same moment, as Avro can hold it."""
    summer = timezone(timedelta(hours=1))
    told = codec.complete(
        "IncidentRecorded",
        incident(occurred_at=datetime(2015, 7, 2, 1, 0, 0, 1999, tzinfo=summer)),
    )

    assert told["occurred_at"] == datetime(2015, 7, 2, 0, 0, 0, 1000, tzinfo=UTC)
    assert told["occurred_at"].tzinfo is UTC


@pytest.mark.parametrize("name", ["IncidentRecordet", "", "baton.IncidentRecorded", None, 7])
def test_an_unknown_record_is_refused(name: Any) -> None:
    """Every function that takes a record's name says when there is none."""
    for function in (codec.complete, codec.encode, codec.from_json, codec.to_json):
        with pytest.raises(UnknownRecord):
            function(name, {})
    with pytest.raises(UnknownRecord):
        codec.schema(name)
    with pytest.raises(UnknownRecord):
        codec.versions(name)


def test_an_unknown_record_is_told_its_likely_name() -> None:
    """An error says what to do."""
    with pytest.raises(UnknownRecord, match="did you mean IncidentRecorded"):
        codec.complete("IncidentRecordet", {})


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("occurred_at", "2015-03-02T21:40:00", "naive-time"),
        ("occurred_at", "2015-02-30T21:40:00Z", "bad-time"),
        ("occurred_at", "2015-03-02T25:40:00Z", "bad-time"),
        ("occurred_at", "2015-03-02T21:40:00+99:00", "bad-time"),
        ("occurred_at", "yesterday", "bad-time"),
        ("occurred_at", "20150302T214000Z", "bad-time"),
        ("occurred_at", 1425332400000, "wrong-type"),
        ("incident", 7, "wrong-type"),
        ("incident", ["inc-1"], "wrong-type"),
        ("people", "woman-1", "wrong-type"),
        ("children_present", "yes", "wrong-type"),
    ],
)
def test_json_is_checked_too(field: str, value: object, reason: str) -> None:
    """What JSON cannot say for itself is checked where it is read."""
    fields = incident(occurred_at="2015-03-02T21:40:00Z") | {field: value}
    with pytest.raises(InvalidField) as caught:
        codec.from_json("IncidentRecorded", fields)

    assert (caught.value.path, caught.value.reason) == (field, reason)


@pytest.mark.parametrize(
    ("value", "reason"),
    [("2015-02-30", "bad-date"), ("20/08/2015", "bad-date"), ("2015-W33-4", "bad-date")],
)
def test_dates_in_json_are_named_by_their_path(value: str, reason: str) -> None:
    """An impossible date within a list has the path to it."""
    people = [{"person": WOMAN, "due_date": value}]
    fields = incident(occurred_at="2015-03-02T21:40:00Z", people=people)
    with pytest.raises(InvalidField) as caught:
        codec.from_json("IncidentRecorded", fields)

    assert (caught.value.path, caught.value.reason) == ("people[0].due_date", reason)


@pytest.mark.parametrize("text", ["not base64!", "YQ", "ä", "a\nb="])
def test_bytes_in_json_are_base64(text: str) -> None:
    """Anything else is refused."""
    fact = codec.examples("FactHeard")[0] | {"event": text}
    with pytest.raises(InvalidField) as caught:
        codec.from_json("FactHeard", fact)

    assert (caught.value.path, caught.value.reason) == ("event", "bad-text")


ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.binary(max_size=5)
    | st.dates()
    | st.datetimes(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["person", "role", "scheme", "value"]), inner)
    ),
    max_leaves=5,
)


@settings(deadline=None)
@given(
    name=st.sampled_from(codec.record_names()),
    data=st.data(),
)
def test_any_value_of_a_field_gives_a_record_or_invalid_event(
    name: str, data: st.DataObject
) -> None:
    """Nothing but InvalidEvent leaves `encode` and `from_json`; what is written can be read."""
    fields = codec.from_json(name, codec.examples(name)[0])
    if fields:
        fields[data.draw(st.sampled_from(sorted(fields)))] = data.draw(ANYTHING)
    for make in (codec.complete, codec.from_json):
        try:
            whole = make(name, fields)
        except InvalidEvent as error:
            assert error.reason in REASONS  # noqa: PT017 - any InvalidEvent is right
        else:
            assert codec.decode(codec.encode(name, whole)) == (name, whole)


def test_a_reason_outside_the_closed_list_cannot_be_made() -> None:
    """A new reason is added to the list before it is used."""
    with pytest.raises(LookupError):
        InvalidEvent("made-up", "x")
