"""The HTTP server: its routes; listening on an address, and stopping without dropping a request."""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from typing import Final

from aiohttp import ClientConnectionResetError, web
from aiohttp.http import HttpProcessingError
from aiohttp.log import server_logger

from bot.supervisor import Supervisor
from bot.time_types import Seconds
from bot.web.api import ApiRoutes
from bot.web.connection_limits import Connection, ConnectionLimiter, ConnectionLimits, limits_of_process
from bot.web.middlewares import create_application
from bot.web.monitoring import Monitoring
from bot.web.organizers.routes import OrganizerRoutes, OrganizerServices
from bot.web.page_cache import PageCache
from bot.web.pages.routes import PageRoutes
from bot.web.pages.sse import LiveUpdates
from bot.web.petition_requests import PagesContext
from bot.web.request_limits import RequestLimits
from bot.web.route_policies import BASE_HEADERS, WEBHOOK, Route
from bot.web.setup.installation import SetupDonePage
from bot.web.webhook import Record, Webhook

BACKLOG: Final = 1024
"""Connections that the system keeps waiting while the process is busy."""

SHUTDOWN_TIMEOUT: Final[Seconds] = 3.0
"""How long requests in flight may take at shutdown."""

FIRST_REQUEST_TIMEOUT: Final[Seconds] = 0.5
"""How long new connections may take at shutdown to send their request."""

LINGERING_TIME: Final[Seconds] = 2.0
"""How long the rest of a refused request's body is still read, so that the answer arrives."""


def create_app(
    *,
    record: Record,
    secrets: Sequence[str],
    monitoring: Monitoring,
    context: PagesContext,
    limits: RequestLimits | None = None,
    organizers: OrganizerServices | None = None,
    setup_done: SetupDonePage | None = None,
    supervisor: Supervisor | None = None,
) -> web.Application:
    """Create the aiohttp application: the webhook, the pages and the health checks.

    Without `organizers` nobody can sign in as an organizer. `supervisor` runs the task of live updates.
    """
    metrics, limits = monitoring.metrics, limits or RequestLimits()
    cache = PageCache(context)
    live = LiveUpdates(context, supervisor or Supervisor())
    routes = [
        Route("POST", "/webhook", Webhook(record, secrets, metrics, limits.proxies).handle, WEBHOOK),
        *monitoring.routes(),
        *PageRoutes(context, cache).routes(),
        *ApiRoutes(context, cache).routes(),
        *live.routes(),
        *OrganizerRoutes(context, organizers).routes(),
        *([] if setup_done is None else setup_done.routes()),
    ]
    application = create_application(routes, limits, metrics.record_rejected, context=context)
    application.on_startup.append(live.start)
    application.on_shutdown.append(live.close)
    return application


class CannotListen(Exception):
    """The listening address is in use, or not an address of this machine."""


def cannot_listen(host: str, port: int, error: OSError, other: str = "set another PORT") -> CannotListen:
    """Return why an address cannot be listened on, and what to do; `other` says how to take another."""
    match error.errno:
        case errno.EADDRINUSE:
            why, remedy = "another program is listening there", f"Stop it, or {other}"
        case errno.EACCES:
            why, remedy = "ports below 1024 require root", f"Use a higher port behind a web server: {other}"
        case _:
            # asyncio repeats the address behind the reason.
            why = (error.strerror or str(error)).partition(" (while attempting")[0]
            remedy = "HOST must be an address of this machine, or 0.0.0.0 for all of them"
    return CannotListen(f"cannot listen on {host} port {port}: {why}. {remedy}.")


@contextmanager
def _explaining(host: str, port: int) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise cannot_listen(host, port, error) from error


