"""How fast a log is replayed offline.

python -m bench.replay [--events 100000]
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from baton.engine.policy_file import parse_policy
from baton.replay.logs import read_log, write_avro
from baton.replay.play import play_log
from baton.replay.told import Persons
from bench.figures import figure
from bench.histories import EVENTS_OF_A_FAMILY, history

POLICY = parse_policy(Path("policy.toml").read_text(encoding="utf-8"))


def replay(events: int) -> None:
    """Measure the whole way of a log: reading, judging, alerts."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log.avro"
        count = write_avro(log, history(events // EVENTS_OF_A_FAMILY))
        began = time.perf_counter()
        for _ in read_log(log):
            pass
        reading = time.perf_counter() - began
        began = time.perf_counter()
        alerts = play_log(lambda: read_log(log), POLICY, Persons())
        took = time.perf_counter() - began
    figure(
        "replay",
        count / took,
        "events/s",
        f"{count:,} events, {len(alerts):,} alerts, all rules, one core",
    )
    figure("of which reading and decoding", reading / took, "of the time", "")


def main() -> None:
    """Measure it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=100_000)
    replay(parser.parse_args().events)


if __name__ == "__main__":
    main()
