"""The Faust app: it delivers; the ledgers remember.

Faust is trusted with who owns which partition, and with a first copy of the records. Whatever is
overridden here, and whatever default is relied on, has a test that an upgrade of Faust must pass.
"""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Never, cast

import faust
import faust.streams
import uvloop
from aiokafka import AIOKafkaConsumer
from aiokafka.consumer.fetcher import READ_COMMITTED
from aiokafka.errors import IllegalStateError
from faust.transport.drivers import aiokafka as driver
from faust.types import TP, AgentT, EventT, StreamT, TopicT
from faust.types.transports import TransportT

from baton.ledger import (
    Batch,
    Die,
    Kafka,
    LedgerError,
    Ledgers,
    MakeProcess,
    Partition,
    Tuning,
    committed_by,
    die,
    fatal,
)
from baton.runtime.cycles import keep

if TYPE_CHECKING:
    from faust.streams import Stream

APP_NAME = "baton"
"""Also the consumer group's name. Faust's `version` is never set: it would change the group."""

BATCH_MAX = 2_000
"""Most records taken from Faust at once."""

BATCH_WITHIN = 0.02
"""How often records are taken from Faust, in seconds: half of it is added to every event's way.
Less would make more and smaller transactions, and a small one costs about as much as a large."""


class ConsumerThread(driver.AIOKafkaConsumerThread):
    """Faust's consumer, made to read committed records alone: it has no setting for that."""

    def _create_worker_consumer(self, transport: driver.Transport) -> AIOKafkaConsumer:
        consumer = super()._create_worker_consumer(transport)
        consumer._isolation_level = "read_committed"  # noqa: SLF001 - read by its start()
        return consumer


class Consumer(driver.Consumer):
    """Starts our thread."""

    def _new_consumer_thread(self) -> driver.AIOKafkaConsumerThread:
        return ConsumerThread(self, loop=self.loop, beacon=self.beacon)


class Transport(driver.Transport):
    """Makes our consumer."""

    Consumer = Consumer


class App(faust.App):
    """A Faust app whose only memory is its ledgers."""

    ledgers: Ledgers

    def __init__(self, *args: Any, kafka: Kafka, die: Die, **settings: Any) -> None:  # noqa: ANN401 - whatever is there
        """Take Faust's settings, and where topics are and how to end."""
        self.kafka = kafka
        self._die = die
        super().__init__(*args, **settings)

    def source(self, topic: str) -> TopicT:
        """Return a source topic as raw bytes: Faust drops what it cannot decode."""
        return self.topic(
            self.kafka.named(topic),
            key_type=bytes,
            value_type=bytes,
            key_serializer="raw",
            value_serializer="raw",
        )

    def deliver(self, topic: str) -> None:
        """Register the agent that hands a source topic's records to the ledgers."""

        @self.agent(self.source(topic), name=f"{APP_NAME}.{topic}")
        async def agent(stream: StreamT[bytes]) -> None:
            # Not in the interface's types: it yields events, to be acknowledged by hand.
            batches = cast("Stream[bytes]", stream).noack_take(BATCH_MAX, within=BATCH_WITHIN)
            async for events in batches:
                await self.ledgers.apply(cast("Sequence[EventT[bytes]]", events))

    async def _on_agent_error(self, agent: AgentT[Any], exc: BaseException) -> None:
        """Stop. Faust would acknowledge the record that raised, and go on."""
        self._die(f"agent {agent.name} raised {type(exc).__name__}")

    def _crash(self, reason: BaseException) -> None:
        """Stop. Faust would commit and shut down in good order, and anything may have happened."""
        self._die(f"faust crashed: {type(reason).__name__}")

    def _new_transport(self) -> TransportT:
        return Transport(self.conf.broker_consumer, self)

    def on_rebalance_end(self) -> None:
        """Begin delivering where the ledgers are, not where Faust's committed offsets say."""
        super().on_rebalance_end()
        delivery = FaustDelivery(self)
        for source, position in self.ledgers.positions().items():
            self.add_future(fatal(self._die, "seek")(delivery.resume)(source, position))


class FaustDelivery:
    """Pausing and resuming of Faust's consumer."""

    def __init__(self, app: App) -> None:
        """Take the app whose consumer it is."""
        self._app = app

    def pause(self, source: Partition) -> None:
        """Deliver no more of this partition."""
        self._app.consumer.pause_partitions({self._named(source)})

    async def resume(self, source: Partition, offset: int) -> None:
        """Deliver this partition again, from an offset on, if it is still ours."""
        partition = self._named(source)
        # The consumer's thread may lose the partition at any moment, also within this call.
        with suppress(IllegalStateError):
            if partition in self._app.consumer.assignment():
                await self._app.consumer.seek(partition, offset)
                self._app.consumer.resume_partitions({partition})

    def _named(self, source: Partition) -> TP:
        return TP(self._app.kafka.named(source.topic), source.number)


