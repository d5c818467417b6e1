"""The schemas say what they mean, are complete, and agree with one another."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from baton.contract import codec, topics

# The records of the specification, by topic; the pipeline's own last.
SPECIFIED = {
    "domestic-incidents": "IncidentRecorded IncidentUpdated IncidentClosed NotificationSent",
    "referrals": "NotificationRecorded ReferralReceived NotificationTriaged ReferralDecided "
    "FeedbackGiven FeedbackAcknowledged EscalationRaised ReferrerObjected ObjectionAnswered "
    "AgencyInformed InformationAcknowledged",
    "case-transfers": "TransferRequested TransferAccepted TransferRejected TransferWithdrawn "
    "HandoverRecorded OpenItemClosed FileRead AddressChanged TransferInRequested "
    "TransferInConferenceHeld",
    "case-activity": "CaseOpened WorkerAllocated WorkerEnded WorkerLeft WorkerAbsent TeamClosed "
    "ContactMade NonEngagementReviewed VisitAttempted VisitCompleted AssessmentStarted "
    "AssessmentAuthorised AgencyCheckReturned HouseholdRecorded SupervisionRecorded "
    "ConcernResolved CaseClosed CaseReopened PlanStarted PlanChanged PlanOffered PlanDeclined "
    "PlanStepHeld PlacementStarted CarerCapacityReviewed PlacementVisited PlacementEnded",
    "maternity": "PregnancyBooked DueDateRevised MilestoneRecorded BirthRecorded PregnancyEnded",
    "source-heartbeats": "SourceHeartbeat",
    "alert-actions": "AlertAcknowledged AlertAssigned AlertNoted AlertClosed AlertReopened "
    "AlertsSilenced SilenceEnded AlertTold AccessRecorded",
}
EVENTS = {name: topic for topic, names in SPECIFIED.items() for name in names.split()}
OWN = {"Tick", "TickForwarded", "FactHeard", "Alert", "AuditEntry", "TellingNoted"}
ENVELOPE = ["event_id", "occurred_at", "recorded_at", "agency", "authority", "source_record"]
# Beside the envelope's event_id, occurred_at and agency.
REQUIRED = {
    "IncidentRecorded": "incident",
    "IncidentUpdated": "incident",
    "IncidentClosed": "incident",
    "NotificationSent": "notification incident",
    "NotificationRecorded": "notification",
    "NotificationTriaged": "notification",
    "OpenItemClosed": "case item",
    "WorkerAllocated": "case worker",
    "WorkerEnded": "case worker",
    "WorkerLeft": "worker",
    "WorkerAbsent": "worker",
    "TeamClosed": "team",
    "AssessmentStarted": "case assessment",
    "AssessmentAuthorised": "case assessment",
    "CarerCapacityReviewed": "carer",
    "PregnancyBooked": "person due_date",
    "DueDateRevised": "person due_date",
    "SourceHeartbeat": "complete_to",
    "AlertAcknowledged": "alert by",
    "AlertAssigned": "alert to by",
    "AlertNoted": "alert by",
    "AlertClosed": "alert outcome by",
    "AlertReopened": "alert by",
    "AlertsSilenced": "matcher until why by",
    "SilenceEnded": "silence by",
    "AlertTold": "alert step role by outcome",
    "AccessRecorded": "by what",
}
NOTHING_REQUIRED = {
    "EscalationRaised",
    "AgencyInformed",
    "InformationAcknowledged",
    "AddressChanged",
    "TransferInRequested",
    "TransferInConferenceHeld",
}
VERSIONS = [version for name in codec.record_names() for version in codec.versions(name)]


def nodes(node: object) -> Iterator[dict[str, Any]]:
    """Give every object within a schema."""
    if isinstance(node, dict):
        yield node
        for value in node.values():
            yield from nodes(value)
    elif isinstance(node, list):
        for item in node:
            yield from nodes(item)


def named_types(raw: object) -> Iterator[dict[str, Any]]:
    """Give every record and enum that a schema defines."""
    return (node for node in nodes(raw) if node.get("type") in ("record", "enum"))


def required(name: str) -> list[str]:
    """Give the fields of a record that have no default."""
    return [field["name"] for field in codec.schema(name)["fields"] if "default" not in field]


def test_every_record_of_the_specification_is_there() -> None:
    """The contract has the specified records and the pipeline's own, and no others."""
    assert set(codec.record_names()) == set(EVENTS) | OWN


@pytest.mark.parametrize(("name", "topic"), EVENTS.items())
def test_a_record_is_told_on_the_topic_of_the_specification(name: str, topic: str) -> None:
    """Each event record belongs to exactly one source topic."""
    assert topics.topic_of(name) == topic
    assert [one.name for one in topics.SOURCE_TOPICS if name in one.records] == [topic]


