"""From an empty database to a counted signature, with nothing but a browser and GitHub's own pages."""

from __future__ import annotations

import asyncio
import json
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
from playwright.async_api import Browser, Page, expect

from bot.github.errors import NotFound
from bot.github.manifest import Registration
from bot.web.server import listen
from bot.web.setup.wizard import SetupAuth, SetupWizard
from sandbox import page as sandbox_page
from sandbox.server import Sandbox
from tests.browser import WIDE, barriers, watch
from tests.whole.command_line import finish, read_until, run, start
from tests.whole.scene import Scene

# The browser is started once for all tests, and lives in the event loop of the session.
pytestmark = pytest.mark.asyncio(loop_scope="session")

KEY = "a key of more than thirty-two characters"
NARROW = 320
PATIENCE = 20_000
"""Milliseconds in which the bot starts, or GitHub delivers, on a busy machine."""


@asynccontextmanager
async def nothing_yet(folder: Path, **environment: str) -> AsyncIterator[tuple[Scene, Process]]:
    """Start the bot with an empty database, beside a GitHub with one repository; it must end in good order."""
    sandbox = Sandbox()
    sandbox_page.mount(sandbox)
    await sandbox.start()
    sandbox.repositories.get_or_create("lovelace/letters")
    stage = Scene(sandbox, f"sqlite:///{folder}/new.db")
    process = await start(
        "serve", DATABASE_URL=stage.database_url, HOST="127.0.0.1", PORT="0", LOG_FORMAT="json",
        **known(stage), **environment,
    )  # fmt: skip
    try:
        yield stage, process
    finally:
        process.terminate()
        code, _, err = await finish(process)
        await sandbox.stop()
    assert (code, "Traceback" in err) == (0, False), err


def known(stage: Scene) -> dict[str, str]:
    return {"SECRET_KEY": KEY, "GITHUB_API_URL": stage.sandbox.api_url}


async def is_for_everybody(page: Page) -> None:
    """Check that nothing keeps people out of the page: on a screen and a small phone, light and dark."""
    for width in (NARROW, WIDE["width"]):
        await page.set_viewport_size({"width": width, "height": 900})
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), width
        await page.emulate_media(color_scheme="dark")
        assert await barriers(page) == [], (width, "dark")
        await page.emulate_media(color_scheme="light")
        assert await barriers(page) == [], (width, "light")


