"""The cluster's side: what it has, and the creating of what it has not."""

from __future__ import annotations

import time
from contextlib import closing
from typing import TYPE_CHECKING, Any, Final, TypeVar

from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient
from kafka.errors import (
    InvalidReplicationFactorError,
    KafkaConnectionError,
    NodeNotReadyError,
    TopicAlreadyExistsError,
    UnknownBrokerIdError,
    for_code,
)

from baton.contract.topics import TOPICS, configs, for_virtual_time, prefixed
from baton.topics.differences import Found, TooFewBrokersError, TopicsDifferError, compare

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from baton.contract.topics import Topic
    from baton.topics.differences import Difference

_BOOTSTRAP_TIMEOUT_MS: Final = 6_000
_REQUEST_TIMEOUT_MS: Final = 30_000
_ANSWERED_WITHIN: Final = 15.0
"""Seconds for which a broker that is not there may be asked instead of one that is."""
_NOT_THERE: Final = (KafkaConnectionError, NodeNotReadyError, UnknownBrokerIdError)
_PAUSE: Final = 0.2

Answer = TypeVar("Answer")


def in_force(prefix: str = "", *, virtual_time: bool = False) -> dict[str, Topic]:
    """Give the catalogue by the names on Kafka; raise ValueError for a prefix Kafka refuses.

    In virtual time, where years pass in seconds, the topics that are a log bear their producers'
    time. The compacted ones keep the broker's: nothing reads their time, and Kafka would begin a
    segment with every hour that seems to pass.
    """
    return {
        prefixed(prefix, name): (
            for_virtual_time(topic) if virtual_time and topic.cleanup == "delete" else topic
        )
        for name, topic in TOPICS.items()
    }


def apply(
    brokers: str, prefix: str = "", *, replication: int, virtual_time: bool = False
) -> list[str]:
    """Create the topics that are missing, wait until they can be used, and give their names.

    The number of copies is never taken from the brokers that happen to be alive: topics keep for good what they are
    created with. A broker that is down gets its copies all the same, and fills them when it is back. Raises
    TopicsDifferError where topics exist that are not as they should be, and TooFewBrokersError where the cluster has
    not as many brokers, having created nothing; and what Kafka raises.
    """
    wanted = in_force(prefix, virtual_time=virtual_time)
    created: list[str] = []

    def make(admin: KafkaAdminClient) -> None:
        differences = compare(wanted, _found(admin, wanted), replication)
        missing = [each.topic for each in differences if each.what == "missing"]
        wrong = [each for each in differences if each.what != "missing"]
        if wrong:
            raise TopicsDifferError(wrong)
        if missing:
            made = _create(admin, {name: wanted[name] for name in missing}, replication)
            created.extend(made)
            admin.wait_for_topics(missing)
            if len(made) < len(missing):
                # Somebody else created some between our look and our request: look at theirs.
                wrong = compare(wanted, _found(admin, wanted), replication)
                if wrong:
                    raise TopicsDifferError(wrong)

    _asked(brokers, make)
    return created


def check(
    brokers: str, prefix: str = "", *, replication: int, virtual_time: bool = False
) -> list[Difference]:
    """Give every difference between the cluster's topics and the catalogue; none: all is right.

    Raises what Kafka raises.
    """
    wanted = in_force(prefix, virtual_time=virtual_time)

    return _asked(brokers, lambda admin: compare(wanted, _found(admin, wanted), replication))


def cluster_size(brokers: str) -> int:
    """Give the number of brokers that are alive; raises what Kafka raises."""
    return _asked(brokers, lambda admin: len(admin.describe_cluster()["brokers"]))


def remove(brokers: str, prefix: str) -> None:
    """Delete the topics under a prefix, which must not be empty: only demonstrations and tests have one to delete.

    Raises ValueError without a prefix, and what Kafka raises.
    """
    if not prefix:
        raise ValueError(
            "topics without a prefix are a deployment's own, and are not deleted from here"
        )

    def delete(admin: KafkaAdminClient) -> None:
        ours = [
            topic["name"] for topic in admin.describe_topics() if topic["name"] in in_force(prefix)
        ]
        if ours:
            admin.delete_topics(ours)

    _asked(brokers, delete)


def _asked(brokers: str, question: Callable[[KafkaAdminClient], Answer]) -> Answer:
    """Ask the cluster, and once more whenever the client turned to a broker that is not there.

    A broker that has just died is in the others' lists for some seconds; of one that has just come not all have heard
    yet, and one may name it as the controller that the client has not heard of. What `question` does may be done twice.
    """
    gives_up_at = time.monotonic() + _ANSWERED_WITHIN
    while True:
        try:
            with closing(_admin(brokers)) as admin:
                return question(admin)
        except _NOT_THERE:
            if time.monotonic() > gives_up_at:
                raise
            time.sleep(_PAUSE)


def _admin(brokers: str) -> KafkaAdminClient:
    return KafkaAdminClient(
        bootstrap_servers=brokers.split(","),
        bootstrap_timeout_ms=_BOOTSTRAP_TIMEOUT_MS,
        request_timeout_ms=_REQUEST_TIMEOUT_MS,
    )


def _found(admin: KafkaAdminClient, wanted: Mapping[str, Topic]) -> dict[str, Found]:
    # All topics are asked for, because a broker may create a topic that is asked for by its name.
    described = {
        topic["name"]: topic["partitions"]
        for topic in admin.describe_topics()
        if topic["name"] in wanted
    }
    if not described:
        return {}
    resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in described]
    settings: dict[str, dict[str, dict[str, Any]]] = admin.describe_configs(
        resources, config_filter="all"
    )["topic"]
    return {
        name: Found(
            partitions=len(partitions),
            replication=min(len(partition["replica_nodes"]) for partition in partitions),
            configs={key: entry["value"] for key, entry in settings[name].items()},
        )
        for name, partitions in described.items()
    }


def _create(admin: KafkaAdminClient, missing: Mapping[str, Topic], replication: int) -> list[str]:
    """Create these topics and give those that nobody else created meanwhile; raise KafkaError, TooFewBrokersError."""
    answer = admin.create_topics(
        {
            name: {
                "num_partitions": topic.partitions,
                "replication_factor": replication,
                "configs": configs(topic, replication),
            }
            for name, topic in missing.items()
        },
        raise_errors=False,
    )
    created = []
    for topic in answer["topics"]:
        error = for_code(topic["error_code"])
        if topic["error_code"] == 0:
            created.append(topic["name"])
        elif error is InvalidReplicationFactorError:
            raise TooFewBrokersError(replication)
        elif error is not TopicAlreadyExistsError:
            raise error(f"{topic['name']}: {topic['error_message']}")
    return created
