"""Stories of the door: nobody is forgotten when it closes."""

from __future__ import annotations

import asyncio
import socket
from contextlib import AsyncExitStack

import pytest
from aiohttp import ClientSession, web

from bot.web.server import CannotListen, listen


@pytest.mark.parametrize("rounds", range(5))
async def test_whoever_comes_in_while_the_door_closes_is_sent_away(rounds: int) -> None:
    async with listen(web.Application(), "127.0.0.1", 0) as port:
        caller = socket.create_connection(("127.0.0.1", port), timeout=10)
        for _ in range(rounds):
            await asyncio.sleep(0)
    with caller:
        assert await asyncio.to_thread(_heard_by, caller) == b""


async def test_who_was_let_in_before_the_door_closed_may_still_ask() -> None:
    """So it goes for a browser whose connection is open when the set-up hands over to the bot."""

    async def hello(_request: web.Request) -> web.Response:
        return web.Response(text="hello")

    application = web.Application()
    application.router.add_get("/", hello)
    closing = AsyncExitStack()
    port = await closing.enter_async_context(listen(application, "127.0.0.1", 0))
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    # Whoever came later has been answered, so the first one is in as well.
    async with ClientSession() as session, session.get(f"http://127.0.0.1:{port}/") as answer:
        assert answer.status == 200
    closed = asyncio.create_task(closing.aclose())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert b" 200 " in await reader.readline()
    writer.close()
    await closed


async def test_a_taken_address_is_refused() -> None:
    async with listen(web.Application(), "127.0.0.1", 0) as port:
        with pytest.raises(CannotListen, match="another program is listening there"):
            async with listen(web.Application(), "127.0.0.1", port):
                pass


def _heard_by(caller: socket.socket) -> bytes:
    try:
        return caller.recv(1)
    except ConnectionResetError:
        return b""
