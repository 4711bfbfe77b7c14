"""Who calls, how often they may, and that nobody's limit is anybody else's."""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import ClientResponse, web
from aiohttp.test_utils import TestClient, TestServer, make_mocked_request
from msgspec.structs import replace

from bot.web import middlewares, request_limits
from bot.web.client_address import ClientOrigin, client_origin
from bot.web.middlewares import create_application
from bot.web.request_limits import PLACES, SHARED_FACTOR, Rate, RateLimiter, RequestLimits
from bot.web.route_policies import WEBHOOK, Pool, Route, RoutePolicy
from bot.web.server import listen

PAGE = RoutePolicy(cache_control="no-cache")
Client = TestClient[web.Request, web.Application]


class Clock:
    """Stands still until it is told."""

    now = 1_000.0

    def __call__(self) -> float:
        return self.now


def test_a_burst_then_a_steady_rate() -> None:
    clock = Clock()
    allowance = RateLimiter(Rate(burst=3, per_second=0.5), clock)
    assert [allowance.acquire("a") for _ in range(5)] == [0.0, 0.0, 0.0, 2.0, 2.0]
    assert allowance.acquire("b") == 0.0
    clock.now += 1.5
    assert allowance.acquire("a") == pytest.approx(0.5)
    clock.now += 0.5
    assert (allowance.acquire("a"), allowance.acquire("a")) == (0.0, 2.0)


def test_what_was_charged_is_to_be_waited_for() -> None:
    allowance = RateLimiter(Rate(burst=3, per_second=1.0), Clock())
    allowance.charge(10, "a")
    assert allowance.acquire("a") == pytest.approx(8.0)


def test_a_crowd_of_addresses_takes_so_much_memory_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_limits, "MAX_ADDRESSES", 10)
    allowance = RateLimiter(Rate(burst=1, per_second=1.0), Clock())
    for number in range(1_000):
        allowance.acquire(str(number))
    assert len(allowance._full_at) == 10


@pytest.mark.parametrize(
    ("proxies", "remote", "forwarded", "expected"),
    [
        (0, "192.0.2.1", ["203.0.113.9"], "192.0.2.1"),
        (1, "10.0.0.1", ["203.0.113.9"], "203.0.113.9"),
        (1, "10.0.0.1", ["198.51.100.7, 203.0.113.9"], "203.0.113.9"),
        (1, "10.0.0.1", ["198.51.100.7", "203.0.113.9"], "203.0.113.9"),
        (2, "10.0.0.1", ["198.51.100.7, 203.0.113.9, 10.0.0.2"], "203.0.113.9"),
        (2, "10.0.0.1", ["203.0.113.9"], "10.0.0.1"),
        (1, "10.0.0.1", [], "10.0.0.1"),
        (1, "10.0.0.1", ["not an address"], "10.0.0.1"),
        (0, "2001:db8:1:2:3:4:5:6", [], "2001:db8:1:2::"),
        (0, "::ffff:192.0.2.1", [], "192.0.2.1"),
        (0, "10.0.0.1", ["203.0.113.9"], "10.0.0.1"),
        (None, "192.0.2.1", ["203.0.113.9"], "192.0.2.1"),
        (None, "2001:db8::1", ["203.0.113.9"], "2001:db8::"),
        (None, "100.64.0.1", ["203.0.113.9"], "100.64.0.1"),
        (None, "::ffff:192.0.2.1", ["203.0.113.9"], "192.0.2.1"),
        (None, "10.0.0.1", [], "10.0.0.1"),
        (None, "10.0.0.1", [""], "10.0.0.1"),
        (None, "10.0.0.1", ["203.0.113.9, "], "10.0.0.1"),
        (None, "10.0.0.1", ["203.0.113.9", "unknown"], "10.0.0.1"),
        (None, "10.0.0.1", ["203.0.113.9:443"], "10.0.0.1"),
        (None, "::1", ["203.0.113.9, 0x7f000001"], "::"),
        (None, None, [], ""),
    ],
)
def test_only_what_our_own_proxies_wrote_is_believed(
    proxies: int | None, remote: str | None, forwarded: list[str], expected: str
) -> None:
    assert origin(proxies, remote, forwarded) == ClientOrigin(expected)


@pytest.mark.parametrize(
    ("remote", "via"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("10.1.2.3", "10.1.2.3"),
        ("172.17.0.1", "172.17.0.1"),
        ("192.168.1.1", "192.168.1.1"),
        ("169.254.8.8", "169.254.8.8"),
        ("::1", "::"),
        ("fd00:1:2:3:4::1", "fd00:1:2:3::"),
        ("fe80::1%eth0", "fe80::"),
        ("::ffff:10.1.2.3", "10.1.2.3"),
        (None, ""),
    ],
)
@pytest.mark.parametrize(
    ("forwarded", "expected"),
    [
        (["203.0.113.9"], "203.0.113.9"),
        (["198.51.100.7, 203.0.113.9"], "203.0.113.9"),
        (["198.51.100.7", "203.0.113.9"], "203.0.113.9"),
        (["10.9.9.9, 2001:db8:1:2:3::4 "], "2001:db8:1:2::"),
        (["::ffff:203.0.113.9"], "203.0.113.9"),
    ],
)
def test_a_proxy_that_is_near_is_believed_where_nobody_has_told(
    remote: str | None, via: str, forwarded: list[str], expected: str
) -> None:
    assert origin(None, remote, forwarded) == ClientOrigin(expected, f"via {via}")