async def test_from_nothing_to_a_counted_signature_by_the_wrong_address_first(page: Page, tmp_path: Path) -> None:
    async with nothing_yet(tmp_path) as (stage, process):
        sandbox = stage.sandbox
        link = await read_until(process.stderr, r'"open": "([^"]+)"')
        await page.goto(link)
        assert "token" not in page.url
        assert "//localhost:" in page.url
        await is_for_everybody(page)
        home = page.url.replace("localhost", "127.0.0.1").partition("/setup")[0]
        await page.get_by_label("Name of the App").fill('Letters\' bot "1"')
        await page.get_by_label("Address of this bot").fill(home)
        await page.get_by_role("button", name="Review").click()

        await expect(page.get_by_role("heading", name="Continue at the other address")).to_be_visible()
        await expect(page.get_by_role("button", name="Create the App on GitHub")).to_be_hidden()
        await is_for_everybody(page)
        await page.get_by_role("link", name=f"Continue at {home}").click()
        assert page.url.startswith(f"{home}/setup?")
        assert "token" not in page.url
        await page.get_by_label("Set-up token").fill(dict(parse_qsl(urlsplit(link).query))["token"])
        await page.get_by_role("button", name="Continue").click()
        await expect(page.get_by_label("Name of the App")).to_have_value('Letters\' bot "1"')
        await expect(page.get_by_label("Address of this bot")).to_have_value(home)
        await page.get_by_role("button", name="Review").click()
        await expect(page.get_by_role("row", name="issues")).to_contain_text("write the count")
        await expect(page.get_by_role("heading", name="Continue at the other address")).to_have_count(0)
        await is_for_everybody(page)

        await page.get_by_role("button", name="Create the App on GitHub").click()
        await expect(page.get_by_role("heading", name="The App is created")).to_be_visible(timeout=PATIENCE)
        assert sandbox.world.app.name == 'Letters\' bot "1"'
        await expect(page.get_by_text("Not installed anywhere yet.")).to_be_visible()
        await is_for_everybody(page)
        await page.get_by_role("link", name="Install it on GitHub").click()
        await page.get_by_label("Account").select_option("lovelace")
        await page.get_by_role("button", name="Install").click()

        await expect(page.get_by_role("heading", name="It works")).to_be_visible(timeout=PATIENCE)
        await expect(page.get_by_text("Installed on lovelace.")).to_be_visible()
        await is_for_everybody(page)
        await expect(page.get_by_role("link", name="lovelace/letters", exact=True)).to_have_attribute(
            "href", f"{sandbox.web_url}/lovelace/letters"
        )
        await page.get_by_role("button", name="Create the label petition in lovelace/letters").click()
        await expect(page.get_by_text("This repository has the label petition.")).to_be_visible()
        assert "petition" in sandbox.repository().labels
        await is_for_everybody(page)
        await page.get_by_role("link", name="Open a petition in lovelace/letters").click()
        await page.get_by_label("Title").fill("A letter")
        await page.get_by_label("Text").fill("Dear all,")
        await page.get_by_role("button", name="Create").click()
        await page.get_by_label("Comment", exact=True).fill("/sign Ada Lovelace")
        await page.get_by_role("button", name="Comment", exact=True).click()
        (petition,) = sandbox.repository().issues.values()
        assert "Ada Lovelace" in await stage.shows(petition, 1)

        closed = await page.request.get(f"{home}/setup", headers={"Cookie": ""})
        assert (closed.status, "so this page is closed" in await closed.text()) == (404, True)
        code, out, err = await run("doctor", DATABASE_URL=stage.database_url, **known(stage))
        assert (code, "✗" in out, err) == (0, False, ""), out
        await page.goto(f"{home}/petitions/lovelace/letters/{petition.number}/organizers")
        await page.get_by_role("link", name="Sign in with GitHub").click()
        await page.get_by_role("button", name="Authorize").click()
        await expect(page.get_by_role("heading", name="Signatures to review")).to_be_visible()
        for secret in (KEY, sandbox.client_secret, sandbox.webhook_secret):
            assert secret.encode() not in sealed(tmp_path)


async def test_the_right_address_leads_there_without_javascript_and_with_the_keyboard_alone(
    browser: Browser, tmp_path: Path
) -> None:
    """And with another address for deliveries, of which the doctor knows afterwards."""
    context = await browser.new_context(java_script_enabled=False)
    page = await context.new_page()
    complaints = watch(page)
    async with nothing_yet(tmp_path) as (stage, process):
        logged = json.loads(await read_until(process.stderr, r'(.*"event": "set up".*)'))
        link, port = logged["on_a_server"], logged["port"]
        assert link == f"https://YOUR-HOST/setup?token={logged['token']}"
        await page.goto(link.replace("https://YOUR-HOST", f"http://127.0.0.1:{port}"))
        await page.get_by_label("Name of the App").focus()
        await page.keyboard.type("Letters")
        await page.get_by_label("Organization").focus()
        await page.locator("summary").press("Enter")
        await page.get_by_label("Different address for deliveries").focus()
        await page.keyboard.type(f"http://localhost:{port}/webhook")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading", name="Review the App's permissions")).to_be_visible()
        await page.get_by_role("button", name="Create the App on GitHub").press("Enter")
        await expect(page.get_by_role("heading", name="The App is created")).to_be_visible(timeout=PATIENCE)
        assert stage.sandbox.deliveries.url == f"http://localhost:{port}/webhook"
        await page.get_by_role("link", name="Install it on GitHub").press("Enter")
        await page.get_by_role("button", name="Install").press("Enter")
        await expect(page.get_by_role("heading", name="It works")).to_be_visible(timeout=PATIENCE)
        await page.get_by_role("button", name="Create the label").press("Enter")
        await page.get_by_role("link", name="Open a petition").press("Enter")
        await page.get_by_label("Title").fill("A letter")
        await page.keyboard.press("Enter")
        await page.get_by_label("Comment", exact=True).fill("/sign")
        await page.get_by_role("button", name="Comment", exact=True).press("Enter")
        (petition,) = stage.sandbox.repository().issues.values()
        await stage.shows(petition, 1)
        code, out, _ = await run("doctor", DATABASE_URL=stage.database_url, **known(stage))
        assert (code, f"✓ webhook: GitHub sends signed deliveries to http://localhost:{port}/webhook" in out) == (
            0,
            True,
        ), out
    await context.close()
    assert complaints == []


