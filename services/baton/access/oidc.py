"""Signing in by OpenID Connect: the authority's own identity provider says who somebody is, and what they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx2
from authlib.integrations.base_client import OAuthError
from authlib.integrations.starlette_client import OAuth

from baton.contract.errors import InvalidField
from baton.contract.pointers import check_pointers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request
    from starlette.responses import Response


class SignInRefusedError(Exception):
    """The provider did not let somebody in, or said too little; the message is for them, `reason` for the record."""

    def __init__(self, reason: str, message: str) -> None:
        """Take a coded word and a sentence."""
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """In which claims of the provider's token an operator's key, roles, areas and board membership stand."""

    key: str = "preferred_username"
    roles: str = "roles"
    authorities: str = "authorities"
    board: str = "board"


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Whom the provider let in."""

    key: str
    roles: frozenset[str]
    authorities: frozenset[str]
    board: bool


class Provider:
    """The identity provider of a deployment, found by its address."""

    def __init__(
        self, issuer: str, client_id: str, client_secret: str, claims: Claims | None = None
    ) -> None:
        """Take the provider's address and what it knows baton by. Nothing is asked of it yet."""
        self._claims = claims or Claims()
        self._client: Any = OAuth().register(
            "provider",
            server_metadata_url=f"{issuer.rstrip('/')}/.well-known/openid-configuration",
            client_id=client_id,
            client_secret=client_secret,
            # The code can be redeemed only by the session that asked, and the token answers its own request.
            client_kwargs={"scope": "openid profile roles", "code_challenge_method": "S256"},
        )

    async def redirect(self, request: Request, callback: str) -> Response:
        """Return the answer that sends the browser to the provider. Raises SignInRefusedError."""
        try:
            answer: Response = await self._client.authorize_redirect(request, callback)
        except (OAuthError, httpx2.HTTPError, ValueError, KeyError) as error:
            raise _unreachable() from error
        return answer

    async def operator(self, request: Request) -> Identity:
        """Return whom the provider let in, its token verified. Raises SignInRefusedError."""
        try:
            token = await self._client.authorize_access_token(request)
        except OAuthError as error:
            raise SignInRefusedError(
                "refused", "The identity provider did not sign you in. Try again"
            ) from error
        except (httpx2.HTTPError, ValueError, KeyError) as error:
            raise _unreachable() from error
        return identity_of(token.get("userinfo") or {}, self._claims)


def identity_of(told: Mapping[str, Any], claims: Claims) -> Identity:
    """Return the identity that a token's claims describe. Raises SignInRefusedError where there is no key.

    Many providers give an e-mail address as `preferred_username`. It would stand in alerts and, for ever, in the audit.
    """
    key = told.get(claims.key)
    if not isinstance(key, str) or not key:
        raise SignInRefusedError(
            "no-key", "The identity provider did not say who you are: ask whoever runs baton here"
        )
    try:
        check_pointers({"by": key})
    except InvalidField as error:
        message = (
            f"The identity provider's claim {claims.key} holds an e-mail address, a name or a number, and not a key. "
            "Ask whoever runs baton here to name a claim that holds a key in BATON_OIDC_KEY_CLAIM, such as sub"
        )
        raise SignInRefusedError("no-key", message) from error
    authorities = _words(told.get(claims.authorities)) or frozenset({"local"})
    return Identity(
        key=key,
        roles=_words(told.get(claims.roles)),
        authorities=authorities,
        board=told.get(claims.board) is True,
    )


def _words(value: object) -> frozenset[str]:
    if isinstance(value, str):
        return frozenset(value.split())
    if isinstance(value, list | tuple):
        return frozenset(each for each in value if isinstance(each, str))
    return frozenset()


def _unreachable() -> SignInRefusedError:
    return SignInRefusedError(
        "no-provider", "The identity provider cannot be reached. Try again in a while"
    )
