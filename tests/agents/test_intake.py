"""Intake: does it read, check, pseudonymise, and reject with the reason; and stop when that is too much?"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from baton.agents.intake import ENOUGH, CeilingReachedError, Intake
from baton.agents.pseudonym import Pseudonyms
from baton.contract import codec
from baton.contract.topics import FACTS, REJECTED_EVENTS
from baton.ledger.process import Output, Record
from baton.rules.facts import FACTS as FACT_KINDS
from tests.agents.relay import MILLISECOND, PSEUDONYMS, Kept, an_intake, sent, tick
from tests.engine.generated import Told, timetables
from tests.rules.told import HOUR, MINUTE, NOON

TOPIC = "domestic-incidents"
NHS = {"scheme": "nhs", "value": "9434765919"}
INCIDENT: dict[str, Any] = {
    "event_id": "event-1",
    "occurred_at": NOON,
    "agency": "police",
    "incident": "inc-1",
    "people": [{"person": NHS, "role": "victim", "pregnancy": "pregnant"}],
}
GOOD = codec.encode("IncidentRecorded", INCIDENT)
WRONG_DIGIT = GOOD.replace(b"9434765919", b"9434765918")
ELSEWHERE = codec.encode(
    "ReferralReceived",
    {"event_id": "event-2", "occurred_at": NOON, "agency": "gp", "referral": "ref-1"},
)


def outputs_of(
    value: bytes | None, at: datetime = NOON, topic: str = TOPIC, **headers: bytes
) -> list[Output]:
    """Give what one record leads to."""
    return an_intake(topic).apply([sent(topic, value, at, 7, **headers)]).outputs


def headers_of(output: Output) -> dict[str, str]:
    """Give an output's headers as text."""
    return {name: value.decode() for name, value in output.headers}


def test_a_good_record_becomes_one_fact() -> None:
    """With every key it concerns, its person pseudonymised, and where and when it was told."""
    (fact,) = outputs_of(GOOD)

    name, heard = codec.decode(fact.value)
    event, fields = codec.decode(heard["event"])
    person = PSEUDONYMS.of(NHS)
    assert (FACTS.name, None, "FactHeard", "IncidentRecorded") == (
        fact.topic,
        fact.key,
        name,
        event,
    )
    assert ["incident:inc-1", f"person:{person}"] == sorted(heard["keys"])
    assert (TOPIC, 0, 7, NOON) == (
        heard["topic"],
        heard["partition"],
        heard["offset"],
        heard["received_at"],
    )
    assert {"scheme": "baton", "value": person} == fields["people"][0]["person"]


def test_only_the_trace_is_carried_on() -> None:
    """No other header of an agency's goes further than intake."""
    (fact,) = outputs_of(GOOD, traceparent=b"00-1-2-01", ce_source=b"police")

    assert {"traceparent": "00-1-2-01"} == headers_of(fact)


REJECTS = [
    ("truncated", None),
    ("truncated", b""),
    ("truncated", GOOD[:5]),
    ("truncated", GOOD[:-3]),
    ("bad-magic", b"a narrative, not a record"),
    ("bad-magic", b"x" * 1_000_000),
    ("unknown-schema", b"\xc3\x01" + b"\x07" * 40),
    ("trailing-bytes", GOOD + b"\0"),
    ("too-large", GOOD + b"x" * 1_000_000),
    ("nhs-number", WRONG_DIGIT),
    ("wrong-topic", ELSEWHERE),
    ("wrong-topic", codec.encode("TickForwarded", {"origin": "referrals-0", "at": NOON})),
    ("bad-text", GOOD.replace(b"inc-1", b"\xff\xff\xff\xff\xff")),
    ("empty", GOOD.replace(b"\x0ainc-1", b"\0")),
    (
        "in-the-future",
        codec.encode(
            "IncidentRecorded", INCIDENT | {"occurred_at": NOON + 5 * MINUTE + MILLISECOND}
        ),
    ),
]