def make_app(  # noqa: PLR0913 - one keyword for each thing that a test gives otherwise
    *,
    kafka: Kafka,
    processes: Mapping[str, MakeProcess],
    die: Die = die,
    tuning: Tuning = Tuning(),  # noqa: B008 - frozen
    on_batch: Callable[[Batch], None] = lambda _: None,
    instance: str | None = None,
    session_timeout: float = 12.0,
    heartbeat_interval: float = 3.0,
) -> App:
    """Make the app of one worker, with a ledger for each partition it is given of these topics.

    Every topic of `processes` is delivered to the process it names. Times are in seconds.
    With an `instance`, a name that no other worker has at the same time, a worker that was killed
    and is started again gets its partitions at once; without, only when its old session has ended.

    Raises:
        LedgerError: this installation of Faust lacks what the ledgers rely on.

    """
    check_faust()
    app = App(
        kafka.prefix + APP_NAME,
        kafka=kafka,
        die=die,
        broker=[f"aiokafka://{broker.strip()}" for broker in kafka.brokers.split(",")],
        autodiscover=False,
        # Faust makes this folder at start, and nothing is ever put into it.
        datadir=tempfile.gettempdir() + f"/{kafka.prefix}{APP_NAME}-faust",
        processing_guarantee="at_least_once",
        topic_allow_declare=False,
        topic_disable_leader=True,
        consumer_auto_offset_reset="earliest",
        consumer_group_instance_id=instance,
        broker_session_timeout=session_timeout,
        broker_heartbeat_interval=heartbeat_interval,
        broker_request_timeout=30.0,
        broker_commit_interval=1.0,
        broker_max_poll_records=5_000,
        # While a ledger catches up in bulk Faust polls nothing, which must not look like death:
        # a worker that stands still is found by the ledgers' own watch.
        broker_max_poll_interval=86_400.0,
        stream_buffer_maxsize=16_384,
        stream_wait_empty=False,
        web_enabled=False,
        worker_redirect_stdouts=False,
        cython_optimizations=True,
        key_serializer="raw",
        value_serializer="raw",
    )
    app.ledgers = Ledgers(
        processes,
        kafka,
        FaustDelivery(app),
        die=die,
        tuning=tuning,
        on_batch=on_batch,
        applied_before=lambda source: committed_by(kafka, app.conf.id, source),
    )
    _connect(app, die)
    for topic in processes:
        app.deliver(topic)
    return app


def run(app: App) -> Never:
    """Run the worker until it is told to stop, and exit: 0 in good order, 70 when in doubt."""
    uvloop.install()
    worker = faust.Worker(
        app, override_logging=False, redirect_stdouts=False, loglevel=None, quiet=True
    )
    # It would write terminal codes into a pipe.
    worker.spinner = None
    worker.execute_from_commandline()
    raise SystemExit(0)


def check_faust() -> None:
    """Refuse a Faust without its compiled stream loop: the other acknowledges what it skips."""
    if getattr(faust.streams, "_CStreamIterator", None) is None:
        raise LedgerError("Faust's compiled stream iterator is missing: install its binary wheel")


def check_reads_committed(app: App) -> None:
    """Refuse a consumer that could hand over records of aborted transactions."""
    faust_consumer = cast("Consumer", app.consumer)
    consumer = faust_consumer._thread._ensure_consumer()  # noqa: SLF001 - nobody else knows
    if consumer._fetcher._isolation_level != READ_COMMITTED:  # noqa: SLF001 - no public way
        raise LedgerError("Faust's consumer does not read committed")


def _connect(app: App, die: Die) -> None:
    """Tell the ledgers what Faust tells the app. Each callback ends the worker if it fails."""

    @fatal(die, "revoke")
    async def revoked(*args: object, **_: object) -> None:
        await app.ledgers.revoke(cast("set[TP]", args[1]))

    @fatal(die, "assign")
    async def assigned(*_: object, **__: object) -> None:
        # Sent when the group has settled, outside its callbacks, so that heartbeats go on; and
        # before anything is delivered.
        check_reads_committed(app)
        await app.ledgers.open(app.consumer.assignment())
        keep()

    @fatal(die, "stop")
    async def stopping(*_: object, **__: object) -> None:
        await app.ledgers.close()

    app.on_partitions_revoked.connect(revoked, weak=False)
    app.on_rebalance_complete.connect(assigned, weak=False)
    app.on_before_shutdown.connect(stopping, weak=False)
