"""Logs: JSON lines to a pipe, readable on a terminal, and only keys that are known to hold nothing personal."""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from structlog.typing import EventDict, Processor, WrappedLogger

    from baton.runtime.settings import LogFormat

ALLOWED_KEYS = frozenset(
    {
        # What structlog itself adds.
        "event",
        "level",
        "logger",
        "timestamp",
        "exc_info",  # becomes `exception`, further on
        "exception",
        # Where something happened.
        "service",
        "agent",
        "topic",
        "partition",
        "offset",
        "next",
        "end",
        "brokers",
        "port",
        "path",
        "prefix",
        "pid",
        "read",
        # What happened, in numbers and coded words.
        "alerts",
        "attempt",
        "ceiling",
        "code",
        "count",
        "detail",
        "gaps",
        "held",
        "ms",
        "outputs",
        "partitions",
        "policy_version",
        "reason",
        "record",
        "records",
        "rejected",
        "rows",
        "seconds",
        "share",
        "since",
        "status",
        "version",
    }
)
"""Keys a log line may carry. A key that is not here is dropped, so that a slip cannot write a person into a log."""


_STRUCTLOGS_OWN = frozenset({"_record", "_from_structlog"})
"""What structlog passes along within, and takes out before it writes."""


def keep_allowed_keys(_: WrappedLogger, __: str, event_dict: EventDict) -> EventDict:
    """Drop every key that is not allowed, and say that something was dropped."""
    kept = {
        key: value
        for key, value in event_dict.items()
        if key in ALLOWED_KEYS or key in _STRUCTLOGS_OWN
    }
    if len(kept) < len(event_dict):
        kept["detail"] = (
            f"{kept.get('detail', '')} ({len(event_dict) - len(kept)} key(s) not allowed)".strip()
        )
    return kept


def configure_logs(log_format: LogFormat, service: str) -> None:
    """Send structlog's and the standard library's logs to standard error, in one form.

    Libraries speak from warnings up. `service` is on every line.
    """
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        keep_allowed_keys,
    ]
    pretty = log_format == "pretty" or (log_format == "auto" and sys.stderr.isatty())
    renderer: Processor = (
        structlog.dev.ConsoleRenderer()
        if pretty
        else structlog.processors.JSONRenderer(sort_keys=True)
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                renderer,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("baton").setLevel(logging.INFO)
    # Faust announces its services' starts and stops under the name of our app's class.
    logging.getLogger("baton.agents.app").setLevel(logging.WARNING)
    structlog.contextvars.bind_contextvars(service=service)
