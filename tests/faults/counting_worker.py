"""A worker for the fault tests: a small Faust app whose process counts events by key.

Run as a script, with its settings in the environment. `PAUSE_AT` names a point (`load`, `apply`,
`send`) at which it stops and waits to be killed: reaching it creates the file `PAUSED`, and it goes
on once that is removed. `FAULTY` is a number of events of which it loses some and repeats others.
"""

import logging
import os
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

import structlog

from baton.agents.app import make_app, run
from baton.ledger import Effects, Kafka, Ledgers, Output, Partition, Record, Tuning
from baton.ledger.kafka import KafkaWriter

EVENTS, ALERTS = "events", "counts"
ALERT_EVERY = int(os.environ.get("ALERT_EVERY", "10"))


class Counting:
    """Counts events by key, and says so at every tenth."""

    unfinished = False

    applied_by_all = 0

    def __init__(self) -> None:
        """Begin with nothing counted."""
        self.counts: Counter[bytes] = Counter()

    def load(self, key: bytes, value: bytes) -> None:
        """Take a stored count."""
        self.counts[key] = int(value)

    def loaded(self) -> None:
        """Nothing follows from the rows."""
        pause("load")

    def apply(self, records: Sequence[Record]) -> Effects:
        """Count each record under its key; one without a value takes the key's row away."""
        effects = Effects()
        for record in records:
            key = record.key or b""
            if record.value is None:
                del self.counts[key]
                effects.rows[key] = None
                continue
            self.counts[key] += 1
            effects.rows[key] = b"%d" % self.counts[key]
            if self.counts[key] % ALERT_EVERY == 0:
                told = b"%s/%d" % (key, self.counts[key])
                effects.outputs.append(Output(ALERTS, told, b"%d" % record.offset))
        Counting.applied_by_all += len(records)
        if Counting.applied_by_all > int(os.environ.get("PAUSE_AFTER", "0")):
            pause("apply")
        return effects


def pause(point: str) -> None:
    """Wait here for the end, if the test asked for it."""
    if os.environ.get("PAUSE_AT") == point:
        paused = Path(os.environ["PAUSED"])
        paused.touch()
        while paused.exists():
            time.sleep(0.02)
        del os.environ["PAUSE_AT"]


async def paused_commit(self: KafkaWriter, commit: Any = KafkaWriter.commit) -> None:
    """Store everything that was sent, then wait for the end before committing it."""
    for future in self._sent:
        await future
    pause("send")
    await commit(self)


def make_faulty(ledgers: Ledgers, count: int) -> None:
    """Lose a third of the first events, and deliver another third twice, out of order."""
    apply, random, left = ledgers.apply, Random(1), count

    async def faulty(events: Sequence[Any]) -> None:
        nonlocal left
        if left > 0:
            left -= len(events)
            third = len(events) // 3
            kept = random.sample(list(events), len(events) - third)
            events = [*sorted(kept, key=lambda e: e.message.offset), *kept[:third]]
        await apply(events)

    ledgers.apply = faulty  # type: ignore[method-assign]  # the fault is put in on purpose


def main() -> None:
    """Run the worker with the settings of the environment."""
    logging.basicConfig(level=os.environ.get("LOG", "WARNING"), stream=sys.stderr)
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    KafkaWriter.commit = paused_commit  # type: ignore[method-assign]  # the fault is put in on purpose

    def make_process(_: Partition) -> Counting:
        return Counting()

    app = make_app(
        kafka=Kafka(os.environ["BROKERS"], os.environ["PREFIX"]),
        processes={EVENTS: make_process},
        instance=os.environ.get("INSTANCE"),
        session_timeout=float(os.environ.get("SESSION_TIMEOUT", "6")),
        heartbeat_interval=1.0,
        tuning=Tuning(bulk_from=int(os.environ.get("BULK_FROM", "5000"))),
    )
    make_faulty(app.ledgers, int(os.environ.get("FAULTY", "0")))
    run(app)


if __name__ == "__main__":
    main()