@pytest.mark.parametrize(
    ("reason", "value"), REJECTS, ids=[f"{why}-{n}" for n, (why, _) in enumerate(REJECTS)]
)
def test_what_cannot_be_read_is_kept_with_the_reason(reason: str, value: bytes | None) -> None:
    """The original bytes and key, and in the headers where they stood and why; the detail repeats no content."""
    (rejected,) = outputs_of(value)

    headers = headers_of(rejected)
    assert (REJECTED_EVENTS.name, value, b"a-key") == (rejected.topic, rejected.value, rejected.key)
    assert {
        "reason": reason,
        "topic": TOPIC,
        "partition": "0",
        "offset": "7",
        "timestamp_ms": "1425297600000",
    }.items() <= headers.items()
    assert headers["detail"]
    assert "9434765918" not in headers["detail"]


def test_a_clock_that_is_a_little_ahead_is_believed() -> None:
    """Five minutes, no more; and a heartbeat that promises the future is refused like an event from it."""
    ahead = codec.encode("IncidentRecorded", INCIDENT | {"occurred_at": NOON + 5 * MINUTE})
    promise = {
        "event_id": "beat-1",
        "occurred_at": NOON,
        "agency": "gp",
        "complete_to": NOON + HOUR,
    }

    (fact,) = outputs_of(ahead)
    (rejected,) = outputs_of(codec.encode("SourceHeartbeat", promise), topic="source-heartbeats")

    assert FACTS.name == fact.topic
    assert "in-the-future" == headers_of(rejected)["reason"]


def test_bad_records_do_not_stop_good_ones() -> None:
    """What follows a bad record is passed on, in its place."""
    records = [
        sent(TOPIC, value, NOON, n)
        for n, value in enumerate([GOOD, b"bad", GOOD, WRONG_DIGIT, GOOD])
    ]

    outputs = an_intake(TOPIC).apply(records).outputs

    assert [FACTS.name, REJECTED_EVENTS.name] * 2 + [FACTS.name] == [each.topic for each in outputs]


def test_a_record_that_no_rule_reads_has_no_keys() -> None:
    """An acknowledgement is passed on all the same."""
    action = {
        "event_id": "action-1",
        "occurred_at": NOON,
        "agency": "childrens_social_care",
        "alert": "unreferred-incident/inc-1/woman-1",
        "by": "operator-1",
    }

    (fact,) = outputs_of(codec.encode("AlertAcknowledged", action), topic="alert-actions")

    assert [] == codec.decode(fact.value)[1]["keys"]


# Ticks.


def test_of_a_batch_the_last_tick_is_passed_on_at_its_end() -> None:
    """It proves what the others do; and within its own millisecond more may follow, so it is worth the one before."""
    records = [
        tick(TOPIC, NOON, 1),
        sent(TOPIC, GOOD, NOON, 2),
        tick(TOPIC, NOON + HOUR, 3),
        sent(TOPIC, GOOD, NOON + HOUR, 4),
    ]

    outputs = an_intake(TOPIC).apply(records).outputs

    names = [codec.decode(each.value)[0] for each in outputs]
    assert ["FactHeard", "FactHeard", "TickForwarded"] == names
    assert {"origin": f"{TOPIC}-0", "at": NOON + HOUR - MILLISECOND} == codec.decode(
        outputs[-1].value
    )[1]


def test_a_quiet_second_costs_one_record() -> None:
    """A tick alone writes no row."""
    effects = an_intake(TOPIC).apply([tick(TOPIC, NOON)])

    assert (1, {}) == (len(effects.outputs), effects.rows)


# The ceiling.


def bad(offset: int) -> Record:
    """Give a record that nobody can read."""
    return sent(TOPIC, b"bad", NOON, offset)


