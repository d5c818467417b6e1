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
from baton.ledger import Kafka, Partition, Process, die
from baton.runtime.health import serve_health

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prometheus_client.core import Metric

    from baton.agents.pseudonym import Pseudonyms
    from baton.rules.policy import Policy
    from baton.runtime.settings import Settings

CLOCK_OLD_AFTER = 30.0
"""Seconds without a tick after which a worker is not ready: it would raise nothing that falls due."""

logger = structlog.get_logger("baton.worker")


def make_worker(settings: Settings, policy: Policy, pseudonyms: Pseudonyms) -> App:
    """Make the Faust app of one worker: `intake` for every source topic, `judge` for the facts."""

    def intake(source: Partition) -> Process:
        return Intake(source.topic, source.number, pseudonyms, settings.rejected_ceiling)

    def judge(_: Partition) -> Process:
        return Judge(policy)

    app = make_app(
        kafka=Kafka(settings.brokers, settings.topic_prefix),
        processes={**{topic.name: intake for topic in SOURCE_TOPICS}, FACTS.name: judge},
        instance=settings.worker_name or None,
    )
    if settings.health_port:
        _serve_health(app, settings.health_port)
    return app


def _serve_health(app: App, port: int) -> None:
    registry = CollectorRegistry()
    figures = Figures(app)
    registry.register(figures)

    @app.task  # type: ignore[untyped-decorator]  # Faust's decorator has no types
    async def health() -> None:
        try:
            await serve_health(port, registry, healthy=lambda: "", ready=figures.not_ready)
        except OSError:
            die(
                f"the port {port} for metrics and health is taken: set BATON_HEALTH_PORT to a free one"
            )
        logger.info("health_served", port=port)


class Figures:
    """What Prometheus asks of a worker, read when it asks."""

    def __init__(self, app: App) -> None:
        """Take the app whose ledgers are to be read."""
        self._app = app

    def not_ready(self) -> str:
        """Say why the worker does not judge what happens now, or nothing."""
        ledgers = self._app.ledgers
        if not ledgers.ready:
            return "ledgers are being opened"
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
        process = self._app.ledgers.process(Partition(FACTS.name, 0))
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
        for status in self._app.ledgers.snapshot():
            names = [status.topic, str(status.partition)]
            lag.add_metric(names, status.end - status.next)
            took.add_metric(names, status.transaction_ms / 1_000)
            still.add_metric(names, status.still_for)
            batches.add_metric(names, status.batches)
            records.add_metric(names, status.records)
            gaps.add_metric(names, status.gaps)
        yield from (lag, took, still, batches, records, gaps)

    def _of_intake(self) -> Iterator[Metric]:
        rejected = CounterMetricFamily("baton_rejected", "Events rejected.", labels=["topic"])
        for topic in SOURCE_TOPICS:
            process = self._app.ledgers.process(Partition(topic.name, 0))
            if isinstance(process, Intake):
                rejected.add_metric([topic.name], process.rejected)
        yield rejected


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
