"""A site in a real browser, below a path as GitHub Pages has it: whole, at any width, and without any script."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Literal

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from bot.petition.settings import PATH
from sandbox.server import Sandbox
from tests.browser import barriers, watch
from tests.whole.site_runs import hosted, write_site
from tests.whole.workflow_runs import Clock, run

# The browser is started once for all tests, and lives in the event loop of the session.
pytestmark = pytest.mark.asyncio(loop_scope="session")

PAGE = "petitions/lovelace/letters/1/"
LETTER = "Dear all,\n\nread **what** you sign.\n\n> It is yours.\n\n| a | b |\n| - | - |\n| 1 | 2 |\n"


@pytest_asyncio.fixture(loop_scope="session")
async def site(tmp_path: Path) -> AsyncIterator[Path]:
    """Count a petition with everything that a page can show, and write its site."""
    sandbox = Sandbox(now=Clock())
    await sandbox.start()
    try:
        petition = sandbox.petition("Read what you sign", LETTER)
        sandbox.repositories.write_file(petition.repository, PATH, "goal: 200\nfirst: [person-7]")
        for number in range(120):
            words = f"/sign Person {number}, Analytical Engines\nBecause I read it."
            sandbox.comment(petition, f"person-{number}", words)
        await run(sandbox, tmp_path)
        sandbox.issues.edit(petition, petition.user, body=LETTER.replace("what", "all that"))
        await run(sandbox, tmp_path)
        code, _, err = await write_site(tmp_path, tmp_path / "site")
        assert code == 0, err
        yield tmp_path / "site"
    finally:
        await sandbox.stop()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [(1280, 900), (320, 640)])
async def test_no_page_keeps_anybody_out(
    site: Path, browser: Browser, scheme: Literal["light", "dark"], size: tuple[int, int]
) -> None:
    page = await browser.new_page(color_scheme=scheme, viewport={"width": size[0], "height": size[1]})
    complaints = watch(page)
    async with hosted(site) as front:
        for path in ("", PAGE, f"{PAGE}letter.html"):
            await page.goto(front + path)
            assert await barriers(page) == [], path
            too_wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            assert await page.evaluate(too_wide) == 0, path
            assert await page.evaluate("getComputedStyle(document.body).margin") == "0px", "it has no style"
        await page.close()
    # The check itself brings a script, which the page's policy does not allow it to load anything with.
    assert complaints == []


async def test_a_site_is_read_from_the_front_page_to_the_versions_of_the_letter(site: Path, page: Page) -> None:
    async with hosted(site) as front:
        await page.goto(front)
        await page.get_by_role("link", name="Read what you sign").click()
        await expect(page.get_by_role("heading", name="120 people have signed")).to_be_visible()
        await expect(page.locator("#entries > li")).to_have_count(120)
        # What the browser's own search looks for is on the page.
        assert await page.evaluate("window.find('person-99')")
        await expect(page.get_by_role("link", name="Sign on GitHub")).to_be_visible()
        await page.get_by_role("link", name="What was changed").click()
        await expect(page.get_by_role("heading", name="Version 2")).to_be_visible()
        await page.get_by_role("link", name="Read what you sign").click()
        await page.get_by_role("link", name="Undersigned").click()
        assert page.url == f"{front}index.html"


async def test_its_pages_can_be_read_from_a_disk(site: Path, browser: Browser) -> None:
    page = await browser.new_page()
    complaints = watch(page)
    await page.goto((site / "index.html").as_uri())
    assert await page.evaluate("getComputedStyle(document.body).margin") == "0px"
    await page.get_by_role("link", name="Read what you sign").click()
    await expect(page.get_by_role("heading", name="120 people have signed")).to_be_visible()
    picture = page.locator("header img")
    assert await picture.evaluate("image => image.complete && image.naturalWidth > 0")
    assert [one for one in complaints if not one.startswith("asked file://")] == []
    await page.close()
