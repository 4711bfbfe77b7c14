"""Stories of callers who take up room: they go, and whoever has something to say comes in."""

from __future__ import annotations

import asyncio
import gzip
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from aiohttp import web

from bot.web.connection_limits import ConnectionLimits
from bot.web.server import listen

ASK = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
LONG = 3_600.0
"""Seconds; nothing of the sort happens while we watch."""

Caller = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass
class Server:
    """A server of one word, and who was turned away why."""

    port: int
    reasons: Counter[str] = field(default_factory=Counter)
    somebody_went: asyncio.Event = field(default_factory=asyncio.Event)
    writers: list[asyncio.StreamWriter] = field(default_factory=list)
    answered: int = 0
    asked: int = 0
    somebody_asked: asyncio.Event = field(default_factory=asyncio.Event)
    go: asyncio.Event = field(default_factory=asyncio.Event)
    """Until it is set, nobody is answered."""

    async def all_asked(self, number: int) -> None:
        """Wait until so many wait for an answer."""
        async with asyncio.timeout(60):
            while self.asked < number:
                self.somebody_asked.clear()
                await self.somebody_asked.wait()

    def note(self, reason: str) -> None:
        self.reasons[reason] += 1
        self.somebody_went.set()

    async def call(self, *words: bytes, address: str = "127.0.0.1") -> Caller:
        """Connect from an address of this machine, and say something."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, local_addr=(address, 0))
        self.writers.append(writer)
        writer.write(b"".join(words))
        return reader, writer


@asynccontextmanager
async def serving(limits: ConnectionLimits, answer: bytes = b"hello") -> AsyncIterator[Server]:
    async def hello(_request: web.Request) -> web.Response:
        found.asked += 1
        found.somebody_asked.set()
        await found.go.wait()
        found.answered += 1
        return web.Response(body=answer)

    application = web.Application()
    application.router.add_get("/", hello)
    found = Server(0)
    found.go.set()
    async with listen(application, "127.0.0.1", 0, limits=limits, on_rejected=found.note) as found.port:
        try:
            yield found
        finally:
            for writer in found.writers:
                writer.close()
            await asyncio.gather(*(w.wait_closed() for w in found.writers), return_exceptions=True)


async def end_of(reader: asyncio.StreamReader) -> bytes:
    """Read until the other side hangs up, politely or not."""
    try:
        return await reader.read()
    except ConnectionResetError:
        return b""


async def is_answered(reader: asyncio.StreamReader) -> bool:
    head = await reader.readuntil(b"\r\n\r\n")
    await reader.readexactly(5)
    return head.startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("words", [b"", b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: "])
async def test_who_does_not_finish_a_head_is_sent_away(words: bytes) -> None:
    async with serving(ConnectionLimits(head_timeout=0.05, idle_timeout=LONG)) as server:
        reader, _ = await server.call(words)
        assert await end_of(reader) == b""
        assert server.reasons == {"slow head": 1}


async def test_a_head_that_drips_in_gets_no_more_time(monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving(ConnectionLimits(head_timeout=0.1, idle_timeout=LONG)) as server:
        reader, writer = await server.call(b"GET / HTTP/1.1\r\n")
        ended = asyncio.ensure_future(end_of(reader))
        while not ended.done():
            writer.write(b"X: y\r\n")
            await asyncio.sleep(0.005)
        assert await ended == b""
        assert server.reasons == {"slow head": 1}


async def test_a_head_in_pieces_is_a_head() -> None:
    async with serving(ConnectionLimits(head_timeout=LONG)) as server:
        reader, writer = await server.call()
        for place in range(len(ASK)):
            writer.write(ASK[place : place + 1])
            await writer.drain()
        assert await is_answered(reader)


async def test_who_was_answered_may_ask_again_but_not_stay_for_ever() -> None:
    async with serving(ConnectionLimits(head_timeout=LONG, idle_timeout=0.5)) as server:
        reader, writer = await server.call(ASK)
        assert await is_answered(reader)
        writer.write(ASK)
        assert await is_answered(reader)
        assert await end_of(reader) == b""
        assert server.reasons == {}


async def test_who_was_answered_gets_no_more_time_by_dripping_in_a_head() -> None:
    async with serving(ConnectionLimits(head_timeout=LONG, idle_timeout=0.1)) as server:
        reader, writer = await server.call(ASK)
        assert await is_answered(reader)
        ended = asyncio.ensure_future(end_of(reader))
        writer.write(b"GET / HTTP/1.1\r\n")
        while not ended.done():
            writer.write(b"X: y\r\n")
            await asyncio.sleep(0.005)
        assert await ended == b""


async def test_requests_one_behind_the_other_are_answered_in_turn_and_who_takes_no_answer_goes() -> None:
    async with serving(ConnectionLimits(write_timeout=1.0), answer=b"x" * 100_000) as server:
        reader, writer = await server.call(ASK * 3)
        for _ in range(3):
            assert b" 200 " in await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(100_000)
        writer.write(ASK * 100_000)
        await server.somebody_went.wait()
        assert server.reasons == {"slow reader": 1}
        assert server.answered < 1_000


@pytest.mark.parametrize(
    "head",
    [
        b"Content-Length: 3\r\nContent-Length: 3\r\n",
        b"Content-Length: 3\r\nContent-Length: 4\r\n",
        b"Content-Length: 3, 3\r\n",
        b"Content-Length: +3\r\n",
        b"Content-Length: 0x3\r\n",
        b"Content-Length: -3\r\n",
        b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n",
        b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
        b"Transfer-Encoding: xchunked\r\n",
        b"Transfer-Encoding : chunked\r\n",
        b"Host: y\r\n",
        b"X-Folded: a\r\n b\r\n",
        b"X-Nul: a\0b\r\n",
        b"X-Return: a\rb\r\n",
    ],
)
async def test_a_request_that_two_servers_may_read_differently_is_refused_with_all_behind_it(head: bytes) -> None:
    """A proxy before us may take for one request what we take for two: https://www.rfc-editor.org/rfc/rfc9112#section-11.2"""
    async with serving(ConnectionLimits()) as server:
        reader, _ = await server.call(b"GET / HTTP/1.1\r\nHost: x\r\n", head, b"\r\n0\r\n\r\n", ASK)
        said = await end_of(reader)
        assert said.split()[1] == b"400"
        assert said.count(b"HTTP/1.") == 1
        assert server.answered == 0


