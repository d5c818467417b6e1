"""Whatever is on a source topic: one fact, or one rejected message with its reason, which can be written to Kafka."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from baton.contract.topics import FACTS, REJECTED_EVENTS, SOURCE_TOPICS, TOPICS
from tests.agents.relay import an_intake, sent
from tests.hostile.garbage import THOROUGH, mutated
from tests.hostile.test_codec import HEADERS, RIGHT
from tests.rules.told import NOON

TOPIC = st.sampled_from([topic.name for topic in SOURCE_TOPICS])
HEADER_BYTES = 1_000
"""What a message and its headers take beside their contents, generously."""


@THOROUGH
@given(
    topic=TOPIC,
    values=st.lists(
        st.one_of(st.none(), st.binary(max_size=60), mutated(RIGHT, HEADERS)), max_size=5
    ),
)
def test_each_message_is_a_fact_or_is_kept(topic: str, values: list[bytes | None]) -> None:
    """None is lost, none is counted twice, and what is rejected is kept as it came."""
    records = [sent(topic, value, NOON, offset) for offset, value in enumerate(values)]
    outputs = an_intake(topic, ceiling=1.0).apply(records).outputs

    rejected = [each for each in outputs if each.topic == REJECTED_EVENTS.name]
    assert {each.topic for each in outputs} <= {FACTS.name, REJECTED_EVENTS.name}
    assert len(outputs) <= len(values)
    for each in rejected:
        headers = dict(each.headers)
        assert values[int(headers["offset"])] == each.value
        assert headers["reason"]
        assert sum(len(value) for value in headers.values()) < 3_000


def test_the_largest_message_there_can_be_is_kept() -> None:
    """A megabyte of narrative is no event; it fits into `rejected-events` with all that is said of it."""
    topic = SOURCE_TOPICS[0]
    value = b"n" * topic.max_message_bytes
    (output,) = an_intake(topic.name).apply([sent(topic.name, value, NOON)]).outputs

    size = len(output.value or b"") + sum(len(name) + len(each) for name, each in output.headers)
    assert size + HEADER_BYTES < TOPICS[REJECTED_EVENTS.name].max_message_bytes


def test_an_event_of_any_content_has_a_place_among_the_facts() -> None:
    """A source message as large as its record allows is not too large a fact."""
    largest = max(len(each) for each in RIGHT)
    assert largest * 2 < TOPICS[FACTS.name].max_message_bytes
