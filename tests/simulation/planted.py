"""Workers with one thing wrong on purpose. Each breaks the law, and some seed must show it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from baton.agents.judge import Judge
from baton.ledger import POSITION_KEY, Ledger, Ledgers
from tests.ledger.conftest import FakeLog
from tests.simulation.cluster import View
from tests.simulation.worker import Parts, SimulatedWriter

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from baton.ledger import Output, Partition, Record, Row


class StateBeforeTheAlert(SimulatedWriter):
    """Writes without a transaction: first the rows and the position, then what follows from them."""

    async def send(self, outputs: Sequence[Output]) -> None:
        """Store each at once."""
        assert isinstance(self._kafka, View)
        for output in sorted(outputs, key=lambda each: not each.topic.startswith("state-")):
            await self._kafka.point()
            self._check_epoch()
            self._kafka.store_at_once(output)


class AlertBeforeTheState(SimulatedWriter):
    """Writes without a transaction, in the order that seems safer: the alert, then the rows."""

    async def send(self, outputs: Sequence[Output]) -> None:
        """Store each at once."""
        assert isinstance(self._kafka, View)
        for output in outputs:
            await self._kafka.point()
            self._check_epoch()
            self._kafka.store_at_once(output)


class PositionBeforeTheCommit(SimulatedWriter):
    """Stores the position as soon as it is known, and the rest in a transaction."""

    async def send(self, outputs: Sequence[Output]) -> None:
        """Store the position at once."""
        assert isinstance(self._kafka, View)
        for output in outputs:
            if output.key == POSITION_KEY:
                self._check_epoch()
                self._kafka.store_at_once(output)
        await super().send(outputs)


class NoFence(SimulatedWriter):
    """Shares the name with an earlier owner instead of taking it over."""

    async def fence(self) -> None:
        """Take the name on as it is."""
        await self._kafka.point()
        self._epoch = 0


class SkipsGapsLedger(Ledger):
    """Believes that what Faust delivers is all there is."""

    def _sift(self, records: Sequence[Record]) -> tuple[list[Record], bool]:
        fresh = [record for record in records if record.offset >= self.next]
        if fresh:
            self.next = fresh[-1].offset + 1 - len(fresh)
        return fresh, True


class SkipsGaps(Ledgers):
    """A gap is skipped."""

    def _new_ledger(self, source: Partition) -> Ledger:
        ledger = super()._new_ledger(source)
        ledger.__class__ = SkipsGapsLedger
        return ledger


class ForgetsDeadlines(Judge):
    """Loads everything but when it is to judge again."""

    def load(self, key: bytes, value: bytes) -> None:
        """Take back one row, unless it is a deadline."""
        if not key.startswith(b"w/"):
            super().load(key, value)


class ForgetsTheTime(Judge):
    """Loads everything but how far time had come, and waits for every clock anew."""

    def load(self, key: bytes, value: bytes) -> None:
        """Take back one row, unless it is a tick."""
        if not key.startswith(b"t/"):
            super().load(key, value)


class ForgetsWhereTimeStopped(Judge):
    """Loads everything but that time stopped on its way, and where."""

    def load(self, key: bytes, value: bytes) -> None:
        """Take back one row, unless it is the moment at which time stopped."""
        if not key.startswith(b"m/"):
            super().load(key, value)


class ReadsUncommitted(FakeLog):
    """Takes the rows of open and aborted transactions for the truth."""

    async def rows(self) -> AsyncIterator[Sequence[Row]]:
        """Read all that is there."""
        assert isinstance(self._kafka, View)
        await self._kafka.point()
        yield self._kafka.uncommitted_rows()


PLANTED: Final[dict[str, Parts]] = {
    "state-before-the-alert": Parts(writer=StateBeforeTheAlert),
    "alert-before-the-state": Parts(writer=AlertBeforeTheState),
    "position-before-the-commit": Parts(writer=PositionBeforeTheCommit),
    "gap-skipped": Parts(ledgers=SkipsGaps),
    "deadline-lost-on-load": Parts(judge=ForgetsDeadlines),
    "time-lost-on-load": Parts(judge=ForgetsTheTime),
    "stop-lost-on-load": Parts(judge=ForgetsWhereTimeStopped),
    "two-owners": Parts(writer=NoFence),
    "uncommitted-rows-loaded": Parts(log=ReadsUncommitted),
}
"""By what it is called in tests and on the command line."""
