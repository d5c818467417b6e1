"""Forged sessions, forged forms, too many requests, and the headers of every answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from baton.access import Access, Entitlements
from baton.access.guard import ACTIONS_A_MINUTE, LARGEST_FORM, STRANGERS_A_MINUTE
from baton.access.sessions import MOST, Sessions
from tests.access.conftest import AGENCY_OF, Clock, site_of

if TYPE_CHECKING:
    from tests.access.conftest import Site


@pytest.mark.parametrize("cookie", ["x", "", "a" * 5_000, "operator-1", '"; Path=/', "null"])
def test_a_forged_session_opens_nothing(site: Site, cookie: str) -> None:
    """The cookie is a random number that names a session here; another names none."""
    answer = site.get("/", headers={"cookie": f"baton={cookie}"})

    assert answer.status_code == 303


def test_a_form_needs_the_token_of_its_session(site: Site) -> None:
    """Without it, with another's, or with none, nothing is done."""
    site.sign_in()
    token = site.get("/").text.split()[1]

    assert site.client.post("/act", data={"said": "x"}).status_code == 403
    assert site.client.post("/act", data={"said": "x", "csrf": "x"}).status_code == 403
    assert site.client.post("/act", data={"said": "x", "csrf": f"{token}x"}).status_code == 403
    done = site.client.post("/act", data={"said": "hello", "csrf": token})
    assert (200, "hello") == (done.status_code, done.text.split()[-1])


def test_a_form_of_another_site_is_refused(site: Site) -> None:
    """Browsers say from where a form was sent."""
    site.sign_in()
    token = site.get("/").text.split()[1]
    answer = site.client.post(
        "/act", data={"csrf": token}, headers={"sec-fetch-site": "cross-site"}
    )

    assert answer.status_code == 403


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"x" * (LARGEST_FORM + 1), "application/x-www-form-urlencoded", 413),
        (b'{"csrf": "x"}', "application/json", 415),
        (b"--x\r\n\r\n", "multipart/form-data; boundary=x", 415),
        (b"csrf=\xff\xfe", "application/x-www-form-urlencoded", 400),
        (b"&".join(b"a=b" for _ in range(300)), "application/x-www-form-urlencoded", 400),
    ],
)
def test_what_is_no_form_of_ours_is_refused(
    site: Site, body: bytes, kind: str, status: int
) -> None:
    """Too large, of another kind, not text, or of too many fields."""
    site.sign_in()
    answer = site.client.post("/act", content=body, headers={"content-type": kind})

    assert answer.status_code == status


def test_every_answer_bears_the_headers(site: Site) -> None:
    """Pages, refusals and redirects: nothing runs but our own files, nothing is kept, nothing frames us."""
    site.sign_in()
    for path in ("/", "/sign-in", "/nowhere", "/-/healthy"):
        headers = site.get(path).headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert ("DENY", "nosniff") == (
            headers["x-frame-options"],
            headers["x-content-type-options"],
        )
        assert ("no-store", "no-referrer") == (headers["cache-control"], headers["referrer-policy"])


def test_the_cookie_is_for_the_browser_alone() -> None:
    """No script reads it; over HTTPS it goes nowhere else."""
    clock = Clock()
    near, far = (
        site_of(Access(Entitlements(AGENCY_OF), address=address, now=clock), clock)
        for address in ("", "https://baton.example")
    )
    far.client.base_url = "https://baton.example"
    plain, safe = (site.get("/sign-in").headers["set-cookie"] for site in (near, far))

    assert plain.startswith("baton=") and "HttpOnly; SameSite=Lax" in plain  # noqa: PT018 (one cookie)
    assert safe.startswith("__Host-baton=") and "; Secure" in safe and "Path=/" in safe  # noqa: PT018 (one cookie)
    assert "max-age" in far.get("/sign-in").headers["strict-transport-security"]


def test_another_host_name_is_refused(site: Site) -> None:
    """A name elsewhere that leads to loopback cannot be used to reach us."""
    assert site.get("/", headers={"host": "elsewhere.example"}).status_code == 400


def test_an_operator_cannot_act_without_end(site: Site) -> None:
    """A script with a stolen session is stopped after a minute's worth."""
    site.sign_in()
    token = site.get("/").text.split()[1]
    codes = [
        site.client.post("/act", data={"csrf": token}).status_code
        for _ in range(ACTIONS_A_MINUTE + 1)
    ]

    assert [200] * ACTIONS_A_MINUTE + [429] == codes


def test_a_stranger_cannot_ask_without_end(site: Site) -> None:
    """Whoever has not signed in has a limit for each address."""
    codes = {site.get("/sign-in").status_code for _ in range(STRANGERS_A_MINUTE + 1)}

    assert {200, 429} == codes


def test_strangers_do_not_push_out_operators() -> None:
    """However many sessions are begun, those of people at work stay, and memory is bounded."""
    from baton.access import Operator

    sessions = Sessions()
    number, _ = sessions.begin(0, Operator(key="operator-1"))
    for _ in range(MOST + 10):
        sessions.begin(1)

    assert sessions.get(number, 2) is not None
    assert len(sessions._sessions) == MOST
