"""`make screenshots`: a picture of every page, as on a desktop and as on a phone, into the folder given."""

from __future__ import annotations

import sys
from pathlib import Path

from playwright.sync_api import Page, ViewportSize

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
from tests.console.conftest import an_operator

MOST = 1_100
"""Pixels that a picture is high at most."""


def main(folder: Path) -> None:
    """Take every picture."""
    folder.mkdir(parents=True, exist_ok=True)
    console, app = staged()
    reader = an_operator("op-9", "receiving_team_manager")
    with served(app) as address, chromium() as browser:
        for width, size, key in (
            ("desktop", DESKTOP, SIGNING_IN[0]),
            ("phone", PHONE, SIGNING_IN[1]),
        ):
            context = signed_in(browser, console, address, size)
            page = context.new_page()
            for name, path in PAGES.items():
                page.goto(path)
                _picture(page, folder / f"{name}-{width}.png", size)
            context.close()

            context = signed_in(browser, console, address, size, operator=reader)
            page = context.new_page()
            page.goto(PAGES["acknowledge"])
            _picture(page, folder / f"refused-{width}.png", size)

            context.clear_cookies()
            page.goto("/sign-in")
            _picture(page, folder / f"sign-in-{width}.png", size)
            page.get_by_label("Key").fill(key)
            page.get_by_label("Password").fill(PASSWORD)
            page.get_by_role("button", name="Continue").click()
            page.wait_for_url("**/sign-in/code")
            _picture(page, folder / f"sign-in-code-{width}.png", size)
            context.close()


def _picture(page: Page, path: Path, size: ViewportSize) -> None:
    """Take a picture of a page as it stands: a long list goes on as it begins, so what fits a modest file shows it."""
    tall = page.evaluate("document.documentElement.scrollHeight")
    page.set_viewport_size({"width": size["width"], "height": min(tall, MOST)})
    page.screenshot(path=path)
    page.set_viewport_size(size)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
