"""Alerts with steps, recipients, and real receivers on loopback: a mail server and a webhook."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest
from aiosmtpd.controller import Controller

from baton.contract import codec
from baton.localkafka.needs import free_ports
from baton.notify.recipients import Recipient, Recipients

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
ALERT_ID = "unreferred-incident/inc-1/p-0123456789"


def step(number: int = 1, *roles: str, kind: str = "raised", at: datetime = NOON) -> dict[str, Any]:
    """Make one step of an alert."""
    return {"number": number, "kind": kind, "roles": list(roles or ("hub_manager",)), "at": at}


def alert(*steps: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """Make an alert as decoded, critical unless said otherwise."""
    given = {
        "alert_id": ALERT_ID,
        "rule": "unreferred-incident",
        "rule_version": 1,
        "policy_version": "2026-01-01",
        "severity": 1,
        "about": {"kind": "person", "key": "p-0123456789"},
        "status": "raised",
        "reason": "overdue",
        "missing": ["ReferralReceived"],
        "due_at": NOON,
        "raised_at": NOON,
        "as_of": NOON,
        "responsible": {"agency": "police", "role": "public_protection_supervisor"},
        "tell": ["hub_manager"],
        "steps": list(steps or (step(),)),
    }
    return codec.complete("Alert", given | fields)


def desk(key: str = "desk-1", role: str = "hub_manager", **fields: Any) -> Recipient:
    """Make a recipient."""
    return Recipient(
        **{"key": key, "role": role, "area": None, "url": "json://127.0.0.1:9/"} | fields
    )


def desks(*every: Recipient) -> Recipients:
    """Make all recipients."""
    return Recipients(every or (desk(),))


@dataclass
class Webhook:
    """A receiver of web hooks: what came, and what it answers (a status, or waits for `held` to be set)."""

    port: int = 0
    came: list[dict[str, Any]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    posted: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    """To which path each of them came."""
    answer: Callable[[int], tuple[int, dict[str, Any]]] = lambda _: (200, {})
    arrived: threading.Event = field(default_factory=threading.Event)
    held: threading.Event | None = None


@contextmanager
def receiver() -> Iterator[Webhook]:
    """Run a receiver on a free port of loopback."""
    hook = Webhook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers.get("content-length", 0))
            body = json.loads(self.rfile.read(length) or b"{}")
            hook.came.append(body)
            hook.posted.append((self.path, body))
            self._answer()

        def do_GET(self) -> None:
            self._answer()

        def _answer(self) -> None:
            hook.paths.append(f"{self.command} {self.path}")
            hook.arrived.set()
            if hook.held is not None:
                hook.held.wait(60)
            status, body = hook.answer(len(hook.paths))
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(content)))
            # Who was killed meanwhile waits for no answer.
            with suppress(ConnectionError):
                self.end_headers()
                self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hook.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield hook
    finally:
        if hook.held is not None:
            hook.held.set()
        server.shutdown()
        server.server_close()


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    """Give a receiver of web hooks."""
    with receiver() as hook:
        yield hook


@dataclass
class Mailbox:
    """A mail server, and what it took."""

    port: int
    letters: list[str] = field(default_factory=list)


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    """Give a real mail server on loopback."""
    box = Mailbox(0)

    class Handler:
        async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 (aiosmtpd's name)
            box.letters.append(envelope.content.decode())
            return "250 OK"

    (box.port,) = free_ports(1)
    controller = Controller(Handler(), hostname="127.0.0.1", port=box.port, ready_timeout=60)
    controller.start()
    yield box
    controller.stop()
