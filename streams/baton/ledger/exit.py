"""Crash-only: the one way out when anything is in doubt.

The supervisor starts the worker again, and the load finds what is true. Nothing here may name a
person: an exception's own words may quote a record, so only its type and place are reported, but
for those whose words are ours or Kafka's.
"""

import logging
import os
import sys
import traceback
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from functools import wraps
from pathlib import Path
from typing import Any, Never, ParamSpec, TypeVar

import structlog
from aiokafka.errors import KafkaError

from baton.ledger.ledger import LedgerError

EXIT_CODE = 70
"""EX_SOFTWARE of sysexits.h: the supervisor restarts on it, with a back-off."""

Die = Callable[[str], Never]
"""Ends the process with a reason. Tests give one that raises."""

P = ParamSpec("P")
R = TypeVar("R")


def die(reason: str) -> Never:
    """Log the reason, flush, and leave at once, without giving anybody the chance to commit."""
    with suppress(Exception):
        structlog.get_logger("baton.ledger").critical("worker_died", reason=reason)
    with suppress(Exception):
        logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        with suppress(Exception):
            stream.flush()
    os._exit(EXIT_CODE)


def reason_of(error: BaseException) -> str:
    """Say what was raised and where, without quoting what a record may have said."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    said = f": {error}" if isinstance(error, LedgerError | KafkaError) and str(error) else ""
    return f"{type(error).__name__}{place}{said}"


def fatal(
    die: Die, doing: str
) -> Callable[[Callable[P, Awaitable[R]]], Callable[P, Coroutine[Any, Any, R]]]:
    """Make a callback end the process with whatever it raises: Faust swallows exceptions."""

    def wrap(callback: Callable[P, Awaitable[R]]) -> Callable[P, Coroutine[Any, Any, R]]:
        @wraps(callback)
        async def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
            try:
                return await callback(*args, **kwargs)
            except Exception as error:  # noqa: BLE001 - any doubt at all
                die(f"{doing}: {reason_of(error)}")

        return guarded

    return wrap
