"""The load generator: a process that sends requests over so many connections, and times the answers.

It speaks HTTP over bare sockets: a client library that takes as long as the server would hide half of its work.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from itertools import cycle, takewhile
from multiprocessing import get_context
from typing import cast

import uvloop

from benchmarks.deliveries import SIZE, make_template
from benchmarks.report import percentile

SIGNING = 16
"""Connections over which people sign while others read."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it; times in milliseconds."""

    per_second: float
    p50: float
    p99: float
    refused: int


@dataclass(slots=True)
class Generator:
    """Sends deliveries of so many bytes, each of another comment by another person."""

    process: ProcessPoolExecutor
    size: int
    sent: int = 0

    def send(self, port: int, connections: int, requests: int) -> Outcome:
        """Send so many deliveries to a server over so many connections at once."""
        (outcome,) = self._run(port, "", connections, 0, requests)
        return outcome

    def read(self, port: int, path: str, connections: int, seconds: float, signers: int = 0) -> list[Outcome]:
        """Read a page for so long over so many connections, while so many people sign a second.

        Returns what came of the pages, and of the deliveries if there are any.
        """
        return self._run(port, path, connections, seconds, int(signers * seconds))

    def _run(self, port: int, path: str, connections: int, seconds: float, deliveries: int) -> list[Outcome]:
        numbers = range(self.sent, self.sent + deliveries)
        self.sent += deliveries
        return self.process.submit(_run, self.size, numbers, port, path, connections, seconds).result()


@contextmanager
def generator(size: int = SIZE) -> Iterator[Generator]:
    """Run a load generator until the context ends; its deliveries have so many bytes."""
    with ProcessPoolExecutor(1, get_context("spawn")) as process:
        yield Generator(process, size)


def _run(
    size: int, numbers: Sequence[int], port: int, path: str, connections: int, seconds: float
) -> list[Outcome]:
    template = _template(size)
    requests = [template.request_of(number) for number in numbers]
    if path:
        return uvloop.run(_read(port, path, connections, seconds, requests))
    return [uvloop.run(_send(port, connections, iter(requests)))]


_template = cache(make_template)


async def _send(port: int, number: int, requests: Iterator[bytes]) -> Outcome:
    """Send all requests, each connection the next one as soon as its last one is answered."""
    connections = await _connect(port, number, requests)
    began = time.perf_counter()
    for connection in connections:
        connection.next()
    await asyncio.gather(*(connection.done for connection in connections))
    return _outcome(connections, time.perf_counter() - began)


async def _send_evenly(port: int, number: int, requests: Sequence[bytes], seconds: float) -> Outcome:
    """Send all requests at even distances, each on a connection that is free."""
    free = asyncio.Queue[_Connection]()
    connections = await _connect(port, number, iter(requests))
    for connection in connections:
        connection.idle = free.put_nowait
        free.put_nowait(connection)
    loop = asyncio.get_running_loop()
    began = loop.time()
    for each in range(len(requests)):
        await asyncio.sleep(began + each * seconds / len(requests) - loop.time())
        (await free.get()).next()
    for _ in connections:
        (await free.get()).next()
    return _outcome(connections, loop.time() - began)


async def _read(port: int, path: str, number: int, seconds: float, requests: Sequence[bytes]) -> list[Outcome]:
    """Read a page from many addresses, so that nobody's rate limit is reached."""
    gets = [
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/html\r\nAccept-Encoding: gzip\r\n"
        f"X-Forwarded-For: 10.0.{each >> 8}.{each & 255}\r\n\r\n".encode()
        for each in range(20_000)
    ]
    end = time.perf_counter() + seconds
    readers = _send(port, number, takewhile(lambda _: time.perf_counter() < end, cycle(gets)))
    signers = [_send_evenly(port, SIGNING, requests, seconds)] if requests else []
    return await asyncio.gather(readers, *signers)


async def _connect(port: int, number: int, requests: Iterator[bytes]) -> list[_Connection]:
    loop = asyncio.get_running_loop()
    return [
        (await loop.create_connection(lambda: _Connection(requests), "127.0.0.1", port))[1] for _ in range(number)
    ]


def _outcome(connections: Sequence[_Connection], took: float) -> Outcome:
    times = [taken * 1000 for connection in connections for taken in connection.times]
    refused = sum(connection.refused for connection in connections)
    return Outcome(len(times) / took, percentile(times, 0.5), percentile(times, 0.99), refused)


class _Connection(asyncio.Protocol):
    """Sends the next request when the last one is answered."""

    def __init__(self, waiting: Iterator[bytes]) -> None:
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.times: list[float] = []
        self.refused = 0
        self.idle: Callable[[_Connection], None] = _Connection.next
        """Called when a request is answered."""
        self._waiting = waiting
        self._transport: asyncio.Transport | None = None
        self._received = b""
        self._sent_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are none of asyncio's classes.
        self._transport = cast("asyncio.Transport", transport)

    def next(self) -> None:
        """Send the next request, or hang up."""
        assert self._transport is not None
        request = next(self._waiting, None)
        if request is None:
            self._transport.close()
            return
        self._sent_at = time.perf_counter()
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, end, body = self._received.partition(b"\r\n\r\n")
        length = head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0]
        if not end or len(body) < int(length):
            return
        self.times.append(time.perf_counter() - self._sent_at)
        self.refused += not head.startswith(b"HTTP/1.1 2")
        self._received = b""
        self.idle(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio names it
        if not self.done.done():
            self.done.set_result(None)
