"""Every page in Chromium, as on a desktop and as on a phone: axe finds nothing, nothing sticks out, keys reach all."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect

from baton.access import Access, Entitlements, Users, new_user
from baton.access.oidc import Provider
from baton.console.app import make_app
from tests.browser.pages import PAGES
from tests.browser.stage import (
    DESKTOP,
    PASSWORD,
    PHONE,
    SIGNING_IN,
    chromium,
    served,
    signed_in,
    staged,
)
from tests.console.conftest import AGENCY_OF, Console, an_alert

SOON = 60_000
"""Milliseconds within which a script of the page must have run, on a busy machine."""

AXE = (
    Path(__file__).resolve().parents[2]
    / "dev"
    / "pages"
    / "node_modules"
    / "axe-core"
    / "axe.min.js"
)
ENTITLEMENTS = Entitlements(AGENCY_OF)
SOMEBODY = Users([new_user("op-7", PASSWORD)])
PROVIDER = Provider("https://provider.invalid", "baton", "not asked")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Give one Chromium for all of these tests."""
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def console() -> Iterator[tuple[Console, str]]:
    """Give the invented week, served, and its address."""
    made, app = staged()
    with served(app) as address:
        yield made, address


@pytest.fixture(scope="module")
def window(browser: Browser, console: tuple[Console, str]) -> BrowserContext:
    """Give a window in which somebody has signed in."""
    return signed_in(browser, *console, PHONE)


@pytest.fixture
def page(window: BrowserContext) -> Iterator[Page]:
    """Give a page of that window."""
    opened = window.new_page()
    yield opened
    opened.close()


def axe(page: Page) -> list[str]:
    """Return what axe-core finds wrong with a page, with where."""
    # By the debugger's way, not as an element: the page's own policy lets no other script in.
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found: Any = page.evaluate("tags => axe.run({runOnly: tags})", RULES)
    return [
        f"{each['id']}: {each['help']}: {node['target']}"
        for each in found["violations"]
        for node in each["nodes"]
    ]


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_good_at_any_width(name: str, page: Page) -> None:
    """With everything open: axe finds nothing, no script fails, and at 320 pixels neither does a page scroll sideways.

    Axe looks for what a program can find of WCAG 2.2 AA, and for its own best practice. What is wide scrolls in a
    place of its own.
    """
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    for size in (DESKTOP, PHONE):
        page.set_viewport_size(size)
        page.goto(PAGES[name])
        page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true; })")

        assert axe(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert errors == []


def looks_good(page: Page) -> list[str]:
    """Return what is wrong with a page as it stands: as a program can find it, and what sticks out."""
    wide = page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
    return [*axe(page), *(["it scrolls sideways"] if wide else [])]


@pytest.mark.parametrize(
    ("size", "key"), [*zip([DESKTOP, PHONE], SIGNING_IN, strict=True)], ids=["desktop", "phone"]
)
def test_signing_in_is_good_at_any_width(
    size: ViewportSize, key: str, browser: Browser, console: tuple[Console, str]
) -> None:
    """The page for key and password and that for the code, as they come and with their mistakes."""
    window = browser.new_context(viewport=size, base_url=console[1])
    page = window.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto("/sign-in")
    assert looks_good(page) == []
    for password in ("wrong", PASSWORD):
        page.get_by_label("Key").fill(key)
        page.get_by_label("Password").fill(password)
        page.get_by_role("button", name="Continue").click()
        if password == "wrong":  # noqa: S105 (it opens nothing)
            expect(page.locator(".govuk-error-summary")).to_be_focused(timeout=SOON)
            assert looks_good(page) == []
    page.wait_for_url("**/sign-in/code")
    assert looks_good(page) == []
    page.get_by_label("code").fill("000000")
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator(".govuk-error-summary")).to_be_focused(timeout=SOON)
    assert looks_good(page) == []
    window.close()
    assert errors == []


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize(
    ("access", "path", "words"),
    [
        (
            Access(ENTITLEMENTS, provider=PROVIDER),
            "/sign-in/oidc/callback?code=x&state=y",
            "There is a problem",
        ),
        (Access(ENTITLEMENTS, SOMEBODY, PROVIDER), "/sign-in", "your organisation"),
        (Access(ENTITLEMENTS), "/sign-in", "Nobody can sign in yet"),
    ],
    ids=["refused-by-provider", "both-ways", "nobody-yet"],
)
def test_other_ways_in_are_good_at_any_width(
    access: Access, path: str, words: str, size: ViewportSize, browser: Browser
) -> None:
    """Where an organisation's provider says who somebody is, and where nobody has been made yet."""
    made, _ = staged()
    with served(make_app(replace(made.parts, access=access))) as address:
        page = browser.new_page(viewport=size)
        page.goto(f"{address}{path}")
        expect(page.locator("main")).to_contain_text(words, timeout=SOON)
        assert looks_good(page) == []
        page.close()


