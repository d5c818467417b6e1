"""What `intake` does with each record of a source topic: read, check, pseudonymise, say whom it concerns, pass on.

What cannot be read goes to `rejected-events` as it came, with the reason; too many of them, and it is probably we
who are wrong: then the worker stops.
"""

from __future__ import annotations

from collections import deque
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from baton.contract import codec
from baton.contract.pointers import check_pointers
from baton.contract.topics import FACTS, REJECTED_EVENTS, topic_of
from baton.engine.keys import keys_of
from baton.engine.translate import pseudonym, to_fact
from baton.ledger import LedgerError
from baton.ledger.process import Effects, Output

if TYPE_CHECKING:
    from collections.abc import Sequence

    from baton.agents.pseudonym import Pseudonyms
    from baton.ledger.process import Record

RECENT: Final = 1_000
"""The share of rejected messages is taken over this many."""
ENOUGH: Final = 200
"""Fewer messages than this say nothing about a share."""
CLOCKS_DIFFER_BY: Final = timedelta(minutes=5)
"""An agency's clock may be ahead of ours by this much; an event from further in the future is rejected."""

RECENT_ROW: Final = b"recent"
"""The row that holds how recent messages fared: `x` for a rejected one."""
_CARRIED_ON: Final = "traceparent"


class CeilingReachedError(LedgerError):
    """So many recent messages were rejected that the fault may be ours."""


class Intake:
    """The pure part of one source partition. It remembers only how its recent messages fared."""

    unfinished = False

    def __init__(self, topic: str, partition: int, pseudonyms: Pseudonyms, ceiling: float) -> None:
        """Take the source, how persons are pseudonymised and the share of rejected messages that is too much."""
        self._topic = topic
        self._partition = partition
        self._pseudonyms = pseudonyms
        self._ceiling = ceiling
        self._recent: deque[bool] = deque(maxlen=RECENT)
        self.rejected = 0

    @property
    def share(self) -> float:
        """The share of recent messages that were rejected; 0 while they are too few to say."""
        return sum(self._recent) / len(self._recent) if len(self._recent) >= ENOUGH else 0.0

    def load(self, key: bytes, value: bytes) -> None:
        """Take back how recent messages fared, so that a restart does not lift the ceiling."""
        if key == RECENT_ROW:
            self._recent.extend(each == ord("x") for each in value)

    def loaded(self) -> None:
        """Nothing follows from the rows."""

    def apply(self, records: Sequence[Record]) -> Effects:
        """Pass on what can be read, reject what cannot; raise CeilingReachedError when that is too much.

        Of the ticks in a batch only the last is passed on, after everything before it: it proves the same.
        """
        effects = Effects()
        tick: Record | None = None
        heard = False
        for record in records:
            try:
                name, fields = codec.decode(record.value)
                if name == "Tick":
                    tick = record
                    continue
                self._check(name, fields, record)
                effects.outputs.append(self._fact(name, fields, record))
            except codec.InvalidEvent as error:
                effects.outputs.append(_rejected(record, error.reason, error.detail))
                self._remember(rejected=True, record=record)
            except _RefusedError as error:
                effects.outputs.append(_rejected(record, *error.args))
                self._remember(rejected=True, record=record)
            else:
                self._remember(rejected=False, record=record)
            heard = True
        effects.routine = not heard
        if heard:
            effects.rows[RECENT_ROW] = bytes(
                ord("x") if each else ord(".") for each in self._recent
            )
        if tick is not None:
            effects.outputs.append(self._tick(tick))
        return effects

    def _check(self, name: str, fields: dict[str, Any], record: Record) -> None:
        """Refuse what can be read and still cannot be meant."""
        try:
            told_on = topic_of(name)
        except LookupError:
            told_on = ""
        if told_on != self._topic:
            reason = "wrong-topic"
            raise _RefusedError(reason, f"{name} is not told on {self._topic}")
        check_pointers(fields)
        latest = _moment(record.timestamp_ms) + CLOCKS_DIFFER_BY
        for field in ("occurred_at", "complete_to"):
            if field in fields and fields[field] > latest:
                reason = "in-the-future"
                raise _RefusedError(reason, f"{field} lies after the moment at which it was told")

    def _fact(self, name: str, fields: dict[str, Any], record: Record) -> Output:
        told: Any = self._pseudonyms.in_record(fields)
        received_at = _moment(record.timestamp_ms)
        fact = to_fact(name, told, received_at, pseudonym)
        heard = {
            "event": codec.encode(name, told),
            "keys": [] if fact is None else list(keys_of(fact)),
            "received_at": received_at,
            "topic": record.topic,
            "partition": record.partition,
            "offset": record.offset,
        }
        carried_on = tuple(header for header in record.headers if header[0] == _CARRIED_ON)
        return Output(
            FACTS.name,
            None,
            codec.encode("FactHeard", heard),
            carried_on,
            timestamp_ms=record.timestamp_ms,
        )

    def _tick(self, record: Record) -> Output:
        # All that the broker held before the tick has been read. Within its own millisecond more may follow, so it
        # is worth the millisecond before.
        at = _moment(record.timestamp_ms) - timedelta(milliseconds=1)
        origin = f"{record.topic}-{record.partition}"
        value = codec.encode("TickForwarded", {"origin": origin, "at": at})
        return Output(FACTS.name, None, value, timestamp_ms=record.timestamp_ms)

    def _remember(self, *, rejected: bool, record: Record) -> None:
        self._recent.append(rejected)
        self.rejected += rejected
        if rejected and self.share > self._ceiling:
            message = (
                f"{self.share:.0%} of the last {len(self._recent)} messages of {self._topic}-{self._partition} were "
                f"rejected, up to offset {record.offset}; the ceiling is {self._ceiling:.0%}. Nothing is lost: "
                f"mend what sends or reads them, or raise BATON_REJECTED_CEILING, and start again"
            )
            raise CeilingReachedError(message)


class _RefusedError(Exception):
    """A readable record that cannot be meant: its reason, and a sentence without its content."""


def _rejected(record: Record, reason: str, detail: str) -> Output:
    headers = {
        "reason": reason,
        "detail": detail,
        "topic": record.topic,
        "partition": str(record.partition),
        "offset": str(record.offset),
        "timestamp_ms": str(record.timestamp_ms),
    }
    return Output(
        REJECTED_EVENTS.name,
        record.key,
        record.value,
        tuple((name, value.encode()) for name, value in headers.items()),
        timestamp_ms=record.timestamp_ms,
    )


def _moment(timestamp_ms: int) -> datetime:
    return datetime.fromtimestamp(timestamp_ms // 1000, UTC) + timedelta(
        milliseconds=timestamp_ms % 1000
    )
