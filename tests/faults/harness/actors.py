"""The processes of a run, and those who use them: workers and clock, agencies that send, an operator who watches."""

from __future__ import annotations

import os
import re
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO, Any, Final

import psutil
from kafka import KafkaProducer
from kafka.errors import KafkaError

from baton.cli.playback import WORKER
from baton.cli.supervisor import Supervisor
from baton.cli.up import CLOCK, NOTIFY
from baton.contract.topics import ALERTS, prefixed, topic_of
from baton.reading import Reader
from baton.reading.alerts import alerts_of
from tests.faults.harness.stories import Sending

POLICY: Final = Path(__file__).parents[3] / "policy.toml"
CLOCK_AHEAD: Final = Path(__file__).with_name("clock_ahead.py")
A_WORKING_DAY: Final = 4
"""Seconds that stand for a working day in a run."""
AN_HOUR: Final = 20
"""Seconds that stand for the hour after which a feed is silent."""
STARTS_WITHIN: Final = 60.0
"""Seconds within which a process that ended by itself is there again."""
GIVES_UP_AFTER: Final = 600
"""Seconds after which an agency that can send nothing ends the run: then Kafka has not come back."""


def quick_policy() -> str:
    """Return the partnership's policy with seconds for its working days, and no working hours.

    So a run tells people as much in the evening or on a Sunday as it does on a Monday morning.
    """
    text = re.sub(
        r"\{ working_days = (\d+)[^}]*\}",
        lambda days: f"{{ seconds = {int(days[1]) * A_WORKING_DAY} }}",
        POLICY.read_text(encoding="utf-8"),
    )
    text = re.sub(r"(working_hours *= )true", r"\1false", text)
    return text.replace("{ hours = 1 }", f"{{ seconds = {AN_HOUR} }}")


@dataclass(slots=True)
class Crew:
    """The workers, the clock and the notifier."""

    supervisor: Supervisor
    environment: dict[str, str]
    log: IO[bytes]

    @staticmethod
    def names(count: int) -> list[str]:
        """Return the names of the workers that a run has from its beginning to its end."""
        return [f"worker-{number + 1}" for number in range(count)]

    def start_worker(self, name: str) -> None:
        """Start a worker, to be kept running."""
        self.supervisor.start(
            name, WORKER, {**self.environment, "BATON_WORKER_NAME": name}, self.log
        )

    def start_clock(self, name: str = "clock", *, ahead: bool = False) -> None:
        """Start a clock, to be kept running; one that is ahead believes that it is an hour later."""
        argv = (sys.executable, str(CLOCK_AHEAD)) if ahead else CLOCK
        self.supervisor.start(name, argv, self.environment, self.log)

    def start_notifier(self) -> None:
        """Start telling people, to be kept running."""
        self.supervisor.start("notifier", NOTIFY, self.environment, self.log)

    def remove(self, name: str) -> None:
        """Stop a process in good order, or at once if it was frozen."""
        self.supervisor.remove(name)

    def pid(self, name: str) -> int:
        """Return the process id that a name has now."""
        return self.supervisor.pids()[name]

    def send(self, name: str, signal_number: int) -> int:
        """Send a signal to a process that lives: to the next of its name, where one has just ended by itself."""
        gives_up_at = time.monotonic() + STARTS_WITHIN
        while True:
            pid = self.pid(name)
            try:
                os.kill(pid, signal_number)
            except ProcessLookupError:
                if time.monotonic() > gives_up_at:
                    raise
                time.sleep(0.1)
            else:
                return pid

    def kill(self, name: str) -> None:
        """Kill -9 a process; one that has just ended by itself is as dead."""
        with suppress(ProcessLookupError):
            os.kill(self.pid(name), signal.SIGKILL)


