"""The console put together: pages, templates, static files, and the guard before all of them."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from jinja2 import Environment, PackageLoader
from kafka.errors import KafkaError
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.templating import Jinja2Templates

from baton.access import install
from baton.console.pages import WORDS, Notes, Pages
from baton.console.query import AGES, SORTS, STATUSES

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from starlette.requests import Request
    from starlette.responses import Response

    from baton.access import Access
    from baton.console.deeds import Deeds
    from baton.console.feed import Feed
    from baton.console.sources import Sources
    from baton.console.standing import Standing
    from baton.console.teller import Tells

STATIC: Final = Path(__file__).parent / "static"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What the console is made of; tests give fakes of what reaches outside."""

    access: Access
    standing: Standing
    deeds: Deeds
    sources: Sources
    teller: Tells
    trail: Notes
    feeds: Sequence[Feed] = ()
    now: Callable[[], datetime] = lambda: datetime.now(UTC)


def make_app(parts: Parts) -> Starlette:
    """Make the application. Its feeds run while it does."""
    templates = _templates(parts)
    pages = Pages(
        templates=templates,
        standing=parts.standing,
        deeds=parts.deeds,
        sources=parts.sources,
        teller=parts.teller,
        trail=parts.trail,
        entitlements=parts.access.entitlements,
        assignees=parts.access.assignees,
        now=parts.now,
    )

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        for feed in parts.feeds:
            feed.start()
        yield
        for feed in parts.feeds:
            feed.stop()

    app = Starlette(
        routes=[
            Route("/", pages.alerts),
            Route("/search", pages.search),
            Route("/views", pages.save_view, methods=["POST"]),
            Route("/events", pages.events),
            Route("/alert", pages.alert),
            Route("/alerts/{reference}", pages.referred),
            Route("/alert/{action}", pages.act, methods=["GET", "POST"]),
            Route("/blocks", pages.blocks),
            Route("/block", pages.block, methods=["GET", "POST"]),
            Route("/block.csv", pages.block_file),
            Route("/sources", pages.feeds),
            Route("/silences", pages.silences),
            Route("/silences/end", pages.end_silence, methods=["POST"]),
            Route("/board", pages.board),
            Route("/board/{name}.csv", pages.board_file),
            Route("/-/healthy", _healthy),
            Mount("/static", StaticFiles(directory=STATIC)),
        ],
        lifespan=lifespan,
        exception_handlers=dict.fromkeys([400, 403, 404, 503, KafkaError], pages.refused),
    )
    install(app, parts.access, templates)
    return app


async def _healthy(_: Request) -> Response:
    """Say that the service lives; nothing else."""
    return PlainTextResponse("alive\n")


def _templates(parts: Parts) -> Jinja2Templates:
    environment = Environment(
        loader=PackageLoader("baton.console", "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {"AGES": AGES, "SORTS": SORTS, "STATUSES": STATUSES}
    environment.globals |= WORDS
    for name in environment.list_templates():
        environment.get_template(name)  # compiled now, so that nobody waits for it

    def of_every_page(request: Request) -> dict[str, Any]:
        return {
            "operator": getattr(request.state, "operator", None),
            "csrf": getattr(request.state, "csrf", ""),
            "path": request.url.path,
            "troubles": troubles(parts),
        }

    return Jinja2Templates(env=environment, context_processors=[of_every_page])


def troubles(parts: Parts) -> list[str]:
    """Return, in sentences, why what the pages show may not be all, or not be so any more."""
    found = []
    if not all(feed.answering for feed in parts.feeds):
        found.append("baton's log does not answer: what you see may be old.")
    elif not all(feed.caught_up.is_set() for feed in parts.feeds):
        found.append("baton is still reading: not everything is here yet.")
    if parts.sources.clock_stands(parts.now()):
        found.append("baton's clock has stopped: nothing becomes due until it runs again.")
    if parts.standing.unreadable:
        found.append(
            "This version of the console is too old to read every alert: it must be renewed."
            f" Not read: {parts.standing.unreadable}."
        )
    return found
