"""One worker: settings and policy in; agents, ledgers, metrics and health out. Everything is put together here."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import structlog
from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

from baton.agents.app import App, make_app
from baton.agents.intake import Intake
from baton.agents.judge import Judge
from baton.contract.topics import FACTS, SOURCE_TOPICS
from baton.ledger import Batch, Kafka, Ledgers, Partition, Process, die
from baton.runtime.cycles import look_seldom
from baton.runtime.health import serve_health

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prometheus_client.core import Metric

    from baton.agents.pseudonym import Pseudonyms
    from baton.rules.policy import Policy
    from baton.runtime.settings import Settings

NEAR_THE_CEILING = 0.8
"""From this part of the ceiling on, the share of rejected messages is a reason not to be ready."""
CLOCK_OLD_AFTER = 30.0
"""Seconds without a tick after which a worker is not ready: it would raise nothing that falls due."""

_TROUBLES = {
    "slow": "takes too long to load",
    "still": "stands still, though records wait",
    "behind": "is far behind, and catches up",
}
"""What the ledgers' own watch says of a partition, in words."""

logger = structlog.get_logger("baton.worker")


def make_worker(settings: Settings, policy: Policy, pseudonyms: Pseudonyms) -> App:
    """Make the Faust app of one worker: `intake` for every source topic, `judge` for the facts."""

    def intake(source: Partition) -> Process:
        return Intake(source.topic, source.number, pseudonyms, settings.rejected_ceiling)

    def judge(_: Partition) -> Process:
        return Judge(policy)

    look_seldom()
    shares = Shares(settings.rejected_ceiling)

    def on_batch(batch: Batch) -> None:
        shares.look(batch, app.ledgers.process(Partition(batch.topic, batch.partition)))

    app = make_app(
        kafka=Kafka(settings.brokers, settings.topic_prefix),
        processes={**{topic.name: intake for topic in SOURCE_TOPICS}, FACTS.name: judge},
        instance=settings.worker_name or None,
        on_batch=on_batch,
    )
    if settings.health_port:
        _serve_health(app, settings.health_port, shares)
    return app


class Shares:
    """How near each source's share of rejected messages is to the ceiling, where the worker stops."""

    def __init__(self, ceiling: float) -> None:
        """Take the ceiling, from 0 to 1."""
        self.ceiling = ceiling
        self.near: dict[str, float] = {}

    def look(self, batch: Batch, process: Process | None) -> None:
        """Look at one source after a batch; log once when it comes near."""
        if not isinstance(process, Intake):
            return
        source = f"{batch.topic}-{batch.partition}"
        if process.share <= self.ceiling * NEAR_THE_CEILING:
            self.near.pop(source, None)
            return
        if source not in self.near:
            logger.warning(
                "many_rejected",
                topic=batch.topic,
                partition=batch.partition,
                share=round(process.share, 3),
                ceiling=self.ceiling,
            )
        self.near[source] = process.share

    def __str__(self) -> str:
        """Say which sources are near the ceiling, or nothing."""
        return "; ".join(
            f"{share:.0%} of the recent messages of {source} were rejected: above {self.ceiling:.0%} this worker stops"
            for source, share in sorted(self.near.items())
        )


def _serve_health(app: App, port: int, shares: Shares) -> None:
    registry = CollectorRegistry()
    figures = Figures(app.ledgers, shares)
    registry.register(figures)

    @app.task  # type: ignore[untyped-decorator]  # Faust's decorator has no types
    async def health() -> None:
        try:
            await serve_health(port, registry, healthy=figures.unhealthy, ready=figures.not_ready)
        except OSError:
            die(
                f"the port {port} for metrics and health is taken: set BATON_HEALTH_PORT to a free one"
            )
        logger.info("health_served", port=port)