def bind(host: str, port: int) -> socket.socket:
    """Bind an address for several applications in turn; connections made between two of them wait for the next.

    Raises CannotListen.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with _explaining(host, port):
        return socket.create_server((host, port), family=family, backlog=BACKLOG)


@asynccontextmanager
async def listen(
    application: web.Application,
    host: str,
    port: int,
    address: socket.socket | None = None,
    limits: ConnectionLimits | None = None,
    on_rejected: Callable[[str], None] = lambda _reason: None,
) -> AsyncIterator[int]:
    """Serve an application inside the `async with`; yields the port, which the system chooses where it is 0.

    A bound `address` stays bound afterwards. Raises CannotListen.
    """
    runner = web.AppRunner(application, shutdown_timeout=SHUTDOWN_TIMEOUT)
    await runner.setup()
    try:
        assert runner.server is not None  # noqa: S101 - setup has just made it
        loop = asyncio.get_running_loop()
        limiter = ConnectionLimiter(limits or limits_of_process(), on_rejected)
        make_protocol = _protocols(limiter, runner.server)
        with _explaining(host, port):
            if address is None:
                server = await loop.create_server(make_protocol, host, port, backlog=BACKLOG)
            else:
                server = await loop.create_server(make_protocol, sock=address.dup(), backlog=BACKLOG)
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            await _stop_accepting(server)
            await _wait_for_requests(limiter)
    finally:
        await runner.cleanup()


def _protocols(limiter: ConnectionLimiter, server: web.Server) -> Callable[[], _Connection]:
    """Return what creates aiohttp's protocol for each connection."""
    return partial(
        _Connection,
        limiter,
        server,
        loop=asyncio.get_running_loop(),
        access_log=None,
        logger=_log(limiter.on_rejected),
        keepalive_timeout=limiter.limits.idle_timeout,
        lingering_time=LINGERING_TIME,
        # It would decompress also what nobody reads.
        auto_decompress=False,
    )


class _Connection(Connection):
    """Adds the headers of all answers to those for invalid HTTP too."""

    __slots__ = ()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Return the answer to an error."""
        answer = super().handle_error(request, status, exc, message)
        for name, value in BASE_HEADERS.items():
            answer.headers.setdefault(name, value)
        return answer


def _log(on_rejected: Callable[[str], None]) -> logging.Logger:
    """Return aiohttp's log of errors, without those of clients: invalid HTTP is counted and answered with 400.

    A traceback for each could fill the disk, with addresses that contain a key. Nor is it an error of ours when a
    client closes the connection before the answer.
    """

    def is_our_error(record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        if not _is_no_http(error):
            left = isinstance(error, ClientConnectionResetError)
            return not left and server_logger.isEnabledFor(record.levelno)
        on_rejected("no HTTP")
        return False

    # aiohttp logs some of it at DEBUG only. A shared logger would keep the filter for ever.
    log = logging.Logger(server_logger.name, logging.DEBUG)  # noqa: LOG001 - see above
    log.parent = server_logger
    log.addFilter(is_our_error)
    return log


def _is_no_http(error: BaseException | None) -> bool:
    if isinstance(error, UnicodeEncodeError):
        # aiohttp fails with bytes that are no text when it answers an unknown Expect header.
        return str(error.object).startswith("Unknown Expect")
    return isinstance(error, HttpProcessingError | web.RequestPayloadError)


async def _stop_accepting(server: asyncio.Server) -> None:
    """Stop accepting connections: asyncio neither serves nor closes one that is accepted while it closes."""
    loop = asyncio.get_running_loop()
    for listener in server.sockets:
        loop.remove_reader(listener.fileno())
    await asyncio.sleep(0)
    server.close()


async def _wait_for_requests(limiter: ConnectionLimiter) -> None:
    """Wait for the requests of new connections: browsers do not retry when they get no answer."""
    loop = asyncio.get_running_loop()
    end = loop.time() + FIRST_REQUEST_TIMEOUT
    while limiter.waiting and loop.time() < end:  # noqa: ASYNC110 - once in the life of a server
        await asyncio.sleep(0.01)
