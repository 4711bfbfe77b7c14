"""Buffer the bodies of deliveries, and decide which of them to drop when memory runs short.

What counts is what was received, not what Content-Length announces. The signature of a body can only be checked at
its end. So when memory runs short, the slowest bodies are evicted, and no address can take it all.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass
from typing import Final

from aiohttp import StreamReader

from bot.time_types import Seconds

MAX_BYTES: Final = 64 * 1024 * 1024
"""Bytes of all bodies in memory, those that are being recorded and those that are still incomplete."""

MAX_INCOMING_BYTES: Final = MAX_BYTES // 2
"""Bytes of all bodies that are still incomplete."""

MAX_INCOMING: Final = 512
"""Bodies that may be incomplete at once; each keeps a connection and a request in memory."""

READ_TIMEOUT: Final[Seconds] = 8.0
"""How long a body may take to arrive; GitHub closes the connection after 10 seconds."""

BODY_OVERHEAD: Final = 64 * 1024
"""Bytes that a body counts for besides its own where addresses are compared: the memory of its request."""


class BufferFull(Exception):
    """The memory of a body is needed for others."""


class BodyBuffer:
    """The bodies in memory."""

    def __init__(self) -> None:
        self._reserved = 0
        self._received = 0
        self._incoming: dict[_IncomingBody, None] = {}
        """Incomplete bodies, the oldest first."""

    def reserve(self, size: int) -> None:
        """Reserve memory for a complete body with a valid signature; raises BufferFull."""
        while self._incoming and self._reserved + size + self._received > MAX_BYTES:
            self._evict_one()
        if self._reserved + size > MAX_BYTES:
            raise BufferFull
        self._reserved += size

    def release(self, size: int) -> None:
        """Release the memory of a body."""
        self._reserved -= size

    async def read(self, content: StreamReader, address: str) -> bytes:
        """Read a body that is still incomplete.

        Raises BufferFull, TimeoutError, and ConnectionError or web.RequestPayloadError where the client stops.
        """
        deadline = asyncio.timeout(READ_TIMEOUT)
        one, body = _IncomingBody(address, deadline), bytearray()
        try:
            async with deadline:
                self._add(one)
                while chunk := await content.readany():
                    # One buffer: a list of pieces would let a single byte cost as much as a hundred.
                    body += chunk
                    self._grow(one, len(chunk))
        except TimeoutError:
            if not content.is_eof():
                raise BufferFull if one.is_evicted else TimeoutError from None
            body += content.read_nowait()
        finally:
            self._remove(one)
        return bytes(body)

    def _add(self, one: _IncomingBody) -> None:
        self._incoming[one] = None
        if len(self._incoming) > MAX_INCOMING:
            self._evict_one()

    def _grow(self, one: _IncomingBody, size: int) -> None:
        if one.is_evicted:
            return
        one.size += size
        self._received += size
        while self._received > MAX_INCOMING_BYTES or self._received + self._reserved > MAX_BYTES:
            self._evict_one()

    def _remove(self, one: _IncomingBody) -> None:
        if one in self._incoming:
            del self._incoming[one]
            self._received -= one.size

    def _evict_one(self) -> None:
        """Evict the oldest body: of the address that takes more than half of the memory, or of all.

        GitHub sends fast, and is evicted last. An address may be that of a proxy, with GitHub behind it.
        """
        weights = Counter[str]()
        for one in self._incoming:
            weights[one.address] += one.size + BODY_OVERHEAD
        ((greedy, weight),) = weights.most_common(1)
        is_too_much = weight > weights.total() / 2
        victim = next(one for one in self._incoming if not is_too_much or one.address == greedy)
        self._remove(victim)
        victim.evict()


@dataclass(eq=False, slots=True)
class _IncomingBody:
    """An incomplete body, and how much of it was received."""

    address: str
    deadline: asyncio.Timeout
    size: int = 0
    is_evicted: bool = False

    def evict(self) -> None:
        """Stop waiting for the rest."""
        self.is_evicted = True
        self.deadline.reschedule(asyncio.get_running_loop().time())
