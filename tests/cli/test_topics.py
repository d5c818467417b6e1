"""How topics differ from the catalogue."""

from __future__ import annotations

from dataclasses import replace

from baton.contract.topics import ALERTS, TOPICS, configs
from baton.topics import compare, in_force
from baton.topics.differences import Found

WANTED = {"alerts": ALERTS}
AS_WANTED = Found(partitions=1, replication=1, configs=configs(ALERTS))


def told(found: Found, replication: int = 1) -> list[str]:
    """Give the differences of one topic as lines."""
    return [str(each) for each in compare(WANTED, {"alerts": found}, replication)]


def test_a_topic_as_wanted_does_not_differ() -> None:
    """More replicas than asked for are right, if the settings are those of so many."""
    assert told(AS_WANTED) == []
    assert told(Found(1, 3, configs(ALERTS, 3))) == []


def test_each_difference_is_told() -> None:
    """Partitions, replicas, policy and the type of its times: what is, and what should be."""
    other = dict(configs(ALERTS)) | {
        "cleanup.policy": "delete",
        "message.timestamp.type": "CreateTime",
    }

    assert told(replace(AS_WANTED, partitions=4)) == ["alerts: partitions is 4, and should be 1"]
    assert told(replace(AS_WANTED, configs=other)) == [
        "alerts: cleanup.policy is delete, and should be compact",
        "alerts: message.timestamp.type is CreateTime, and should be LogAppendTime",
    ]
    assert told(AS_WANTED, replication=3) == [
        "alerts: replication is 1, and should be 3",
        "alerts: min.insync.replicas is None, and should be 2",
    ]


def test_a_topic_that_is_not_there_is_missing() -> None:
    """It is told once, not setting by setting."""
    assert [str(each) for each in compare(WANTED, {}, 1)] == ["alerts: is missing"]


def test_virtual_time_changes_only_what_is_a_log() -> None:
    """Compacted topics keep the broker's time: nothing reads it, and segments would multiply."""
    virtual = in_force("x-", virtual_time=True)

    assert {name: topic.timestamps for name, topic in virtual.items()} == {
        f"x-{name}": "CreateTime" if topic.cleanup == "delete" else "LogAppendTime"
        for name, topic in TOPICS.items()
    }