@pytest.mark.parametrize("version", VERSIONS, ids=lambda version: version.file)
def test_everything_says_what_it_means(version: Any) -> None:
    """Every record, enum and field has a doc that is a sentence."""
    silent = [
        node["name"]
        for node in nodes(json.loads(version.text))
        if "name" in node and not str(node.get("doc", "")).endswith((".", ")"))
    ]

    assert silent == []


@pytest.mark.parametrize("version", VERSIONS, ids=lambda version: version.file)
def test_times_and_counts_say_their_unit(version: Any) -> None:
    """A field with a time says milliseconds, one with a date says that it is a calendar date."""
    for node in nodes(json.loads(version.text)):
        text = json.dumps(node.get("type"))
        if "name" in node and "timestamp-millis" in text and "fields" not in text:
            assert "UTC" in node["doc"], node["name"]
        if "name" in node and '"date"' in text and "fields" not in text:
            assert "calendar date" in node["doc"], node["name"]


@pytest.mark.parametrize("version", VERSIONS, ids=lambda version: version.file)
def test_a_file_is_named_after_its_record_and_version(version: Any) -> None:
    """IncidentRecorded, version 1, lies in incident-recorded.v1.avsc, in the namespace baton."""
    kebab = "".join(f"-{c.lower()}" if c.isupper() else c for c in version.name).lstrip("-")

    assert version.file == f"{kebab}.v{version.number}.avsc"
    assert version.raw["namespace"] == "baton"


@pytest.mark.parametrize("name", EVENTS)
def test_every_event_starts_with_the_envelope(name: str) -> None:
    """The first fields of an event say which, when, who says it and where; the same for all."""
    first = codec.schema("IncidentRecorded")["fields"][: len(ENVELOPE)]
    fields = codec.schema(name)["fields"]

    assert [field["name"] for field in fields[: len(ENVELOPE)]] == ENVELOPE
    assert fields[: len(ENVELOPE)] == first


@pytest.mark.parametrize("name", EVENTS)
def test_only_what_identifies_is_required(name: str) -> None:
    """Beside the envelope's three, an event requires its subjects' ids; all else has a default."""
    subjects = {"case-transfers": "transfer case", "case-activity": "case"}
    otherwise = {"referrals": "referral", "maternity": "person"} | subjects
    own = "" if name in NOTHING_REQUIRED else REQUIRED.get(name) or otherwise[EVENTS[name]]

    assert required(name) == ["event_id", "occurred_at", "agency", *own.split()]


@pytest.mark.parametrize("version", VERSIONS, ids=lambda version: version.file)
def test_what_is_not_required_is_null_or_empty_or_local(version: Any) -> None:
    """A default states nothing: null, empty, `local`, `other` for a part, `none` for a plan."""
    for node in nodes(json.loads(version.text)):
        if "default" in node and node.get("type") != "enum":
            allowed = {"authority": "local", "role": "other", "plan": "none"}
            assert node["default"] in (None, [], allowed.get(node["name"])), node["name"]


def test_a_type_means_the_same_wherever_it_is_used() -> None:
    """The newest schemas define a named type, such as Agency, alike."""
    found: dict[str, dict[str, Any]] = {}
    for name in codec.record_names():
        for node in named_types(dict(codec.schema(name))):
            # Types within are defined where first mentioned, so of fields only names are compared.
            plain = {key: value for key, value in node.items() if key != "fields"}
            plain["fields"] = [field["name"] for field in node.get("fields", [])]
            assert found.setdefault(node["name"], plain) == plain, node["name"]


@pytest.mark.parametrize("name", codec.record_names())
def test_every_record_has_an_example(name: str) -> None:
    """A record has an example with every field, and one with the required fields only."""
    full, *minimal = codec.examples(name)

    assert list(full) == [field["name"] for field in codec.schema(name)["fields"]]
    if name in EVENTS:
        assert len(minimal) == 1
        assert set(minimal[0]) >= set(required(name))


def test_examples_are_invented() -> None:
    """Persons in examples have short invented ids, or NHS numbers of the range for tests."""
    for name in codec.record_names():
        for example in codec.examples(name):
            for node in nodes(example):
                if node.get("scheme") == "nhs":
                    assert node["value"].startswith("999")
                elif "scheme" in node:
                    assert node["value"].split("-")[0] in ("woman", "man", "child", "carer")


def test_the_example_of_a_fact_holds_an_event() -> None:
    """The event within a fact is a message of the contract itself."""
    fact = codec.from_json("FactHeard", codec.examples("FactHeard")[0])

    assert codec.decode(fact["event"])[0] == "IncidentRecorded"
