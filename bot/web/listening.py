"""Listen on an address, and stop without forgetting a caller."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

BACKLOG = 1024
"""Callers that may wait while the process is busy."""

PATIENCE = 3.0
"""Seconds that requests in flight get when the listening ends."""


def take_address(host: str, port: int) -> socket.socket:
    """Take an address for several applications in turn; whoever calls between two of them waits for the next.

    Raises OSError where the address is taken or not ours.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=BACKLOG)


@asynccontextmanager
async def listening(
    application: web.Application, host: str, port: int, address: socket.socket | None = None
) -> AsyncIterator[int]:
    """Serve an application inside the `async with`, and give the port, which is chosen by the system where it is 0.

    An `address` that was taken before stays so afterwards. Raises OSError where the address is taken or not ours.
    """
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=PATIENCE)
    await runner.setup()
    try:
        assert runner.server is not None  # noqa: S101 - setup has just made it
        loop = asyncio.get_running_loop()
        if address is None:
            server = await loop.create_server(runner.server, host, port, backlog=BACKLOG)
        else:
            server = await loop.create_server(runner.server, sock=address.dup(), backlog=BACKLOG)
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            await _stop_accepting(server)
    finally:
        await runner.cleanup()


async def _stop_accepting(server: asyncio.Server) -> None:
    """Close the door behind the last caller: asyncio neither serves nor sends away one let in while it closes."""
    loop = asyncio.get_running_loop()
    for listener in server.sockets:
        loop.remove_reader(listener.fileno())
    await asyncio.sleep(0)
    server.close()
