"""The last page of the set-up, once GitHub has delivered: where the first petition can be opened."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import aiohttp
import pytest

from bot import app
from bot.web.setup.wizard import COOKIE, SetupAuth
from sandbox.faults import Faults
from tests.whole.scene import FAST, Scene, scene

KEY = "a key of more than thirty-two characters"


@pytest.fixture
async def stage(sqlite_url: str) -> AsyncIterator[Scene]:
    async with scene(sqlite_url, start=False) as found:
        yield found


@asynccontextmanager
async def last_page(
    stage: Scene, petition_label: str = "petition"
) -> AsyncIterator[tuple[aiohttp.ClientSession, str]]:
    """Open the last page after the first delivery, in the browser of the set-up."""
    app_page = f"{stage.sandbox.web_url}/apps/undersigned"
    config = replace(stage.config(), secret_key=KEY, app_page=app_page, petition_label=petition_label)
    async with app.running(config, FAST) as bot:
        stage.sandbox.deliveries.url = f"http://127.0.0.1:{bot.port}/webhook"
        stage.petition()
        await stage.sandbox.settled()
        cookie = {"Cookie": f"{COOKIE}={SetupAuth(KEY, time.time).create_session()}"}
        async with aiohttp.ClientSession(headers=cookie) as session:
            yield session, f"http://127.0.0.1:{bot.port}/setup"


async def test_the_last_page_leads_to_repositories_and_makes_labels_where_the_app_is_alone(stage: Scene) -> None:
    sandbox = stage.sandbox
    other = sandbox.repository("lovelace/other")
    sandbox.repositories.archive(sandbox.repository("lovelace/old"), other.owner)
    async with last_page(stage) as (session, url):
        text = await (await session.get(url)).text()
        assert f'href="{sandbox.web_url}/lovelace/letters/issues/new?labels=petition"' in text
        assert f'href="{sandbox.web_url}/lovelace/other"' in text
        assert "lovelace/old" not in text
        assert "petition" not in other.labels
        for name, wanted in [("lovelace/other", 303), ("lovelace/other", 303), ("acme/elsewhere", 404), ("", 404)]:
            reply = await session.post(f"{url}/label", data={"repository": name}, allow_redirects=False)
            assert reply.status == wanted, name
        assert other.labels["petition"].description
        assert (
            f'href="{sandbox.web_url}/lovelace/other/issues/new?labels=petition"'
            in await (await session.get(url)).text()
        )
        assert (await session.post(f"{url}/label", json={"repository": "lovelace/letters"})).status == 415
        async with aiohttp.ClientSession() as stranger:
            assert (await stranger.post(f"{url}/label", data={"repository": "lovelace/letters"})).status == 404


async def test_the_last_page_names_the_label_in_force(stage: Scene) -> None:
    other = stage.sandbox.repository("lovelace/other")
    async with last_page(stage, petition_label="open letter") as (session, url):
        assert (
            "An issue with the label <code>open letter</code> is a petition"
            in await (await session.get(url)).text()
        )
        await session.post(f"{url}/label", data={"repository": "lovelace/other"})
        text = await (await session.get(url)).text()
    assert "open letter" in other.labels
    assert "/lovelace/other/issues/new?labels=open+letter" in text
    assert "<code>petition</code>" not in text


async def test_an_empty_front_page_names_the_label_in_force(stage: Scene) -> None:
    config = replace(stage.config(), petition_label="open letter")
    async with app.running(config, FAST) as bot, aiohttp.ClientSession() as session:
        text = await (await session.get(f"http://127.0.0.1:{bot.port}/")).text()
    assert "Give the issue the label <code>open letter</code>." in text


async def test_a_label_that_github_does_not_make_is_explained(stage: Scene) -> None:
    sandbox = stage.sandbox
    other = sandbox.repository("lovelace/other")
    async with last_page(stage) as (session, url):
        sandbox.faults = Faults(seed=1, where="POST ", unavailable=1.0)
        reply = await session.post(f"{url}/label", data={"repository": "lovelace/other"})
        assert (reply.status, "You can create the label yourself" in await reply.text()) == (502, True)
    assert "petition" not in other.labels


async def test_of_many_repositories_the_last_page_shows_some(stage: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.web.setup.installation.MOST_SHOWN", 2)
    for number in range(4):
        stage.sandbox.repository(f"lovelace/more-{number}")
    async with last_page(stage) as (session, url):
        text = await (await session.get(url)).text()
    assert (text.count('<li class="card">'), "And 3 more. To create the label there" in text) == (2, True)


async def test_the_last_page_says_so_where_github_tells_no_repositories(stage: Scene) -> None:
    async with last_page(stage) as (session, url):
        stage.sandbox.faults = Faults(seed=1, server_error=1.0)
        text = await (await session.get(url)).text()
    assert "GitHub did not list the repositories" in text
    assert "Installed on lovelace." in text
