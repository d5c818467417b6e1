"""Which persons, cases, teams and records a fact names, and how a record of the wire becomes a fact."""

from __future__ import annotations

import pytest

from baton.contract import codec
from baton.engine.keys import feed_about, keys_of, kind_of
from baton.engine.translate import to_action, to_fact
from baton.rules.facts import FACTS, Fact, Party
from tests.rules.told import (
    CARE,
    DUE_DATE,
    NOON,
    accepted,
    beat,
    booking,
    incident,
    noted,
    referral,
    request,
)


@pytest.mark.parametrize(
    ("fact", "keys"),
    [
        (incident(NOON), {"incident:inc-1", "person:woman-1"}),
        (
            incident(NOON, people=(Party(person="a"), Party(person="b"), Party(person="a"))),
            {"incident:inc-1", "person:a", "person:b"},
        ),
        (referral(NOON, incident="inc-1"), {"referral:ref-1", "incident:inc-1"}),
        (noted(NOON), {"notification:note-1"}),
        (booking(NOON), {"person:woman-1"}),
        (
            request(NOON, block="b"),
            {"transfer:transfer-1", "case:case-1", "team:team-1", "team:team-2", "block:b"},
        ),
        (accepted(NOON), {"transfer:transfer-1", "case:case-1", "team:team-2"}),
        (beat(NOON), {f"agency:{CARE}"}),
    ],
)
def test_a_fact_names_its_keys_once(fact: Fact, keys: set[str]) -> None:
    """Those that are stated, and no key twice."""
    named = keys_of(fact)

    assert keys == set(named)
    assert len(keys) == len(named)


def test_a_feed_elsewhere_bears_its_area() -> None:
    """Two areas' children's services are two feeds."""
    assert ("gp", "there/gp") == (feed_about("local", "gp"), feed_about("there", "gp"))
    assert "agency" == kind_of("agency:there/gp")


@pytest.mark.parametrize("name", sorted(FACTS))
def test_every_record_becomes_its_fact(name: str) -> None:
    """Field by field, from the contract's own examples: a field that one of them lacks would be lost in silence."""
    for example in codec.examples(name):
        fields = codec.from_json(name, example)
        fact = to_fact(name, fields, NOON)
        assert fact is not None
        wire = {
            field.rstrip("_")
            for kind in type(fact).__mro__
            for field in getattr(kind, "__slots__", ())
        }
        assert fields.keys() - {"source_record"} == wire - {"received_at"}
        assert (name, NOON, fields["event_id"]) == (
            type(fact).__name__,
            fact.received_at,
            fact.event_id,
        )


def test_a_record_that_no_rule_reads_is_no_fact() -> None:
    """An acknowledgement, or one of the pipeline's own."""
    assert to_fact("AlertAcknowledged", {}, NOON) is None


def test_a_person_is_known_by_what_the_caller_makes_of_it() -> None:
    """Everywhere in a record: alone, in a list, and as a party with more said of it."""
    woman = {"scheme": "nhs", "value": "9434765919"}
    envelope = {"event_id": "1", "occurred_at": NOON, "agency": "police"}

    recorded = to_fact(
        "IncidentRecorded",
        {
            **envelope,
            "incident": "inc-1",
            "people": [{"person": woman, "role": "victim", "due_date": DUE_DATE}],
        },
        NOON,
        lambda person: f"{person['scheme']}!",
    )
    booked = to_fact("PregnancyBooked", {**envelope, "person": woman, "due_date": DUE_DATE}, NOON)

    assert (Party(person="nhs!", role="victim", due_date=DUE_DATE),) == getattr(
        recorded, "people", None
    )
    assert "9434765919" == getattr(booked, "person", None)


def test_what_tells_nothing_of_its_kind_is_none() -> None:
    """A record that no rule reads is no fact, and what happened to a family is nothing that was done to an alert."""
    assert None is to_fact("AlertNoted", {}, NOON)
    assert None is to_action("IncidentRecorded", {}, NOON)