class Agencies:
    """Send events and keep at it until Kafka has confirmed each, as the gateway does."""

    def __init__(self, brokers: str, prefix: str, start: datetime) -> None:
        """Take where to send to, and the moment from which the plan's seconds count."""
        self.confirmed: set[str] = set()
        self.poison = 0
        self._brokers = brokers
        self._prefix = prefix
        self._start = start
        self._lock = threading.Lock()
        self._waiting: list[tuple[str, str, bytes, Any]] = []
        self._producer = self._connect()

    def tell(self, sending: Sending) -> None:
        """Send an event."""
        self.tell_value(sending.event_id, sending.record, sending.value(self._start))

    def tell_value(self, event_id: str, record: str, value: bytes) -> None:
        """Send a record that is made already."""
        self._send(event_id, topic_of(record), value)

    def tell_poison(self, topic: str, value: bytes) -> None:
        """Send what no version of the contract can read."""
        self.poison += 1
        self._send(f"poison-{self.poison}", topic, value)

    def settle(self) -> None:
        """Return when all that was sent is confirmed, whatever has to be sent again for it."""
        while self._waiting:
            with self._lock:
                waiting, self._waiting = self._waiting, []
            failed = []
            for name, topic, value, future in waiting:
                try:
                    future.get(timeout=120)
                    self.confirmed.add(name)
                except KafkaError:
                    failed.append((name, topic, value))
            if failed:
                with self._lock:
                    self._reconnect()
            for each in failed:
                self._send(*each)

    def close(self) -> None:
        """Disconnect."""
        self._producer.close(timeout=10)

    def _send(self, name: str, topic: str, value: bytes) -> None:
        gives_up_at = time.monotonic() + GIVES_UP_AFTER
        with self._lock:
            while True:
                try:
                    future = self._producer.send(prefixed(self._prefix, topic), value=value)
                except KafkaError:
                    if time.monotonic() > gives_up_at:
                        raise
                    # A producer whose sequence of messages broke takes nothing any more, however often it is asked.
                    self._reconnect()
                else:
                    self._waiting.append((name, topic, value, future))
                    return

    def _reconnect(self) -> None:
        self._producer.close(timeout=5)
        self._producer = self._connect()

    def _connect(self) -> KafkaProducer:
        gives_up_at = time.monotonic() + GIVES_UP_AFTER
        while True:
            try:
                return KafkaProducer(
                    bootstrap_servers=self._brokers.split(","),
                    acks="all",
                    enable_idempotence=True,
                    linger_ms=5,
                    delivery_timeout_ms=300_000,
                    request_timeout_ms=10_000,
                    max_block_ms=60_000,
                )
            except KafkaError:
                if time.monotonic() > gives_up_at:
                    raise
                time.sleep(0.5)


@dataclass(slots=True)
class Operator:
    """Watches the alerts as they come, and notes when each became visible."""

    brokers: str
    prefix: str
    on_alert: Callable[[dict[str, Any]], None]
    """Told of each alert, each time that it is seen."""
    seen: dict[int, tuple[float, float]] = field(default_factory=dict)
    """By offset: as of when an alert is, and when it was seen; in seconds since 1970."""
    _stop: threading.Event = field(default_factory=threading.Event)

    def watch(self) -> None:
        """Read until told to stop; begin again when the connection is lost for good."""
        while not self._stop.is_set():
            with suppress(KafkaError):
                self._watch()

    def stop(self) -> None:
        """End the watch."""
        self._stop.set()

    def _watch(self) -> None:
        with Reader(self.brokers, prefixed(self.prefix, ALERTS.name)) as reader:
            for batch in reader.follow():
                now = time.time()
                for message, alert in zip(batch, alerts_of(batch), strict=True):
                    self.seen.setdefault(message.offset, (alert["as_of"].timestamp(), now))
                    self.on_alert(alert)
                if self._stop.is_set():
                    return


def fill_disk(pid: int) -> None:
    """Make every further write of a process to a file fail, as on a full disk, from outside and for good.

    Raises ProcessLookupError.
    """
    try:
        psutil.Process(pid).rlimit(psutil.RLIMIT_FSIZE, (0, 0))
    except psutil.NoSuchProcess as error:
        raise ProcessLookupError from error
