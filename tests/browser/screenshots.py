"""`make screenshots`: a picture of every page, as on a desktop and as on a phone, into the folder given."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.browser.pages import PAGES
from tests.browser.stage import DESKTOP, PHONE, chromium, served, signed_in, staged

MOST = 1_100
"""Pixels that a picture is high at most."""


def main(folder: Path) -> None:
    """Take every picture."""
    folder.mkdir(parents=True, exist_ok=True)
    console, app = staged()
    with served(app) as address, chromium() as browser:
        for width, size in (("desktop", DESKTOP), ("phone", PHONE)):
            context = signed_in(browser, console, address, size)
            page = context.new_page()
            for name, path in {**PAGES, "sign-in": "/sign-in"}.items():
                if name == "sign-in":
                    context.clear_cookies()
                page.goto(path)
                tall = page.evaluate("document.documentElement.scrollHeight")
                # A long list goes on as it begins: what fits into a modest file shows it.
                page.set_viewport_size({"width": size["width"], "height": min(tall, MOST)})
                page.screenshot(path=folder / f"{name}-{width}.png")
                page.set_viewport_size(size)
            context.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
