"""A Kafka for the length of a `with`: the one that BATON_BROKERS names, else the developer's own."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from baton.localkafka.needs import PROJECT
from baton.localkafka.node import start_kafka

if TYPE_CHECKING:
    from collections.abc import Iterator


def default_data_dir() -> Path:
    """Return the folder of the developer's Kafka: `kafka` in BATON_DATA_DIR, by default in the project's .baton."""
    return Path(os.environ.get("BATON_DATA_DIR") or PROJECT / ".baton") / "kafka"


@contextmanager
def use_kafka(data_dir: Path | None = None, port: int = 0) -> Iterator[str]:
    """Give bootstrap servers to use: those of BATON_BROKERS, or a local node, started if it does not run.

    On leaving, a node that was started here is stopped; one that ran before is left. Raises LocalKafkaError.
    """
    elsewhere = os.environ.get("BATON_BROKERS")
    if elsewhere:
        yield elsewhere
        return
    node = start_kafka(data_dir or default_data_dir(), port)
    try:
        yield node.bootstrap
    finally:
        if not node.reused:
            node.stop()
