"""An idempotent producer that knows the contract: what leaves it is a checked event."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Self

from kafka import KafkaProducer

from baton.contract import codec
from baton.contract.topics import prefixed, topic_of
from baton.publish.envelope import headers_of, key_of

if TYPE_CHECKING:
    from collections.abc import Mapping

WITHIN: Final = 10.0
"""Seconds within which Kafka must have confirmed an event."""
_BOOTSTRAP_TIMEOUT_MS: Final = 6_000
_LINGER_MS: Final = 5


@dataclass(frozen=True, slots=True)
class Sent:
    """An event that Kafka has confirmed; `topic` is its name on Kafka."""

    record: str
    event_id: str
    topic: str
    partition: int
    offset: int


class Pending:
    """An event on its way."""

    def __init__(self, record: str, event_id: str, future: Any) -> None:  # noqa: ANN401 - untyped there
        """Take what was sent, and kafka-python's future of it."""
        self.record = record
        self.event_id = event_id
        self._future = future

    def confirmed(self, within: float = WITHIN) -> Sent:
        """Wait until all in-sync replicas have it; raise KafkaError when they may not."""
        written = self._future.get(timeout=within)
        return Sent(self.record, self.event_id, written.topic, written.partition, written.offset)


class Publisher:
    """Sends events in the order in which they are given. Use it in a `with`."""

    def __init__(self, brokers: str, prefix: str = "", *, traceparent: str | None = None) -> None:
        """Take bootstrap servers, the topics' prefix and a trace to carry on. Raises KafkaError."""
        self._prefix = prefix
        self._traceparent = traceparent
        self._producer = KafkaProducer(
            bootstrap_servers=brokers.split(","),
            enable_idempotence=True,
            acks="all",
            linger_ms=_LINGER_MS,
            allow_auto_create_topics=False,
            bootstrap_timeout_ms=_BOOTSTRAP_TIMEOUT_MS,
            max_block_ms=int(WITHIN * 1_000),
            request_timeout_ms=5_000,
            delivery_timeout_ms=int(WITHIN * 1_000),
            metrics_enabled=False,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection; what was not confirmed by then may or may not have been told."""
        self._producer.close(timeout=WITHIN)

    def send(self, record: str, fields: Mapping[str, object]) -> Pending:
        """Check an event and send it to its source topic; `Pending.confirmed` says whether it came.

        Raises InvalidEvent before anything is sent, LookupError for a record that is no event, and
        KafkaError where the topic is missing or Kafka does not answer.
        """
        topic = prefixed(self._prefix, topic_of(record))
        whole = codec.complete(record, fields)
        future = self._producer.send(
            topic,
            key=key_of(record, whole),
            value=codec.encode(record, whole),
            headers=headers_of(record, whole, self._traceparent),
        )
        return Pending(record, whole["event_id"], future)


def publish(
    brokers: str,
    record: str,
    fields: Mapping[str, object],
    prefix: str = "",
    *,
    traceparent: str | None = None,
) -> Sent:
    """Send one event and return once it is confirmed; raises as `Publisher.send`, and KafkaError."""
    with Publisher(brokers, prefix, traceparent=traceparent) as publisher:
        return publisher.send(record, fields).confirmed()
