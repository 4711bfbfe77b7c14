"""Open pages hear of new signatures, and one question a tick serves them all."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import aiohttp
import pytest
from structlog.testing import capture_logs

from bot.petition.comments.commands import Sign
from bot.store import PetitionDetails, Rosters
from bot.web.pages import sse, view_models
from bot.web.petition_requests import PagesContext
from tests.web.scene import PAGE, Scene, serving

Stream = aiohttp.ClientResponse


@pytest.fixture(autouse=True)
def no_time_to_lose(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sse, "POLL_INTERVAL", 0.01)


@asynccontextmanager
async def watching(scene: Scene, query: str = "") -> AsyncIterator[Stream]:
    async with scene.client.get(f"{PAGE}/events{query}") as stream:
        assert stream.content_type == "text/event-stream"
        yield stream


async def heard(stream: Stream) -> dict[str, Any]:
    """Wait for the next news."""
    async with asyncio.timeout(60):
        while True:
            line = await stream.content.readline()
            assert line, "the stream has ended"
            if line.startswith(b"data: "):
                found: dict[str, Any] = json.loads(line.removeprefix(b"data: "))
                return found


async def test_an_open_page_hears_of_a_new_signature(sqlite_url: str) -> None:
    async with serving(sqlite_url) as scene, watching(scene) as stream:
        assert (await heard(stream))["count"] == 0
        await scene.petition.sign("ada", "<b>Ada</b>")
        news = await heard(stream)
        assert (news["count"], news["headline"]) == (1, "1 person has signed")
        assert "&lt;b&gt;Ada&lt;/b&gt;" in news["entries"]
        assert news["growth"] == "1 signature since 17 Nov 2026, 07:00 UTC."


async def test_an_open_page_hears_that_somebody_is_not_listed_any_more(sqlite_url: str) -> None:
    async with serving(sqlite_url) as scene, watching(scene) as stream:
        assert (await heard(stream))["unlisted"] == ""
        signed = await scene.petition.sign("ada", "Ada Lovelace")
        assert "Ada Lovelace" in (await heard(stream))["entries"]
        await scene.petition.edit(signed, Sign(unlisted=True))
        news = await heard(stream)
        assert (news["count"], news["listed"], news["entries"]) == (1, 0, "")
        assert news["unlisted"] == "1 person who signed asked not to be listed."


async def test_a_page_that_is_up_to_date_hears_only_what_is_new(sqlite_url: str) -> None:
    async with serving(sqlite_url) as scene:
        await scene.petition.sign("ada")
        revision = (await scene.petition.snapshot()).revision
        async with watching(scene, f"?since={revision}") as stream:
            await scene.petition.sign("grace")
            assert (await heard(stream))["count"] == 2


async def test_however_many_watch_a_tick_asks_once(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    counts: list[int] = []
    news = Rosters.list_changed

    async def counting(self: Rosters, known: Mapping[int, int], size: int = 10) -> list[PetitionDetails]:
        assert len(known) == 1
        found = await news(self, known, size)
        counts.extend(details.snapshot.count for details in found)
        return found

    monkeypatch.setattr(Rosters, "list_changed", counting)
    async with serving(sqlite_url) as scene, AsyncExitStack() as stack:
        streams = [await stack.enter_async_context(watching(scene)) for _ in range(30)]
        assert {(await heard(stream))["count"] for stream in streams} == {0}
        await scene.petition.sign("ada")
        assert {(await heard(stream))["count"] for stream in streams} == {1}
        assert counts.count(1) == 1


async def test_when_nobody_watches_nothing_is_asked(sqlite_url: str) -> None:
    async with serving(sqlite_url) as scene:
        async with watching(scene) as stream:
            await heard(stream)
        async with watching(scene) as stream:
            assert (await heard(stream))["count"] == 0


async def test_a_mistake_over_one_petition_keeps_no_other_waiting(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    view_update = view_models.view_update

    def stumble(details: PetitionDetails, context: PagesContext) -> object:
        if details.snapshot.count == 1:
            raise ZeroDivisionError
        return view_update(details, context)

    monkeypatch.setattr(sse, "view_update", stumble)
    async with serving(sqlite_url) as scene, watching(scene) as stream:
        assert (await heard(stream))["count"] == 0
        with capture_logs() as told:
            await scene.petition.sign("ada")
            while not told:  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0.01)
        assert [(one["task"], type(one["exc_info"])) for one in told] == [("live_updates", ZeroDivisionError)]
        # The loop itself goes on: started again, it would keep the others waiting for longer each time.
        assert "starts_again_in" not in told[0]
        await scene.petition.sign("grace")
        assert (await heard(stream))["count"] == 2


async def test_the_server_can_stop_while_somebody_watches(sqlite_url: str) -> None:
    async with AsyncExitStack() as stack:
        scene = await stack.enter_async_context(serving(sqlite_url))
        stream = await scene.client.get(f"{PAGE}/events")
        await heard(stream)
        async with asyncio.timeout(60):
            await scene.client.server.close()


async def test_who_comes_too_late_is_sent_away(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sse, "MAX_CONNECTIONS", 1)
    async with serving(sqlite_url) as scene, watching(scene) as stream:
        await heard(stream)
        async with scene.client.get(f"{PAGE}/events") as answer:
            assert (answer.status, answer.headers["Retry-After"]) == (503, "60")


async def test_who_has_no_key_hears_no_more_of_a_petition_that_becomes_private(sqlite_url: str) -> None:
    async with serving(sqlite_url) as scene, watching(scene) as stream:
        await heard(stream)
        key = await scene.make_private()
        async with watching(scene, f"?key={key}") as admitted:
            await scene.petition.sign("ada", "Ada")
            while "Ada" not in (await heard(admitted))["entries"]:
                pass
        async with asyncio.timeout(60):
            assert b"Ada" not in await stream.content.read()