def test_ten_thousand_bad_records_reach_the_ceiling() -> None:
    """The worker stops and says so; nothing of the batch that reached it is written, and a restart changes nothing."""
    kept = Kept(an_intake(TOPIC))
    batches = [[bad(first + n) for n in range(80)] for first in range(0, 10_000, 80)]
    before_enough = ENOUGH // 80
    for batch in batches[:before_enough]:
        kept.apply(batch)
    written = dict(kept.rows)

    for _ in range(3):
        again = Kept(Intake(TOPIC, 0, PSEUDONYMS, 0.5), written)
        with pytest.raises(CeilingReachedError, match=r"^100% of the last 200 .* ceiling is 50%"):
            again.apply(batches[before_enough])
        assert written == again.rows


@pytest.mark.parametrize(("bad_of_ten", "stops"), [(5, False), (6, True)])
def test_the_ceiling_is_a_share_of_recent_messages(bad_of_ten: int, *, stops: bool) -> None:
    """Half may be bad, more may not."""
    records = [
        bad(n) if n % 10 >= 10 - bad_of_ten else sent(TOPIC, GOOD, NOON, n) for n in range(2_000)
    ]
    intake = an_intake(TOPIC)

    if stops:
        with pytest.raises(CeilingReachedError):
            intake.apply(records)
    else:
        assert 2_000 == len(intake.apply(records).outputs)
        assert 1_000 == intake.rejected


def test_the_share_is_of_recent_messages_only() -> None:
    """A good year does not excuse a bad hour."""
    intake = an_intake(TOPIC)
    intake.apply([sent(TOPIC, GOOD, NOON, n) for n in range(3_000)])

    intake.apply([bad(n) for n in range(500)])
    with pytest.raises(CeilingReachedError):
        intake.apply([bad(500)])


def test_a_ceiling_of_one_never_stops() -> None:
    """A deployer may choose to go on."""
    assert 10_000 == len(an_intake(TOPIC, 1.0).apply([bad(n) for n in range(10_000)]).outputs)


def test_an_unknown_row_is_passed_over() -> None:
    """What an older version kept of its recent messages is no fact."""
    kept = Kept(an_intake(TOPIC), {b"something": b"else"})

    assert 1 == len(kept.apply([sent(TOPIC, GOOD, NOON)]).outputs)


# Persons.


def test_nobody_can_send_a_pseudonym() -> None:
    """An agency that names our own scheme is given a pseudonym like any other: no value passes through."""
    named = INCIDENT | {"people": [{"person": {"scheme": "baton", "value": "9434765919"}}]}

    (fact,) = outputs_of(codec.encode("IncidentRecorded", named))

    assert fact.value is not None
    assert b"9434765919" not in fact.value


def test_another_key_makes_other_pseudonyms() -> None:
    """The same person has one pseudonym under one key; another scheme is another person."""
    other = Pseudonyms(b"l" * 32)

    assert PSEUDONYMS.of(NHS) == Pseudonyms(b"k" * 32).of(NHS)
    assert PSEUDONYMS.of(NHS) != other.of(NHS)
    assert PSEUDONYMS.of(NHS) != PSEUDONYMS.of(NHS | {"scheme": "police"})


@settings(max_examples=60, deadline=None)
@given(told=timetables(tuple(sorted(FACT_KINDS)), "secret-", most=25))
def test_no_person_leaves_intake(told: list[Told]) -> None:
    """Whatever is told: no person's own value is in any byte that intake writes, but of what it rejects."""
    for each in told:
        topic = codec.topic_of(each.name)
        value = codec.encode(each.name, each.fields)
        effects = an_intake(topic).apply([sent(topic, value, each.received_at + HOUR)])
        for output in effects.outputs:
            assert FACTS.name == output.topic
            assert (
                b"woman-secret-"
                not in (output.value or b"") + (output.key or b"") + repr(output.headers).encode()
            )
        assert b"woman-secret-" not in repr(effects.rows).encode()


@settings(max_examples=200, deadline=None)
@given(
    value=st.one_of(
        st.binary(max_size=60), st.binary(max_size=60).map(lambda tail: GOOD[:10] + tail)
    )
)
def test_whatever_comes_is_passed_on_or_rejected(value: bytes) -> None:
    """No bytes stop the stream."""
    assert 1 == len(outputs_of(value))
