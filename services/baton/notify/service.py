"""The process: reads alerts as they change, delivers, and writes down before and after that it did."""

from __future__ import annotations

import queue
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, Self

import structlog
from kafka import KafkaProducer
from kafka.errors import KafkaError

from baton.contract import codec
from baton.contract.topics import ALERT_ACTIONS, ALERTS, TELLINGS, prefixed
from baton.engine.alerts import ATTEMPT_FAILED
from baton.notify.channels import Channels, NotDeliveredError
from baton.notify.message import many, one
from baton.notify.recipients import read_recipients
from baton.notify.tellings import Result, Tellings, is_untold, reference
from baton.publish import headers_of, key_of
from baton.reading import BOOTSTRAP_TIMEOUT_MS, Reader
from baton.reading.alerts import alerts_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from threading import Event

    from baton.notify.channels import Channel
    from baton.notify.message import Message
    from baton.notify.recipients import Recipients
    from baton.notify.tellings import Delivery, State, Telling
    from baton.runtime.settings import Settings

AT_THE_SAME_TIME: Final = 8
"""How many messages are delivered at once: a few that hang hold up no other."""
UNDER_WAY: Final = 32
"""How many are noted as being delivered, those that wait for their turn too: after a crash no more are in doubt."""
_RECORDS: Final = 2_000
"""At most so many records are one transaction, so that a storm's are through before the broker ends it."""
_WRITER: Final = "baton-notify"
_WITHIN: Final = 20.0

_Record = tuple[str, bytes, bytes | None, list[tuple[str, bytes]]]
"""The topic, key, value and headers of what is written; without a value, the key is written off."""

logger = structlog.get_logger("baton.notify")


class NotifyError(RuntimeError):
    """Telling cannot go on; started again, it goes on where it was."""


class Journal:
    """Writes what was told, in transactions of one writer: an earlier one is fenced, and stops."""

    def __init__(self, brokers: str, prefix: str) -> None:
        """Connect, and fence. Raises KafkaError."""
        self._prefix = prefix
        self._producer = KafkaProducer(
            bootstrap_servers=brokers.split(","),
            transactional_id=f"{prefix}{_WRITER}",
            transaction_timeout_ms=15_000,
            enable_idempotence=True,
            acks="all",
            allow_auto_create_topics=False,
            bootstrap_timeout_ms=BOOTSTRAP_TIMEOUT_MS,
            max_block_ms=int(_WITHIN * 1_000),
            request_timeout_ms=5_000,
            delivery_timeout_ms=int(_WITHIN * 1_000),
            metrics_enabled=False,
        )
        self._producer.init_transactions()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._producer.close(timeout=_WITHIN)

    def write(self, deliveries: Iterable[Delivery], results: Iterable[Result] = ()) -> None:
        """Write how far these have come, and what came of whole steps. Raises KafkaError.

        In transactions of so many records; whatever a crash leaves of them is made up for at the next start.
        """
        records: list[_Record] = [
            (
                TELLINGS.name,
                each.reference.encode(),
                # What was not taken is under way no more: whoever starts after us tries it again.
                None
                if each.state is None
                else codec.encode("TellingNoted", _note(each, each.state)),
                [],
            )
            for delivery in deliveries
            for each in delivery.tellings
        ]
        records += [
            (
                ALERT_ACTIONS.name,
                key_of("AlertTold", fields),
                codec.encode("AlertTold", fields),
                headers_of("AlertTold", fields),
            )
            for fields in map(_alert_told, results)
        ]
        for start in range(0, len(records), _RECORDS):
            self._commit(records[start : start + _RECORDS])

    def _commit(self, records: Iterable[_Record]) -> None:
        self._producer.begin_transaction()
        sent = [
            self._producer.send(
                prefixed(self._prefix, topic), key=key, value=value, headers=headers
            )
            for topic, key, value, headers in records
        ]
        self._producer.flush(timeout=_WITHIN)
        for each in sent:
            each.get(timeout=_WITHIN)
        self._producer.commit_transaction()


