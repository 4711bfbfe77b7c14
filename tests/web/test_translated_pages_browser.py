"""Pages in other languages in a real browser: nothing is too wide or in the way, also from right to left."""

from __future__ import annotations

import re
import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from msgspec.structs import replace
from playwright.async_api import Browser, Page, expect

from bot.petition.i18n import LANGUAGES, translator
from bot.petition.rules_in_force import Response
from tests.browser import barriers, watch
from tests.store.scene import LETTER, person
from tests.web.scene import PAGE, Scene, serving
from tests.web.test_pages_browser import WINDOWS, at, too_wide
from tests.web.test_translated_pages import set_up, sign_and_change

pytestmark = pytest.mark.asyncio(loop_scope="session")

SHOWN = [language for language in ("ar", "ja", "de") if language in LANGUAGES]
RESPONSE = Response("We will.", "librarian", 1_794_950_000, "ACME")


@pytest_asyncio.fixture(loop_scope="session")
async def scene(sqlite_url: str) -> AsyncIterator[Scene]:
    async with serving(sqlite_url, public_url=None) as scene:
        yield scene


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("language", SHOWN)
async def test_no_page_keeps_anybody_out_in_any_language(
    scene: Scene, browser: Browser, language: str, window: str
) -> None:
    settings = f"language: {language}\ngoal: [1, 2, 50]\ndeadline: 2031-01-01\nfirst: [ada]"
    await set_up(scene, settings, RESPONSE)
    await sign_and_change(scene)
    width, height = WINDOWS[window]
    page = await browser.new_page(locale=language, viewport={"width": width, "height": height})
    complaints = watch(page)
    for path in ("/", "/?q=river", "/nowhere", PAGE, f"{PAGE}?q=ada", f"{PAGE}?q=alan", f"{PAGE}/letter"):
        await page.goto(at(scene, path))
        assert await page.evaluate("document.documentElement.lang") == language, path
        assert await barriers(page) == [], path
        assert await too_wide(page) == 0, f"{path} is wider than the window"
    assert [one for one in complaints if "404" not in one] == []
    await page.close()


@pytest.mark.parametrize("language", SHOWN)
async def test_from_right_to_left_everything_begins_at_the_right(scene: Scene, page: Page, language: str) -> None:
    await set_up(scene, f"language: {language}")
    await sign_and_change(scene)
    await page.goto(at(scene, PAGE))
    is_rtl = translator(language).is_rtl
    letter = await page.locator(".letter").bounding_box()
    tally = await page.locator(".tally").bounding_box()
    assert letter is not None
    assert tally is not None
    assert (letter["x"] > tally["x"]) is is_rtl
    brand = await page.locator(".brand").bounding_box()
    assert brand is not None
    assert (brand["x"] > 640) is is_rtl
    sign = page.locator("code", has_text="/sign").first
    assert await sign.evaluate("node => getComputedStyle(node).direction") == "ltr"


@pytest.mark.parametrize("language", SHOWN)
async def test_the_age_of_a_signature_is_said_in_the_language_of_the_page(
    scene: Scene, page: Page, language: str
) -> None:
    await set_up(scene, f"language: {language}")
    scene.petition.clock = int(time.time()) - 3 * 3_600 - 900
    await scene.petition.change_issue(replace(LETTER, title="New"))
    await scene.petition.say(person("ada"), None)
    await scene.petition.sign("ada")
    await page.goto(at(scene, PAGE))
    said = page.locator("#entries time")
    expected = (
        "new Intl.RelativeTimeFormat(document.documentElement.lang, {numberingSystem: 'latn'}).format(-3, 'hour')"
    )
    await expect(said).to_have_text(await page.evaluate(expected))
    assert "3" in await said.inner_text()
    assert re.search(r"UTC$", await said.get_attribute("title") or "")
