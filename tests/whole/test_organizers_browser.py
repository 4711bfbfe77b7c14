"""An organizer in a real browser: from the petition's page through GitHub to what only organizers see."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Literal
from zipfile import ZipFile

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from bot.cli import demo
from bot.export.handover_pack import check_pack
from sandbox.models import Issue
from sandbox.page import mount
from sandbox.server import Sandbox
from tests.browser import barriers, watch
from tests.whole.scene import PATIENCE, Scene, scene

# The browser is started once for all tests, and lives in the event loop of the session.
pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(loop_scope="session")
async def stage(tmp_path: Path, page: Page) -> AsyncIterator[Scene]:
    sandbox = Sandbox()
    mount(sandbox, ["ada", "mallory"])
    async with scene(f"sqlite:///{tmp_path}/undersigned.db", sandbox=sandbox, start=False) as found:
        found.public_url, found.secret_key = "http://127.0.0.1:0", "a key of more than thirty-two characters"
        await found.start_bot()
        yield found
        await page.goto("about:blank")


async def petition(stage: Scene) -> tuple[Issue, str]:
    """Give a petition with odd signers and orders, and the address of its page."""
    issue = stage.petition(title="Read what you sign")
    for login in ("sock-1", "sock-2", "sock-3", "ada"):
        stage.sign(issue, login)
    await stage.shows(issue, 4)
    await stage.reacted(stage.sandbox.comment(issue, "lovelace", "/petition remove @sock-1 a sock"), "+1")
    await stage.reacted(stage.sandbox.comment(issue, "mallory", "/petition goal 1"), "confused")
    await stage.reacted(stage.sign(issue, "alan", "/sing"), "confused")
    assert stage.bot is not None
    return issue, f"http://127.0.0.1:{stage.bot.port}/petitions/{issue.repository.full_name}/{issue.number}"


async def test_an_organizer_gets_there_with_the_keyboard_alone(stage: Scene, page: Page) -> None:
    _, address = await petition(stage)
    await page.goto(address)
    await walk_to(page, "link", "For organizers")
    await walk_to(page, "link", "Sign in with GitHub")
    await expect(page.get_by_role("heading", name="Authorize Undersigned")).to_be_visible()
    await expect(page.get_by_role("radio", name="lovelace")).to_be_checked()
    await walk_to(page, "button", "Authorize")
    await expect(page.get_by_role("heading", name="Signatures to review")).to_be_visible()
    await expect(page.get_by_text("Similar logins: 3")).to_have_count(0)
    await until_looked_at(page)
    await expect(
        page.get_by_text("Accounts without followers, repositories, name and description: 3.")
    ).to_be_visible()
    await expect(page.get_by_role("row", name="up to 30 days")).to_be_visible()
    await expect(page.get_by_text("/petition remove @sock-1 a sock")).to_be_visible()
    await expect(page.get_by_text("sock-1: a sock")).to_be_visible()
    assert page.url == f"{address}/organizers"
    await walk_to(page, "button", "Sign out")
    await expect(page.get_by_role("link", name="Sign in with GitHub")).to_be_visible()


async def test_mistakes_are_told_on_the_page_and_only_counted_in_the_block(stage: Scene, page: Page) -> None:
    issue, address = await petition(stage)
    repository = issue.repository
    stage.sandbox.repositories.write_file(repository, ".github/petition.yml", "language: de\n")
    await stage.until(lambda: "unterschrieben" in (issue.body or ""))
    stage.sandbox.repositories.write_file(repository, ".github/petition.yml", "language: de\ngaol: 5\n")
    await stage.reacted(stage.sandbox.comment(issue, "lovelace", "/petition deadline soon"), "confused")
    link = f"[Für das Organisationsteam: 2 Hinweise]({address}/organizers)"
    await stage.until(lambda: link in (issue.body or ""))
    assert "gaol" not in (issue.body or "")
    assert "soon" not in (issue.body or "")
    await page.goto(f"{address}/organizers")
    await page.get_by_role("link", name="Sign in with GitHub").click()
    await page.get_by_role("button", name="Authorize").click()
    mistakes = page.get_by_role("region", name="Mistakes")
    await expect(mistakes).to_contain_text(".github/petition.yml, line 2: found the key “gaol”; did you mean goal?")
    await expect(mistakes).to_contain_text("lovelace commented “/petition deadline soon”: write a date such as")
    await expect(mistakes.get_by_role("listitem")).to_have_count(2)


@pytest.mark.parametrize(("scheme", "width"), [("light", 1_280), ("dark", 320)])
async def test_first_signatories_stand_on_top_of_block_and_page(
    stage: Scene, browser: Browser, scheme: Literal["light", "dark"], width: int
) -> None:
    issue, address = await petition(stage)
    settings = "first: [ada, '@Sock-3', grace]\n"
    stage.sandbox.repositories.write_file(issue.repository, ".github/petition.yml", settings)
    await stage.until(lambda: "First signatories" in (issue.body or ""))
    body = issue.body or ""
    assert body.index("First signatories") < body.index("ada") < body.index("sock-3") < body.index("Newest")
    context = await browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 800})
    page = await context.new_page()
    await page.goto(address)
    first = page.get_by_role("list", name="First signatories")
    await expect(first.get_by_role("listitem")).to_have_count(2)
    await expect(first.get_by_role("listitem").first).to_contain_text("ada")
    await is_for_all(page)
    await context.close()


async def test_in_the_demo_it_works_out_of_the_box(page: Page) -> None:
    async with demo.stage(0) as found:
        await page.goto(found.roster_url)
        await page.get_by_role("link", name="For organizers").click()
        await page.get_by_role("link", name="Sign in with GitHub").click()
        await page.get_by_role("button", name="Authorize").click()
        await expect(page.get_by_text("You are signed in as analytical.")).to_be_visible()
        await page.goto("about:blank")


async def test_somebody_else_is_told_kindly(stage: Scene, browser: Browser) -> None:
    _, address = await petition(stage)
    page = await browser.new_page()
    await page.goto(f"{address}/organizers")
    await page.get_by_role("link", name="Sign in with GitHub").click()
    await page.get_by_text("mallory").click()
    await page.get_by_role("button", name="Authorize").click()
    await expect(page.get_by_role("heading", name="For organizers only")).to_be_visible()
    await expect(page.get_by_text("mallory has no write access to lovelace/letters")).to_be_visible()
    await is_for_all(page)
    await page.close()


@pytest.mark.parametrize(("scheme", "width"), [("light", 1_280), ("dark", 1_280), ("light", 320), ("dark", 320)])
async def test_no_page_on_the_way_keeps_anybody_out(
    stage: Scene, browser: Browser, scheme: Literal["light", "dark"], width: int
) -> None:
    _, address = await petition(stage)
    context = await browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 800})
    page = await context.new_page()
    complaints = watch(page)
    await page.goto(f"{address}/organizers")
    await is_for_all(page)
    await page.get_by_role("link", name="Sign in with GitHub").click()
    await is_for_all(page)
    await page.get_by_role("button", name="Cancel").click()
    await expect(page.get_by_role("status")).to_contain_text("You cancelled on GitHub")
    await expect(page.get_by_role("link", name="Back to the petition")).to_have_attribute("href", address)
    await is_for_all(page)
    await page.get_by_role("link", name="Sign in with GitHub").click()
    await page.get_by_role("button", name="Authorize").click()
    await expect(page.get_by_role("heading", name="Signatures to review")).to_be_visible()
    await is_for_all(page)
    await until_looked_at(page)
    await expect(page.get_by_role("list").filter(has_text="1 attempt that did not count")).to_be_visible()
    await expect(page.get_by_role("region", name="Attempts that did not count")).to_contain_text("misspelt")
    await is_for_all(page)
    assert complaints == []
    await context.close()


async def test_it_works_without_scripts_and_gives_the_pack(stage: Scene, browser: Browser, tmp_path: Path) -> None:
    _, address = await petition(stage)
    context = await browser.new_context(java_script_enabled=False)
    page = await context.new_page()
    await page.goto(f"{address}/organizers")
    await page.get_by_role("link", name="Sign in with GitHub").click()
    await page.get_by_role("button", name="Authorize").click()
    await expect(page.get_by_role("region", name="In numbers")).to_contain_text("3 signed")
    async with page.expect_download() as downloading:
        await page.get_by_role("link", name="Download the pack").click()
    download = await downloading.value
    assert download.suggested_filename == "lovelace-letters-1.zip"
    await download.save_as(tmp_path / "pack.zip")
    with ZipFile(tmp_path / "pack.zip") as archive:
        archive.extractall(tmp_path)
    assert check_pack(tmp_path / "lovelace-letters-1").faults == ()
    await context.close()


async def until_looked_at(page: Page) -> None:
    """Load the page again until all accounts were looked at, which takes some seconds at most."""
    async with asyncio.timeout(PATIENCE):
        while await (again := page.get_by_role("link", name="Reload")).count():
            await again.click()


async def is_for_all(page: Page) -> None:
    assert await barriers(page) == []
    width = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert width == 0, f"{page.url} is wider than the window"


async def walk_to(page: Page, role: Literal["link", "button"], name: str) -> None:
    """Go to a link or a button with the keyboard, and press it."""
    target = page.get_by_role(role, name=name, exact=True)
    await expect(target).to_be_visible()
    for _ in range(60):
        await page.keyboard.press("Tab")
        if await target.evaluate("element => element === document.activeElement"):
            await page.keyboard.press("Enter")
            return
    raise AssertionError(f"no {name!r} is reached")
