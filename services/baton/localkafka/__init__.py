"""The developer's Kafka: one real node on loopback, without Docker, started and stopped by process id.

`start_kafka` gives a running node (an earlier one of the same folder, if it still lives); `use_kafka` is the
same for the length of a `with`, and honours `BATON_BROKERS`. It is for developing, trying and testing: one
node, one replica, no passwords, reachable from this machine alone.
"""

from baton.localkafka.needs import LocalKafkaError
from baton.localkafka.node import LocalKafka, running_kafka, start_kafka
from baton.localkafka.use import default_data_dir, use_kafka

__all__ = [
    "LocalKafka",
    "LocalKafkaError",
    "default_data_dir",
    "running_kafka",
    "start_kafka",
    "use_kafka",
]
