"""The catalogue of topics is whole, and says to Kafka what baton relies on."""

from datetime import timedelta

import pytest

from baton.contract import codec, topics
from baton.contract.topics import Topic

ALL = pytest.mark.parametrize("topic", topics.TOPICS.values(), ids=lambda topic: topic.name)
SOURCES = pytest.mark.parametrize("topic", topics.SOURCE_TOPICS, ids=lambda topic: topic.name)


def test_every_record_is_on_a_topic_and_every_topic_s_records_exist() -> None:
    """Nothing is left out and nothing is invented."""
    on_topics = {record for topic in topics.TOPICS.values() for record in topic.records}

    assert on_topics == set(codec.record_names())


def test_the_catalogue_is_known_by_name() -> None:
    """A topic is found under its own name."""
    assert all(name == topic.name for name, topic in topics.TOPICS.items())


@pytest.mark.parametrize("record", ["Tick", "FactHeard", "Alert", "NoSuchRecord"])
def test_a_record_that_is_no_event_has_no_source_topic(record: str) -> None:
    """The clock's mark is on all of them, the pipeline's own records on none."""
    with pytest.raises(LookupError):
        topics.topic_of(record)


@SOURCES
def test_a_source_topic_has_the_broker_s_time_for_a_month(topic: Topic) -> None:
    """Time is in the log, and nobody but the broker sets it; an outage of weeks loses nothing."""
    configs = topics.configs(topic)

    assert configs["message.timestamp.type"] == "LogAppendTime"
    assert configs["cleanup.policy"] == "delete"
    assert int(configs["retention.ms"]) >= timedelta(days=30) / timedelta(milliseconds=1)
    assert "Tick" in topic.records


def test_facts_are_one_ordered_log_of_two_years() -> None:
    """References between records are resolved where all are in one order."""
    assert topics.FACTS.partitions == 1
    assert topics.configs(topics.FACTS)["retention.ms"] == str(731 * 86_400_000)


def test_rejected_events_are_kept_ninety_days_and_fit() -> None:
    """What was rejected must fit, with the headers that say why, however large it was."""
    assert topics.configs(topics.REJECTED_EVENTS)["retention.ms"] == str(90 * 86_400_000)
    largest = max(topic.max_message_bytes for topic in topics.SOURCE_TOPICS)
    assert topics.REJECTED_EVENTS.max_message_bytes > largest


@ALL
def test_what_the_codec_writes_fits(topic: Topic) -> None:
    """No message of the contract is too large for its topic, with key, headers and framing."""
    for record in topic.records:
        for version in codec.versions(record):
            assert version.max_bytes + 16 * 1024 < topic.max_message_bytes


@pytest.mark.parametrize("source", [*topics.SOURCE_TOPICS, topics.FACTS], ids=lambda t: t.name)
def test_each_ledger_has_a_state_topic_that_never_forgets(source: Topic) -> None:
    """As many partitions as its source, compacted and nothing else, tombstones kept a while."""
    state = topics.state_topic(source.name)
    configs = topics.configs(state)

    assert state.partitions == source.partitions
    assert configs["cleanup.policy"] == "compact"
    assert "retention.ms" not in configs
    assert int(configs["delete.retention.ms"]) >= 86_400_000
    assert int(configs["max.compaction.lag.ms"]) <= 86_400_000


@ALL
def test_two_replicas_must_have_what_is_acknowledged(topic: Topic) -> None:
    """Where there are replicas, one broker's loss loses nothing; a lone broker asks for none."""
    assert topics.configs(topic, replication=3)["min.insync.replicas"] == "2"
    assert topics.configs(topic, replication=3)["unclean.leader.election.enable"] == "false"
    assert "min.insync.replicas" not in topics.configs(topic)


@ALL
def test_virtual_time_passes_years_in_seconds(topic: Topic) -> None:
    """Nothing ages, no segment is rolled for its age, and no time is too early or too late."""
    configs = topics.configs(topics.for_virtual_time(topic))

    assert configs["message.timestamp.type"] == "CreateTime"
    assert configs["cleanup.policy"] == topic.cleanup
    assert configs.get("retention.ms", "-1") == "-1"
    hundred_years = str(36525 * 86_400_000)
    assert configs["segment.ms"] == hundred_years
    assert configs.get("max.compaction.lag.ms", str(2**63 - 1)) == str(2**63 - 1)
    assert configs["message.timestamp.before.max.ms"] == str(2**63 - 1)
    assert configs["message.timestamp.after.max.ms"] == str(2**63 - 1)


@ALL
def test_a_topic_says_who_may_see_it(topic: Topic) -> None:
    """Classification, producers and consumers are stated for each."""
    assert topic.classification.startswith("official")
    assert topic.producers
    assert topic.consumers


def test_a_prefix_keeps_topics_apart() -> None:
    """A prefix goes before the name, and must be one that Kafka accepts."""
    assert topics.prefixed("", "facts") == "facts"
    assert topics.prefixed("demo-1.", "facts") == "demo-1.facts"
    for wrong in ("a b-", "ä-", "x" * 250, "a/"):
        with pytest.raises(ValueError, match="cannot be a topic"):
            topics.prefixed(wrong, "facts")


def test_every_agency_has_a_topic_of_its_alerts() -> None:
    """The agencies of the catalogue are those of the contract."""
    agency = next(f for f in codec.schema("IncidentRecorded")["fields"] if f["name"] == "agency")

    assert tuple(agency["type"]["symbols"]) == topics.AGENCIES
    assert {topics.agency_alerts(each) for each in topics.AGENCIES} <= topics.TOPICS.keys()
