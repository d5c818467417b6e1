"""The watchdog's process: look, judge, tell; and say at any moment how things are."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

import structlog
from kafka.errors import KafkaError
from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

from baton.reading import TopicMissingError
from baton.runtime.health import serve_health
from baton.watchdog.lookout import Lookout
from baton.watchdog.sight import LEDGERS, Sight
from baton.watchdog.telling import Telling, blindness_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from threading import Event

    from prometheus_client.core import Metric

    from baton.rules.policy import Policy

EVERY: Final = 1.0
"""Seconds between two looks."""
UNANSWERED_FOR: Final = 15.0
"""Seconds without a look after which the watchdog itself is not healthy: it sees nothing."""

logger = structlog.get_logger("baton.watchdog")


@dataclass(slots=True, eq=False)
class Watchdog:
    """Looks, judges and tells, one turn after the other; it outlives a Kafka that goes away."""

    brokers: str
    prefix: str
    telling: Telling
    sight: Sight
    looks: int = 0
    failures: int = 0
    looked_at: float = field(default_factory=time.monotonic)
    _lookout: Lookout | None = None
    _told: bool = False
    """Whether the topic says what we last saw."""
    _answering: bool = True

    def turn(self) -> None:
        """Look once, and tell what has changed."""
        try:
            self._look()
            blindness = self.sight.blindness
            if self._told and blindness is not None:
                # People take it up, and it is chased, as any other: the judge cannot see to it.
                self._told = self.telling.is_told(blindness, self.sight.now(datetime.now(UTC)))
            if not self._told:
                self._tell()
        except (KafkaError, TopicMissingError) as error:
            self.failures += 1
            if self._answering:
                logger.warning("kafka_not_answering", reason=type(error).__name__)
            self._answering = False
            self.close()
            return
        if not self._answering:
            logger.info("kafka_answering")
        self._answering = True

    def close(self) -> None:
        """Disconnect."""
        lookout, self._lookout = self._lookout, None
        if lookout is not None:
            # It may be broken already.
            with suppress(KafkaError):
                lookout.close()
        with suppress(KafkaError):
            self.telling.close()

    def unhealthy(self) -> str:
        """Say why the watchdog does not see, or nothing."""
        unseen_for = time.monotonic() - self.looked_at
        if unseen_for <= UNANSWERED_FOR:
            return ""
        return f"Kafka has not let us look for {unseen_for:.0f} s"

    def not_ready(self) -> str:
        """Say why baton does not see, or nothing."""
        if self.unhealthy():
            return self.unhealthy()
        if self.looks == 0:
            return "nothing has been looked at yet"
        return "" if self.sight.blindness is None else str(self.sight.blindness)

    def _look(self) -> None:
        if self._lookout is None:
            self._lookout = Lookout(self.brokers, self.prefix)
        look = self._lookout.look()
        if self.looks == 0:
            # A blindness that lasts goes on under its own id, whoever watches.
            for alert in self.telling.standing()[:1]:
                self.sight.adopt(blindness_of(alert))
        self.looks += 1
        self.looked_at = time.monotonic()
        if self.sight.see(look):
            self._told = False

    def _tell(self) -> None:
        sight = self.sight
        written = self.telling.tell(sight.blindness, sight.watermark, sight.now(datetime.now(UTC)))
        self._told = True
        for alert in written:
            over = alert["status"] == "answered"
            taken = bool(alert["actions"]) and not over
            log = logger.warning if over or taken else logger.error
            log(
                "pipeline_seen_again" if over else "pipeline_blind",
                since=alert["due_at"].isoformat(),
                seconds=round(
                    ((alert["answered_at"] or alert["as_of"]) - alert["due_at"]).total_seconds(), 1
                ),
                partitions=[
                    f"{member['key']}: {', '.join(member['states'])}" for member in alert["members"]
                ],
            )

    def collect(self) -> Iterator[Metric]:
        """Give every figure, for prometheus_client."""
        sight = self.sight
        yield GaugeMetricFamily(
            "baton_blind", "1 while nothing is judged.", value=float(sight.blindness is not None)
        )
        yield GaugeMetricFamily(
            "baton_judged_behind_seconds",
            "How far the judge is behind the clock.",
            value=sight.behind.total_seconds(),
        )
        yield CounterMetricFamily("baton_watchdog_looks", "Looks at Kafka.", value=self.looks)
        yield CounterMetricFamily(
            "baton_watchdog_failures", "Looks that failed.", value=self.failures
        )
        labels = ["partition"]
        still = GaugeMetricFamily(
            "baton_position_still_seconds",
            "How long a position has not moved, though records wait.",
            labels=labels,
        )
        gap = GaugeMetricFamily(
            "baton_gap_records", "Records between a position and the end.", labels=labels
        )
        look = sight.look
        if look is not None:
            for name in LEDGERS:
                still.add_metric([name], sight.still_for(name))
                gap.add_metric([name], max(0, look.ends[name] - look.positions.get(name, 0)))
        yield from (still, gap)


def run_watchdog(  # noqa: PLR0913 - one keyword for each thing that a deployment sets
    brokers: str,
    prefix: str,
    policy: Policy,
    stop: Event,
    *,
    within: timedelta,
    health_port: int = 0,
    every: float = EVERY,
) -> None:
    """Watch until `stop` is set. Raises OSError when the health port is taken."""
    watchdog = Watchdog(
        brokers=brokers,
        prefix=prefix,
        telling=Telling(brokers, prefix, policy),
        # Whole: records have milliseconds, and the id of a blindness must be the same when it is read again.
        sight=Sight(within, datetime.now(UTC).replace(microsecond=0)),
    )
    asyncio.run(_run(watchdog, stop, health_port, every))


async def _run(watchdog: Watchdog, stop: Event, health_port: int, every: float) -> None:
    runner = None
    if health_port:
        registry = CollectorRegistry()
        registry.register(watchdog)
        runner = await serve_health(health_port, registry, watchdog.unhealthy, watchdog.not_ready)
        logger.info("health_served", port=health_port)
    logger.info(
        "watchdog_started",
        brokers=watchdog.brokers,
        seconds=watchdog.sight.within.total_seconds(),
    )
    try:
        while not stop.is_set():
            # In a thread, so that the health page answers while Kafka does not.
            await asyncio.to_thread(watchdog.turn)
            await asyncio.to_thread(stop.wait, every)
    finally:
        watchdog.close()
        if runner is not None:
            await runner.cleanup()
    logger.info("watchdog_stopped", count=watchdog.looks)
