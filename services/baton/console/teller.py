"""Tells actions to Kafka, one connection for all, made when the first is told."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from kafka.errors import KafkaError

from baton.publish import Publisher

if TYPE_CHECKING:
    from collections.abc import Mapping


class NotToldError(RuntimeError):
    """Kafka did not confirm an action: it may or may not have been told."""


class Tells(Protocol):
    """What takes an action on its way."""

    def tell(self, record: str, fields: Mapping[str, Any]) -> None:
        """Tell an action; raise NotToldError where that is not certain."""


@dataclass(slots=True)
class Teller:
    """Writes to `alert-actions`, and to nothing else."""

    brokers: str
    prefix: str
    _publisher: Publisher | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def tell(self, record: str, fields: Mapping[str, Any]) -> None:
        """Tell an action and return once all replicas have it; raise NotToldError."""
        with self._lock:
            try:
                if self._publisher is None:
                    self._publisher = Publisher(self.brokers, self.prefix)
                pending = self._publisher.send(record, fields)
            except KafkaError as error:
                self._drop()
                raise NotToldError(type(error).__name__) from error
        try:
            pending.confirmed()
        except KafkaError as error:
            with self._lock:
                self._drop()
            raise NotToldError(type(error).__name__) from error

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            self._drop()

    def _drop(self) -> None:
        if self._publisher is not None:
            self._publisher.close()
            self._publisher = None
