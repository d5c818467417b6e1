"""How fast a log is replayed offline, and what a deadline costs in memory.

python -m bench.replay [--events 100000] [--open 100000]
"""

from __future__ import annotations

import argparse
import gc
import os
import tempfile
import time
from datetime import timedelta
from pathlib import Path

import psutil

from baton.engine.engine import Engine
from baton.engine.policy_file import parse_policy
from baton.engine.translate import to_fact
from baton.replay.logs import read_log, write_avro
from baton.replay.play import play_log
from baton.replay.told import Persons
from bench.figures import figure
from bench.histories import BEGIN, EVENTS_OF_A_FAMILY, event, history, party

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


def open_deadlines(count: int) -> None:
    """Measure the memory of open deadlines, and the cost of an event among few and among many."""
    process = psutil.Process(os.getpid())
    engine = Engine(POLICY)
    persons = Persons()
    gc.collect()
    before = process.memory_info().rss

    def hear(number: int) -> None:
        told = event(
            "IncidentRecorded",
            BEGIN,
            "police",
            incident=f"inc-{number}",
            people=[party(f"woman-{number}")],
        )
        fact = to_fact(
            told.record,
            told.fields,
            told.received_at + number * timedelta(milliseconds=1),
            persons.key,
        )
        assert fact is not None
        engine.hear(fact, ("domestic-incidents", 0, number))
        engine.advance(fact.received_at)

    def seconds(first: int, last: int) -> float:
        began = time.perf_counter()
        for number in range(first, last):
            hear(number)
        return time.perf_counter() - began

    few = seconds(0, 2_000)
    seconds(2_000, count - 2_000)
    many = seconds(count - 2_000, count)
    gc.collect()
    used = process.memory_info().rss - before
    figure(
        "memory of an open deadline",
        used / count,
        "bytes",
        f"{count:,} open, {used / 2**20:,.0f} MiB",
    )
    figure(
        "cost of an event among many / among few",
        many / few,
        "",
        f"{count:,} and 2,000 open deadlines",
    )


def main() -> None:
    """Measure both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--open", type=int, default=100_000)
    options = parser.parse_args()
    replay(options.events)
    open_deadlines(options.open)


if __name__ == "__main__":
    main()
