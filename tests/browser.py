"""A real browser for tests of pages: the system's Chromium, driven by Playwright, asking only this machine.

A test takes the fixture `page`, in a module with `pytestmark = pytest.mark.asyncio(loop_scope="session")`: the
browser is started once a test run. Playwright's own browsers are never used. Without Chromium such tests are
skipped, except where `CI` is `true`: there they fail.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, ConsoleMessage, Page, Request, Response, ViewportSize, async_playwright

FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
WIDE: ViewportSize = {"width": 1280, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """Start the system's Chromium, for a test or for a script that takes pictures."""
    path = next((found for name in ("chromium", "chromium-browser") if (found := shutil.which(name))), None)
    if path is None:
        missing = "there is no Chromium here; install the system's package, for example `apt-get install chromium`"
        if os.environ.get("CI") == "true":
            pytest.fail(missing)
        pytest.skip(missing)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=FLAGS)
        try:
            yield browser
        finally:
            await browser.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """Start a browser for all tests."""
    async with chromium() as browser:
        yield browser


@pytest_asyncio.fixture(loop_scope="session")
async def page(browser: Browser) -> AsyncIterator[Page]:
    """Open an empty page; the test fails if what it shows breaks, complains or asks another machine."""
    page = await browser.new_page(viewport=WIDE)
    complaints = watch(page)
    yield page
    await page.close()
    assert complaints == []


def watch(page: Page) -> list[str]:
    """Collect what goes wrong on a page from now on: errors, refused resources, requests to other machines.

    Answers of 4xx to forms are not among them: a page may ask for what is refused, and has to show it.
    """
    complaints: list[str] = []

    def said(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not message.text.startswith("Failed to load resource"):
            complaints.append(message.text)

    def asked(request: Request) -> None:
        if urlsplit(request.url).hostname not in {"127.0.0.1", "localhost", "::1"}:
            complaints.append(f"asked {request.url}")

    def answered(response: Response) -> None:
        if response.status >= 400 and response.request.method == "GET":
            complaints.append(f"{response.status} for {response.url}")

    page.on("console", said)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", asked)
    page.on("response", answered)
    return complaints


async def barriers(page: Page) -> list[str]:
    """Ask axe what keeps people out of the page as it is shown now; gives the serious and critical findings."""
    # A click returns when the next page begins; before its style sheets are there, its colours are wrong.
    await page.wait_for_load_state("load")
    # Without what it has not found, axe takes half the time; it writes down each element, else.
    results = await Axe().run(page, options={"resultTypes": ["violations"]})
    return [
        f"{found['id']}: {node['html']}"
        for found in results.response["violations"]
        if found["impact"] in {"serious", "critical"}
        for node in found["nodes"]
    ]


async def screenshot(page: Page, path: str | Path, *, whole: bool = False) -> None:
    """Save a picture of what the window shows, or of the whole page, without anything still moving."""
    await page.evaluate("document.fonts.ready")
    await page.screenshot(path=path, full_page=whole, animations="disabled", caret="hide")
