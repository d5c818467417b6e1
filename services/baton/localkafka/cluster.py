"""Three Kafka nodes on loopback that replicate to each other, to be killed and brought back one by one.

For trying what happens when a broker goes away. Everything has three copies, and a write needs two of them.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final, Self

from kafka.admin import KafkaAdminClient
from kafka.errors import KafkaError

from baton.localkafka.needs import LOOPBACK, LocalKafkaError, free_ports
from baton.localkafka.node import LocalKafka, Member, launch

if TYPE_CHECKING:
    from pathlib import Path

NODES: Final = 3
REPLICATED: Final = {
    "default.replication.factor": "3",
    "min.insync.replicas": "2",
    "offsets.topic.replication.factor": "3",
    "transaction.state.log.replication.factor": "3",
    "transaction.state.log.min.isr": "2",
    "share.coordinator.state.topic.replication.factor": "3",
    "share.coordinator.state.topic.min.isr": "2",
}
"""What a single node sets to one copy. A cluster in operation has the same."""
_PAUSE_S: Final = 0.25


class LocalCluster:
    """A cluster for the length of a `with`: ports and data stay the same when a node is started again."""

    def __init__(self, folder: Path, heap: str = "512m", *, within_s: float = 300.0) -> None:
        """Take a folder of its own, the heap of each node, and how long a start may take."""
        ports = free_ports(2 * NODES)
        self._folder = folder.resolve()
        self._heap = heap
        self._within_s = within_s
        self._members = [
            Member(number, f"{LOOPBACK}:{broker}", f"{LOOPBACK}:{controller}")
            for number, broker, controller in zip(
                range(1, NODES + 1), ports[:NODES], ports[NODES:], strict=True
            )
        ]
        self._nodes: dict[int, LocalKafka] = {}

    @property
    def bootstrap(self) -> str:
        """Where clients reach it: all three nodes."""
        return ",".join(member.broker for member in self._members)

    def __enter__(self) -> Self:
        """Start the three nodes. Raises LocalKafkaError."""
        try:
            for member in self._members:
                self.start(member.number)
            self.wait_until_whole()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """Kill the nodes: nothing of it is used again."""
        for node in self._nodes.values():
            node.kill()

    def start(self, number: int) -> None:
        """Start a node that does not run; it may take seconds until it serves."""
        node = self._nodes.get(number)
        if node is None or not node.is_running():
            member = self._members[number - 1]
            data_dir = self._folder / f"node-{number}"
            data_dir.mkdir(parents=True, exist_ok=True)
            self._nodes[number] = launch(data_dir, member, self._members, self._heap, REPLICATED)

    def node(self, number: int) -> LocalKafka:
        """Return a node, to stop, kill or freeze its process."""
        return self._nodes[number]

    def running(self) -> list[int]:
        """Return the numbers of the nodes whose process lives."""
        return [number for number, node in self._nodes.items() if node.is_running()]

    def is_whole(self) -> bool:
        """Say whether all nodes serve and every copy of every partition has caught up."""
        try:
            admin = self.admin()
        except KafkaError:
            return False
        try:
            partitions = [each for topic in admin.describe_topics() for each in topic["partitions"]]
            alive = len(admin.describe_cluster()["brokers"])
        except KafkaError:
            return False
        finally:
            admin.close()
        return alive == NODES and all(len(each["isr_nodes"]) == NODES for each in partitions)

    def wait_until_whole(self) -> None:
        """Return once it is; start what has stopped by itself. Raises LocalKafkaError after `within_s`."""
        gives_up_at = time.monotonic() + self._within_s
        while not self.is_whole():
            if time.monotonic() > gives_up_at:
                message = (
                    f"The three Kafka nodes of {self._folder} were not whole within {self._within_s:.0f} seconds;"
                    f" running: {self.running()}; see kafka.log in the folder of each."
                )
                raise LocalKafkaError(message)
            for member in self._members:
                self.start(member.number)
            time.sleep(_PAUSE_S)

    def admin(self) -> KafkaAdminClient:
        """Return a client for questions about the cluster, to be closed. Raises KafkaError."""
        return KafkaAdminClient(
            bootstrap_servers=self.bootstrap.split(","),
            bootstrap_timeout_ms=5_000,
            request_timeout_ms=10_000,
        )

    def leader(self, topic: str, partition: int = 0) -> int | None:
        """Return the number of the node that leads a partition, or None where nobody says so now."""
        try:
            admin = self.admin()
        except KafkaError:
            return None
        try:
            described = [each for each in admin.describe_topics() if each["name"] == topic]
        except KafkaError:
            return None
        finally:
            admin.close()
        leaders = [
            int(each["leader_id"])
            for found in described
            for each in found["partitions"]
            if each["partition_index"] == partition and each["leader_id"] > 0
        ]
        return leaders[0] if leaders else None
