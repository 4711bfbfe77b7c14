"""Limits of connections: their number, and how long a request's head and the reading of an answer may take.

aiohttp waits as long for the first byte of a request as for the next request on an open connection, and for ever
for an answer to be read. So a client that opens connections and does nothing could keep all others out.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any, Final, cast

from aiohttp import web
from msgspec import Struct

from bot.time_types import Seconds
from bot.web.client_address import network_of

try:
    import resource
except ImportError:  # Windows has none
    resource = None  # type: ignore[assignment] # it is a module elsewhere

RESERVED_FILES: Final = 100
"""File descriptors that the rest of the process may need."""


class ConnectionLimits(Struct, frozen=True):
    """How many connections there may be at once, and how long each may do nothing.

    `head_timeout` is for the first request's head to arrive, `idle_timeout` for the next request, `write_timeout`
    for reading an answer. When there are too many, a new one closes another. It is the first of these:

    1. the one that was answered longest ago and has sent no other request;
    2. one with an incomplete first head that has sent nothing for `headless_grace` (many new ones come at once, and
       none has sent its head yet);
    3. one that has sent nothing for `silence_grace`;
    4. the most silent one of an address that has more than half of all connections, if the new one is of another.
    """

    max_connections: int = 6_000
    head_timeout: Seconds = 10.0
    idle_timeout: Seconds = 75.0
    write_timeout: Seconds = 30.0
    headless_grace: Seconds = 0.5
    silence_grace: Seconds = 20.0


def limits_of_process() -> ConnectionLimits:
    """Return limits that fit the file descriptors of the process, after raising their limit where possible."""
    if resource is None:
        return ConnectionLimits()
    most = ConnectionLimits().max_connections
    allowed, limit = resource.getrlimit(resource.RLIMIT_NOFILE)
    if 0 <= allowed < most + RESERVED_FILES and allowed != limit:
        allowed = most + RESERVED_FILES if limit < 0 else min(most + RESERVED_FILES, limit)
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, limit))
    return ConnectionLimits(max_connections=most if allowed < 0 else max(min(most, allowed - RESERVED_FILES), 10))


class ConnectionLimiter:
    """The connections of a server."""

    def __init__(self, limits: ConnectionLimits, on_rejected: Callable[[str], None]) -> None:
        self.limits = limits
        self.on_rejected = on_rejected
        self.waiting: dict[Connection, None] = {}
        """Connections whose first head is incomplete, the oldest first."""
        self.active: dict[Connection, None] = {}
        """The others, the most silent first."""
        self.peers = Counter[str]()
        """The number of connections of each address."""

    def admit(self, peer: str, now: Seconds) -> bool:
        """Return whether one more connection is allowed, after closing another where there are too many."""
        if len(self.waiting) + len(self.active) < self.limits.max_connections:
            return True
        closing = (
            next(filter(Connection.is_idle, self.active), None)
            or self._first(self.waiting, now - self.limits.headless_grace)
            or self._first(self.active, now - self.limits.silence_grace)
            or self._of_largest_peer(peer)
        )
        if closing is not None:
            closing.disconnect("full")
        else:
            self.on_rejected("full")
        return closing is not None

    def _first(self, connections: dict[Connection, None], before: Seconds) -> Connection | None:
        """Return the first connection, if it has been silent since a time."""
        one = next(iter(connections), None)
        return one if one is not None and one.last_received_at <= before else None

    def _of_largest_peer(self, peer: str) -> Connection | None:
        """Return a connection of another address that has more than half of all."""
        ((largest, number),) = self.peers.most_common(1) or [("", 0)]
        if largest == peer or number <= self.limits.max_connections / 2:
            return None
        return next((one for one in self.active if one.peer == largest), None)


class Connection(web.RequestHandler):
    """One connection, with timeouts for its first head and for the reading of an answer."""

    __slots__ = ("_deadline", "_limiter", "_transport", "last_received_at", "peer")

    def __init__(self, limiter: ConnectionLimiter, server: web.Server, **options: Any) -> None:
        super().__init__(server, **options)
        self._limiter = limiter
        # aiohttp forgets its own when it begins to close it.
        self._transport: asyncio.Transport | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self.last_received_at = 0.0
        """The loop's time of the last bytes."""
        self.peer = ""

    def is_idle(self) -> bool:
        """Return whether it was answered, has read the answer, and has sent no request since."""
        if self._transport is None or self._transport.get_write_buffer_size():
            return False
        return self._current_request is None and not self._messages

    def disconnect(self, reason: str) -> None:
        """Close the connection, and count the reason."""
        self._remove()
        if self._transport is not None:
            self._transport.abort()
        self._limiter.on_rejected(reason)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start, unless there are too many connections."""
        # uvloop's transports are none of asyncio's classes.
        self._transport = cast("asyncio.Transport", transport)
        loop = asyncio.get_running_loop()
        self.last_received_at = loop.time()
        self.peer = network_of(str((transport.get_extra_info("peername") or [""])[0]))
        if not self._limiter.admit(self.peer, self.last_received_at):
            self.force_close()
            self._transport.abort()
            return
        self._limiter.waiting[self] = None
        self._limiter.peers[self.peer] += 1
        self._deadline = loop.call_later(self._limiter.limits.head_timeout, self.disconnect, "slow head")
        super().connection_made(transport)

    def data_received(self, data: bytes) -> None:
        """Check whether the first head is complete."""
        limiter, self.last_received_at = self._limiter, asyncio.get_running_loop().time()
        super().data_received(data)
        if self in limiter.waiting:
            if self._messages:
                del limiter.waiting[self]
                self._cancel_deadline()
                limiter.active[self] = None
        elif self in limiter.active:
            del limiter.active[self]
            limiter.active[self] = None

    def connection_lost(self, exc: BaseException | None) -> None:
        """End the connection."""
        self._remove()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """Start the timeout for the client to read the answer."""
        self._cancel_deadline()
        loop = asyncio.get_running_loop()
        self._deadline = loop.call_later(self._limiter.limits.write_timeout, self.disconnect, "slow reader")
        super().pause_writing()

    def resume_writing(self) -> None:
        """Stop the timeout."""
        self._cancel_deadline()
        super().resume_writing()

    def _remove(self) -> None:
        self._cancel_deadline()
        group = self._limiter.waiting if self in self._limiter.waiting else self._limiter.active
        if self in group:
            del group[self]
            self._limiter.peers[self.peer] -= 1
            if not self._limiter.peers[self.peer]:
                del self._limiter.peers[self.peer]

    def _cancel_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
