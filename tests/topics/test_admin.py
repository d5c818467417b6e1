"""A client that turned to a broker that is not there asks again; what no asking mends is raised."""

from __future__ import annotations

from typing import Any

import pytest
from kafka.errors import KafkaError, TopicAuthorizationFailedError, UnknownBrokerIdError

from baton import topics
from baton.topics import admin


class Cluster:
    """Clients of one cluster, the first of which fail as told."""

    def __init__(self, *failing: KafkaError) -> None:
        """Take what to raise, one a question."""
        self.failing = list(failing)
        self.opened = self.closed = 0

    def __call__(self, **_: object) -> Cluster:
        """Stand for the making of a client."""
        self.opened += 1
        return self

    def describe_cluster(self) -> dict[str, Any]:
        """Fail while there is something to fail with."""
        if self.failing:
            raise self.failing.pop(0)
        return {"brokers": [1, 2, 3]}

    def close(self) -> None:
        """Count it."""
        self.closed += 1


def test_a_broker_that_the_client_has_not_heard_of_is_asked_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """While a cluster comes up, one broker may name as controller another that the client does not know yet."""
    cluster = Cluster(UnknownBrokerIdError(1), UnknownBrokerIdError(1))
    monkeypatch.setattr(admin, "KafkaAdminClient", cluster)
    monkeypatch.setattr(admin, "_PAUSE", 0)
    assert topics.cluster_size("loopback:1") == 3
    assert (cluster.opened, cluster.closed) == (3, 3)


def test_what_no_asking_mends_is_raised_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """As a request that the cluster refuses."""
    cluster = Cluster(TopicAuthorizationFailedError())
    monkeypatch.setattr(admin, "KafkaAdminClient", cluster)
    with pytest.raises(TopicAuthorizationFailedError):
        topics.cluster_size("loopback:1")
    assert (cluster.opened, cluster.closed) == (1, 1)


def test_one_that_never_answers_is_raised_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """With what the client said."""
    cluster = Cluster(*[UnknownBrokerIdError(1)] * 2)
    monkeypatch.setattr(admin, "KafkaAdminClient", cluster)
    monkeypatch.setattr(admin, "_ANSWERED_WITHIN", -1.0)
    with pytest.raises(UnknownBrokerIdError):
        topics.cluster_size("loopback:1")
    assert cluster.opened == 1