async def test_nothing_is_unpacked() -> None:
    async def measure(request: web.Request) -> web.Response:
        return web.Response(text=f"{len(await request.read())}.")

    application, packed = web.Application(), gzip.compress(b"x" * 1_000_000)
    application.router.add_get("/", measure)
    async with listen(application, "127.0.0.1", 0) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(ASK[:-2] + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed) + packed)
        await reader.readuntil(b"\r\n\r\n")
        assert await reader.readuntil(b".") == b"%d." % len(packed)
        writer.close()
        await writer.wait_closed()


async def test_who_asks_first_whether_to_send_is_told_so() -> None:
    async with serving(ConnectionLimits()) as server:
        asked = ASK[:-2] + b"Content-Length: 3\r\nExpect: 100-continue\r\n\r\n"
        reader, writer = await server.call(asked)
        assert b" 100 " in await reader.readuntil(b"\r\n\r\n")
        writer.write(b"abc" + ASK)
        assert [await is_answered(reader) for _ in range(2)] == [True, True]
        odd, _ = await server.call(ASK[:-2] + b"Expect: everything\r\nConnection: close\r\n\r\n")
        assert (await end_of(odd)).split()[1] == b"417"


@pytest.mark.parametrize(
    "words",
    [
        b"GET /\xff?key=secret HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nBad Name: x\r\n\r\n",
        b"BREW /?key=secret HTTP/1.1\r\n\r\n",
        b"\x16\x03\x01\x02\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nExpect: \xff\r\nConnection: close\r\n\r\n",
    ],
)
async def test_who_speaks_no_http_is_turned_away_and_does_not_fill_the_log(
    words: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    async with serving(ConnectionLimits()) as server:
        reader, _ = await server.call(words)
        assert (await end_of(reader)).split()[1] in (b"400", b"500")
        assert server.reasons == {"no HTTP": 1}
    assert caplog.records == []


async def test_what_goes_wrong_with_us_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    async def stumble(_request: web.Request) -> web.Response:
        raise LookupError("our fault")

    application = web.Application()
    application.router.add_get("/", stumble)
    async with listen(application, "127.0.0.1", 0) as port:
        reader, writer = await Server(port).call(ASK)
        assert b" 500 " in await reader.readuntil(b"\r\n\r\n")
        writer.close()
        await writer.wait_closed()
    assert ["our fault" in str(record.exc_info) for record in caplog.records] == [True]


async def test_who_does_not_take_the_answer_is_sent_away() -> None:
    async with serving(ConnectionLimits(write_timeout=0.05), answer=b"x" * 50_000_000) as server:
        reader, _ = await server.call(ASK)
        await reader.readexactly(1)
        await server.somebody_went.wait()
        assert server.reasons == {"slow reader": 1}
        assert len(await end_of(reader)) < 50_000_000


async def test_a_full_server_disconnects_who_only_takes_up_room() -> None:
    async with serving(ConnectionLimits(max_connections=3, head_timeout=LONG, headless_grace=0.0)) as server:
        idlers = [await server.call(b"GET") for _ in range(3)]
        reader, _ = await server.call(ASK)
        assert await is_answered(reader)
        assert await end_of(idlers[0][0]) == b""
        assert server.reasons == {"full": 1}


async def test_of_many_who_come_at_once_those_who_came_first_are_heard() -> None:
    """They do not push each other out before anybody could say a word."""
    async with serving(ConnectionLimits(max_connections=3, head_timeout=LONG)) as server:
        first = [await server.call() for _ in range(3)]
        late = [await server.call(ASK) for _ in range(5)]
        assert [await end_of(reader) for reader, _ in late] == [b""] * 5
        for reader, writer in first:
            writer.write(ASK)
            assert await is_answered(reader)


async def test_a_full_server_of_busy_people_lets_nobody_else_in() -> None:
    async with serving(ConnectionLimits(max_connections=2, silence_grace=LONG)) as server:
        server.go.clear()
        inside = [await server.call(ASK) for _ in range(2)]
        await server.all_asked(2)
        reader, _ = await server.call(ASK)
        assert await end_of(reader) == b""
        server.go.set()
        assert [await is_answered(reader) for reader, _ in inside] == [True, True]


async def test_who_was_answered_makes_room_for_others_at_once() -> None:
    """However many come and stay, from one address or from many, whoever asks next is heard."""
    async with serving(ConnectionLimits(max_connections=3, silence_grace=LONG, idle_timeout=LONG)) as server:
        for number in range(20):
            reader, _ = await server.call(ASK, address=f"127.0.0.{1 + number % 5}")
            assert await is_answered(reader)
        assert server.reasons == {"full": 17}


async def test_an_address_that_takes_all_places_keeps_no_other_out() -> None:
    async with serving(ConnectionLimits(max_connections=3, silence_grace=LONG)) as server:
        server.go.clear()
        inside = [await server.call(ASK) for _ in range(3)]
        await server.all_asked(3)
        reader, _ = await server.call(ASK, address="127.0.0.2")
        assert await end_of(inside[0][0]) == b""
        one_more, _ = await server.call(ASK)
        assert await end_of(one_more) == b""
        server.go.set()
        assert await is_answered(reader)


async def test_who_has_been_silent_makes_room_for_others() -> None:
    async with serving(ConnectionLimits(max_connections=2, silence_grace=0.0)) as server:
        server.go.clear()
        inside = [await server.call(ASK) for _ in range(2)]
        await server.all_asked(2)
        reader, _ = await server.call(ASK)
        assert await end_of(inside[0][0]) == b""
        server.go.set()
        assert [await is_answered(reader), await is_answered(inside[1][0])] == [True, True]


@pytest.mark.parametrize(
    "head",
    [
        b"GET /" + b"x" * 20_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX-Long: " + b"x" * 20_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X-Many: x\r\n" * 500 + b"\r\n",
    ],
    ids=["a long line", "a long header", "many headers"],
)
async def test_an_oversized_head_is_refused(head: bytes) -> None:
    async with serving(ConnectionLimits()) as server:
        reader, _ = await server.call(head)
        assert (await end_of(reader)).split()[1] == b"400"