def origin(proxies: int | None, remote: str | None, forwarded: list[str]) -> ClientOrigin:
    headers = [("X-Forwarded-For", value) for value in forwarded]
    request = make_mocked_request("GET", "/", headers=headers)
    request = request.clone(remote=remote) if remote is not None else request
    return client_origin(request, proxies)


@asynccontextmanager
async def serving(limits: RequestLimits) -> AsyncIterator[tuple[Client, asyncio.Event, Counter[str]]]:
    """Serve a quick page, a slow one that waits for the event, and a locked one; count who is turned away."""
    go, reasons = asyncio.Event(), Counter[str]()

    async def quick(_request: web.Request) -> web.Response:
        return web.Response(text="here")

    async def slow(_request: web.Request) -> web.Response:
        await go.wait()
        return web.Response(text="there")

    async def locked(_request: web.Request) -> web.Response:
        raise web.HTTPForbidden

    async def form(request: web.Request) -> web.Response:
        return web.Response(text=str(len(await request.read())))

    application = create_application(
        [
            Route("GET", "/", quick, PAGE),
            Route("POST", "/webhook", quick, WEBHOOK),
            Route("GET", "/slow", slow, PAGE),
            Route("GET", "/updates", slow, replace(PAGE, pool=Pool.LIVE)),
            Route("GET", "/export", slow, replace(PAGE, pool=Pool.EXPORTS)),
            Route("GET", "/list", slow, replace(PAGE, is_searchable=True)),
            Route("GET", "/organizers", slow, replace(PAGE, pool=Pool.ORGANIZERS)),
            Route("GET", "/locked", locked, PAGE),
            Route("POST", "/form", form, PAGE),
        ],
        limits,
        lambda reason: reasons.update([reason]),
    )
    async with TestClient(TestServer(application)) as client:
        yield client, go, reasons


def of(address: str) -> dict[str, str]:
    return {"X-Forwarded-For": address}


ONE_PAGE = {**PLACES, Pool.PAGES: (1, 1)}
ONE_LIVE = {**PLACES, Pool.LIVE: (1, math.inf)}
FEW = RequestLimits(proxies=1, pages=Rate(burst=3, per_second=0.001))


async def test_who_asks_too_often_is_told_when_to_come_back_and_others_are_served() -> None:
    async with serving(FEW) as (client, _, reasons):
        statuses = [(await client.get("/", headers=of("192.0.2.1"))).status for _ in range(4)]
        assert statuses == [200, 200, 200, 429]
        refused = await client.get("/nowhere", headers=of("192.0.2.1"))
        assert (refused.status, int(refused.headers["Retry-After"]) > 0) == (429, True)
        assert "Content-Security-Policy" in refused.headers
        assert (await client.get("/", headers=of("192.0.2.2"))).status == 200
        assert reasons == {"too often": 2}


async def test_visitors_behind_a_proxy_that_is_near_have_a_limit_each() -> None:
    async with serving(RequestLimits(pages=FEW.pages)) as (client, _, _reasons):
        statuses = [(await client.get("/", headers=of(f"192.0.2.{n}"))).status for n in range(20)]
        assert statuses == [200] * 20
        alone = [(await client.get("/")).status for _ in range(4)]
        assert alone == [200, 200, 200, 429]


async def test_whoever_makes_up_addresses_in_a_peers_name_has_that_peers_limit() -> None:
    most = FEW.pages.burst * SHARED_FACTOR
    async with serving(RequestLimits(pages=FEW.pages, places=ONE_LIVE)) as (client, go, _reasons):
        statuses = [(await client.get("/", headers=of(f"192.0.2.{n}"))).status for n in range(most + 5)]
        assert statuses == [200] * most + [429] * 5
        # Whoever needs no such word has a limit of their own.
        assert (await client.get("/")).status == 200
        go.set()


async def test_who_asks_too_often_uses_up_nothing_of_others_behind_the_same_proxy() -> None:
    async with serving(RequestLimits(pages=FEW.pages)) as (client, _, _reasons):
        statuses = [(await client.get("/", headers=of("192.0.2.1"))).status for _ in range(100)]
        assert statuses == [200] * 3 + [429] * 97
        assert (await client.get("/", headers=of("192.0.2.2"))).status == 200


