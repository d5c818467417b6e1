"""Writes events of the contract to their source topics, each checked first and confirmed after.

An event counts as told once all in-sync replicas have it, and not before. Errors of Kafka itself
pass through, as `kafka.errors.KafkaError`; what is wrong with an event is an `InvalidEvent`.
"""

from baton.publish.envelope import headers_of, key_of
from baton.publish.publisher import Pending, Publisher, Sent, publish

__all__ = ["Pending", "Publisher", "Sent", "headers_of", "key_of", "publish"]
