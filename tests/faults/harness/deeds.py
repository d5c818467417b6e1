"""What operators do to the alerts that they see: by chance, and the same to the same alert in every run."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from queue import Empty, SimpleQueue
from random import Random
from typing import Any, Final

from kafka.errors import KafkaError

from baton.contract import codec
from tests.faults.harness.actors import Agencies

SHARE: Final = 0.4
"""Of the alerts that are seen somebody does something to so many."""
SOON: Final = timedelta(seconds=20)
"""For how long somebody takes up an alert, or silences its like: it ends within the run."""


def deed_on(alert: dict[str, Any], at: datetime) -> tuple[str, dict[str, Any]] | None:
    """Return the record and the fields of what somebody does to an alert that has just been raised, or None."""
    chance = Random(alert["alert_id"])
    if chance.random() >= SHARE:
        return None
    closed = {
        "outcome": "acted",
        "rationale": "seen to",
        "second_by": chance.choice((None, "op-2")),
    }
    deeds: tuple[tuple[str, dict[str, Any]], ...] = (
        ("AlertAcknowledged", {"until": at + SOON}),
        ("AlertAssigned", {"to": "op-2"}),
        ("AlertNoted", {"note": "note-1"}),
        # Where two must close it and one does, it stays open; where one who alone may closes it, it is closed.
        ("AlertClosed", closed),
        ("AlertReopened", {}),
        ("AlertsSilenced", {"matcher": f"about={alert['about']['key']}", "until": at + SOON}),
    )
    record, fields = chance.choice(deeds)
    if record == "AlertsSilenced":
        fields |= {"why": "a planned move"}
    else:
        fields |= {"alert": alert["alert_id"]}
    return record, {**fields, "by": "op-1"}


@dataclass(slots=True)
class Deeds:
    """Does them, one after the other, in a thread of its own: whoever watches must not wait for Kafka."""

    agencies: Agencies
    done: int = 0
    failures: list[str] = field(default_factory=list)
    _seen: set[str] = field(default_factory=set)
    _queue: SimpleQueue[dict[str, Any]] = field(default_factory=SimpleQueue)
    _stopped: threading.Event = field(default_factory=threading.Event)

    def on(self, alert: dict[str, Any]) -> None:
        """Take note of an alert that an operator sees; the first time that it is raised something may be done to it."""
        if alert["status"] == "raised" and alert["alert_id"] not in self._seen:
            self._seen.add(alert["alert_id"])
            self._queue.put(alert)

    def do_all(self) -> None:
        """Do what is to be done, until told to stop."""
        while not self._stopped.is_set():
            try:
                alert = self._queue.get(timeout=0.5)
                self._do(alert)
            except Empty:
                continue
            except KafkaError as error:
                self.failures.append(f"operators: {type(error).__name__}: {error}")
                return

    def stop(self) -> None:
        """Do no more."""
        self._stopped.set()

    def _do(self, alert: dict[str, Any]) -> None:
        at = datetime.now(UTC)
        deed = deed_on(alert, at)
        if deed is None:
            return
        record, fields = deed
        event_id = f"deed-{self.done}"
        envelope = {"event_id": event_id, "occurred_at": at, "agency": "childrens_social_care"}
        value = codec.encode(record, codec.complete(record, envelope | fields))
        self.agencies.tell_value(event_id, record, value)
        self.done += 1
