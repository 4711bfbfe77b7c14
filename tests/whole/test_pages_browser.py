"""A petition's page in a real browser: it follows what is signed, answers, and keeps nobody out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, ViewportSize, expect

from bot.petition.settings import PATH
from sandbox.models import Issue
from sandbox.page import mount
from sandbox.server import Sandbox
from tests.browser import PHONE, barriers, watch
from tests.whole.recorded_calls import a_second_later
from tests.whole.scene import PATIENCE, Scene, scene

# The browser is started once for all tests, and lives in the event loop of the session.
pytestmark = pytest.mark.asyncio(loop_scope="session")

LETTER = "Dear all,\n\nread **what** you sign.\n\n> It is yours.\n\n| a | b |\n| - | - |\n| 1 | 2 |\n"


@pytest_asyncio.fixture(loop_scope="session")
async def stage(tmp_path: Path, page: Page) -> AsyncIterator[Scene]:
    sandbox = Sandbox()
    mount(sandbox, ["ada", "grace"])
    async with scene(f"sqlite:///{tmp_path}/undersigned.db", sandbox=sandbox, start=False) as found:
        found.public_url = "http://127.0.0.1:0"
        await found.start_bot()
        yield found
        await page.goto("about:blank")


async def petition(stage: Scene, *signers: str) -> tuple[Issue, str]:
    issue = stage.petition(LETTER, title="Read what you sign")
    for login in signers:
        stage.sign(issue, login, f"/sign {login.title()} Example, Analytical Engines\nBecause I read it.")
    await stage.shows(issue, len(signers))
    assert stage.bot is not None
    return issue, f"http://127.0.0.1:{stage.bot.port}/petitions/{issue.repository.full_name}/{issue.number}"


async def test_who_signs_on_the_issue_appears_on_the_open_page(stage: Scene, page: Page, browser: Browser) -> None:
    issue, address = await petition(stage, "ada")
    await page.goto(address)
    # The page says it once the thread was read as a whole.
    async with asyncio.timeout(PATIENCE):
        while not await page.locator("#covered").count():
            await page.reload()
    await page.evaluate("window.here = true")
    await page.evaluate("document.getElementById('covered').textContent = 'of long ago'")
    await expect(page.get_by_role("heading", name="1 person has signed")).to_be_visible()
    other = await browser.new_page()
    await other.goto(f"{stage.sandbox.web_url}/{issue.repository.full_name}/issues/{issue.number}?as=grace")
    await other.get_by_role("textbox", name="Comment", exact=True).fill("/sign Grace Hopper")
    await other.get_by_role("button", name="Comment", exact=True).click()
    await expect(page.get_by_role("heading", name="2 people have signed")).to_be_visible()
    await expect(page.locator("#entries > li").first).to_contain_text("Grace Hopper")
    await expect(page.locator("#growth-words")).to_contain_text("2 signatures since")
    await expect(page.locator("#covered")).to_contain_text("Every comment up to")
    await expect(page.get_by_role("img", name="Read what you sign: 2 signatures since")).to_be_visible()
    stage.sign(issue, "ada", "/unsign")
    await expect(page.locator("#entries > li")).to_have_count(1)
    assert await page.evaluate("window.here === true")
    await other.close()


async def test_one_finds_out_with_the_keyboard_alone_whether_one_is_counted(stage: Scene, page: Page) -> None:
    _, address = await petition(stage, "ada", "grace")
    await page.goto(address)
    for _ in range(30):
        await page.keyboard.press("Tab")
        if await page.evaluate("document.activeElement.id") == "q":
            break
    await page.keyboard.type("grace")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("status")).to_contain_text("Yes, grace is counted")


async def test_a_page_works_without_scripts(stage: Scene, browser: Browser) -> None:
    _, address = await petition(stage, "ada", "grace")
    context = await browser.new_context(java_script_enabled=False)
    plain = await context.new_page()
    await plain.goto(address)
    await expect(plain.locator("#entries > li")).to_have_count(2)
    await plain.get_by_role("searchbox").fill("nobody")
    await plain.get_by_role("button", name="Check").click()
    await expect(plain.get_by_role("status")).to_contain_text("No signature of nobody is counted")
    await plain.get_by_role("link", name="Show all signatures").click()
    await plain.get_by_role("link", name="by name").click()
    await expect(plain.locator("#entries > li").first).to_contain_text("Ada")
    await context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("window", ["wide", "phone"])
async def test_no_page_keeps_anybody_out(stage: Scene, browser: Browser, scheme: str, window: str) -> None:
    issue, address = await petition(stage, "ada", "grace")
    stage.sign(issue, "dana", "/sign דנה כהן, אוניברסיטה\nכי זה חשוב")
    await stage.shows(issue, 3)
    options = {"viewport": PHONE} if window == "phone" else {}
    context = await browser.new_context(color_scheme=scheme, **options)  # type: ignore[arg-type]  # a literal
    page = await context.new_page()
    complaints = watch(page)
    front = address.partition("/petitions")[0]
    for path in (address, f"{address}?q=ada", f"{address}?q=nobody", f"{address}/letter", f"{front}/"):
        await page.goto(path)
        assert await barriers(page) == []
        assert await too_wide(page) == 0, f"{path} is wider than the window"
        # Whoever needs larger letters sets them for all pages.
        await page.evaluate("document.documentElement.style.fontSize = '200%'")
        assert await page.evaluate("getComputedStyle(document.body).fontSize") == "32px"
        assert await too_wide(page) == 0, f"{path} is wider than the window with large letters"
    assert complaints == []
    await context.close()


async def test_who_asks_not_to_be_listed_is_gone_from_the_open_page(stage: Scene, page: Page) -> None:
    issue, address = await petition(stage)
    signed = stage.sign(issue, "grace", "/sign Grace Hopper")
    await stage.shows(issue, 1)
    await page.goto(address)
    await expect(page.locator("#unlisted")).to_be_hidden()
    stage.sign(issue, "ada")
    await expect(page.locator("#entries > li")).to_have_count(2)
    await page.evaluate("window.here = true")
    stage.sandbox.comments.edit(signed, signed.user, "/sign unlisted Grace Hopper")
    await expect(page.locator("#entries > li")).to_have_count(1)
    await expect(page.get_by_text("1 person who signed asked not to be listed.")).to_be_visible()
    await expect(page.get_by_role("heading", name="2 people have signed")).to_be_visible()
    assert await page.evaluate("window.here === true")
    await page.get_by_role("searchbox").fill("grace")
    await page.get_by_role("button", name="Check").click()
    await expect(page.get_by_role("status")).to_contain_text("Yes, grace is counted. Not listed, as requested.")


async def test_the_first_who_signs_is_not_listed_and_the_open_page_says_so(stage: Scene, page: Page) -> None:
    issue, address = await petition(stage)
    await page.goto(address)
    await expect(page.get_by_text("Nobody has signed yet.")).to_be_visible()
    stage.sign(issue, "ada", "/sign unlisted")
    await expect(page.get_by_text("1 person who signed asked not to be listed.")).to_be_visible()
    await expect(page.get_by_text("Nobody has signed yet.")).to_have_count(0)


async def test_an_open_page_says_with_the_count_how_many_signed_which_text(stage: Scene, page: Page) -> None:
    issue, address = await petition(stage, "ada", "grace")
    await a_second_later()
    await page.goto(address)
    await expect(page.locator(".letter")).to_contain_text("It is yours.")
    text = (issue.body or "").replace("It is yours.", "It is ours.")
    stage.sandbox.issues.edit(issue, stage.organizer(), text)
    which = page.locator("#signed-which")
    await expect(which).to_have_text("0 people signed this text, 2 an earlier one.")
    await expect(page.locator(".letter")).to_contain_text("It is ours.")
    await a_second_later()
    await page.evaluate("window.here = true")
    stage.sign(issue, "alan")
    await expect(page.get_by_role("heading", name="3 people have signed")).to_be_visible()
    await expect(which).to_have_text("1 person signed this text, 2 an earlier one.")
    for login in ("ada", "grace"):
        stage.sign(issue, login)
    await expect(which).to_be_hidden()
    assert await page.evaluate("window.here === true")


async def too_wide(page: Page) -> int:
    """Give by how many pixels a page has to be scrolled sideways."""
    width: int = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return width


async def test_a_name_from_right_to_left_stands_in_its_place(stage: Scene, page: Page) -> None:
    issue, address = await petition(stage)
    stage.sign(issue, "dana", "/sign דנה כהן, אוניברסיטה")
    await stage.shows(issue, 1)
    await page.goto(address)
    name, login = page.locator("#entries .name"), page.locator("#entries .login")
    (left, right) = (await name.bounding_box(), await login.bounding_box())
    assert left is not None
    assert right is not None
    assert left["x"] + left["width"] <= right["x"]


@pytest.mark.parametrize(("language", "direction"), [("ar", "rtl"), ("de", "ltr")])
async def test_a_translation_is_read_in_its_direction_and_keeps_nobody_out(
    stage: Scene, page: Page, language: str, direction: str
) -> None:
    files = stage.sandbox.repositories
    texts = {"ar": "# أعزائي\n\nافتحوا الأرشيف.\n\n> نعم", "de": "# Liebe alle\n\nÖffnet das Archiv.\n\n> Ja"}
    for tag, text in texts.items():
        files.write_file(stage.sandbox.repository(), f"letter.{tag}.md", text)
    files.write_file(stage.sandbox.repository(), PATH, "translations: {ar: letter.ar.md, de: letter.de.md}\n")
    issue, address = await petition(stage, "ada")
    await stage.until(lambda: "Read in" in (issue.body or ""))
    await page.goto(address)
    link = page.locator(f'.translations a[hreflang="{language}"]')
    await expect(link).to_have_attribute("lang", language)
    await link.click()
    letter = page.locator(f'.markdown[lang="{language}"]')
    await expect(letter).to_have_css("direction", direction)
    await expect(letter.get_by_role("heading")).to_have_text(texts[language].split("\n", maxsplit=1)[0][2:])
    await expect(page.locator(".lead")).to_contain_text("What people sign is the text of the issue")
    for size in (PHONE, ViewportSize(width=1280, height=800)):
        await page.set_viewport_size(size)
        assert await barriers(page) == []
        assert await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    await page.get_by_role("link", name="the text of the issue").click()
    await expect(page.get_by_role("heading", name="The letter")).to_be_visible()
