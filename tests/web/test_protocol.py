"""Stories of callers who use HTTP in ways that no browser does; most were found by fuzzing."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NoReturn

import pytest
from aiohttp import web

from bot.web.monitoring import Monitoring
from bot.web.request_limits import Rate, RequestLimits
from bot.web.route_policies import BASE_HEADERS
from bot.web.server import create_app, listen
from tests.web.deliveries import PAYLOAD, headers, sign
from tests.web.scene import PAGE, PUBLIC, Scene, pages_context, ready, serving

Caller = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@asynccontextmanager
async def calling(port: int | None, words: str) -> AsyncIterator[Caller]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(words.encode("latin-1"))
    try:
        yield reader, writer
    finally:
        writer.close()
        await asyncio.gather(writer.wait_closed(), return_exceptions=True)


def asking(path: str, method: str = "GET", host: str = "x", accept: str = "*/*") -> str:
    return f"{method} {path} HTTP/1.1\r\nHost: {host}\r\nAccept: {accept}\r\n\r\n"


@pytest.mark.parametrize("form", ["", ".json", ".csv", "/feed.atom", "/events"])
async def test_whoever_asks_for_the_head_gets_no_more_than_that(scene: Scene, form: str) -> None:
    await scene.petition.sign("ada")
    async with calling(scene.client.port, asking(PAGE + form, "HEAD") + asking("/healthz")) as (reader, _):
        heads = [await reader.readuntil(b"\r\n\r\n") for _ in range(2)]
    assert [head.split(b"\r\n")[0] for head in heads] == [b"HTTP/1.1 200 OK"] * 2


@pytest.mark.parametrize("host", ["", "[", "x:99999999", "[99999999999999999999::1]:80", "[9", "\xff", "http://x"])
@pytest.mark.parametrize("public_url", [None, PUBLIC])
async def test_a_host_that_is_no_address_is_refused(sqlite_url: str, host: str, public_url: str | None) -> None:
    async with serving(sqlite_url, public_url=public_url) as scene:
        for path in ("/", f"{PAGE}.json", f"{PAGE}/organizers/sign-in", "/oembed", "/openapi.json", "/nowhere"):
            async with calling(scene.client.port, asking(path, host=host, accept="text/html")) as (reader, _):
                head = await reader.readuntil(b"\r\n\r\n")
                assert head.startswith(b"HTTP/1.1 400"), head
                assert b"nosniff" in head


NO_DELIVERIES = [
    *((method, "/webhook") for method in ("GET", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS")),
    *((method, "/nowhere") for method in ("GET", "POST", "OPTIONS")),
    ("POST", "/webhook/"),
    ("POST", "/"),
    ("GET", "/%77ebhook"),
    ("GET", "/healthz"),
    ("HEAD", "/healthz"),
    ("GET", "/metrics"),
    ("GET", "/readyz"),
    ("GET", "/openapi.json"),
    ("GET", "/static/roster.css"),
    ("GET", PAGE),
    ("GET", f"{PAGE}/organizers"),
    ("POST", f"{PAGE}/organizers/sign-out"),
]


@pytest.mark.parametrize(("method", "path"), NO_DELIVERIES)
async def test_nothing_that_is_no_delivery_escapes_the_limits(scene: Scene, method: str, path: str) -> None:
    rules = RequestLimits(pages=Rate(burst=3, per_second=0.001))
    async with listen(application_of(scene, rules), "127.0.0.1", 0) as port:
        heads = [await head_of(port, asking(path, method)) for _ in range(5)]
    assert [int(head.split()[1]) == 429 for head in heads] == [False] * 3 + [True] * 2
    assert [missing_in(head) for head in heads] == [[]] * 5


@pytest.mark.parametrize(
    "words",
    [
        asking("/healthz")[:-2] + "Expect: everything\r\n\r\n",
        asking("/nowhere")[:-2] + "Expect: everything\r\n\r\n",
        asking("/healthz", host="["),
        asking("/", "BREW")[:-2] + "Content-Length: x\r\n\r\n",
        "\x16\x03\x01\x02\r\n\r\n",
        asking("/readyz")[:-2] + "Authorization: Bearer x\r\n\r\n",
        asking("/webhook", "POST")[:-2] + "Content-Length: 0\r\n\r\n",
        asking("/webhook", "POST")[:-2] + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        asking(f"{PAGE}.csv"),
        asking(f"{PAGE}.csv", "HEAD"),
        asking(f"{PAGE}/events"),
        asking(f"{PAGE}/chart.svg"),
        asking(PAGE.upper().replace("PETITIONS", "petitions")),
    ],
)
async def test_all_answers_carry_the_headers_that_keep_browsers_from_guessing(scene: Scene, words: str) -> None:
    async with listen(application_of(scene), "127.0.0.1", 0) as port:
        assert missing_in(await head_of(port, words)) == []


@pytest.mark.parametrize(("path", "method"), [("/webhook", "POST"), ("/readyz", "GET")])
async def test_so_do_those_that_tell_of_a_mistake_of_ours(scene: Scene, path: str, method: str) -> None:
    async def stumble(*_: object) -> NoReturn:
        raise LookupError("our fault")

    application = create_app(
        record=stumble, secrets=["s"], monitoring=Monitoring(stumble), context=pages_context(scene.petition.store)
    )
    said = {**headers(PAYLOAD, X_Hub_Signature_256=sign(PAYLOAD, "s")), "Content-Length": str(len(PAYLOAD))}
    lines = "".join(f"{name}: {value}\r\n" for name, value in said.items()) if method == "POST" else ""
    async with listen(application, "127.0.0.1", 0) as port:
        words = asking(path, method)[:-2] + f"{lines}\r\n" + (PAYLOAD.decode() if lines else "")
        head = await head_of(port, words)
    assert (head.split()[1], missing_in(head)) == (b"500", [])


def application_of(scene: Scene, rules: RequestLimits | None = None) -> web.Application:
    store = scene.petition.store
    return create_app(
        record=store.record,
        secrets=["s"],
        monitoring=Monitoring(ready),
        context=pages_context(store),
        limits=rules,
    )


async def head_of(port: int, words: str) -> bytes:
    async with calling(port, words) as (reader, _):
        return await reader.readuntil(b"\r\n\r\n")


def missing_in(head: bytes) -> list[str]:
    return [name for name in BASE_HEADERS if f"\r\n{name}: ".encode() not in head]


@pytest.mark.parametrize("form", [".csv", "/events"])
async def test_whoever_leaves_before_the_answer_is_no_mistake_of_ours(
    scene: Scene, form: str, caplog: pytest.LogCaptureFixture
) -> None:
    store = scene.petition.store
    application = create_app(
        record=store.record, secrets=["s"], monitoring=Monitoring(ready), context=pages_context(store)
    )
    # As in earnest, where unlike in other tests nobody is interrupted whose caller has left.
    async with (
        listen(application, "127.0.0.1", 0) as port,
        calling(port, asking(PAGE + form)) as (reader, writer),
    ):
        writer.write_eof()
        assert await reader.read() == b""
    assert caplog.records == []


async def test_whoever_leaves_without_waiting_to_be_told_to_go_on_is_no_mistake_of_ours(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    """Before Python 3.12 aiohttp looks at a request a moment after it has come, when such a caller is gone."""
    words = asking("/webhook", "POST")[:-2] + "Content-Length: 3\r\nExpect: 100-continue\r\n\r\n"
    async with listen(scene.client.app, "127.0.0.1", 0) as port:
        for _ in range(10):
            with socket.create_connection(("127.0.0.1", port)) as caller:
                caller.sendall(words.encode())
        async with calling(port, asking("/healthz")) as (reader, _):
            assert b" 200 " in await reader.readline()
    assert caplog.records == []


async def test_a_body_that_cannot_be_unpacked_is_no_mistake_of_ours(
    scene: Scene, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Nor does it matter how long a busy machine takes for the rest.
    monkeypatch.setattr("bot.web.server.LINGERING_TIME", 60.0)
    body = "Content-Encoding: gzip\r\nContent-Length: 1000\r\n\r\nno gzip"
    async with (
        listen(scene.client.app, "127.0.0.1", 0) as port,
        calling(port, asking("/healthz")[:-2] + body) as (reader, writer),
    ):
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
        last = asking("/healthz").replace("Accept", "Connection: close\r\nAccept")
        writer.write(b"x" * 993 + last.encode())
        # It hangs up after its answer; without being asked to, it would wait 75 seconds for another request.
        assert b"HTTP/1.1 200" in await reader.read()
    assert caplog.records == []