async def test_an_app_whose_deliveries_do_not_arrive_is_shown_as_installed_and_says_what_github_gets(
    page: Page, tmp_path: Path
) -> None:
    async with nothing_yet(tmp_path) as (stage, process):
        await page.goto(await read_until(process.stderr, r'"open": "([^"]+)"'))
        await page.get_by_label("Name of the App").fill("Letters")
        await page.locator("summary").click()
        await page.get_by_label("Different address for deliveries").fill("http://127.0.0.1:9/webhook")
        await page.get_by_role("button", name="Review").click()
        await page.get_by_role("button", name="Create the App on GitHub").click()
        await page.get_by_role("link", name="Install it on GitHub").click()
        await page.get_by_label("Account").select_option("lovelace")
        await page.get_by_role("button", name="Install").click()
        await expect(page.get_by_text("Installed on lovelace.")).to_be_visible(timeout=PATIENCE)
        await expect(page.get_by_text("Waiting for GitHub's first delivery.")).to_be_visible()
        await expect(page.get_by_text("delivery failed: failed to connect to host")).to_be_visible(timeout=PATIENCE)
        await is_for_everybody(page)
        assert stage.sandbox.deliveries.url == "http://127.0.0.1:9/webhook"


async def test_what_is_refused_or_takes_a_moment_is_for_everybody_too(browser: Browser) -> None:
    auth, done = SetupAuth(KEY, lambda: 0.0), asyncio.Event()

    async def convert(code: str, public_url: str) -> Registration:
        raise NotFound(f"{code} {public_url}")

    async def keep(_app: Registration) -> bool:
        raise AssertionError("there is none")

    wizard = SetupWizard(auth, convert, keep, "https://api.github.com", None, done)
    async with listen(wizard.application(), "127.0.0.1", 0) as port:
        page, home = await browser.new_page(), f"http://127.0.0.1:{port}/setup"
        await page.goto(home)
        await is_for_everybody(page)
        for typed, said in ((KEY, "That is the value of SECRET_KEY"), ("guess", "That is not the token")):
            await page.get_by_label("Set-up token").fill(typed)
            await page.keyboard.press("Enter")
            await expect(page.get_by_role("alert")).to_contain_text(said)
            await is_for_everybody(page)
        await page.get_by_label("Set-up token").fill(auth.token)
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading", name="Create your GitHub App")).to_be_visible()
        await page.goto(f"{home}/review?name=x&public_url=nowhere")
        await expect(page.get_by_role("alert")).to_contain_text("is not a web address")
        await is_for_everybody(page)
        for state, said in (("", "This set-up did not start here"), (None, "This set-up has expired")):
            (cookie,) = await page.context.cookies()
            of_browser = auth.sessions.state(cookie["value"]) if state is None else state
            await page.goto(f"{home}/made?code=c0de&state={of_browser}")
            await expect(page.get_by_role("heading", name=said)).to_be_visible()
            await is_for_everybody(page)
        done.set()
        await page.goto(home)
        await expect(page.get_by_role("heading", name="One moment")).to_be_visible()
        await is_for_everybody(page)
        done.clear()
        await expect(page.get_by_role("heading", name="Create your GitHub App")).to_be_visible()
        await page.close()


def sealed(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.glob("new.db*")))
