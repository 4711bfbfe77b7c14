"""From an empty database to a counted signature, with nothing but a browser and GitHub's own pages."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from sandbox import page as sandbox_page
from sandbox.server import Sandbox
from tests.browser import PHONE, barriers
from tests.whole.command_line import finish, read_until, start
from tests.whole.scene import Scene

# The browser is started once for the module and lives in its event loop.
pytestmark = pytest.mark.asyncio(loop_scope="module")

KEY = "a key of more than thirty-two characters"


async def test_from_nothing_to_a_counted_signature(page: Page, tmp_path: Path) -> None:
    sandbox = Sandbox()
    sandbox_page.mount(sandbox)
    await sandbox.start()
    repository = sandbox.repositories.get_or_create("lovelace/letters")
    stage = Scene(sandbox, f"sqlite:///{tmp_path}/new.db")
    process = await start(
        "serve", SECRET_KEY=KEY, DATABASE_URL=stage.database_url, GITHUB_API_URL=sandbox.api_url, HOST="127.0.0.1",
        PORT="0", LOG_FORMAT="json",
    )  # fmt: skip
    try:
        await page.goto(await read_until(process.stderr, r'"open": "([^"]+)"'))
        assert "token" not in page.url
        assert await barriers(page) == []
        await page.get_by_label("Name of the App").fill('Letters\' bot "1"')
        await page.get_by_role("button", name="Review").click()
        await expect(page.get_by_role("row", name="issues")).to_contain_text("write the tally")
        assert await barriers(page) == []
        await page.set_viewport_size(PHONE)
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")

        await page.get_by_role("button", name="Create it on GitHub").click()
        await expect(page.get_by_role("heading", name="The App is created")).to_be_visible()
        assert sandbox.world.app.name == 'Letters\' bot "1"'
        assert await barriers(page) == []
        await page.get_by_role("link", name="Install it on GitHub").click()
        await page.get_by_label("Account").select_option("lovelace")
        await page.get_by_role("button", name="Install").click()

        await expect(page.get_by_text("Installed on lovelace.")).to_be_visible()
        await expect(page.get_by_role("heading", name="It works")).to_be_visible()
        petition = sandbox.petition(repository=repository)
        sandbox.comment(petition, "ada", "/sign Ada Lovelace")
        assert "Ada Lovelace" in await stage.shows(petition, 1)

        closed = await page.request.get(page.url)
        assert (closed.status, "its page is closed" in await closed.text()) == (404, True)
        home = page.url.partition("/setup")[0]
        await page.goto(f"{home}/petitions/lovelace/letters/{petition.number}/organizers")
        await page.get_by_role("link", name="Sign in with GitHub").click()
        await page.get_by_role("button", name="Authorize").click()
        await expect(page.get_by_role("heading", name="Worth a second look")).to_be_visible()
        assert KEY.encode() not in sealed(tmp_path)
        assert sandbox.client_secret.encode() not in sealed(tmp_path)
        assert sandbox.webhook_secret.encode() not in sealed(tmp_path)
    finally:
        process.terminate()
        code, _, err = await finish(process)
        await sandbox.stop()
    assert (code, "Traceback" in err) == (0, False), err


def sealed(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.glob("new.db*")))
