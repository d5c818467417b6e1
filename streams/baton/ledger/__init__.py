"""Exactly-once delivery of source partitions. The law stands in `baton.ledger.ledger`.

The ledger knows nothing of safeguarding: a `Process` is given to it, and it could serve another.
"""

from baton.ledger.exit import EXIT_CODE, Die, die, fatal
from baton.ledger.kafka import Kafka, KafkaLog, KafkaWriter, committed_by
from baton.ledger.ledger import (
    POSITION_KEY,
    Batch,
    Ledger,
    LedgerClosedError,
    LedgerError,
    Reading,
    RefusedToOpenError,
    StalledError,
)
from baton.ledger.ledgers import Ledgers, MakeProcess, Status, Tuning, state_topic
from baton.ledger.log import Log, Partition, Row, Span, Writer
from baton.ledger.process import Effects, Output, Process, Record

__all__ = [
    "EXIT_CODE",
    "POSITION_KEY",
    "Batch",
    "Die",
    "Effects",
    "Kafka",
    "KafkaLog",
    "KafkaWriter",
    "Ledger",
    "LedgerClosedError",
    "LedgerError",
    "Ledgers",
    "Log",
    "MakeProcess",
    "Output",
    "Partition",
    "Process",
    "Reading",
    "Record",
    "RefusedToOpenError",
    "Row",
    "Span",
    "StalledError",
    "Status",
    "Tuning",
    "Writer",
    "committed_by",
    "die",
    "fatal",
    "state_topic",
]
