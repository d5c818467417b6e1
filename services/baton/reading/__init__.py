"""Reads committed messages from Kafka's topics, from the beginning on, and leaves no trace there.

No consumer group, no committed offsets: any number of readers may look, and none disturbs another.
Errors of Kafka itself pass through, as `kafka.errors.KafkaError`.
"""

from baton.reading.alerts import UnreadableAlertError, newest
from baton.reading.reader import (
    BOOTSTRAP_TIMEOUT_MS,
    Message,
    Reader,
    TopicMissingError,
    begins_of,
    ends_of,
)
from baton.reading.silences import (
    Silences,
    StatedSilence,
    is_for,
    matching,
    message_time,
    silences,
)
from baton.reading.state import live_rows

__all__ = [
    "BOOTSTRAP_TIMEOUT_MS",
    "Message",
    "Reader",
    "Silences",
    "StatedSilence",
    "TopicMissingError",
    "UnreadableAlertError",
    "begins_of",
    "ends_of",
    "is_for",
    "live_rows",
    "matching",
    "message_time",
    "newest",
    "silences",
]
