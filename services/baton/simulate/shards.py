"""Writing simulated histories: one log and one truth for each authority, several at a time."""

from __future__ import annotations

import json
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any

from baton.simulate.history import events

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from baton.simulate.plan import Plan


@dataclass(frozen=True, slots=True)
class Shard:
    """One authority's part: what is to be made, and where it is written."""

    plan: Plan
    folder: Path

    @property
    def log(self) -> Path:
        """The events, as `baton replay` reads them."""
        return self.folder / f"log-{self.plan.authority}.ndjson"

    @property
    def truth(self) -> Path:
        """What was sown."""
        return self.folder / f"truth-{self.plan.authority}.ndjson"

    def write(self) -> int:
        """Write both; return how many events."""
        count = 0
        with (
            self.log.open("w", encoding="ascii", buffering=1 << 20) as log,
            self.truth.open("w", encoding="ascii") as truth,
        ):

            def sow(sown: dict[str, Any]) -> None:
                truth.write(json.dumps(sown) + "\n")

            for line in events(self.plan, sow):
                log.write(line)
                count += 1
        return count


def write_all(shards: Sequence[Shard], processes: int) -> Iterator[tuple[Shard, int]]:
    """Write every shard, so many at a time; give each with its count of events when it is written.

    How many processes there are changes nothing in the files.
    """
    if processes == 1 or len(shards) == 1:
        yield from ((shard, shard.write()) for shard in shards)
        return
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        writing = {pool.submit(shard.write): shard for shard in shards}
        try:
            for done in as_completed(writing):
                yield writing[done], done.result()
        finally:
            with suppress(Exception):
                pool.shutdown(wait=False, cancel_futures=True)
