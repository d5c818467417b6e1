"""Run the developer's Kafka in the foreground until Ctrl-C: `make kafka`."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from baton.localkafka.needs import LocalKafkaError
from baton.localkafka.node import start_kafka
from baton.localkafka.use import default_data_dir

if TYPE_CHECKING:
    from types import FrameType


def main() -> int:
    """Start, print where clients reach it, wait for Ctrl-C or SIGTERM, stop. Exit code 1 if it cannot run."""
    parser = argparse.ArgumentParser(prog="python -m baton.localkafka", description=__doc__)
    parser.add_argument("--port", type=int, default=9092, help="port of loopback, 0 for a free one")
    parser.add_argument("--data", type=Path, default=default_data_dir(), help="folder of its data")
    asked = parser.parse_args()
    stop_asked = threading.Event()

    def ask_to_stop(_number: int, _frame: FrameType | None) -> None:
        stop_asked.set()

    try:
        node = start_kafka(asked.data, asked.port)
    except LocalKafkaError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, ask_to_stop)
    sys.stdout.write(
        f"Kafka is ready on {node.bootstrap} (process {node.pid}, data in {node.data_dir}).\n"
        f"Others use it with: export BATON_BROKERS={node.bootstrap} BATON_REPLICATION=1\nCtrl-C stops it.\n"
    )
    sys.stdout.flush()
    while node.is_running() and not stop_asked.wait(timeout=0.5):
        pass
    gone_by_itself = not stop_asked.is_set()
    if gone_by_itself:
        sys.stderr.write(f"Kafka stopped by itself; its log is {node.data_dir / 'kafka.log'}.\n")
    node.stop()
    return int(gone_by_itself)


if __name__ == "__main__":
    sys.exit(main())