def test_axe_would_find_something(page: Page) -> None:
    """What axe is asked for, it finds: a picture without words."""
    page.goto("/")
    page.evaluate("document.querySelector('main').append(document.createElement('img'))")

    assert any(each.startswith("image-alt") for each in axe(page))


def test_a_mistake_is_heard_and_led_to(page: Page) -> None:
    """The summary takes the keyboard's place, and its link leads to the field; axe finds nothing there either."""
    page.goto(PAGES["close"])
    page.get_by_role("button", name="Agree and close").click()

    expect(page.locator(".govuk-error-summary")).to_be_focused(timeout=SOON)
    assert axe(page) == []
    page.get_by_role("link", name="Say why, in general words").click()
    expect(page.locator("#rationale")).to_be_focused(timeout=SOON)


def test_the_keyboard_reaches_everything(page: Page) -> None:
    """The first key leads past the menu; then come the filters, the counts and every alert."""
    page.goto("/")
    page.keyboard.press("Tab")
    skip = page.evaluate("document.activeElement.textContent")
    reached = set()
    for _ in range(80):
        page.keyboard.press("Tab")
        reached.add(
            page.evaluate(
                "(document.activeElement.getAttribute('href') || document.activeElement.textContent).trim()"
            )
        )

    assert skip == "Skip to main content"
    assert {"Sign out", "Filter and sort", "/?severity=1", "/?age=day"} <= reached
    assert sum(1 for each in reached if each.startswith("/alert?id=")) == 25


def test_an_alert_arrives_without_reloading(page: Page, console: tuple[Console, str]) -> None:
    """It appears in the list, is said to a screen reader, and what somebody has opened stays open."""
    page.goto("/")
    page.get_by_text("Filter and sort").click()
    page.evaluate("window.same = true")
    console[0].hear(
        an_alert(901, alert_id="unreferred-incident/new", about={"kind": "person", "key": "p-new"})
    )

    page.get_by_text("Person p-new").wait_for()
    expect(page.locator("#said")).to_contain_text(re.compile(r"\d+ alerts match"), timeout=SOON)
    assert page.locator("#filters").evaluate("each => each.open")
    assert page.evaluate("window.same")


@contextmanager
def opened(browser: Browser) -> Iterator[tuple[Console, BrowserContext, Page]]:
    """Serve a console of its own, with its list open in a window; the console ends first, and the window stays."""
    made, app = staged()
    with served(app) as address:
        window = signed_in(browser, made, address, DESKTOP)
        page = window.new_page()
        page.goto("/")
        yield made, window, page


def test_a_page_whose_session_is_over_goes_to_the_sign_in(browser: Browser) -> None:
    """It would show for ever what stood when its reader left, and nobody could tell."""
    with opened(browser) as (made, window, page):
        made.access.sessions.end(window.cookies()[0]["value"])

        page.wait_for_url("**/sign-in?next=**", timeout=SOON)
        window.close()


def test_a_page_that_hears_nothing_any_more_says_so(browser: Browser) -> None:
    """So that it is seen and heard, while the console is away."""
    with opened(browser) as (_, window, page):
        lost = page.locator("#lost")
        expect(lost).to_be_hidden()

    expect(lost).to_be_visible(timeout=SOON)
    expect(lost).to_contain_text("no longer live")
    expect(page.locator("#said")).to_contain_text("no longer live")
    assert looks_good(page) == []
    window.close()


def test_it_works_without_javascript(browser: Browser, console: tuple[Console, str]) -> None:
    """Lists, filters, an alert, and a form with its mistakes: all but liveness."""
    made, address = console
    without = signed_in(browser, made, address, PHONE, javascript=False)
    page = without.new_page()
    page.goto("/")
    page.get_by_text("Filter and sort").click()
    page.get_by_label("Status").select_option("any")
    page.get_by_role("button", name="Show").click()
    page.goto(PAGES["acknowledge"])
    page.get_by_role("button", name="Acknowledge").click()

    expect(page.get_by_role("link", name="Say until when")).to_have_count(1, timeout=SOON)
    expect(page.get_by_label("Day", exact=True)).to_be_visible(timeout=SOON)
    without.close()


def test_leaving_in_a_hurry(page: Page) -> None:
    """Three presses of Shift leave the page, as the button does: it leads to a page about the weather."""
    page.route("https://www.bbc.co.uk/**", lambda route: route.fulfill(body="weather"))
    page.goto(PAGES["alert"])
    for _ in range(3):
        page.keyboard.press("Shift")

    page.wait_for_url("https://www.bbc.co.uk/weather")
