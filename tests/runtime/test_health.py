"""Health and metrics: two questions and one page, on loopback."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING

import aiohttp
import pytest
from prometheus_client import CollectorRegistry, Counter

from baton.runtime.health import LOOPBACK, serve_health

if TYPE_CHECKING:
    from collections.abc import Callable


def free_port() -> int:
    """Find a port that nobody uses."""
    with socket.socket() as found:
        found.bind((LOOPBACK, 0))
        port: int = found.getsockname()[1]
        return port


def answers(
    *paths: str, healthy: Callable[[], str] = str, ready: Callable[[], str] = str
) -> list[tuple[int, str]]:
    """Serve, ask each path once, and stop."""

    async def ask() -> list[tuple[int, str]]:
        registry = CollectorRegistry()
        Counter("baton_things", "Things that were counted.", registry=registry).inc(3)
        port = free_port()
        runner = await serve_health(port, registry, healthy, ready)
        try:
            async with aiohttp.ClientSession(f"http://{LOOPBACK}:{port}") as session:
                found = []
                for path in paths:
                    async with session.get(path) as response:
                        found.append((response.status, await response.text()))
                return found
        finally:
            await runner.cleanup()

    return asyncio.run(ask())


def test_all_is_well() -> None:
    """Nothing wrong is 200."""
    assert [(200, "ok\n"), (200, "ok\n")] == answers("/-/healthy", "/-/ready")


def test_what_is_wrong_is_said() -> None:
    """503, with the sentence; each question for itself."""
    assert [(200, "ok\n"), (503, "ledgers are being opened\n")] == answers(
        "/-/healthy", "/-/ready", ready=lambda: "ledgers are being opened"
    )


def test_metrics_are_read_when_they_are_asked_for() -> None:
    """In Prometheus's own form; any other page there is not."""
    (status, text), (elsewhere, _) = answers("/metrics", "/")

    assert (200, 404) == (status, elsewhere)
    assert "baton_things_total 3.0" in text


def test_a_port_that_is_taken_is_an_error() -> None:
    """It is not served on another one in silence."""

    async def serve(port: int) -> None:
        await serve_health(port, CollectorRegistry(), str, str)

    with socket.socket() as taken:
        taken.bind((LOOPBACK, 0))
        taken.listen()
        with pytest.raises(OSError, match="address already in use"):
            asyncio.run(serve(taken.getsockname()[1]))
