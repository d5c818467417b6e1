"""A console with an invented story in it, served on loopback, and Debian's Chromium to look at it."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import uvicorn
from playwright.sync_api import Browser, BrowserContext, ViewportSize, sync_playwright

from baton.access import Users, new_user
from baton.console.app import make_app
from tests.browser.story import story
from tests.console.conftest import Console, an_operator

if TYPE_CHECKING:
    from starlette.applications import Starlette

    from baton.access import Operator

FLAGS: Final = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-lcd-text",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
    "--no-sandbox",
]
DESKTOP: Final[ViewportSize] = {"width": 1280, "height": 900}
PHONE: Final[ViewportSize] = {"width": 320, "height": 640}
PASSWORD: Final = "three invented words"  # noqa: S105 (it opens an invented week alone)


SIGNING_IN: Final = ("op-7", "op-8")
"""Who may sign in there: a key for each size of a window, as of one key few mistakes are allowed in a while."""


def everyone() -> dict[str, Any]:
    """Return what an operator holds who may see every page."""
    roles = ("public_protection_supervisor", "hub_manager", "head_of_service", "named_midwife")
    return {"operator": an_operator("op-7", *roles, board=True)}


@contextmanager
def served(app: Starlette) -> Iterator[str]:
    """Serve an application on a free port of loopback; give its address."""
    server = uvicorn.Server(
        uvicorn.Config(
            app, host="127.0.0.1", port=0, log_level="warning", timeout_graceful_shutdown=1
        )
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()


@contextmanager
def chromium() -> Iterator[Browser]:
    """Give Debian's Chromium, with a profile of its own that is gone afterwards."""
    program = shutil.which("chromium")
    if program is None:
        message = "There is no chromium: dev/need chromium says how to install it."
        raise RuntimeError(message)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, headless=True, args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


def signed_in(
    browser: Browser,
    console: Console,
    address: str,
    size: ViewportSize,
    *,
    javascript: bool = True,
    operator: Operator | None = None,
) -> BrowserContext:
    """Give a window of that size in which somebody is signed in: who may see every page, or an operator."""
    context = browser.new_context(
        viewport=size, base_url=address, reduced_motion="reduce", java_script_enabled=javascript
    )
    who = operator or everyone()["operator"]
    number, _ = console.access.sessions.begin(console.access.now(), who)
    context.add_cookies([{"name": "baton", "value": number, "url": address}])
    return context


def staged() -> tuple[Console, Starlette]:
    """Return the story, and the application to be served."""
    console = story()
    console.access.users = Users(new_user(key, PASSWORD) for key in SIGNING_IN)
    return console, make_app(console.parts)
