"""What open deadlines cost: an event among few and among very many, their memory, and loading them after a restart.

python -m bench.deadlines [--most 100000]

The judge itself hears incidents and ticks, as it does from Kafka, and is loaded from the rows that it wrote. Every
size is measured in processes of its own, so that none has another's memory.
"""

from __future__ import annotations

import argparse
import gc
import json
import pickle
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from baton.agents.judge import ORIGINS, Judge
from baton.contract import codec
from baton.engine.policy_file import parse_policy
from baton.ledger.process import Record
from baton.runtime.cycles import keep, look_seldom
from bench.figures import figure
from bench.histories import BEGIN, event, party

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from baton.ledger.process import Effects

POLICY = parse_policy(Path("policy.toml").read_text(encoding="utf-8"))
FEW = 1_000
BATCH = 500
TIMED = 1_000
"""So many events more are timed, one by one."""
WATCHED = 20_000
"""During so many events more it is watched how long Python looks for cycles."""


def incident(number: int) -> Record:
    """Return what the judge hears of a pregnant woman's incident, a millisecond after the one before."""
    told = event(
        "IncidentRecorded",
        BEGIN,
        "police",
        incident=f"inc-{number}",
        people=[party(f"woman-{number}")],
    )
    heard = {
        "event": codec.encode(told.record, told.fields),
        "keys": [f"incident:inc-{number}", f"person:woman-{number}"],
        "received_at": heard_at(number),
        "topic": "domestic-incidents",
        "partition": 0,
        "offset": number,
    }
    return _record(codec.encode("FactHeard", heard))


def ticks(at: datetime) -> list[Record]:
    """Return a tick of every source partition."""
    return [
        _record(codec.encode("TickForwarded", {"origin": origin, "at": at})) for origin in ORIGINS
    ]


def heard_at(number: int) -> datetime:
    """Return when an incident is heard of."""
    return BEGIN + number * timedelta(milliseconds=1)


def _record(value: bytes) -> Record:
    return Record("facts", 0, 0, 0, None, value)


def write_rows(count: int, path: Path) -> dict[str, float]:
    """Have a judge hear so many incidents; write its rows, and return what an event more costs."""
    judge, rows = Judge(POLICY), {}
    look_seldom()
    for effects in _hear(judge, range(count)):
        rows.update(effects.rows)
    # As a worker that has caught up: what is there stays.
    keep()
    took = []
    for number in range(count, count + TIMED):
        heard = [incident(number), *ticks(heard_at(number))]
        began = time.process_time()
        judge.apply(heard)
        took.append(time.process_time() - began)
    assert judge.engine.open_deadlines == count + TIMED
    with path.open("wb") as stream:
        for key, value in rows.items():
            if value is not None:
                pickle.dump((key, value), stream)
    return {"event": statistics.median(took)}


def watch_cycles(count: int) -> dict[str, float]:
    """Return how long Python looks for cycles among so many incidents, by itself and as a worker has it done."""
    judge, usual = Judge(POLICY), gc.get_threshold()
    look_seldom()
    for _ in _hear(judge, range(count)):
        pass
    gc.set_threshold(*usual)
    share, pause = _looked(judge, range(count, count + WATCHED))
    look_seldom()
    keep()
    seldom = _looked(judge, range(count + WATCHED, count + 2 * WATCHED))
    return {"share": share, "pause": pause, "share_seldom": seldom[0], "pause_seldom": seldom[1]}


def _hear(judge: Judge, numbers: range) -> Iterator[Effects]:
    for first in range(numbers.start, numbers.stop, BATCH):
        batch = range(first, min(first + BATCH, numbers.stop))
        yield judge.apply([*map(incident, batch), *ticks(heard_at(batch[-1]))])


def _looked(judge: Judge, numbers: range) -> tuple[float, float]:
    """Have a judge hear so many incidents; return what share of the time looking for cycles took, and the longest."""
    pauses: list[float] = []

    def note(phase: str, _: object) -> None:
        now = time.perf_counter()
        pauses.append(-now if phase == "start" else pauses.pop() + now)

    gc.callbacks.append(note)
    began = time.perf_counter()
    for _ in _hear(judge, numbers):
        pass
    took = time.perf_counter() - began
    gc.callbacks.remove(note)
    return sum(pauses) / took, max(pauses, default=0.0)


def load_rows(count: int, path: Path) -> dict[str, float]:
    """Load a judge from rows; return how long it took, and the memory that it took."""
    look_seldom()
    judge = Judge(POLICY)
    gc.collect()
    before, began = psutil.Process().memory_info().rss, time.perf_counter()
    with path.open("rb") as stream:
        # One after the other: what had been there before and is let go would be taken off what the judge takes.
        while stream.peek(1):
            key, value = pickle.load(stream)  # noqa: S301 (written by this measure)
            judge.load(key, value)
    judge.loaded()
    took = time.perf_counter() - began
    assert judge.engine.open_deadlines == count
    gc.collect()
    return {"seconds": took, "bytes": (psutil.Process().memory_info().rss - before) / count}


def measured(count: int, *measures: str) -> dict[str, float]:
    """Measure one size, each thing in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "bench.deadlines", "--rows", f"{folder}/rows"]
        each = [
            subprocess.run([*command, what, str(count)], check=True, stdout=subprocess.PIPE).stdout
            for what in measures
        ]
    figures: dict[str, float] = {}
    for printed in each:
        figures |= json.loads(printed)
    return figures


def main() -> None:
    """Measure few and very many, or be one of the processes that do."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--most", type=int, default=100_000)
    parser.add_argument("--write", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--load", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--watch", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--rows", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.write:
        print(json.dumps(write_rows(options.write, options.rows)))
        return
    if options.load:
        print(json.dumps(load_rows(options.load, options.rows)))
        return
    if options.watch:
        print(json.dumps(watch_cycles(options.watch)))
        return
    few = measured(FEW, "--write", "--load")
    many = measured(options.most, "--write", "--load")
    cycles = measured(options.most, "--watch")
    name = f"{options.most:,}"
    figure(
        f"cost of an event among {name} / among {FEW:,}",
        many["event"] / few["event"],
        "",
        f"{many['event'] * 1e6:,.0f} and {few['event'] * 1e6:,.0f} µs, with its tick (bar: 1.2)",
    )
    figure(
        "looking for cycles, longest pause",
        cycles["pause_seldom"] * 1e3,
        "ms",
        f"{cycles['pause'] * 1e3:,.0f} ms as Python does it by itself, over {WATCHED:,} events",
    )
    figure(
        "looking for cycles, of the time",
        cycles["share_seldom"] * 100,
        "%",
        f"{cycles['share'] * 100:,.0f} % as Python does it by itself",
    )
    figure(
        f"memory with {name} open deadlines",
        many["bytes"] * options.most / 2**20,
        "MiB",
        f"{many['bytes']:,.0f} bytes each (bar: 1,074)",
    )
    figure(
        "loading them after a restart",
        many["seconds"],
        "s",
        f"{many['seconds'] / options.most * 1e6:,.0f} µs each (bar: 20)",
    )


if __name__ == "__main__":
    main()
