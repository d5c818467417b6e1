"""What is overridden in Faust and aiokafka, and what is relied on: an upgrade must pass all this.

Where a test says what stock Faust does wrong, its failure is good news: look whether the override
is still needed.
"""

from __future__ import annotations

import asyncio
import inspect
from typing import TYPE_CHECKING, Never
from unittest import mock

import faust
import faust.streams
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.consumer.fetcher import READ_COMMITTED
from aiokafka.producer.sender import SendProduceReqHandler
from faust.transport.drivers import aiokafka as driver
from faust.types import TP
from faust.types.enums import ProcessingGuarantee

from baton.agents import app as ours
from baton.ledger import Kafka, LedgerError, Partition

if TYPE_CHECKING:
    from baton.ledger import Process

NOWHERE = Kafka("127.0.0.1:9", "test-")


class DiedError(BaseException):
    """The worker would have ended here."""


def die(reason: str) -> Never:
    """Stand in for the end of the process."""
    raise DiedError(reason)


def make_process(source: Partition) -> Process:
    """Never asked: nothing is delivered here."""
    raise AssertionError(source)


def make_app() -> ours.App:
    """Make an app of a Kafka that is not there."""
    return ours.make_app(kafka=NOWHERE, processes={"events": make_process}, die=die)


def isolation_of(app: faust.App) -> str:
    """Return the isolation level of the consumer that the app's thread would start."""

    async def create() -> str:
        thread = app.consumer._thread  # type: ignore[attr-defined]  # Faust's and fakes' own attributes
        consumer = thread._create_worker_consumer(app.transport)
        consumer._closed = True
        return str(consumer._isolation_level)

    return asyncio.run(create())


def test_our_consumer_reads_committed() -> None:
    """Through the transport, the consumer and its thread, to aiokafka's own setting."""
    app = make_app()

    assert isinstance(app.transport, ours.Transport)
    assert isinstance(app.consumer, ours.Consumer)
    assert isolation_of(app) == "read_committed"


def test_stock_faust_reads_uncommitted() -> None:
    """This is why there is an override: records of aborted transactions would be handed over."""
    app = faust.App("stock", broker="aiokafka://127.0.0.1:9", autodiscover=False)

    assert isolation_of(app) == "read_uncommitted"


def test_aiokafka_reads_the_isolation_level_when_it_starts() -> None:
    """It is set between making and starting the consumer."""
    assert "isolation_level=self._isolation_level" in inspect.getsource(AIOKafkaConsumer.start)
    assert READ_COMMITTED == 1


def test_a_consumer_that_reads_uncommitted_is_refused_at_start() -> None:
    """Asserted on the consumer that runs, whatever the override did."""
    app = make_app()
    consumer = mock.Mock()
    consumer._fetcher._isolation_level = 0
    app.consumer._thread._consumer = consumer  # type: ignore[attr-defined]  # Faust's and fakes' own attributes

    with pytest.raises(LedgerError, match="does not read committed"):
        ours.check_reads_committed(app)
    consumer._fetcher._isolation_level = READ_COMMITTED
    ours.check_reads_committed(app)


def test_the_compiled_stream_iterator_is_there() -> None:
    """The Python loop acknowledges what it skips at a rebalance."""
    ours.check_faust()
    with (
        mock.patch.object(faust.streams, "_CStreamIterator", None),
        pytest.raises(LedgerError, match="compiled stream iterator"),
    ):
        make_app()


def test_every_setting_that_matters_is_what_we_set() -> None:
    """Faust has taken the settings over, also those whose default was the same."""
    conf = make_app().conf

    assert conf.id == "test-baton"
    assert conf.version == 1
    assert str(conf.processing_guarantee) == str(ProcessingGuarantee.AT_LEAST_ONCE)
    assert not conf.topic_allow_declare
    assert conf.topic_disable_leader
    assert conf.consumer_auto_offset_reset == "earliest"
    assert conf.broker_session_timeout == 12
    assert conf.broker_heartbeat_interval == 3
    assert conf.broker_request_timeout == 30
    assert conf.broker_max_poll_interval == 86_400
    assert conf.broker_max_poll_records == 5_000
    assert not conf.stream_wait_empty
    assert not conf.web_enabled
    assert not conf.worker_redirect_stdouts
    assert conf.cython_optimizations
    assert conf.table_standby_replicas == 1


def test_source_topics_are_raw_bytes_under_the_prefix() -> None:
    """Faust decodes nothing, so that nothing can fail to decode before the ledger has it."""
    topic = make_app().source("events")

    assert list(topic.topics) == ["test-events"]
    message = mock.Mock(key=b'"k"', value=b"\x00\xff", headers=None)
    event = asyncio.run(topic.decode(message, propagate=True))
    assert (event.key, event.value) == (b'"k"', b"\x00\xff")