class Notifier:
    """Tells people, from what the alerts ask for."""

    def __init__(
        self, tellings: Tellings, journal: Journal, channel: Channel, address: str = ""
    ) -> None:
        """Take what is to be told, where it is written down, and how it is delivered."""
        self._tellings = tellings
        self._journal = journal
        self._channel = channel
        self._address = address
        self._pool = ThreadPoolExecutor(AT_THE_SAME_TIME, thread_name_prefix="deliver")
        self._done: queue.SimpleQueue[tuple[Delivery, str | None]] = queue.SimpleQueue()

    def close(self) -> None:
        """Wait for no delivery: what is under way is found in the journal at the next start."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def take(self, alerts: Iterable[dict[str, Any]]) -> None:
        """Take alerts as they stand now. Raises KafkaError."""
        results = [result for alert in alerts for result in self._tellings.hear(alert)]
        self._journal.write((), results)
        _log(results)

    def turn(self) -> None:
        """Write down what has come of deliveries, and begin those that are due. Raises KafkaError."""
        self._finish()
        deliveries = self._tellings.due(datetime.now(UTC), UNDER_WAY - self._tellings.under_way)
        # Written before the first of them is delivered: a crash from here on leaves it in doubt, never repeated.
        self._journal.write(deliveries)
        for delivery in deliveries:
            self._pool.submit(self._deliver, delivery, self._message(delivery))

    def _finish(self) -> None:
        deliveries, results = [], []
        while not self._done.empty():
            delivery, why_not = self._done.get()
            deliveries.append(delivery)
            if why_not is None:
                results += self._tellings.delivered(delivery)
            else:
                logger.warning(
                    "not_delivered",
                    detail=why_not,
                    attempt=delivery.tellings[0].attempts,
                    count=len(delivery.tellings),
                )
                results += self._tellings.not_delivered(delivery, datetime.now(UTC))
        self._journal.write(deliveries, results)
        _log(results)

    def _message(self, delivery: Delivery) -> Message:
        told = [
            (self._tellings.alerts[each.step.alert_id], each.kind) for each in delivery.tellings
        ]
        return one(*told[0], self._address) if len(told) == 1 else many(told, self._address)

    def _deliver(self, delivery: Delivery, message: Message) -> None:
        try:
            self._channel.deliver(delivery.recipient, message, delivery.tellings[0].reference)
        except NotDeliveredError as error:
            self._done.put((delivery, str(error)))
        except Exception as error:  # noqa: BLE001 (a channel's own fault is a delivery that failed; it is tried again, then told as failed)
            self._done.put((delivery, f"{delivery.recipient.means}: {type(error).__name__}"))
        else:
            self._done.put((delivery, None))


def run_notify(settings: Settings, roles: frozenset[str], stop: Event) -> None:
    """Tell people until `stop` is set. `roles` are those of the policy. Raises NotifyError and RecipientsError."""
    recipients = read_recipients(settings.recipients_file, roles)
    channel = Channels(_key_of(settings), settings.govuk_notify_address)
    logger.info("notify_started", count=len(recipients), brokers=settings.brokers)
    try:
        _run(settings, recipients, channel, stop)
    except KafkaError as error:
        message = f"Kafka at {settings.brokers} did not take or give ({type(error).__name__})"
        raise NotifyError(message) from error
    logger.info("notify_stopped")


def _run(settings: Settings, recipients: Recipients, channel: Channel, stop: Event) -> None:
    tellings = Tellings(recipients)
    # Fence first: what an earlier one wrote until now is all that it will ever have written.
    with (
        Journal(settings.brokers, settings.topic_prefix) as journal,
        Reader(settings.brokers, prefixed(settings.topic_prefix, TELLINGS.name)) as noted,
        Reader(settings.brokers, prefixed(settings.topic_prefix, ALERTS.name)) as reader,
    ):
        for batch in noted.to_end():
            for message in batch:
                if message.value is not None:
                    fields = codec.decode(message.value)[1]
                    tellings.restore(fields["reference"], fields["state"])
                elif message.key is not None:
                    tellings.restore(message.key.decode(), None)
        notifier = Notifier(tellings, journal, channel, settings.console_address)
        try:
            # As they stand now: what an alert asked for before it was answered is asked for no more.
            standing: dict[str, dict[str, Any]] = {}
            for batch in reader.to_end():
                for alert in alerts_of(batch):
                    standing.pop(alert["alert_id"], None)
                    # Of most alerts there is nothing more to tell: they are not kept.
                    if is_untold(alert):
                        standing[alert["alert_id"]] = alert
            notifier.take(standing.values())
            for batch in reader.follow():
                notifier.take(alerts_of(batch))
                notifier.turn()
                if stop.is_set():
                    break
        finally:
            notifier.close()


def _key_of(settings: Settings) -> str:
    try:
        return settings.govuk_notify_key_file.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return ""


def _note(telling: Telling, state: State) -> dict[str, Any]:
    return {
        "reference": telling.reference,
        "alert": telling.step.alert_id,
        "step": telling.step.number,
        "role": telling.step.role,
        "recipient": telling.recipient.key,
        "state": state,
        "at": datetime.now(UTC),
    }


def _alert_told(result: Result) -> dict[str, Any]:
    """Make the event; its id is the same whenever it is made again."""
    event_id = f"told-{reference(result.step, result.recipient)}"
    if result.outcome == ATTEMPT_FAILED:
        event_id += f"-{result.attempts}"
    fields = {
        "event_id": event_id,
        "occurred_at": datetime.now(UTC),
        "agency": "other",
        "alert": result.step.alert_id,
        "step": result.step.number,
        "role": result.step.role,
        "by": result.means,
        "outcome": result.outcome,
        "attempts": result.attempts,
    }
    return codec.complete("AlertTold", fields)


def _log(results: list[Result]) -> None:
    for outcome in sorted({each.outcome for each in results}):
        count = sum(each.outcome == outcome for each in results)
        logger.info("step_told", status=outcome, count=count)
