"""Stories of the door: nobody is forgotten when it closes."""

from __future__ import annotations

import asyncio
import socket

import pytest
from aiohttp import web

from bot.web.listening import listening


@pytest.mark.parametrize("rounds", range(5))
async def test_whoever_comes_in_while_the_door_closes_is_sent_away(rounds: int) -> None:
    async with listening(web.Application(), "127.0.0.1", 0) as port:
        caller = socket.create_connection(("127.0.0.1", port), timeout=10)
        for _ in range(rounds):
            await asyncio.sleep(0)
    with caller:
        assert await asyncio.to_thread(_heard_by, caller) == b""


async def test_a_taken_address_is_refused() -> None:
    async with listening(web.Application(), "127.0.0.1", 0) as port:
        with pytest.raises(OSError, match="in use"):
            async with listening(web.Application(), "127.0.0.1", port):
                pass


def _heard_by(caller: socket.socket) -> bytes:
    try:
        return caller.recv(1)
    except ConnectionResetError:
        return b""
