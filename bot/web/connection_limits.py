"""Who may come in and stay: so many connections, so long for a request's head, so long for an answer to be taken.

aiohttp waits as long for the first byte of a request as for the next request on an open connection, and for ever
for an answer to be taken. So whoever opens connections and does nothing could take everybody's place.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, cast

from bot.web.client_address import network_of

END_OF_HEAD: Final = b"\r\n\r\n"


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """How many connections there may be at once, and for how many seconds each of them may do nothing.

    `head` is for the first request's head to arrive, `idle` for the next request, `stalled` for taking an answer.
    When all places are taken, whoever was answered longest ago and asks nothing goes; or else whoever has sent no
    whole head and nothing for `young` seconds (of many who come at once nobody has sent any yet); or else whoever
    has sent nothing for `busy` seconds; or else, when somebody comes from elsewhere, the most silent one of an
    address that has more than half of the places.
    """

    most: int = 6_000
    head: float = 10.0
    idle: float = 75.0
    stalled: float = 30.0
    young: float = 0.5
    busy: float = 20.0


class ConnectionLimiter:
    """Makes the protocols of a server; `serve` makes those that do the work."""

    def __init__(
        self,
        serve: Callable[[], asyncio.Protocol],
        terms: ConnectionLimits,
        turned_away: Callable[[str], None] = lambda _reason: None,
        is_idle: Callable[[asyncio.Protocol], bool] = lambda _inner: False,
    ) -> None:
        self.serve = serve
        self.is_idle = is_idle
        """Tells whether somebody was answered and has asked nothing since."""
        self.terms = terms
        self.turned_away = turned_away
        self.arriving: dict[Connection, None] = {}
        """Those whose first request has no end of its head yet, the first one first."""
        self.served: dict[Connection, None] = {}
        """The others, whoever has been silent for the longest first."""
        self.peers = Counter[str]()
        """How many of them come from each address."""

    def __call__(self) -> Connection:
        """Make the protocol of a connection."""
        return Connection(self)

    def find_room(self, peer: str, now: float) -> bool:
        """Return whether there is room for one more, after sending somebody away who only takes up room."""
        if len(self.arriving) + len(self.served) < self.terms.most:
            return True
        victim = (
            next(filter(Connection.is_idle, self.served), None)
            or self._first(self.arriving, now - self.terms.young)
            or self._first(self.served, now - self.terms.busy)
            or self._greedy_one(peer)
        )
        if victim is not None:
            victim.send_away("full")
        else:
            self.turned_away("full")
        return victim is not None

    def _first(self, callers: dict[Connection, None], before: float) -> Connection | None:
        """Choose the first of some, if it has been silent since a time."""
        one = next(iter(callers), None)
        return one if one is not None and one.heard_at <= before else None

    def _greedy_one(self, peer: str) -> Connection | None:
        """Choose somebody of another address that keeps everybody out."""
        ((greedy, number),) = self.peers.most_common(1) or [("", 0)]
        if greedy == peer or number <= self.terms.most / 2:
            return None
        return next((one for one in self.served if one.peer == greedy), None)


class Connection(asyncio.Protocol):
    """One connection: hands everything on to the protocol that does the work, and keeps the time."""

    def __init__(self, door: ConnectionLimiter) -> None:
        self._door = door
        self._inner: asyncio.Protocol | None = None
        self._transport: asyncio.Transport | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self._tail = b""
        self.heard_at = 0.0
        """When the last bytes came, by the loop's clock."""
        self.peer = ""

    def is_idle(self) -> bool:
        """Return whether this one was answered, has taken the answer, and has asked nothing since."""
        if self._inner is None or self._transport is None or self._transport.get_write_buffer_size():
            return False
        return self._door.is_idle(self._inner)

    def send_away(self, reason: str) -> None:
        """Hang up."""
        self._leave()
        if self._transport is not None:
            self._transport.abort()
        self._door.turned_away(reason)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Come in, if there is room."""
        # uvloop's transports are none of asyncio's classes.
        self._transport = cast("asyncio.Transport", transport)
        loop = asyncio.get_running_loop()
        self.heard_at = loop.time()
        self.peer = network_of(str((transport.get_extra_info("peername") or [""])[0]))
        if not self._door.find_room(self.peer, self.heard_at):
            self._transport.abort()
            return
        self._door.arriving[self] = None
        self._door.peers[self.peer] += 1
        self._deadline = loop.call_later(self._door.terms.head, self.send_away, "slow head")
        self._inner = self._door.serve()
        self._inner.connection_made(transport)

    def data_received(self, data: bytes) -> None:
        """Hand bytes on, and see whether the first head is complete."""
        if self._inner is None:
            return
        door, self.heard_at = self._door, asyncio.get_running_loop().time()
        if self in door.arriving:
            if END_OF_HEAD in self._tail + data:
                del door.arriving[self]
                self._stop_waiting()
                door.served[self] = None
            self._tail = (self._tail + data)[-len(END_OF_HEAD) + 1 :]
        elif self in door.served:
            del door.served[self]
            door.served[self] = None
        self._inner.data_received(data)

    def eof_received(self) -> bool | None:
        """Hand it on."""
        return None if self._inner is None else self._inner.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        """Make room."""
        self._leave()
        if self._inner is not None:
            self._inner.connection_lost(exc)

    def pause_writing(self) -> None:
        """Wait for the caller to take what is written, but not for ever."""
        self._stop_waiting()
        loop = asyncio.get_running_loop()
        self._deadline = loop.call_later(self._door.terms.stalled, self.send_away, "slow reader")
        if self._inner is not None:
            self._inner.pause_writing()

    def resume_writing(self) -> None:
        """Go on writing."""
        self._stop_waiting()
        if self._inner is not None:
            self._inner.resume_writing()

    def _leave(self) -> None:
        self._stop_waiting()
        places = self._door.arriving if self in self._door.arriving else self._door.served
        if self in places:
            del places[self]
            self._door.peers[self.peer] -= 1
            if not self._door.peers[self.peer]:
                del self._door.peers[self.peer]

    def _stop_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
