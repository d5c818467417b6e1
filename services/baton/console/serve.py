"""The console as a process: its parts, served until it is told to stop."""

from __future__ import annotations

import os
import sys
import threading
from contextlib import ExitStack
from typing import TYPE_CHECKING, Final

import uvicorn

from baton.access import Access
from baton.audit import Trail
from baton.console.app import STATIC, Parts, make_app
from baton.console.deeds import Deeds
from baton.console.feed import Feed
from baton.console.sources import LOOK_BACK, Sources
from baton.console.standing import Standing
from baton.console.teller import Teller
from baton.contract.topics import ALERT_ACTIONS, ALERTS, SOURCE_HEARTBEATS, prefixed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from socket import socket

    from baton.runtime.settings import Settings

IN_DOUBT: Final = 70
"""The exit code after a fault of ours in a thread: what is shown would be old, so the process starts anew."""


class NotMadeError(RuntimeError):
    """The pages' style and script are not there; the message says how to make them."""


class Server(uvicorn.Server):
    """Serves until it is told to stop, and then ends the live pages first: they would go on until they are cut off."""

    def __init__(self, standing: Standing, config: uvicorn.Config) -> None:
        """Take whom the live pages follow."""
        super().__init__(config)
        self._standing = standing

    async def shutdown(self, sockets: list[socket] | None = None) -> None:
        """End what is open."""
        self._standing.end()
        await super().shutdown(sockets)


def run_console(
    settings: Settings, agency_of: Mapping[str, str], say: Callable[[str], None]
) -> None:
    """Serve the pages until SIGTERM or Ctrl-C. `agency_of` gives each role's agency by the policy.

    Raises NotMadeError, UsersFileError, KafkaError and OSError for what a person must mend.
    """
    if not (STATIC / "made" / "baton.css").exists():
        message = f"The pages' style is not in {STATIC / 'made'}: run `make setup`."
        raise NotMadeError(message)
    threading.excepthook = _stop_all
    with ExitStack() as stack:
        trail = stack.enter_context(Trail(settings))
        access = Access.of(settings, agency_of)
        access.note = trail.note
        standing, deeds, sources = Standing(access.entitlements), Deeds(), Sources()
        teller = Teller(settings.brokers, settings.topic_prefix)
        stack.callback(teller.close)

        def feed(topic: str, listener: Standing | Deeds | Sources, last: int | None = None) -> Feed:
            name = prefixed(settings.topic_prefix, topic)
            return Feed(settings.brokers, name, listener, last)

        parts = Parts(
            access=access,
            standing=standing,
            deeds=deeds,
            sources=sources,
            teller=teller,
            trail=trail,
            feeds=[
                feed(ALERTS.name, standing),
                feed(ALERT_ACTIONS.name, deeds),
                feed(SOURCE_HEARTBEATS.name, sources, LOOK_BACK),
            ],
        )
        server = Server(
            standing,
            uvicorn.Config(
                make_app(parts),
                host=settings.console_host,
                port=settings.console_port,
                # A line for each request would hold what somebody looked for.
                access_log=False,
                log_config=None,
                server_header=False,
                # Whoever reaches it directly could say anything of where they are; a proxy is there by its address.
                proxy_headers=access.secure,
                timeout_graceful_shutdown=2,
            ),
        )
        listening = server.config.bind_socket()
        host, port = listening.getsockname()[:2]
        say(f"the console: http://{host}:{port}/")
        server.run(sockets=[listening])


def _stop_all(fault: threading.ExceptHookArgs) -> None:
    """End the process after a fault in a thread that reads: it would go on showing what is old."""
    sys.__excepthook__(fault.exc_type, fault.exc_value or fault.exc_type(), fault.exc_traceback)
    os._exit(IN_DOUBT)