class Figures:
    """What Prometheus asks of a worker, read when it asks."""

    def __init__(self, ledgers: Ledgers, shares: Shares) -> None:
        """Take the ledgers that are to be read, and how near their sources are to the ceiling."""
        self._ledgers = ledgers
        self._shares = shares

    def unhealthy(self) -> str:
        """Say what a restart might mend, or nothing: the worker itself restarts when that goes on."""
        return "; ".join(
            f"{source} {_TROUBLES[kind]}"
            for kind, source in self._ledgers.troubles()
            if kind != "behind"
        )

    def not_ready(self) -> str:
        """Say why the worker does not judge what happens now, or nothing."""
        ledgers = self._ledgers
        if not ledgers.ready:
            loading = ", ".join(
                f"{source} for {seconds:.0f} s"
                for source, seconds in sorted(ledgers.opening().items())
            )
            return f"ledgers are being opened{': ' if loading else ''}{loading}"
        if troubles := ledgers.troubles():
            return "; ".join(f"{source} {_TROUBLES[kind]}" for kind, source in troubles)
        if near := str(self._shares):
            return near
        judge = self._judge()
        if judge is None:
            return ""  # Another worker judges; this one is ready to take over.
        if judge.watermark.now is None:
            return "the clock has not been heard yet"
        age = time.time() - judge.watermark.now.timestamp()
        return f"the slowest tick is {age:.0f} s old" if age > CLOCK_OLD_AFTER else ""

    def collect(self) -> Iterator[Metric]:
        """Give every figure, for prometheus_client."""
        yield from self._of_ledgers()
        yield from self._of_intake()
        judge = self._judge()
        if judge is not None:
            yield from _of_judge(judge)

    def _judge(self) -> Judge | None:
        process = self._ledgers.process(Partition(FACTS.name, 0))
        return process if isinstance(process, Judge) else None

    def _of_ledgers(self) -> Iterator[Metric]:
        labels = ["topic", "partition"]
        lag = GaugeMetricFamily(
            "baton_lag_records", "Records that wait to be applied.", labels=labels
        )
        took = GaugeMetricFamily(
            "baton_transaction_seconds", "How long the last transaction took.", labels=labels
        )
        still = GaugeMetricFamily(
            "baton_still_seconds", "How long ago the position last moved.", labels=labels
        )
        batches = CounterMetricFamily("baton_batches", "Transactions committed.", labels=labels)
        records = CounterMetricFamily("baton_records", "Records applied.", labels=labels)
        gaps = CounterMetricFamily(
            "baton_gaps",
            "Ranges that the ledger read itself: transaction markers, which are harmless, and what Faust skipped.",
            labels=labels,
        )
        opened = GaugeMetricFamily(
            "baton_opened_seconds", "How long opening the ledger took.", labels=labels
        )
        opening = GaugeMetricFamily(
            "baton_opening_seconds", "How long a ledger has been opening.", labels=labels
        )
        for source, seconds in self._ledgers.opening().items():
            opening.add_metric([source.topic, str(source.number)], seconds)
        for status in self._ledgers.snapshot():
            names = [status.topic, str(status.partition)]
            lag.add_metric(names, status.end - status.next)
            took.add_metric(names, status.transaction_ms / 1_000)
            still.add_metric(names, status.still_for)
            batches.add_metric(names, status.batches)
            records.add_metric(names, status.records)
            gaps.add_metric(names, status.gaps)
            opened.add_metric(names, status.opened_in)
        yield from (lag, took, still, batches, records, gaps, opened, opening)

    def _of_intake(self) -> Iterator[Metric]:
        rejected = CounterMetricFamily("baton_rejected", "Events rejected.", labels=["topic"])
        share = GaugeMetricFamily(
            "baton_rejected_share", "Share of recent messages rejected.", labels=["topic"]
        )
        for topic in SOURCE_TOPICS:
            process = self._ledgers.process(Partition(topic.name, 0))
            if isinstance(process, Intake):
                rejected.add_metric([topic.name], process.rejected)
                share.add_metric([topic.name], process.share)
        yield from (rejected, share)
        yield GaugeMetricFamily(
            "baton_rejected_ceiling",
            "Share above which the worker stops.",
            value=self._shares.ceiling,
        )


def _of_judge(judge: Judge) -> Iterator[Metric]:
    age = GaugeMetricFamily(
        "baton_clock_age_seconds", "Age of a source's last tick.", labels=["origin"]
    )
    for origin, tick in judge.watermark.ticks.items():
        if tick is not None:
            age.add_metric([origin], time.time() - tick.timestamp())
    yield age
    engine = judge.engine
    gauges = {
        "baton_open_deadlines": ("Chronologies that wait for a moment.", engine.open_deadlines),
        "baton_suspended": ("Chronologies that wait for a silent feed.", engine.suspended),
        "baton_held_facts": ("Facts that wait for the watermark.", engine.held),
        "baton_deadlines_lost": (
            "Deadlines missing from the heap; always 0.",
            engine.overdue_missing,
        ),
    }
    for name, (meaning, value) in gauges.items():
        yield GaugeMetricFamily(name, meaning, value=value)
    raised = CounterMetricFamily("baton_alerts_raised", "Alerts raised.", labels=["rule"])
    for rule, count in sorted(judge.raised.items()):
        raised.add_metric([rule], count)
    yield raised
