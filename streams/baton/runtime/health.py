"""Metrics for Prometheus and two questions of health, served on loopback."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from prometheus_client import CollectorRegistry

LOOPBACK = "127.0.0.1"


async def serve_health(
    port: int,
    registry: CollectorRegistry,
    healthy: Callable[[], str],
    ready: Callable[[], str],
) -> web.AppRunner:
    """Serve `/metrics`, `/-/healthy` and `/-/ready` until the returned runner is cleaned up.

    Each question answers with what is wrong, or with an empty string, and is served as 503 or 200. Raises OSError
    when the port is taken.
    """

    async def metrics(_: web.Request) -> web.Response:
        return web.Response(
            body=generate_latest(registry), headers={"Content-Type": CONTENT_TYPE_LATEST}
        )

    def answering(question: Callable[[], str]) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def answer(_: web.Request) -> web.Response:
            wrong = question()
            return web.Response(text=f"{wrong or 'ok'}\n", status=503 if wrong else 200)

        return answer

    application = web.Application()
    application.router.add_get("/metrics", metrics)
    application.router.add_get("/-/healthy", answering(healthy))
    application.router.add_get("/-/ready", answering(ready))
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, LOOPBACK, port).start()
    return runner
