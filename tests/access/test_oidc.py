"""Signing in by OpenID Connect: at a real provider, run on loopback, and what its claims may say."""

from __future__ import annotations

import re
import secrets
import socket
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from baton.access import Access, Entitlements
from baton.access.oidc import Claims, Provider, SignInRefusedError, identity_of
from tests.access.conftest import AGENCY_OF, Clock, Site, site_of

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).parents[2] / "dev" / "pages"
CALLBACK = "http://127.0.0.1/sign-in/oidc/callback"


@pytest.fixture(scope="module")
def issuer_and_secret() -> Iterator[tuple[str, str]]:
    """Run the provider, which `make setup` has fetched."""
    assert (HERE / "node_modules").is_dir(), "make setup fetches the provider"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    secret = secrets.token_hex(32)
    issuer = f"http://127.0.0.1:{port}"
    command = ["node", "provider.mjs", str(port), CALLBACK, secret]
    process = subprocess.Popen(command, cwd=HERE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        assert process.stdout is not None
        assert b"listening" in process.stdout.readline()
        yield issuer, secret
    finally:
        process.terminate()
        process.wait()


@pytest.fixture
def site(issuer_and_secret: tuple[str, str]) -> Site:
    """Give a site whose operators sign in at the provider."""
    issuer, secret = issuer_and_secret
    clock = Clock(time.time())
    provider = Provider(issuer, "baton", secret)
    return site_of(Access(Entitlements(AGENCY_OF), provider=provider, now=clock), clock)


def back_from_provider(asked: str, login: str) -> str:
    """Sign in at the provider as a person would, and agree; give where it sends the browser back to."""
    with httpx2.Client(follow_redirects=False) as browser:
        answer = browser.get(asked)
        for _ in range(10):
            where = answer.headers.get("location", "")
            if where.startswith(CALLBACK):
                return where
            if answer.is_redirect:
                answer = browser.get(answer.url.join(where))
                continue
            prompt = re.search(r'name="prompt" value="(\w+)"', answer.text)
            action = re.search(r'<form[^>]* action="([^"]+)"', answer.text)
            assert prompt is not None, answer.text
            assert action is not None, answer.text
            data = {"prompt": prompt[1], "login": login, "password": "any"}
            answer = browser.post(answer.url.join(action[1]), data=data)
    raise AssertionError("the provider did not come to an end")


def asked_of(site: Site) -> str:
    """Give where the site sends the browser to sign in."""
    assert site.get("/sign-in").headers["location"] == "/sign-in/oidc"
    return site.get("/sign-in/oidc").headers["location"]


def test_whom_the_provider_lets_in_is_let_in(site: Site) -> None:
    """With the roles of its token, and the agencies that follow from them by the policy."""
    back = back_from_provider(asked_of(site), "operator-1")
    answer = site.get(back.removeprefix("http://127.0.0.1"))

    assert (303, "/") == (answer.status_code, answer.headers["location"])
    session = site.access.sessions.get(site.client.cookies["baton"], site.clock())
    assert session is not None
    assert session.operator is not None
    assert {"childrens_social_care"} == session.operator.agencies
    assert [("operator-1", "signed-in", "oidc")] == site.noted


def test_an_answer_for_another_browser_is_refused(site: Site) -> None:
    """What the provider said to one session lets nobody else in, nor in again."""
    back = back_from_provider(asked_of(site), "operator-1").removeprefix("http://127.0.0.1")
    mine = site.client.cookies["baton"]
    site.client.cookies.clear()

    assert site.get(back).status_code == 401
    assert ("sign-in-failed", "refused") == site.noted[-1][1:]
    site.client.cookies.clear()
    site.client.cookies.set("baton", mine, domain="127.0.0.1")
    assert site.get(back).status_code == 303


@pytest.mark.parametrize("query", ["", "?code=x&state=y", "?error=access_denied&state=y"])
def test_an_invented_answer_is_refused(site: Site, query: str) -> None:
    """Nobody comes in by calling the way back themselves."""
    site.get("/sign-in")

    assert site.get(f"/sign-in/oidc/callback{query}").status_code == 401
    assert site.get("/").status_code == 303


def test_a_provider_that_is_not_there_is_said() -> None:
    """A sentence for the person, and no traceback."""
    clock = Clock(time.time())
    provider = Provider("http://127.0.0.1:9", "baton", "secret")
    site = site_of(Access(Entitlements(AGENCY_OF), provider=provider, now=clock), clock)
    answer = site.get("/sign-in/oidc")

    assert answer.status_code == 503
    assert "cannot be reached" in answer.text


@pytest.mark.parametrize("told", [{}, {"preferred_username": ""}, {"preferred_username": 3}])
def test_who_has_no_key_is_nobody(told: dict[str, Any]) -> None:
    """A token without the claim lets nobody in."""
    with pytest.raises(SignInRefusedError, match="did not say who you are"):
        identity_of(told, Claims())


@pytest.mark.parametrize("key", ["someone@agency.example", "Jane Smith", "9434765919"])
def test_whose_key_is_a_name_is_told_what_to_configure(key: str) -> None:
    """Nothing of it is kept; the sentence names the setting, and the claim that is wrong."""
    with pytest.raises(SignInRefusedError, match="BATON_OIDC_KEY_CLAIM") as refused:
        identity_of({"preferred_username": key}, Claims())

    assert "preferred_username" in str(refused.value)
    assert key not in str(refused.value)


def test_claims_are_read_strictly() -> None:
    """Words in a list or a text; board members only by a plain yes."""
    who = identity_of(
        {"sub": "o-1", "groups": "a b", "authorities": ["north", 3], "board": "true"},
        Claims(key="sub", roles="groups"),
    )

    assert (["a", "b"], ["north"]) == (sorted(who.roles), sorted(who.authorities))
    assert not who.board
