"""The load generator: a process that sends requests over so many connections, and times the answers.

It speaks HTTP over bare sockets: a client library that takes as long as the server would hide half of its work.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import cycle, takewhile
from typing import cast

import uvloop

from benchmarks.deliveries import SIZE, make_template
from benchmarks.servers import ROOT, end

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
    """Sends deliveries, each of another comment by another person."""

    process: subprocess.Popen[str]
    sent: int = 0

    def send(self, port: int, connections: int, requests: int) -> Outcome:
        """Send so many deliveries to a server over so many connections at once."""
        (outcome,) = self._ask(port, "", connections, 0, requests)
        return outcome

    def read(self, port: int, path: str, connections: int, seconds: float, signers: int = 0) -> list[Outcome]:
        """Read a page for so long over so many connections, while so many people sign a second.

        Returns what came of the pages, and of the deliveries if there are any.
        """
        return self._ask(port, path, connections, seconds, int(signers * seconds))

    def _ask(self, port: int, path: str, connections: int, seconds: float, deliveries: int) -> list[Outcome]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        asked = [port, path, connections, seconds, deliveries, self.sent]
        print(json.dumps(asked), file=self.process.stdin, flush=True)
        self.sent += deliveries
        return [Outcome(**one) for one in json.loads(self.process.stdout.readline())]


@contextmanager
def generator(size: int = SIZE) -> Iterator[Generator]:
    """Run a load generator until the context ends; its deliveries have so many bytes."""
    process = subprocess.Popen(  # noqa: S603 - ourselves
        [sys.executable, "-m", "benchmarks.load", str(size)],
        cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        process.stdout.readline()
        yield Generator(process)
    finally:
        end(process)


async def _send(port: int, number: int, requests: Iterator[bytes]) -> Outcome:
    """Send all requests, each connection the next one as soon as its last one is answered."""
    times, refused = list[float](), list[int]()
    connections = await _connect(port, number, requests, times, refused)
    began = time.perf_counter()
    for connection in connections:
        connection.next()
    await asyncio.gather(*(connection.done for connection in connections))
    return _outcome(times, refused, time.perf_counter() - began)


async def _send_evenly(port: int, number: int, requests: Sequence[bytes], seconds: float) -> Outcome:
    """Send all requests at even distances, each on a connection that is free."""
    times, refused, free = list[float](), list[int](), asyncio.Queue[_Connection]()
    for connection in await _connect(port, number, iter(requests), times, refused):
        connection.idle = free.put_nowait
        free.put_nowait(connection)
    loop = asyncio.get_running_loop()
    began = loop.time()
    for each in range(len(requests)):
        await asyncio.sleep(began + each * seconds / len(requests) - loop.time())
        (await free.get()).next()
    for _ in range(number):
        (await free.get()).next()
    return _outcome(times, refused, loop.time() - began)


async def _read(port: int, path: str, number: int, seconds: float, requests: Sequence[bytes]) -> list[Outcome]:
    """Read a page from many addresses, so that nobody's rate limit is reached."""
    gets = [
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/html\r\nAccept-Encoding: gzip\r\n"
        f"X-Forwarded-For: 10.0.{each >> 8}.{each & 255}\r\n\r\n".encode()
        for each in range(20_000)
    ]
    end = time.perf_counter() + seconds
    readers = _send(port, number, takewhile(lambda _: time.perf_counter() < end, cycle(gets)))
    if not requests:
        return [await readers]
    return list(await asyncio.gather(readers, _send_evenly(port, SIGNING, requests, seconds)))


async def _connect(
    port: int, number: int, requests: Iterator[bytes], times: list[float], refused: list[int]
) -> list[_Connection]:
    loop = asyncio.get_running_loop()
    return [
        (await loop.create_connection(lambda: _Connection(requests, times, refused), "127.0.0.1", port))[1]
        for _ in range(number)
    ]


def _outcome(times: list[float], refused: list[int], took: float) -> Outcome:
    times.sort()
    half, last = times[len(times) // 2], times[min(len(times) - 1, len(times) * 99 // 100)]
    return Outcome(len(times) / took, half * 1000, last * 1000, len(refused))


class _Connection(asyncio.Protocol):
    """Sends the next request when the last one is answered."""

    def __init__(self, waiting: Iterator[bytes], times: list[float], refused: list[int]) -> None:
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting, self._times, self._refused = waiting, times, refused
        self._transport: asyncio.Transport | None = None
        self._received = b""
        self._sent_at = 0.0
        self.idle: Callable[[_Connection], None] = _Connection.next
        """Called when a request is answered."""

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
        self._times.append(time.perf_counter() - self._sent_at)
        if not head.startswith(b"HTTP/1.1 2"):
            self._refused.append(int(head[9:12]))
        self._received = b""
        self.idle(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio names it
        if not self.done.done():
            self.done.set_result(None)


async def _main() -> None:
    template = make_template(int(sys.argv[1]))
    print("ready", flush=True)
    for line in iter(sys.stdin.readline, ""):
        port, path, connections, seconds, number, first = json.loads(line)
        requests = [template.request_of(each) for each in range(first, first + number)]
        if path:
            outcomes = await _read(port, path, connections, seconds, requests)
        else:
            outcomes = [await _send(port, connections, iter(requests))]
        print(json.dumps([asdict(one) for one in outcomes]), flush=True)


if __name__ == "__main__":
    uvloop.run(_main())
