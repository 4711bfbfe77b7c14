"""Limits of connections: their number, and how long a request's head and the reading of an answer may take.

aiohttp waits as long for the first byte of a request as for the next request on an open connection, and for ever
for an answer to be read. So a client that opens connections and does nothing could keep all others out.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Final, cast

from msgspec import Struct

from bot.time_types import Seconds
from bot.web.client_address import network_of

END_OF_HEAD: Final = b"\r\n\r\n"


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


class ConnectionLimiter:
    """Creates the protocols of a server, around those of `make_protocol`."""

    def __init__(
        self,
        make_protocol: Callable[[], asyncio.Protocol],
        limits: ConnectionLimits,
        on_rejected: Callable[[str], None] = lambda _reason: None,
        is_idle: Callable[[asyncio.Protocol], bool] = lambda _inner: False,
    ) -> None:
        self.make_protocol = make_protocol
        self.is_idle = is_idle
        """Returns whether a connection was answered and has sent no request since."""
        self.limits = limits
        self.on_rejected = on_rejected
        self.waiting: dict[Connection, None] = {}
        """Connections whose first head is incomplete, the oldest first."""
        self.active: dict[Connection, None] = {}
        """The others, the most silent first."""
        self.peers = Counter[str]()
        """The number of connections of each address."""

    def __call__(self) -> Connection:
        """Create the protocol of a connection."""
        return Connection(self)

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


class Connection(asyncio.Protocol):
    """One connection: passes everything on to an inner protocol, and enforces the timeouts."""

    def __init__(self, limiter: ConnectionLimiter) -> None:
        self._limiter = limiter
        self._inner: asyncio.Protocol | None = None
        self._transport: asyncio.Transport | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self._tail = b""
        self.last_received_at = 0.0
        """The loop's time of the last bytes."""
        self.peer = ""

    def is_idle(self) -> bool:
        """Return whether it was answered, has read the answer, and has sent no request since."""
        if self._inner is None or self._transport is None or self._transport.get_write_buffer_size():
            return False
        return self._limiter.is_idle(self._inner)

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
            self._transport.abort()
            return
        self._limiter.waiting[self] = None
        self._limiter.peers[self.peer] += 1
        self._deadline = loop.call_later(self._limiter.limits.head_timeout, self.disconnect, "slow head")
        self._inner = self._limiter.make_protocol()
        self._inner.connection_made(transport)

    def data_received(self, data: bytes) -> None:
        """Pass bytes on, and check whether the first head is complete."""
        if self._inner is None:
            return
        limiter, self.last_received_at = self._limiter, asyncio.get_running_loop().time()
        if self in limiter.waiting:
            if END_OF_HEAD in self._tail + data:
                del limiter.waiting[self]
                self._cancel_deadline()
                limiter.active[self] = None
            self._tail = (self._tail + data)[-len(END_OF_HEAD) + 1 :]
        elif self in limiter.active:
            del limiter.active[self]
            limiter.active[self] = None
        self._inner.data_received(data)

    def eof_received(self) -> bool | None:
        """Pass it on."""
        return None if self._inner is None else self._inner.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        """End the connection."""
        self._remove()
        if self._inner is not None:
            self._inner.connection_lost(exc)

    def pause_writing(self) -> None:
        """Start the timeout for the client to read the answer."""
        self._cancel_deadline()
        loop = asyncio.get_running_loop()
        self._deadline = loop.call_later(self._limiter.limits.write_timeout, self.disconnect, "slow reader")
        if self._inner is not None:
            self._inner.pause_writing()

    def resume_writing(self) -> None:
        """Stop the timeout."""
        self._cancel_deadline()
        if self._inner is not None:
            self._inner.resume_writing()

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
