"""Creates the topics of the catalogue, and says how a cluster's topics differ from it.

`apply` creates what is missing and alters nothing: partitions are fixed for good (a ledger's
position, state and transactional id belong to one), and a setting that somebody changed on purpose
is for them to change back. Errors of Kafka itself pass through, as `kafka.errors.KafkaError`.
"""

from baton.topics.admin import apply, check, cluster_size, in_force, remove
from baton.topics.differences import Difference, TooFewBrokersError, TopicsDifferError, compare

__all__ = [
    "Difference",
    "TooFewBrokersError",
    "TopicsDifferError",
    "apply",
    "check",
    "cluster_size",
    "compare",
    "in_force",
    "remove",
]
