"""Read the bodies of deliveries, and decide which of them go when too much is arriving or being recorded at once.

What counts is what has arrived, not what a head announces. Before its end nobody can tell who has signed a body:
where room becomes scarce, those who are slow make way for those who are quick, and no address keeps others out.
"""

from __future__ import annotations

import asyncio
from typing import Final

from aiohttp import StreamReader

ROOM: Final = 64 * 1024 * 1024
"""Bytes of all bodies in hand at once, those that are being recorded and those that are still arriving."""

UNFINISHED: Final = ROOM // 2
"""Bytes of all bodies that are still arriving."""

MOST: Final = 512
"""Bodies that may be arriving at once; each keeps a connection and a request in memory."""

READING: Final = 8.0
"""Seconds that a body may take to arrive; GitHub hangs up after 10."""

WEIGHT: Final = 64 * 1024
"""Bytes that a body counts for besides its own where addresses are compared: what it takes to wait for one."""


class NoRoom(Exception):
    """Too much is being recorded at once."""


class MadeWay(Exception):
    """A body had not arrived yet when others needed its room."""


class Room:
    """The bodies in hand."""

    def __init__(self) -> None:
        self._kept = 0
        self._arrived = 0
        self._arriving: dict[_Arriving, None] = {}
        """Those that have not ended, the first one first."""
        self._by_address: dict[str, dict[_Arriving, None]] = {}

    def keep(self, size: int) -> None:
        """Take room for a whole body that is rightly signed, whoever sent it; raises NoRoom."""
        while self._arriving and self._kept + size + self._arrived > ROOM:
            self._send_one_away()
        if self._kept + size > ROOM:
            raise NoRoom
        self._kept += size

    def drop(self, size: int) -> None:
        """Give back the room of a whole body."""
        self._kept -= size

    async def read(self, content: StreamReader, address: str) -> bytes:
        """Read a body that is still arriving.

        Raises MadeWay, TimeoutError, and ConnectionError or web.RequestPayloadError where it breaks off.
        """
        body = bytearray()
        one: _Arriving | None = None
        try:
            async with asyncio.timeout(READING) as deadline:
                one = _Arriving(address, deadline)
                self._enter(one)
                while chunk := await content.readany():
                    # One buffer: a list of pieces would let a single byte cost as much as a hundred.
                    body += chunk
                    self._grow(one, len(chunk))
        except TimeoutError:
            if not content.is_eof():
                raise MadeWay if one is not None and one.made_way else TimeoutError from None
            body += content.read_nowait()
        finally:
            if one is not None:
                self._leave(one)
        return bytes(body)

    def _enter(self, one: _Arriving) -> None:
        self._arriving[one] = None
        self._by_address.setdefault(one.address, {})[one] = None
        if len(self._arriving) > MOST:
            self._send_one_away()

    def _grow(self, one: _Arriving, size: int) -> None:
        if one.made_way:
            return
        one.size += size
        self._arrived += size
        while self._arrived > UNFINISHED or self._arrived + self._kept > ROOM:
            self._send_one_away()

    def _leave(self, one: _Arriving) -> None:
        if one in self._arriving:
            del self._arriving[one]
            self._arrived -= one.size
            others = self._by_address[one.address]
            del others[one]
            if not others:
                del self._by_address[one.address]

    def _send_one_away(self) -> None:
        """Choose the body that was begun first: of the address that takes more than half of the room, or of all.

        Whoever means it is quick, and the last to be reached. An address may be a proxy's, with GitHub behind it.
        """
        weights = {address: sum(map(_weigh, those)) for address, those in self._by_address.items()}
        greedy = max(weights, key=weights.__getitem__)
        is_too_much = weights[greedy] > sum(weights.values()) / 2
        victim = next(iter(self._by_address[greedy] if is_too_much else self._arriving))
        self._leave(victim)
        victim.make_way()


class _Arriving:
    """A body that has not ended, and how much of it is here."""

    __slots__ = ("_deadline", "address", "made_way", "size")

    def __init__(self, address: str, deadline: asyncio.Timeout) -> None:
        self.address = address
        self.size = 0
        self.made_way = False
        self._deadline = deadline

    def make_way(self) -> None:
        """Stop waiting for the rest."""
        self.made_way = True
        self._deadline.reschedule(asyncio.get_running_loop().time())


def _weigh(one: _Arriving) -> int:
    return one.size + WEIGHT
