"""What stands before every page: a session, a signed-in operator, the form's token, limits and headers."""

from __future__ import annotations

import hmac
import time
from functools import partial
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs, quote

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, RedirectResponse

from baton.access.sessions import Session, Sessions

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from baton.access.operator import Operator

LARGEST_FORM: Final = 64 * 1024
"""Bytes of a form. Nothing that people write here is longer."""
PAGES_A_MINUTE: Final = 600
ACTIONS_A_MINUTE: Final = 60
STRANGERS_A_MINUTE: Final = 120
"""Requests that an operator, or an address that nobody has signed in from, may make."""
SAFE: Final = frozenset({"GET", "HEAD"})
EVENTS: Final = "/events"
"""Where a page that lies open hears that something changed."""
BY_ITSELF: Final = "baton-by-itself"
"""The header of what a page then asks for."""
OPEN_PATHS: Final = ("/sign-in", "/static/", "/-/healthy", "/favicon.ico")
"""What needs no operator: signing in, the pages' own files, and whether the service lives."""
_REFUSED_FORM: Final = (
    "This form can no longer be used. Go back, load the page again and repeat what you did."
)

SECURE_HEADERS: Final = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "cache-control": "no-store",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}
"""On every answer. Nothing is kept by a browser: these computers are shared."""


class Guard:
    """ASGI middleware. Sets `request.state.session`, `.operator` and `.csrf` for whatever is behind it.

    What answers for long asks `request.state.still()` whether the operator is still signed in, with the same rights.
    """

    def __init__(
        self,
        app: ASGIApp,
        sessions: Sessions,
        *,
        current: Callable[[Operator], Operator | None],
        secure: bool,
        now: Callable[[], float] = time.time,
    ) -> None:
        """Take what is guarded. `current` gives an operator as they are now, or None: then the session is over.

        `secure`: it is reached by HTTPS, and the cookie is for that alone.
        """
        self._app = app
        self._sessions = sessions
        self._current = current
        self._secure = secure
        self._now = now
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self.cookie = "__Host-baton" if secure else "baton"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it here."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        number = self._number(headers)
        session = self._session(number, used=not _by_itself(scope, headers)) if number else None
        begun: str | None = None
        if session is None and _is_sign_in(scope["path"]):
            begun, session = self._sessions.begin(self._now())
        elif session is None:
            session = Session(began=self._now(), seen=self._now())
        state = scope.setdefault("state", {})
        state |= {"session": session, "operator": session.operator, "csrf": session.csrf}
        state |= {"cookie": number if begun is None else begun}
        state["still"] = partial(self._still, number, session.operator)
        scope["session"] = session.data

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._dress(message, scope, number, begun, state)
            await send(message)

        refused = self._refused(scope, session)
        if refused is None and scope["method"] not in SAFE:
            body, receive = await _whole(receive)
            refused = _form_refused(body, headers, session)
        await (self._app if refused is None else refused)(scope, receive, answer)

    def _session(self, number: str, *, used: bool) -> Session | None:
        """Return the session of a number, with its operator as they are now; None where it is over."""
        session = self._sessions.get(number, self._now(), used=used)
        if session is not None and session.operator is not None:
            session.operator = self._current(session.operator)
            if session.operator is None:
                self._sessions.end(number)
                return None
        return session

    def _still(self, number: str, operator: Operator | None) -> bool:
        """Say whether a session is still this operator's, as they are now."""
        if operator is None or self._sessions.operator(number, self._now()) != operator:
            return False
        return self._current(operator) == operator

    def _refused(self, scope: Scope, session: Session) -> ASGIApp | None:
        """Return the answer for whoever may not go on, or None."""
        if self._too_often(scope, session):
            return PlainTextResponse("Too many requests. Wait a minute.", 429)
        if session.operator is not None or _is_open(scope["path"]):
            return None
        if scope["method"] not in SAFE:
            return PlainTextResponse("Sign in first.", 401)
        if scope["path"] == EVENTS:
            return PlainTextResponse("Sign in first.", 401)
        asked = scope["path"] + (
            f"?{scope['query_string'].decode()}" if scope["query_string"] else ""
        )
        return RedirectResponse(f"/sign-in?next={quote(asked, safe='')}", 303)

    def _too_often(self, scope: Scope, session: Session) -> bool:
        if scope["path"].startswith("/static/"):
            return False
        if session.operator is None:
            address = (scope.get("client") or ("nowhere", 0))[0]
            return not self._limiter.hit(
                RateLimitItemPerMinute(STRANGERS_A_MINUTE), "stranger", address
            )
        key = session.operator.key
        if not self._limiter.hit(RateLimitItemPerMinute(PAGES_A_MINUTE), "page", key):
            return True
        acting = scope["method"] not in SAFE
        return acting and not self._limiter.hit(
            RateLimitItemPerMinute(ACTIONS_A_MINUTE), "action", key
        )

    def _number(self, headers: Headers) -> str:
        try:
            morsel = SimpleCookie(headers.get("cookie", "")).get(self.cookie)
        except CookieError:
            return ""
        return "" if morsel is None else morsel.value

    def _dress(
        self,
        message: Message,
        scope: Scope,
        number: str,
        begun: str | None,
        state: dict[str, object],
    ) -> None:
        """Put the headers on an answer, and the cookie where the session is another than the request's."""
        headers = MutableHeaders(scope=message)
        for name, value in SECURE_HEADERS.items():
            if name != "cache-control" or not scope["path"].startswith("/static/"):
                headers[name] = value
        if self._secure:
            headers["strict-transport-security"] = "max-age=31536000"
        current = state["cookie"]
        if current != number or begun is not None:
            attributes = f"Path=/; HttpOnly; SameSite=Lax{'; Secure' if self._secure else ''}"
            gone = "" if current else "; Max-Age=0"
            headers.append("set-cookie", f"{self.cookie}={current or ''}; {attributes}{gone}")


def _by_itself(scope: Scope, headers: Headers) -> bool:
    """Say whether a page asks, and nobody who reads it."""
    return scope["path"] == EVENTS or (scope["method"] in SAFE and BY_ITSELF in headers)


def _is_open(path: str) -> bool:
    return path in OPEN_PATHS or path.startswith(("/sign-in/", "/static/"))


def _is_sign_in(path: str) -> bool:
    return path == "/sign-in" or path.startswith("/sign-in/")


async def _whole(receive: Receive) -> tuple[bytes | None, Receive]:
    """Read a request's body, and give it again to whoever reads it next; None when it is too large."""
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            break
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > LARGEST_FORM:
            return None, receive
        if not message.get("more_body", False):
            break
    body = b"".join(parts)
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return body, again


def _form_refused(body: bytes | None, headers: Headers, session: Session) -> ASGIApp | None:
    """Return the answer to a form that did not come from a page of this session, or None."""
    if body is None:
        return PlainTextResponse("That is too much for a form.", 413)
    kind = headers.get("content-type", "").partition(";")[0].strip()
    if kind != "application/x-www-form-urlencoded":
        return PlainTextResponse("Only forms are taken here.", 415)
    if headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        return PlainTextResponse(_REFUSED_FORM, 403)
    try:
        given = parse_qs(body.decode(), max_num_fields=200).get("csrf", [""])[0]
    except (UnicodeDecodeError, ValueError):
        return PlainTextResponse("That form cannot be read.", 400)
    if not hmac.compare_digest(given.encode(), session.csrf.encode()):
        return PlainTextResponse(_REFUSED_FORM, 403)
    return None
