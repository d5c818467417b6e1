"""How topics as they are differ from topics as the catalogue wants them. Pure: it asks nobody."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from baton.contract.topics import configs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from baton.contract.topics import Topic


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing about one topic that is not as the catalogue says."""

    topic: str
    """Its name on Kafka, with the prefix."""
    what: str
    """`missing`, `partitions`, `replication`, or the name of a setting of Kafka's."""
    wanted: str
    found: str

    def __str__(self) -> str:
        """Give the difference as one line for people."""
        if self.what == "missing":
            return f"{self.topic}: is missing"
        return f"{self.topic}: {self.what} is {self.found}, and should be {self.wanted}"


class TopicsDifferError(Exception):
    """Topics exist already and are not as the catalogue says; nothing was created or altered."""

    def __init__(self, differences: Sequence[Difference]) -> None:
        """Take what differs."""
        super().__init__("\n".join(str(difference) for difference in differences))
        self.differences = tuple(differences)


class TooFewBrokersError(Exception):
    """The cluster has fewer brokers than there shall be copies of each topic; nothing was created."""

    def __init__(self, replication: int) -> None:
        """Take how many copies were asked for."""
        super().__init__(
            f"Nothing was created: {replication} copies of each topic need as many brokers, and Kafka knows fewer."
            " Start the others, or say how many copies there shall be for good: BATON_REPLICATION, or --replication."
        )


@dataclass(frozen=True, slots=True)
class Found:
    """A topic as a cluster has it."""

    partitions: int
    replication: int
    configs: Mapping[str, str | None]


def compare(
    wanted: Mapping[str, Topic], found: Mapping[str, Found], replication: int
) -> list[Difference]:
    """Give every difference, in the order of `wanted`; both are by the name on Kafka.

    More replicas than `replication` are no difference: a cluster that has lost a node is still the
    same cluster.
    """
    return [
        difference
        for name, topic in wanted.items()
        for difference in _of_one(name, topic, found.get(name), replication)
    ]


def _of_one(name: str, topic: Topic, found: Found | None, replication: int) -> list[Difference]:
    if found is None:
        return [Difference(name, "missing", "there", "not there")]
    differences = []
    if found.partitions != topic.partitions:
        differences.append(
            Difference(name, "partitions", str(topic.partitions), str(found.partitions))
        )
    if found.replication < replication:
        differences.append(
            Difference(name, "replication", str(replication), str(found.replication))
        )
    expected = configs(topic, max(replication, found.replication))
    differences += [
        Difference(name, setting, value, str(found.configs.get(setting)))
        for setting, value in expected.items()
        if found.configs.get(setting) != value
    ]
    return differences