def test_an_agent_that_raises_ends_the_worker() -> None:
    """Stock Faust acknowledges the record that raised, and goes on."""
    app = make_app()
    (agent,) = app.agents.values()

    assert agent._on_error == app._on_agent_error
    with pytest.raises(DiedError, match=r"agent baton\.events raised KeyError"):
        asyncio.run(app._on_agent_error(agent, KeyError("a name")))


def test_a_crash_of_any_service_ends_the_worker() -> None:
    """Stock Faust shuts down in good order, and commits."""

    async def crash() -> None:
        app = make_app()
        await app.consumer.crash(KeyError("a name"))

    with pytest.raises(DiedError, match=r"faust crashed: KeyError$"):
        asyncio.run(crash())


def test_faust_tells_of_the_assignment_before_it_delivers_anything() -> None:
    """`on_rebalance_complete` comes before partitions are resumed and sought; the end after it."""

    async def resume() -> list[str]:
        app = make_app()
        happened: list[str] = []
        app.on_rebalance_complete._receivers.clear()
        app.on_rebalance_complete._filter_receivers.clear()

        async def told(*_: object, **__: object) -> None:
            await asyncio.sleep(0)
            happened.append("told")

        app.on_rebalance_complete.connect(told)
        app.consumer_generation_id = 1
        consumer = mock.Mock(assignment=lambda: {TP("test-events", 0)})
        consumer.resume_partitions = lambda _: happened.append("resumed")

        async def perform_seek() -> None:
            happened.append("sought")

        def end() -> None:
            happened.append("ended")

        consumer.perform_seek = perform_seek
        consumer.resume_flow = lambda: happened.append("flows")
        app._consumer = consumer
        fetcher = mock.Mock(maybe_start=mock.AsyncMock())
        with (
            mock.patch.object(type(app), "_fetcher", fetcher),
            mock.patch.object(app, "on_rebalance_end", side_effect=end),
        ):
            recovery = app.tables.recovery  # type: ignore[attr-defined]  # Faust's and fakes' own attributes
            await recovery._resume_streams(generation_id=1)
        return happened

    assert asyncio.run(resume()) == ["told", "resumed", "sought", "flows", "ended"]


def test_noack_take_gives_events_and_acknowledges_nothing() -> None:
    """It yields the events it collected, with acks off; its loop has no acknowledgement."""
    source = inspect.getsource(faust.streams.Stream.noack_take)

    assert "event = self.current_event" in source
    assert "buffer_add(cast(T_co, event))" in source
    assert "yield list(buffer)" in source
    assert "self.enable_acks = False" in source
    active = [line for line in source.splitlines() if not line.strip().startswith("#")]
    assert not [line for line in active if "ack(" in line]


def test_aiokafka_commits_although_a_batch_was_refused() -> None:
    """A refusal that is not to be retried reaches the batch's future and nobody else.

    This is why `KafkaWriter.commit` waits for every future first.
    """
    source = inspect.getsource(SendProduceReqHandler.handle_response)

    assert "batch.failure(exception=exc)" in source
    assert "error_transaction" not in source
    assert "fatal_error" not in source


def test_aiokafka_has_what_the_ledger_uses() -> None:
    """Batches by hand into a transaction, positions, and no reset when out of range."""
    for name in ("create_batch", "send_batch", "begin_transaction", "commit_transaction"):
        assert callable(getattr(AIOKafkaProducer, name))
    for name in ("getmany", "position", "seek", "assign", "end_offsets", "beginning_offsets"):
        assert callable(getattr(AIOKafkaConsumer, name))


def test_stock_faust_has_the_defects_that_the_ledger_makes_harmless() -> None:
    """Line by line of what is known of Faust: each costs a workaround that may go one day."""
    from faust.transport import consumer, producer

    commits_past_a_head_gap = inspect.getsource(consumer.Consumer._new_offset)
    assert "if min(acked) - committed_offset > 1:" in commits_past_a_head_gap
    counts_the_delivered_as_a_gap = inspect.getsource(consumer.Consumer._drain_messages)
    assert "self._add_gap(tp, r_offset + 1, offset)" in counts_the_delivered_as_a_gap
    gives_up = inspect.getsource(producer.ProducerBuffer.flush_atmost)
    assert "timeout=0.1" in gives_up
    stock = inspect.getsource(driver.AIOKafkaConsumerThread._create_worker_consumer)
    assert 'isolation_level: str = "read_uncommitted"' in stock
