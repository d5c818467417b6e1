"""How fast a worker works off a backlog: in bulk by its ledgers, and through Faust's delivery.

    python bench/ledger_catch_up.py [--events 1000000] [--delivered 60000] [--partitions 4]

Small events of 100 bytes, counted by key: the outputs, rows and position of each range in one
transaction. Both ways are exactly-once, with the same worker and the same process; only the second
has the ledgers' bulk reading taken away. BATON_BROKERS names a Kafka; otherwise one is started.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import tempfile
import time
import uuid
from collections import Counter
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from baton.ledger import Batch, Effects, Kafka, Ledger, Output, Partition

if TYPE_CHECKING:
    from collections.abc import Sequence

    from baton.ledger import Record

KEYS = 1_000


class Counting:
    """Counts events by key, and says so at every hundredth."""

    unfinished = False

    def __init__(self) -> None:
        """Begin with nothing counted."""
        self.counts: Counter[bytes] = Counter()

    def load(self, key: bytes, value: bytes) -> None:
        """Take a stored count."""
        self.counts[key] = int(value)

    def loaded(self) -> None:
        """Nothing follows from the rows."""

    def apply(self, records: Sequence[Record]) -> Effects:
        """Count each record under its key."""
        effects = Effects()
        for record in records:
            key = record.key or b""
            self.counts[key] += 1
            effects.rows[key] = b"%d" % self.counts[key]
            if self.counts[key] % 100 == 0:
                effects.outputs.append(Output("counts", key, effects.rows[key]))
        return effects


def work(kafka: Kafka, count: int, *, delivered: bool) -> None:
    """Be the worker: print the seconds from its first record to its last commit, and end."""
    from baton.agents.app import make_app, run  # noqa: PLC0415 - Faust is for the worker alone

    done = 0
    began: float | None = None

    def on_batch(batch: Batch) -> None:
        nonlocal done, began
        if began is None:
            began = time.monotonic() - batch.ms / 1_000
        done += batch.count
        if done >= count:
            print(time.monotonic() - began, flush=True)
            os._exit(0)

    def make_process(_: Partition) -> Counting:
        return Counting()

    async def not_in_bulk(*_: object) -> None:
        """Leave the backlog to Faust."""

    if delivered:
        Ledger.catch_up = not_in_bulk  # type: ignore[method-assign,assignment]  # the fault is put in on purpose
    run(make_app(kafka=kafka, processes={"events": make_process}, on_batch=on_batch))


def measure(brokers: str, count: int, partitions: int, *, delivered: bool) -> float:
    """Make a backlog and have a worker work it off; return events per second."""
    prefix = f"bench-{uuid.uuid4().hex[:8]}-"
    produce(brokers, prefix, count, partitions)
    command = [sys.executable, __file__, "--work", f"{brokers},{prefix}", "--events", str(count)]
    if delivered:
        command.append("--by-faust")
    worker = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return count / float(worker.stdout.split()[-1])


def produce(brokers: str, prefix: str, count: int, partitions: int) -> None:
    """Make the topics and fill the source."""
    from kafka import KafkaAdminClient, KafkaProducer  # noqa: PLC0415 - for the parent alone

    admin = KafkaAdminClient(bootstrap_servers=brokers)
    shape = {"num_partitions": partitions, "replication_factor": 1}
    compact = {"cleanup.policy": "compact"}
    admin.create_topics(
        {
            prefix + "events": shape,
            prefix + "counts": {**shape, "num_partitions": 1},
            prefix + "state-events": {**shape, "configs": compact},
        }
    )
    admin.close()
    producer = KafkaProducer(bootstrap_servers=brokers, linger_ms=20, batch_size=256 * 1024)
    for number in range(count):
        producer.send(prefix + "events", key=b"key-%d" % (number % KEYS), value=b"v" * 90)
    producer.close()


def main() -> None:
    """Read the options, measure both ways, print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--events", type=int, default=1_000_000, help="backlog caught up in bulk")
    parser.add_argument("--delivered", type=int, default=60_000, help="backlog left to Faust")
    parser.add_argument("--partitions", type=int, default=4)
    parser.add_argument("--work", help=argparse.SUPPRESS)
    parser.add_argument("--by-faust", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work:
        brokers, prefix = options.work.rsplit(",", 1)
        work(Kafka(brokers, prefix), options.events, delivered=options.by_faust)
        return
    brokers = os.environ.get("BATON_BROKERS")
    if brokers:
        report(brokers, options)
        return
    from baton.localkafka import start_kafka  # noqa: PLC0415 - only if none is given

    with tempfile.TemporaryDirectory() as folder:
        node = start_kafka(Path(folder), heap="1g")
        try:
            report(node.bootstrap, options)
        finally:
            node.stop()


def report(brokers: str, options: argparse.Namespace) -> None:
    """Measure both ways and print them with their ratio."""
    bulk = measure(brokers, options.events, options.partitions, delivered=False)
    print(f"in bulk, {options.events:,} events:            {bulk:>9,.0f} events/s", flush=True)
    faust = measure(brokers, options.delivered, options.partitions, delivered=True)
    print(f"by Faust's delivery, {options.delivered:,} events:  {faust:>9,.0f} events/s")
    print(f"ratio                                       {bulk / faust:>9.1f}")
    versions = ", ".join(f"{name} {version(name)}" for name in ("faust-streaming", "aiokafka"))
    print(f"{options.partitions} partitions, {os.cpu_count()} cores, Python", end=" ")
    print(f"{platform.python_version()}, {versions}")


if __name__ == "__main__":
    main()
