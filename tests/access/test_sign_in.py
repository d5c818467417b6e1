"""Signing in locally: what lets somebody in, and all that does not."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from baton.access import Access, Entitlements, User, read_users, write_users
from baton.access.sessions import IDLE_SECONDS, LONGEST_SECONDS, STRANGERS_SECONDS
from baton.access.sign_in import TRIES_A_QUARTER, safe_path
from tests.access.conftest import AGENCY_OF, PASSWORD, Clock, site_of

if TYPE_CHECKING:
    from pathlib import Path

    from tests.access.conftest import Site


@pytest.fixture
def file(tmp_path: Path, users: list[User]) -> Path:
    """Give the file of two operators."""
    path = tmp_path / "users.toml"
    write_users(path, users)
    return path


@pytest.fixture
def kept(file: Path) -> Site:
    """Give a site whose operators are in that file."""
    clock = Clock()
    return site_of(Access(Entitlements(AGENCY_OF), read_users(file), now=clock), clock)


def test_password_and_code_let_an_operator_in(site: Site) -> None:
    """Who they are comes from the session; the sign-in is noted."""
    answer = site.sign_in()

    assert (303, "/") == (answer.status_code, answer.headers["location"])
    assert site.get("/").text.startswith("operator-1 ")
    assert [("operator-1", "signed-in", "password")] == site.noted


def test_nothing_is_seen_without_signing_in(site: Site) -> None:
    """A page leads to the sign-in page and back; the live stream and forms are refused."""
    page = site.get("/act?x=1")

    assert (303, "/sign-in?next=%2Fact%3Fx%3D1") == (page.status_code, page.headers["location"])
    assert site.get("/events").status_code == 401
    assert site.client.post("/act", data={"said": "x"}).status_code == 401
    assert site.get("/-/healthy").text == "alive"


def test_after_signing_in_one_is_where_one_wanted_to_be(site: Site) -> None:
    """The page that was asked for first."""
    site.get("/sign-in?next=/act%3Fx%3D1")
    site.post("/sign-in", "/sign-in?next=/act%3Fx%3D1", key="operator-1", password=PASSWORD)
    answer = site.post("/sign-in/code", code=site.code())

    assert answer.headers["location"] == "/act?x=1"


@pytest.mark.parametrize(
    "wanted",
    [
        "https://elsewhere.example/",
        "//elsewhere.example",
        "/\\elsewhere.example",
        "act",
        "/a\nb",
        "javascript:x",
    ],
)
def test_signing_in_leads_nowhere_else(wanted: str) -> None:
    """Only a path of this site is followed."""
    assert safe_path(wanted) == "/"


@pytest.mark.parametrize("key", ["operator-1", "operator-9", "", "x" * 3_000])
def test_a_wrong_password_says_nothing_of_the_key(site: Site, key: str) -> None:
    """Whether there is such an operator cannot be told from the answer."""
    answer = site.post("/sign-in", key=key, password="not the password")  # noqa: S106 (invented)

    assert answer.status_code == 401
    assert "The key or the password is not right" in answer.text
    assert ("sign-in-failed", "password") == site.noted[-1][1:]


def test_what_was_typed_is_noted_only_where_it_is_a_key(site: Site) -> None:
    """It may be somebody's e-mail address, or their password in the wrong field; the audit keeps what it is given."""
    for typed in ("someone@agency.example", "correct horse battery", "operator-1"):
        site.post("/sign-in", key=typed, password="not the password")  # noqa: S106 (invented)

    assert ["", "", "operator-1"] == [who for who, _, _ in site.noted]


def test_a_password_alone_opens_nothing(site: Site) -> None:
    """Half signed in is not signed in."""
    site.post("/sign-in", key="operator-1", password=PASSWORD)

    assert site.get("/").headers["location"].startswith("/sign-in")


def test_the_code_alone_opens_nothing(site: Site) -> None:
    """The code's page leads back to the password."""
    site.get("/sign-in")

    assert site.get("/sign-in/code").headers["location"] == "/sign-in"


def test_a_code_is_good_for_one_time(site: Site) -> None:
    """Whoever has seen a code typed cannot use it again."""
    code = site.code()
    site.sign_in()
    site.client.cookies.clear()
    site.post("/sign-in", key="operator-1", password=PASSWORD)
    answer = site.post("/sign-in/code", code=code)

    assert answer.status_code == 401
    assert "was used already" in answer.text


def test_the_next_code_is_good_again(site: Site) -> None:
    """Half a minute later the app shows another."""
    site.sign_in()
    site.client.cookies.clear()
    site.clock.at += 30

    assert site.sign_in().status_code == 303


def test_an_old_code_is_wrong(site: Site) -> None:
    """Two minutes are too long."""
    code = site.code()
    site.clock.at += 120
    site.post("/sign-in", key="operator-1", password=PASSWORD)

    assert site.post("/sign-in/code", code=code).status_code == 401


def test_passwords_cannot_be_tried_for_ever(site: Site) -> None:
    """After five wrong ones the right one is refused unread, for that key and no other."""
    for _ in range(TRIES_A_QUARTER):
        site.post("/sign-in", key="operator-1", password="wrong")  # noqa: S106 (invented)
    answer = site.post("/sign-in", key="operator-1", password=PASSWORD)

    assert answer.status_code == 429
    assert "too-often" == site.noted[-1][2]
    assert site.sign_in("operator-2").headers["location"] == "/"


