"""The load generator: a process that sends deliveries over so many connections, and times the answers.

It speaks HTTP over bare sockets: a client library that takes as long as the server would hide half of its work.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import cast

import uvloop

from benchmarks.deliveries import SIZE, make_template
from benchmarks.servers import ROOT, end


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
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        print(json.dumps([port, connections, requests, self.sent]), file=self.process.stdin, flush=True)
        self.sent += requests
        return Outcome(**json.loads(self.process.stdout.readline()))


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


async def _send(port: int, number: int, requests: list[bytes]) -> Outcome:
    """Send all requests, each connection the next one as soon as its last one is answered."""
    loop, times, refused = asyncio.get_running_loop(), list[float](), list[int]()
    waiting = iter(requests)
    connections = [
        (await loop.create_connection(lambda: _Connection(waiting, times, refused), "127.0.0.1", port))[1]
        for _ in range(number)
    ]
    began = time.perf_counter()
    for connection in connections:
        connection.next()
    await asyncio.gather(*(connection.done for connection in connections))
    took = time.perf_counter() - began
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
        self.next()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio names it
        if not self.done.done():
            self.done.set_result(None)


async def _main() -> None:
    template = make_template(int(sys.argv[1]))
    print("ready", flush=True)
    for line in iter(sys.stdin.readline, ""):
        port, connections, number, first = json.loads(line)
        requests = [template.request_of(each) for each in range(first, first + number)]
        print(json.dumps(asdict(await _send(port, connections, requests))), flush=True)


if __name__ == "__main__":
    uvloop.run(_main())
