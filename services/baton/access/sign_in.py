"""Signing in and out: local operators by password and code, or everybody by OpenID Connect."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from jinja2 import ChoiceLoader, PackageLoader
from limits import RateLimitItemPerHour, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from starlette.concurrency import run_in_threadpool
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from baton.access.assigning import Assignees, operator_of
from baton.access.guard import Guard
from baton.access.oidc import Claims, Provider, SignInRefusedError
from baton.access.operator import LOCALLY, Entitlements, Operator
from baton.access.sessions import Sessions
from baton.access.users import User, Users, read_users

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.templating import Jinja2Templates

    from baton.runtime.settings import Settings

TRIES_A_QUARTER: Final = 5
"""Wrong passwords or codes of one key in 15 minutes; the sixth try is refused unread."""
TRIES_OF_AN_ADDRESS: Final = 40
"""The same of one address in an hour, for whoever tries many keys."""
_PER_KEY: Final = RateLimitItemPerMinute(TRIES_A_QUARTER, 15)
_PER_ADDRESS: Final = RateLimitItemPerHour(TRIES_OF_AN_ADDRESS)

WRONG: Final = "The key or the password is not right"
WRONG_CODE: Final = "The code is not right, or was used already: wait for the next one"
TOO_OFTEN: Final = "There were too many tries. Wait 15 minutes, or ask whoever runs baton here"


def _no_note(who: str, what: str, where: str, why: str | None) -> None:
    del who, what, where, why


@dataclass(slots=True)
class Access:
    """Who may come in, and as whom.

    `note` is told of every sign-in, its failures and sign-outs: who, what (`signed-in`, `sign-in-failed`,
    `signed-out`), from where, and why; nobody's key is empty. `now` gives seconds since 1970.
    `address` is where browsers reach the console (`https://baton.example`); without one it answers on loopback alone.
    """

    entitlements: Entitlements
    users: Users = field(default_factory=Users)
    provider: Provider | None = None
    address: str = ""
    note: Callable[[str, str, str, str | None], None] = _no_note
    now: Callable[[], float] = time.time
    sessions: Sessions = field(default_factory=Sessions)
    _limiter: MovingWindowRateLimiter = field(
        default_factory=lambda: MovingWindowRateLimiter(MemoryStorage())
    )

    @classmethod
    def of(cls, settings: Settings, agency_of: Mapping[str, str]) -> Access:
        """Make what a deployment's settings say; `agency_of` gives each role's agency by the policy.

        Raises UsersFileError, and OSError where the provider's secret cannot be read.
        """
        provider = None
        if settings.oidc_issuer:
            secret = settings.oidc_client_secret_file.read_text(encoding="utf-8").strip()
            claims = Claims(key=settings.oidc_key_claim)
            provider = Provider(settings.oidc_issuer, settings.oidc_client_id, secret, claims)
        return cls(
            Entitlements(agency_of),
            read_users(settings.users_file),
            provider,
            settings.console_address,
        )

    @property
    def secure(self) -> bool:
        """Whether it is reached by HTTPS."""
        return self.address.startswith("https://")

    def operator(self, user: User) -> Operator:
        """Return a local operator, with the agencies that follow from the roles."""
        return operator_of(user, self.entitlements)

    @property
    def assignees(self) -> Assignees:
        """Whom alerts may be assigned to, as far as that is known here."""
        return Assignees(self.entitlements, self.users)

    def current(self, operator: Operator) -> Operator | None:
        """Return who has signed in as they are now, or None for a local operator who was removed since.

        What somebody brought from the identity provider is good for the session.
        """
        if operator.signed_in_by != LOCALLY:
            return operator
        user = self.users.get(operator.key)
        return None if user is None else self.operator(user)

    def known(self, key: str) -> str:
        """Return a key that an operator has, else nothing: what else was typed may be a name, or the password."""
        return "" if self.users.get(key) is None else key

    def may_try(self, key: str, address: str) -> bool:
        """Say whether a password or code of this key may still be tried, from this address."""
        return self._limiter.test(_PER_KEY, "key", key) and self._limiter.test(
            _PER_ADDRESS, "address", address
        )

    def failed(self, key: str, address: str) -> None:
        """Count a wrong password or code."""
        self._limiter.hit(_PER_KEY, "key", key)
        self._limiter.hit(_PER_ADDRESS, "address", address)


def install(app: Starlette, access: Access, templates: Jinja2Templates) -> None:
    """Put the guard before an application and add the pages of signing in and out.

    `templates` must find `base.html`, which the pages here extend.
    """
    pages = _Pages(access, templates)
    with_ours = [templates.env.loader, PackageLoader("baton.access", "pages")]
    templates.env.loader = ChoiceLoader([each for each in with_ours if each is not None])
    app.add_middleware(
        Guard,
        sessions=access.sessions,
        current=access.current,
        secure=access.secure,
        now=access.now,
    )
    # A page elsewhere cannot reach us under a name of its own that leads to loopback.
    host = urlsplit(access.address).hostname
    app.add_middleware(
        TrustedHostMiddleware,
        allowed_hosts=["localhost", "127.0.0.1", *([host] if host else [])],
        www_redirect=False,
    )
    app.router.routes += [
        Route("/sign-in", pages.sign_in, methods=["GET", "POST"], name="sign_in"),
        Route("/sign-in/code", pages.code, methods=["GET", "POST"]),
        Route("/sign-out", pages.sign_out, methods=["POST"], name="sign_out"),
    ]
    if access.provider is not None:
        app.router.routes += [
            Route("/sign-in/oidc", pages.to_provider),
            Route("/sign-in/oidc/callback", pages.from_provider),
        ]


class _Pages:
    def __init__(self, access: Access, templates: Jinja2Templates) -> None:
        self._access = access
        self._templates = templates

    async def sign_in(self, request: Request) -> Response:
        """Ask for key and password, or lead to the provider."""
        if request.state.operator is not None:
            return RedirectResponse("/", 303)
        session = request.state.session
        if request.method == "GET":
            session.data["next"] = safe_path(request.query_params.get("next", "/"))
            if self._access.provider is not None and not len(self._access.users):
                return RedirectResponse("/sign-in/oidc", 303)
            return self._page(request, "sign_in.html")
        form = await request.form()
        key, password = str(form.get("key", "")).strip().lower(), str(form.get("password", ""))
        address = address_of(request)
        if not self._access.may_try(key, address):
            await self._note(self._access.known(key), "sign-in-failed", address, "too-often")
            return self._page(request, "sign_in.html", error=TOO_OFTEN, status_code=429)
        # Hashing takes a good part of a second, in which others are to be served.
        user = await run_in_threadpool(self._access.users.with_password, key, password)
        if user is None:
            self._access.failed(key, address)
            await self._note(self._access.known(key), "sign-in-failed", address, "password")
            return self._page(request, "sign_in.html", error=WRONG, key=key, status_code=401)
        session.half_signed_in = user.key
        return RedirectResponse("/sign-in/code", 303)

    async def code(self, request: Request) -> Response:
        """Ask for the authenticator app's code."""
        session = request.state.session
        key = session.half_signed_in
        user = None if key is None else self._access.users.get(key)
        if user is None:
            return RedirectResponse("/sign-in", 303)
        if request.method == "GET":
            return self._page(request, "sign_in_code.html")
        address = address_of(request)
        if not self._access.may_try(user.key, address):
            await self._note(user.key, "sign-in-failed", address, "too-often")
            return self._page(request, "sign_in_code.html", error=TOO_OFTEN, status_code=429)
        code = str((await request.form()).get("code", "")).replace(" ", "")
        if not self._access.users.code_is_right(user.key, code, self._access.now()):
            self._access.failed(user.key, address)
            await self._note(user.key, "sign-in-failed", address, "code")
            return self._page(request, "sign_in_code.html", error=WRONG_CODE, status_code=401)
        return await self._signed_in(request, self._access.operator(user))

    async def sign_out(self, request: Request) -> Response:
        """End the session."""
        operator = request.state.operator
        self._access.sessions.end(request.state.cookie)
        request.state.cookie = ""
        if operator is not None:
            await self._note(operator.key, "signed-out", address_of(request))
        return RedirectResponse("/sign-in", 303)

    async def to_provider(self, request: Request) -> Response:
        """Send the browser to the identity provider."""
        assert self._access.provider is not None  # noqa: S101 - the route is there only with one
        here = self._access.address.rstrip("/") or str(request.base_url).rstrip("/")
        try:
            return await self._access.provider.redirect(request, f"{here}/sign-in/oidc/callback")
        except SignInRefusedError as error:
            return self._page(request, "sign_in.html", error=str(error), status_code=503)

    async def from_provider(self, request: Request) -> Response:
        """Take the browser back from the identity provider."""
        assert self._access.provider is not None  # noqa: S101 - the route is there only with one
        try:
            who = await self._access.provider.operator(request)
        except SignInRefusedError as error:
            await self._note("", "sign-in-failed", address_of(request), error.reason)
            return self._page(request, "sign_in.html", error=str(error), status_code=401)
        return await self._signed_in(
            request,
            Operator(
                key=who.key,
                roles=who.roles,
                agencies=self._access.entitlements.agencies(who.roles),
                authorities=who.authorities,
                board=who.board,
                signed_in_by="oidc",
            ),
        )

    async def _signed_in(self, request: Request, operator: Operator) -> Response:
        """Begin a session of its own for the operator: the stranger's number is worth nothing any more."""
        wanted = request.state.session.data.get("next", "/")
        await self._note(operator.key, "signed-in", address_of(request), operator.signed_in_by)
        self._access.sessions.end(request.state.cookie)
        request.state.cookie, _ = self._access.sessions.begin(self._access.now(), operator)
        return RedirectResponse(wanted, 303)

    async def _note(self, who: str, what: str, where: str, why: str | None = None) -> None:
        await run_in_threadpool(self._access.note, who, what, where, why)

    def _page(
        self, request: Request, name: str, *, status_code: int = 200, **context: object
    ) -> Response:
        context |= {
            "csrf": request.state.csrf,
            "provider": self._access.provider is not None,
            "local": bool(len(self._access.users)),
        }
        return self._templates.TemplateResponse(request, name, context, status_code=status_code)


def safe_path(wanted: str) -> str:
    """Return a path of this site; anything that leads elsewhere becomes the first page."""
    parts = urlsplit(wanted)
    elsewhere = parts.scheme or parts.netloc or not wanted.startswith("/")
    if elsewhere or wanted.startswith(("//", "/\\")) or not wanted.isprintable():
        return "/"
    return wanted


def address_of(request: Request) -> str:
    """Return where a request comes from, as the server saw it."""
    return request.client.host if request.client else "nowhere"
