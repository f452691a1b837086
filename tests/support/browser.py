"""Debian's Chromium without a window, and what must hold on every page."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM: Final = "/usr/bin/chromium"
PHONE: Final = {"width": 360, "height": 740}
PATIENCE_MS: Final = 20_000


@contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def new_phone(browser: Browser, locale: str = "en-GB") -> Iterator[Page]:
    """A page of somebody's own, as narrow as phones are."""
    context = browser.new_context(viewport=PHONE, locale=locale)  # type: ignore[arg-type]
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    try:
        yield page
    finally:
        context.close()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def violations(page: Page) -> list[str]:
    """What axe-core finds on the page as it is."""
    response: dict[str, list[dict[str, Any]]] = Axe().run(page).response
    assert len(response["passes"]) > 5, "axe-core looked at nothing"
    found = response["violations"]
    return [
        f"{one['id']}: {node['target']} {node.get('failureSummary', '')}"
        for one in found
        for node in one["nodes"]
    ]


def scrolls_sideways(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))
