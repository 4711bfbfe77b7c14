"""The public pages in a real browser: at any width and in any light, with the keyboard alone, without scripts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Literal

import pytest
import pytest_asyncio
from msgspec.structs import replace
from playwright.async_api import Browser, Page, expect

from bot.petition.comments.commands import Sign
from bot.petition.facts_from_github import IssueFact
from bot.petition.organizer_commands import CommandResults
from bot.petition.rules_in_force import Rules
from bot.petition.settings import Settings
from tests.browser import barriers, watch
from tests.store.scene import INSTALLATION, LETTER, REPOSITORY, person
from tests.web.scene import PAGE, Scene, serving

# The browser is started once for all tests, and lives in the event loop of the session.
pytestmark = pytest.mark.asyncio(loop_scope="session")

WINDOWS = {"wide": (1280, 900), "narrow": (320, 640)}


@pytest_asyncio.fixture(loop_scope="session")
async def scene(sqlite_url: str) -> AsyncIterator[Scene]:
    async with serving(sqlite_url, public_url=None) as scene:
        yield scene


def at(scene: Scene, path: str) -> str:
    return str(scene.client.make_url("/")).rstrip("/") + path


async def open_petitions(scene: Scene, count: int) -> None:
    for number in range(100, 100 + count):
        closed_at = 150 if number % 5 == 0 else None
        issue = replace(
            LETTER, id=number, number=number, title=f"Mend the road {number}", closed_at=closed_at, updated_at=200
        )
        await scene.petition.store.record([IssueFact(INSTALLATION, REPOSITORY, issue, 200)])
    await scene.petition.store.commands.apply(LETTER.id, CommandResults(Rules(Settings(goals=(4,)))))
    await scene.petition.sign("ada")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("window", WINDOWS)
async def test_no_page_keeps_anybody_out(
    scene: Scene, browser: Browser, scheme: Literal["light", "dark"], window: str
) -> None:
    await open_petitions(scene, 40)
    await change_letter(scene)
    width, height = WINDOWS[window]
    page = await browser.new_page(color_scheme=scheme, viewport={"width": width, "height": height})
    complaints = watch(page)
    for path in (
        "/",
        "/?q=road&page=2",
        "/?state=closed",
        "/?q=river&state=open",
        PAGE,
        f"{PAGE}?q=ada",
        f"{PAGE}/letter",
    ):
        await page.goto(at(scene, path))
        assert await barriers(page) == [], path
        assert await too_wide(page) == 0, f"{path} is wider than the window"
    assert complaints == []
    await page.close()


async def too_wide(page: Page) -> int:
    """Give by how many pixels a page has to be scrolled sideways."""
    width: int = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return width


async def test_a_petition_is_found_with_the_keyboard_alone_and_without_scripts(
    scene: Scene, browser: Browser
) -> None:
    await open_petitions(scene, 40)
    context = await browser.new_context(java_script_enabled=False)
    page = await context.new_page()
    await page.goto(at(scene, "/"))
    await tab_to(page, "Find a petition")
    await page.keyboard.type("road 105")
    await press_enter(page)
    await expect(page.get_by_role("status")).to_contain_text("1 petition has road 105")
    await tab_to(page, "Closed")
    await press_enter(page)
    await expect(page.get_by_role("link", name="Closed petitions 1")).to_have_attribute("aria-current", "true")
    await expect(page.get_by_role("listitem")).to_have_count(1)
    await tab_to(page, "Show all petitions")
    await press_enter(page)
    await tab_to(page, "Next page")
    await press_enter(page)
    await expect(page.get_by_role("listitem")).to_have_count(11)
    await expect(page.get_by_text("Page 2 of 2")).to_be_visible()
    await context.close()


async def test_recent_times_say_how_long_ago_they_are_and_older_ones_when(scene: Scene, browser: Browser) -> None:
    noon = 1_794_960_000
    for login, at_ in (("ada", noon - 8 * 86_400), ("grace", noon - 2 * 86_400), ("alan", noon - 300)):
        await scene.petition.say(person(login), Sign(), at_)
    page = await browser.new_page()
    complaints = watch(page)
    await page.clock.install(time=noon)
    await page.goto(at(scene, PAGE))
    times = page.locator("#entries time")
    await expect(times).to_have_text(["5 minutes ago", "2 days ago", "10 Nov 2026, 00:00"])
    await expect(times.first).to_have_attribute("title", "17 Nov 2026, 23:55 UTC")
    await expect(times.first).to_have_attribute("datetime", "2026-11-17T23:55:00Z")
    await expect(page.get_by_role("link", name="Comment by alan: 5 minutes ago")).to_be_visible()
    await page.clock.run_for(60_000)
    await expect(times.first).to_have_text("6 minutes ago")
    await page.goto(at(scene, "/"))
    await expect(page.get_by_text("Last signed: 6 minutes ago")).to_be_visible()
    await page.goto(at(scene, f"{PAGE}?q=alan"))
    await expect(page.get_by_role("status")).to_contain_text("Yes, alan is counted. Signed: 6 minutes ago")
    assert complaints == []
    await page.close()


async def test_without_scripts_the_exact_time_stands(scene: Scene, browser: Browser) -> None:
    await scene.petition.say(person("ada"), Sign(), 1_794_960_000)
    context = await browser.new_context(java_script_enabled=False)
    page = await context.new_page()
    await page.goto(at(scene, PAGE))
    await expect(page.locator("#entries time")).to_have_text("18 Nov 2026, 00:00")
    await page.goto(at(scene, "/"))
    await expect(page.get_by_text("Last signed: 18 Nov 2026, 00:00 UTC")).to_be_visible()
    await context.close()


async def change_letter(scene: Scene) -> None:
    """Let a letter have three versions."""
    letters = scene.petition.store.letters
    await letters.record(LETTER.id, LETTER.id, "Please **open** the archive.\n\n- by May\n- for all", 1_000)
    await letters.record(LETTER.id, LETTER.id, "Please *open* the whole archive.\n\n- for all\n\nThanks!", 2_000)
    await letters.record(LETTER.id, LETTER.id, "Please _open_ the whole archive.\n\n- for all\n\nThanks!", 3_000)


async def test_versions_are_shown_as_text_with_what_was_changed(scene: Scene, page: Page) -> None:
    await change_letter(scene)
    await page.goto(at(scene, f"{PAGE}/letter"))
    third, second, first = (page.get_by_role("article", name=f"Version {number}") for number in (3, 2, 1))
    await expect(third).to_contain_text("Nothing that readers see was changed.")
    await expect(second).to_contain_text("3 passages were added. 2 passages were removed.")
    marks = [second.get_by_role("insertion"), second.get_by_role("deletion")]
    added, removed = [await one.all_text_contents() for one in marks]
    assert added == ["added: open", "added: whole", "added: Thanks!"]
    assert removed == ["removed: open", "removed: by May"]
    await expect(first.get_by_role("listitem")).to_have_text(["by May", "for all"])
    assert "**" not in await page.inner_text("main")
    assert "SHA-256" not in await page.inner_text("main")
    await tab_to(page, "to the first change")
    await page.keyboard.press("Enter")
    assert await page.evaluate("document.querySelector(':target').className") == "removed"


async def test_the_picture_of_a_shared_link_is_one_that_browsers_show(scene: Scene, page: Page) -> None:
    await open_petitions(scene, 0)
    await page.goto(at(scene, PAGE))
    address = await page.get_attribute('meta[property="og:image"]', "content")
    size = await page.evaluate(
        """async (address) => {
            const image = new Image();
            image.src = address;
            await image.decode();
            return [image.naturalWidth, image.naturalHeight];
        }""",
        address,
    )
    assert size == [1200, 630]


async def tab_to(page: Page, name: str) -> None:
    """Press the tab key until something whose name has this text is in focus."""
    for _ in range(80):
        await page.keyboard.press("Tab")
        said = await page.evaluate("""() => {
            const one = document.activeElement;
            const labels = [...(one.labels ?? [])].map((label) => label.innerText);
            return one === document.body ? labels : [one.innerText, ...labels];
        }""")
        if any(name in one for one in said):
            return
    raise AssertionError(name)


async def press_enter(page: Page) -> None:
    async with page.expect_navigation():
        await page.keyboard.press("Enter")