def test_codes_cannot_be_tried_for_ever(site: Site) -> None:
    """A million codes are few, if one may try them all."""
    site.post("/sign-in", key="operator-1", password=PASSWORD)
    wrong = "000000" if site.code() != "000000" else "000001"
    for _ in range(TRIES_A_QUARTER):
        assert site.post("/sign-in/code", code=wrong).status_code == 401

    assert site.post("/sign-in/code", code=site.code()).status_code == 429


def test_the_session_that_signed_in_is_a_new_one(site: Site) -> None:
    """A number that somebody planted in the browser before is worth nothing afterwards."""
    site.get("/sign-in")
    before = site.client.cookies["baton"]
    site.sign_in()
    after = site.client.cookies["baton"]
    site.client.cookies.set("baton", before, domain="127.0.0.1")

    assert before != after
    assert site.access.sessions.get(before, site.clock()) is None


def test_signing_out_ends_the_session(site: Site) -> None:
    """The old cookie opens nothing, wherever it was kept."""
    site.sign_in()
    number = site.client.cookies["baton"]
    token = site.get("/").text.split()[1]
    site.client.post("/sign-out", data={"csrf": token}, follow_redirects=False)

    assert site.access.sessions.get(number, site.clock()) is None
    assert site.get("/").status_code == 303
    assert site.noted[-1][1] == "signed-out"


def test_who_is_removed_is_out_at_once(kept: Site, file: Path) -> None:
    """With the next page or form, and for good: whoever gets the key later does not find the session."""
    kept.sign_in()
    users = list(read_users(file))
    write_users(file, [each for each in users if each.key != "operator-1"])
    page = kept.get("/")
    write_users(file, users)
    again = kept.get("/")

    assert [303, 303] == [page.status_code, again.status_code]
    assert page.headers["location"].startswith("/sign-in")


def test_roles_are_those_of_now(kept: Site, file: Path) -> None:
    """Within a session too; the session goes on."""
    kept.sign_in()
    one, other = read_users(file)
    session = kept.access.sessions.get(kept.client.cookies["baton"], kept.clock())
    changed = replace(one, roles=frozenset({"named_midwife"}), authorities=frozenset({"west"}))
    write_users(file, [changed, other])

    assert kept.get("/").status_code == 200
    assert session is not None
    assert session.operator == kept.access.operator(changed)
    assert session.operator.agencies == {"midwifery"}


def test_an_answer_that_lasts_knows_of_removal_and_of_other_rights(kept: Site, file: Path) -> None:
    """It asks whether its reader is still who they were; a session that is left or ended is not either."""
    kept.sign_in()
    one, other = read_users(file)

    kept.meanwhile = lambda: write_users(file, [replace(one, board=True), other])
    assert kept.get("/long").text == "True False"
    kept.meanwhile = lambda: None
    assert kept.get("/long").text == "True True", "asked anew, with the rights of now"
    kept.meanwhile = lambda: write_users(file, [other])
    assert kept.get("/long").text == "True False"
    write_users(file, [one, other])
    kept.client.cookies.clear()
    kept.clock.at += 60
    kept.sign_in()
    session = kept.client.cookies["baton"]
    kept.meanwhile = lambda: kept.access.sessions.end(session)
    assert kept.get("/long").text == "True False"


def test_who_is_made_can_sign_in_at_once(kept: Site, file: Path, users: list[User]) -> None:
    """Without a new start; a code that was used stays used, whatever is written meanwhile."""
    kept.sign_in()
    write_users(file, [*users, replace(users[0], key="operator-3")])
    used = kept.access.users.code_is_right("operator-1", kept.code(), kept.clock())
    kept.client.cookies.clear()

    assert kept.sign_in("operator-3").headers["location"] == "/"
    assert not used


def test_a_file_that_breaks_changes_nothing(kept: Site, file: Path) -> None:
    """Whoever is signed in goes on; once it is whole again it counts again."""
    kept.sign_in()
    whole = list(read_users(file))
    file.write_text("not toml [")
    broken = kept.get("/")
    write_users(file, whole[1:])

    assert broken.status_code == 200
    assert kept.get("/").status_code == 303


@pytest.mark.parametrize("gone", [IDLE_SECONDS + 1, LONGEST_SECONDS + 1])
def test_a_session_ends_by_itself(site: Site, gone: int) -> None:
    """Left alone, or at the end of a long shift."""
    site.sign_in()
    site.clock.at += gone

    assert site.get("/").status_code == 303


def test_a_busy_session_ends_too(site: Site) -> None:
    """However often a page is asked for."""
    site.sign_in()
    for _ in range(LONGEST_SECONDS // IDLE_SECONDS + 1):
        site.clock.at += IDLE_SECONDS - 1
        answer = site.get("/")

    assert answer.status_code == 303


@pytest.mark.parametrize(
    ("path", "headers"), [("/", {"baton-by-itself": "1"}), ("/events", {})], ids=["page", "events"]
)
def test_a_page_left_open_keeps_no_session(site: Site, path: str, headers: dict[str, str]) -> None:
    """It asks by itself for what has changed, and nobody sits before it."""
    site.sign_in()
    site.clock.at += IDLE_SECONDS - 1
    by_itself = site.get(path, headers=headers).status_code
    site.clock.at += 2

    assert by_itself != 303
    assert site.get("/").status_code == 303


def test_a_stranger_has_not_for_ever(site: Site) -> None:
    """Half signed in ends as well."""
    site.post("/sign-in", key="operator-1", password=PASSWORD)
    site.clock.at += STRANGERS_SECONDS + 1

    assert site.get("/sign-in/code").headers["location"] == "/sign-in"
