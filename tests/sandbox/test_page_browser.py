"""The sandbox's page in a real browser: nothing is loaded again, and what the bot does appears by itself."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, expect

from sandbox.models import Issue, User
from sandbox.page import mount
from sandbox.server import Sandbox
from sandbox.world import Event
from tests.browser import PHONE, barriers

# The browser is started once for all tests, and lives in the event loop of the session.
pytestmark = pytest.mark.asyncio(loop_scope="session")

BLOCK = """
---
### {count} people have signed
| newest | |
| --- | --- |
{rows}

To sign, comment `/sign`. Asked by @ada in #1, see <https://example.org/>.
"""


@dataclass
class Scene:
    """A petition, the page that shows it, and who looks after it."""

    sandbox: Sandbox
    petition: Issue
    organizer: User
    page: Page

    def comment(self, words: str) -> Locator:
        return self.page.get_by_role("article").filter(has_text=words).last

    @property
    def letter(self) -> Locator:
        return self.page.locator("#letter-body")

    @property
    def box(self) -> Locator:
        return self.page.get_by_role("textbox", name="Comment", exact=True)

    async def write(self, words: str) -> None:
        await self.box.fill(words)
        await self.page.get_by_role("button", name="Comment", exact=True).click()

    async def not_loaded_again(self) -> bool:
        return bool(await self.page.evaluate("window.here === true"))


@pytest_asyncio.fixture(loop_scope="session")
async def scene(page: Page) -> AsyncIterator[Scene]:
    sandbox = Sandbox(now=lambda: 1_800_000_000.0)
    petition = sandbox.petition("Read what you sign")
    for login in ("ada", "grace"):
        sandbox.user(login)
    mount(sandbox)
    await sandbox.start()
    await page.goto(sandbox.web_url)
    await page.evaluate("window.here = true")
    yield Scene(sandbox, petition, petition.user, page)
    await page.goto("about:blank")
    await sandbox.stop()


def let_a_bot_work(scene: Scene) -> None:
    """Do at once what the bot does: count, show, and react."""
    sandbox, petition = scene.sandbox, scene.petition

    def work(event: Event) -> None:
        if event.comment is None:
            return
        signed = [one for one in petition.comments if one.body.startswith("/sign") and one.minimized is None]
        rows = "\n".join(f"| **{one.body.removeprefix('/sign').strip() or one.user.login}** | |" for one in signed)
        body = "Dear all,\n" + BLOCK.format(count=len(signed), rows=rows)
        sandbox.issues.edit(petition, sandbox.world.app.bot, body)
        if event.action == "created":
            sandbox.comments.react(event.comment, sandbox.world.app.bot, "+1")

    sandbox.world.on_event.append(work)


async def test_a_signature_appears_in_the_body_with_a_thumbs_up(scene: Scene) -> None:
    let_a_bot_work(scene)
    await scene.write("/sign Ada Lovelace, Analytical Engines")
    await expect(scene.letter).to_contain_text("1 people have signed")
    await expect(scene.letter.get_by_role("cell", name="Ada Lovelace")).to_be_visible()
    await expect(scene.comment("/sign Ada Lovelace").get_by_title("undersigned[bot]")).to_contain_text("👍")
    await expect(scene.box).to_have_value("")
    assert await scene.not_loaded_again()


async def test_an_example_is_one_click(scene: Scene) -> None:
    let_a_bot_work(scene)
    beside = scene.page.get_by_role("region", name="Try it")
    await expect(beside).to_contain_text("Comment as ada")
    await scene.page.get_by_role("radio", name="grace").check()
    await expect(beside).to_contain_text("Comment as grace")
    await beside.get_by_role("button", name="/sign Ada Lovelace").click()
    await expect(scene.letter).to_contain_text("1 people have signed")
    assert [one.user.login for one in scene.petition.comments] == ["grace"]


async def test_another_speaker_is_chosen_and_stays(scene: Scene) -> None:
    await scene.page.get_by_role("radio", name="grace").check()
    await scene.write("/sign")
    await expect(scene.comment("grace commented")).to_be_visible()
    scene.sandbox.comments.create(scene.petition, scene.sandbox.user("ada"), "Meanwhile, somewhere else")
    await expect(scene.comment("Meanwhile")).to_be_visible()
    await expect(scene.page.get_by_role("radio", name="grace")).to_be_checked()


async def test_somebody_new_joins_by_name(scene: Scene) -> None:
    await scene.page.get_by_label("somebody else").fill("Sofia Kovalevskaya")
    await scene.write("/sign")
    await expect(scene.comment("Sofia-Kovalevskaya commented")).to_be_visible()
    await expect(scene.page.get_by_role("radio", name="Sofia-Kovalevskaya")).to_be_checked()
    await expect(scene.page.get_by_label("somebody else")).to_have_value("")


async def test_whoever_is_named_speaks_on(scene: Scene) -> None:
    ada, grace = (scene.page.get_by_role("radio", name=login) for login in ("ada", "grace"))
    await ada.check()
    await grace.check()
    await scene.page.get_by_label("somebody else").fill("ada")
    await scene.write("/sign")
    await expect(scene.comment("ada commented")).to_be_visible()
    await expect(ada).to_be_checked()


async def test_an_example_leaves_what_was_being_written(scene: Scene) -> None:
    await scene.box.fill("I am thinking")
    await scene.page.locator("#composer").get_by_role("button", name="/unsign").click()
    await expect(scene.comment("/unsign")).to_be_visible()
    scene.sandbox.comments.create(scene.petition, scene.sandbox.user("grace"), "In between")
    await expect(scene.comment("In between")).to_be_visible()
    await expect(scene.box).to_have_value("I am thinking")


async def test_a_saved_text_gives_way_to_a_later_one(scene: Scene) -> None:
    await scene.write("/sign")
    comment = scene.comment("ada commented")
    await comment.get_by_text("Edit the comment").click()
    await comment.get_by_role("textbox").fill("/unsign")
    await comment.get_by_role("button", name="Save as ada").click()
    await expect(comment).to_contain_text("edited by ada")
    scene.sandbox.comments.edit(scene.petition.comments[0], scene.organizer, "/sign after all")
    await expect(comment).to_contain_text("edited by lovelace")
    await expect(comment.locator("textarea")).to_have_value("/sign after all")


async def test_an_edit_shows_at_once_and_says_by_whom(scene: Scene) -> None:
    await scene.write("/sign")
    await expect(scene.comment("/sign")).to_be_visible()
    comment = scene.comment("ada commented")
    await comment.get_by_text("Edit the comment").click()
    await comment.get_by_role("textbox").fill("/unsign")
    await comment.get_by_role("button", name="Save as lovelace").click()
    await expect(comment).to_contain_text("edited by lovelace")
    await expect(comment.locator(".markdown")).to_have_text("/unsign")
    await expect(comment.get_by_role("textbox")).to_be_hidden()
    assert await scene.not_loaded_again()


async def test_a_comment_is_hidden_and_shown_again(scene: Scene) -> None:
    await scene.write("/sign")
    comment = scene.comment("ada commented")
    await comment.get_by_text("Hide the comment").click()
    await comment.get_by_role("combobox").select_option("spam")
    await comment.get_by_role("button", name="Hide as lovelace").click()
    await expect(comment).to_contain_text("This comment was hidden as spam")
    await expect(comment.locator(".markdown")).to_be_hidden()
    await comment.get_by_role("button", name="Unhide").click()
    await expect(comment.locator(".markdown")).to_be_visible()


async def test_a_deleted_comment_is_gone(scene: Scene) -> None:
    await scene.write("/sign")
    comment = scene.comment("ada commented")
    await comment.get_by_text("Delete the comment").click()
    await comment.get_by_role("button", name="Delete as ada").click()
    await expect(comment).to_have_count(0)
    assert scene.petition.comments == []


async def test_the_organizer_edits_closes_locks_and_labels(scene: Scene) -> None:
    page = scene.page
    await page.get_by_text("Edit as lovelace").click()
    await page.get_by_role("textbox", name="Text, with").fill("Dear you,\nplease")
    await page.get_by_role("button", name="Save as lovelace").click()
    await expect(scene.letter).to_contain_text("Dear you,")
    assert scene.petition.body == "Dear you,\r\nplease"
    await page.get_by_role("button", name="Close the issue").click()
    await expect(page.locator("#title")).to_contain_text("Closed")
    await page.get_by_role("button", name="Lock", exact=True).click()
    await expect(page.locator("#title")).to_contain_text("Locked")
    await page.get_by_role("button", name="Remove the label petition").click()
    await expect(page.locator("#title")).not_to_contain_text("petition")
    await page.get_by_role("combobox", name="Label to add").fill("petition")
    await page.get_by_role("button", name="Add label").click()
    await expect(page.locator("#title")).to_contain_text("petition")
    await expect(page.get_by_role("combobox", name="Label to add")).to_have_value("")
    assert await scene.not_loaded_again()


async def test_a_refusal_is_told_and_the_text_kept(scene: Scene) -> None:
    scene.sandbox.issues.lock(scene.petition, scene.organizer)
    await expect(scene.page.locator("#title")).to_contain_text("Locked")
    await scene.write("/sign")
    await expect(scene.page.get_by_role("status")).to_contain_text(
        "Unable to create comment because issue is locked."
    )
    await expect(scene.box).to_have_value("/sign")


async def test_what_is_being_written_survives_what_others_do(scene: Scene) -> None:
    await scene.write("/sign")
    comment = scene.comment("ada commented")
    await comment.get_by_text("Edit the comment").click()
    await comment.get_by_role("textbox").fill("/sign Ada Lov")
    scene.sandbox.comments.react(scene.petition.comments[0], scene.sandbox.world.app.bot, "+1")
    scene.sandbox.comments.create(scene.petition, scene.sandbox.user("grace"), "In between")
    await expect(scene.comment("In between")).to_be_visible()
    await expect(comment.get_by_title("undersigned[bot]")).to_be_visible()
    await expect(comment.get_by_role("textbox")).to_have_value("/sign Ada Lov")
    await expect(comment.get_by_role("textbox")).to_be_focused()


async def test_the_keyboard_is_enough(scene: Scene) -> None:
    page = scene.page
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    await page.get_by_role("radio", name="ada").focus()
    await page.keyboard.press("ArrowRight")
    await expect(page.get_by_role("radio", name="grace")).to_be_checked()
    await page.keyboard.press("Tab")
    await page.keyboard.press("Tab")
    await expect(scene.box).to_be_focused()
    await page.keyboard.type("/sign")
    await page.keyboard.press("Control+Enter")
    await expect(scene.comment("grace commented")).to_be_visible()
    await expect(scene.box).to_be_focused()


async def test_it_works_without_javascript(scene: Scene, browser: Browser) -> None:
    context = await browser.new_context(java_script_enabled=False)
    page = await context.new_page()
    await page.goto(scene.page.url)
    await page.get_by_role("radio", name="grace").check()
    await page.get_by_role("textbox", name="Comment", exact=True).fill("/sign\nbecause")
    await page.get_by_role("button", name="Comment", exact=True).click()
    await expect(page.get_by_role("article", name="Comment by grace")).to_be_visible()
    assert scene.petition.comments[0].body == "/sign\r\nbecause"
    await context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_nobody_is_kept_out(scene: Scene, scheme: str) -> None:
    let_a_bot_work(scene)
    page = scene.page
    await page.emulate_media(color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce")
    await scene.write("/sign Ada Lovelace, Analytical Engines\n\n- [x] read\n\n> [!NOTE]\n> @grace, see #1")
    await expect(scene.letter).to_contain_text("1 people have signed")
    assert await barriers(page) == []
    scene.sandbox.issues.lock(scene.petition, scene.organizer)
    scene.sandbox.issues.close(scene.petition, scene.organizer)
    scene.sandbox.comments.hide(scene.petition.comments[0], scene.organizer, "spam")
    await expect(page.locator("#title")).to_contain_text("Closed")
    for summary in await page.locator("details summary:visible").all():
        await summary.click()
    await page.set_viewport_size(PHONE)
    assert await barriers(page) == []


async def test_a_phone_shows_it_without_scrolling_sideways(scene: Scene) -> None:
    let_a_bot_work(scene)
    await scene.page.set_viewport_size(PHONE)
    await scene.write("/sign " + "Ada" * 60)
    await expect(scene.letter).to_contain_text("1 people have signed")
    assert await scene.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
