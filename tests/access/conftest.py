"""A small site behind the guard, and a browser on it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pyotp
import pytest
from argon2 import PasswordHasher
from jinja2 import DictLoader, Environment, select_autoescape
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.templating import Jinja2Templates
from starlette.testclient import TestClient

from baton.access import Access, Entitlements, User, Users, install, new_user

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx2
    from starlette.requests import Request

AGENCY_OF = {
    "hub_manager": "childrens_social_care",
    "public_protection_supervisor": "police",
    "named_midwife": "midwifery",
}
PASSWORD = "correct horse battery"  # noqa: S105 (an invented one)
BASE = "{% block title %}{% endblock %}<main>{% block content %}{% endblock %}</main>"


@dataclass
class Clock:
    """A clock that stands until it is moved."""

    at: float = 1_400_000_000.0

    def __call__(self) -> float:
        """Tell the time."""
        return self.at


@dataclass
class Site:
    """The site, with what it noted."""

    access: Access
    clock: Clock
    client: TestClient
    noted: list[tuple[str, str, str | None]] = field(default_factory=list)
    meanwhile: Callable[[], None] = lambda: None
    """What happens while an answer that lasts is under way."""

    def get(self, path: str, **more: Any) -> httpx2.Response:
        """Ask for a page, without following where it leads."""
        answer: httpx2.Response = self.client.get(path, follow_redirects=False, **more)
        return answer

    def csrf(self, path: str) -> str:
        """Give the token of the form on a page."""
        found = re.search(r'name="csrf" value="([^"]+)"', self.get(path).text)
        assert found is not None, path
        return found[1]

    def post(self, path: str, _token_of: str | None = None, **fields: str) -> httpx2.Response:
        """Send the form of a page."""
        data = {"csrf": self.csrf(_token_of or path), **fields}
        answer: httpx2.Response = self.client.post(path, data=data, follow_redirects=False)
        return answer

    def sign_in(self, key: str = "operator-1", password: str = PASSWORD) -> httpx2.Response:
        """Go the whole way in; return the last answer."""
        answer = self.post("/sign-in", key=key, password=password)
        if answer.headers.get("location") != "/sign-in/code":
            return answer
        return self.post("/sign-in/code", code=self.code(key))

    def code(self, key: str = "operator-1") -> str:
        """Give what the authenticator app of an operator shows."""
        user = self.access.users.get(key)
        assert user is not None
        return pyotp.TOTP(user.second_factor).at(int(self.clock.at))


@pytest.fixture(scope="session")
def users() -> list[User]:
    """Give two operators, whose passwords are hashed quicker than is safe."""
    made = [
        new_user("operator-1", PASSWORD, roles=["hub_manager"]),
        new_user("operator-2", PASSWORD, roles=["public_protection_supervisor"]),
    ]
    quick = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    return [replace(user, password_hash=quick) for user in made]


def site_of(access: Access, clock: Clock) -> Site:
    """Make a site of one page behind the guard."""
    site: Site

    async def page(request: Request) -> PlainTextResponse:
        form = await request.form() if request.method == "POST" else {}
        text = f"{request.state.operator.key} {request.state.csrf} {form.get('said', '')}"
        return PlainTextResponse(text)

    async def long(request: Request) -> PlainTextResponse:
        before = request.state.still()
        site.meanwhile()
        return PlainTextResponse(f"{before} {request.state.still()}")

    async def alive(_: Request) -> PlainTextResponse:
        return PlainTextResponse("alive")

    app = Starlette(
        routes=[
            Route("/", page),
            Route("/act", page, methods=["GET", "POST"]),
            Route("/events", page),
            Route("/long", long),
            Route("/-/healthy", alive),
        ]
    )
    environment = Environment(
        loader=DictLoader({"base.html": BASE}), autoescape=select_autoescape()
    )
    install(app, access, Jinja2Templates(env=environment))
    site = Site(
        access, clock, TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=True)
    )
    access.note = lambda who, what, _, why: site.noted.append((who, what, why))
    return site


@pytest.fixture
def site(users: list[User]) -> Site:
    """Give a site with local operators."""
    clock = Clock()
    return site_of(Access(Entitlements(AGENCY_OF), Users(users), now=clock), clock)