async def test_who_watches_by_a_peers_name_takes_so_many_places() -> None:
    async with serving(RequestLimits(places=ONE_LIVE)) as (client, go, reasons):
        asked = [
            asyncio.ensure_future(client.get("/updates", headers=of(f"192.0.2.{n}")))
            for n in range(SHARED_FACTOR + 2)
        ]
        while reasons.total() < 2:
            await asyncio.wait(asked, return_when=asyncio.FIRST_COMPLETED)
        go.set()
        assert Counter([(await answer).status for answer in asked]) == {200: SHARED_FACTOR, 503: 2}


async def test_the_webhook_is_not_limited_by_address() -> None:
    async with serving(FEW) as (client, _, _reasons):
        statuses = {(await client.post("/webhook", headers=of("192.0.2.1"))).status for _ in range(20)}
        assert statuses == {200}


async def test_keys_cannot_be_guessed_one_after_the_other() -> None:
    rules = RequestLimits(proxies=1, pages=Rate(burst=50, per_second=0.001))
    async with serving(rules) as (client, _, _reasons):
        statuses = [(await client.get("/locked", headers=of("192.0.2.1"))).status for _ in range(4)]
        assert statuses == [403, 403, 403, 429]


async def test_one_address_cannot_take_all_the_room_nor_all_of_them_the_whole() -> None:
    async with serving(RequestLimits(proxies=1, places={**PLACES, Pool.PAGES: (2, 3)})) as (client, go, reasons):

        async def one_refused_of(*addresses: str) -> list[asyncio.Future[ClientResponse]]:
            asked = [asyncio.ensure_future(client.get("/slow", headers=of(address))) for address in addresses]
            async with asyncio.timeout(60):
                (refused,), waiting = await asyncio.wait(asked, return_when=asyncio.FIRST_COMPLETED)
            assert refused.result().status == 503
            return list(waiting)

        waiting = await one_refused_of("192.0.2.1", "192.0.2.1", "192.0.2.1")
        waiting += await one_refused_of("192.0.2.2", "192.0.2.3")
        go.set()
        assert [(await answer).status for answer in waiting] == [200] * 3
        assert reasons == {"too many at once": 2}
        assert (await client.get("/", headers=of("192.0.2.1"))).status == 200


async def test_watching_takes_nobodys_place() -> None:
    async with serving(RequestLimits(places=ONE_PAGE | {Pool.LIVE: (2, math.inf)})) as (client, go, _reasons):
        watching = [asyncio.ensure_future(client.get("/updates")) for _ in range(3)]
        await asyncio.wait(watching, return_when=asyncio.FIRST_COMPLETED)
        assert (await client.get("/")).status == 200
        go.set()
        assert Counter([(await answer).status for answer in watching]) == {200: 2, 503: 1}


@pytest.mark.parametrize(
    ("pool", "paths", "other"),
    [
        pytest.param(Pool.EXPORTS, ["/export"] * 6, "/", id="taking a whole roster"),
        pytest.param(Pool.ORGANIZERS, ["/organizers"] * 6, "/", id="waiting for GitHub"),
        pytest.param(Pool.SEARCHES, ["/list?q=ada", "/list?q=ada&sort=name"] * 3, "/?q=ada", id="searching"),
    ],
)
async def test_slow_requests_have_places_of_their_own(pool: Pool, paths: list[str], other: str) -> None:
    limits = RequestLimits(proxies=1, places=ONE_PAGE | {pool: (1, 4)})
    addresses = ["192.0.2.1", "192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4", "192.0.2.5"]
    async with serving(limits) as (client, go, reasons):
        asking = [
            asyncio.ensure_future(client.get(path, headers=of(address)))
            for path, address in zip(paths, addresses, strict=True)
        ]
        while reasons.total() < 2:
            await asyncio.wait(asking, return_when=asyncio.FIRST_COMPLETED)
        assert (await client.get(other, headers=of("192.0.2.1"))).status == 200
        go.set()
        assert Counter([(await answer).status for answer in asking]) == {200: 4, 503: 2}


async def test_a_form_that_does_not_arrive_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(middlewares, "BODY_TIMEOUT", 0.05)
    async with serving(RequestLimits()) as (client, _, _reasons):
        reader, writer = await asyncio.open_connection(client.host, client.port)
        writer.write(b"POST /form HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc")
        assert (await reader.readline()).split()[1] == b"408"
        writer.close()
        await writer.wait_closed()


async def test_a_form_that_breaks_off_is_no_error_of_ours(caplog: pytest.LogCaptureFixture) -> None:
    begun = asyncio.Event()

    async def form(request: web.Request) -> web.Response:
        begun.set()
        return web.Response(text=str(len(await request.read())))

    application = create_application([Route("POST", "/form", form, PAGE)], RequestLimits())
    # As in earnest, where unlike in other tests nobody is interrupted whose caller has left.
    async with listen(application, "127.0.0.1", 0) as port:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST /form HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc")
        await begun.wait()
        writer.close()
        await writer.wait_closed()
    assert caplog.records == []
