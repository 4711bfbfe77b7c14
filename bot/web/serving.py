"""Listen on an address, and stop without forgetting a caller."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from aiohttp import ClientConnectionResetError, web
from aiohttp.http import HttpProcessingError
from aiohttp.log import server_logger

from bot.web.connection_limits import ConnectionLimiter, ConnectionLimits
from bot.web.security_headers import seal

try:
    import resource
except ImportError:  # Windows has none
    resource = None  # type: ignore[assignment] # it is a module elsewhere

BACKLOG = 1024
"""Callers that may wait while the process is busy."""

PATIENCE = 3.0
"""Seconds that requests in flight get when the listening ends."""

MOMENT = 0.5
"""Seconds that those who have just come in get to ask when the listening ends."""

LINGER = 2.0
"""Seconds for which the rest of a refused request's body is still taken, so that the answer arrives."""

FILES = 100
"""Files and connections that the rest of the process may need."""


def take_address(host: str, port: int) -> socket.socket:
    """Take an address for several applications in turn; whoever calls between two of them waits for the next.

    Raises OSError where the address is taken or not ours.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=BACKLOG)


@asynccontextmanager
async def listening(
    application: web.Application,
    host: str,
    port: int,
    address: socket.socket | None = None,
    terms: ConnectionLimits | None = None,
    turned_away: Callable[[str], None] = lambda _reason: None,
) -> AsyncIterator[int]:
    """Serve an application inside the `async with`, and give the port, which is chosen by the system where it is 0.

    An `address` that was taken before stays so afterwards. Raises OSError where the address is taken or not ours.
    """
    terms = terms or _terms()
    manner: dict[str, Any] = {
        "access_log": None,
        "logger": _log(turned_away),
        "keepalive_timeout": terms.idle,
        "lingering_time": LINGER,
        # It would unpack also what nobody reads.
        "auto_decompress": False,
    }
    runner = web.AppRunner(application, shutdown_timeout=PATIENCE, **manner)
    await runner.setup()
    try:
        assert runner.server is not None  # noqa: S101 - setup has just made it
        loop = asyncio.get_running_loop()
        serve = partial(_Handler, runner.server, loop=loop, **manner)
        door = ConnectionLimiter(
            serve, terms, turned_away, is_idle=lambda one: isinstance(one, _Handler) and one.is_idle
        )
        if address is None:
            server = await loop.create_server(door, host, port, backlog=BACKLOG)
        else:
            server = await loop.create_server(door, sock=address.dup(), backlog=BACKLOG)
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            await _stop_accepting(server)
            await _hear_out(door)
    finally:
        await runner.cleanup()


class _Handler(web.RequestHandler):
    """Answers also what comes to no route, or is no HTTP at all, with the headers that all our answers carry."""

    __slots__ = ()

    @property
    def is_idle(self) -> bool:
        """Return whether nobody waits for an answer on this connection."""
        return self._current_request is None and not self._messages

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Say that something went wrong."""
        answer = super().handle_error(request, status, exc, message)
        seal(answer)
        return answer


def _log(turned_away: Callable[[str], None]) -> logging.Logger:
    """Make aiohttp's log for what goes wrong here; what a stranger sends that is no HTTP is counted and no more.

    It is refused with 400, and a traceback for each could fill the disk, with addresses that have a key in them.
    Nor is it a mistake of ours that somebody hangs up before the answer.
    """

    def is_of_ours(record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        if not _is_no_http(error):
            left = isinstance(error, ClientConnectionResetError)
            return not left and server_logger.isEnabledFor(record.levelno)
        turned_away("no HTTP")
        return False

    # Some of it aiohttp tells only to whoever listens for everything. A shared log would keep the filter for ever.
    log = logging.Logger(server_logger.name, logging.DEBUG)  # noqa: LOG001 - as said
    log.parent = server_logger
    log.addFilter(is_of_ours)
    return log


def _is_no_http(error: BaseException | None) -> bool:
    if isinstance(error, UnicodeEncodeError):
        # aiohttp stumbles over bytes that are no text when it says that it cannot do what is expected of it.
        return str(error.object).startswith("Unknown Expect")
    return isinstance(error, HttpProcessingError | web.RequestPayloadError)


def _terms() -> ConnectionLimits:
    """Let in as many as the system gives us file descriptors for, which are often more if one asks."""
    if resource is None:
        return ConnectionLimits()
    most = ConnectionLimits().most
    allowed, limit = resource.getrlimit(resource.RLIMIT_NOFILE)
    if 0 <= allowed < most + FILES and allowed != limit:
        allowed = most + FILES if limit < 0 else min(most + FILES, limit)
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, limit))
    return ConnectionLimits(most=most if allowed < 0 else max(min(most, allowed - FILES), 10))


async def _stop_accepting(server: asyncio.Server) -> None:
    """Close the door behind the last caller: asyncio neither serves nor sends away one let in while it closes."""
    loop = asyncio.get_running_loop()
    for listener in server.sockets:
        loop.remove_reader(listener.fileno())
    await asyncio.sleep(0)
    server.close()


async def _hear_out(door: ConnectionLimiter) -> None:
    """Wait for whoever was let in and has not asked yet: no browser asks again by itself when it gets no answer."""
    loop = asyncio.get_running_loop()
    end = loop.time() + MOMENT
    while door.arriving and loop.time() < end:  # noqa: ASYNC110 - once in the life of a server
        await asyncio.sleep(0.01)
