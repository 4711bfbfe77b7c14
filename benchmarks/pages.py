"""How long pages take with 100,000 signatures, and what a thousand open pages cost."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from itertools import count

import aiohttp
import uvloop

from benchmarks.databases import postgres_databases, sqlite_files
from benchmarks.deliveries import make_template, request
from benchmarks.figures import percentile
from benchmarks.report import Goal, Section, Table, at_most
from benchmarks.servers import Server, bot_environment, serving
from benchmarks.sizes import DAY, FILLING, Petition
from bot.github import webhooks
from bot.petition.facts import CommentFact
from bot.store import Store

SIGNATURES, QUICK_SIGNATURES = 100_000, 5_000
WATCHERS, QUICK_WATCHERS = 1_000, 100
ASKED = 30
PAGE_LIMIT = 200.0
"""Milliseconds that a page of a petition with 100,000 signatures may take."""

SEARCH_LIMIT = 1_000.0
"""Milliseconds that one may take for which every signature is looked at."""

NOTES = f"""
`python -m bot serve` with one petition, {DAY:,} signatures a day, asked over loopback {ASKED} times for each page,
after one time that is not measured, one after the other, each from another address, so that nobody's allowance
ends. *Behind the middle* is a page of the list as one reaches it by leafing. A search and the order by name look at
every signature, because an index for them would have to be written with each one; only one at a time may.

Then many open pages watch, and somebody signs: *told* is the time from the delivery to the news at each page, of
which up to a second is the wait for the next look. The processor time is the server's, over five seconds in which
nothing happens.
"""

ENGINES = ("SQLite", "PostgreSQL")
KINDS: Mapping[str, str] = {
    "the page": "",
    "the page, behind the middle": "?after={middle}",
    "the page, by name": "?sort=name",
    "the page, a search that finds one": "?q=signer-4242",
    "the page, a search that finds nobody": "?q=nobody",
    "JSON, 100 signatures": ".json",
    "JSON, as it was": ".json",
    "badge": "/badge.svg",
    "chart": "/chart.svg",
    "feed": "/feed.atom",
    "CSV, all": ".csv",
}
UNCHANGED, WHOLE = "JSON, as it was", "CSV, all"

_callers = count(1)


@dataclass(slots=True)
class Found:
    """Milliseconds for each kind of page; seconds until each watcher was told; the share of a core while idle."""

    pages: dict[str, list[float]]
    told: list[float]
    idle: float


def measure(*, quick: bool = False) -> Section:
    """Fill a database of each kind, serve it, ask and watch."""
    signatures = QUICK_SIGNATURES if quick else SIGNATURES
    watchers = QUICK_WATCHERS if quick else WATCHERS
    results: dict[str, Found] = {}
    with sqlite_files() as file, postgres_databases() as server:
        for engine, url in {"SQLite": file(), "PostgreSQL": server.make()}.items():
            uvloop.run(_fill(url, signatures))
            environment = bot_environment(url, TRUSTED_PROXIES="1")
            with serving("-m", "bot", "serve", environment=environment) as bot:
                results[engine] = uvloop.run(_ask(bot, signatures, watchers))
    return _section(results, signatures, watchers)


async def _fill(url: str, signatures: int) -> None:
    store = await Store.open(url)
    try:
        petition = Petition(store, _first())
        while petition.signed < signatures:
            await petition.sign(min(FILLING, signatures - petition.signed))
    finally:
        await store.close()


def _first() -> CommentFact:
    (first,) = webhooks.read("issue_comment", make_template().payload_of(0)).facts
    assert isinstance(first, CommentFact)
    return first


async def _ask(bot: Server, signatures: int, watchers: int) -> Found:
    first = _first()
    address = f"http://127.0.0.1:{bot.port}/petitions/{first.repository.full_name}/{first.issue.number}"
    middle = f"{first.comment.created_at + signatures // 2 * 86_400 // DAY}.{first.comment.id + signatures // 2}"
    pages: dict[str, list[float]] = {}
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as session:
        await _get(session, address, {})
        for kind, form in KINDS.items():
            mark: dict[str, str] = {}
            if kind == UNCHANGED:
                mark["If-None-Match"] = (await _get(session, address + form, mark))[1]
            times = 3 if kind == WHOLE else ASKED
            asked = [await _get(session, address + form.format(middle=middle), mark) for _ in range(times)]
            pages[kind] = [milliseconds for milliseconds, _ in asked]
        told, idle = await _watch(session, bot, address, watchers)
    return Found(pages, told, idle)


async def _get(session: aiohttp.ClientSession, url: str, headers: Mapping[str, str]) -> tuple[float, str]:
    began = time.perf_counter()
    async with session.get(url, headers={**headers, **_caller()}) as answer:
        await answer.read()
        assert answer.status in (200, 304), (url, answer.status)
        return (time.perf_counter() - began) * 1000, answer.headers.get("ETag", "")


async def _watch(
    session: aiohttp.ClientSession, bot: Server, address: str, watchers: int
) -> tuple[list[float], float]:
    async with AsyncExitStack() as stack:
        streams: list[aiohttp.ClientResponse] = []
        for _ in range(watchers):
            asking = session.get(f"{address}/events", headers=_caller(), timeout=aiohttp.ClientTimeout())
            streams.append(await stack.enter_async_context(asking))
        counts = await asyncio.gather(*map(_news, streams))
        before, began = bot.cpu(), time.perf_counter()
        await asyncio.sleep(5)
        idle = (bot.cpu() - before) / (time.perf_counter() - began)
        payload = make_template().payload_of(10_000_000)
        sent = time.perf_counter()
        waiting = [asyncio.create_task(_told(stream, counts[0][0])) for stream in streams]
        await asyncio.to_thread(_deliver, bot.port, payload)
        told = await asyncio.gather(*waiting)
    return [at - sent for at in told], idle


async def _told(stream: aiohttp.ClientResponse, before: int) -> float:
    while True:
        counted, at = await _news(stream)
        if counted > before:
            return at


async def _news(stream: aiohttp.ClientResponse) -> tuple[int, float]:
    async for line in stream.content:
        if line.startswith(b"data: "):
            return json.loads(line.removeprefix(b"data: "))["count"], time.perf_counter()
    raise AssertionError("the stream has ended")


def _deliver(port: int, payload: bytes) -> None:
    with socket.create_connection(("127.0.0.1", port)) as caller:
        caller.sendall(request(payload))
        assert b" 200 " in caller.recv(65_536)


def _caller() -> dict[str, str]:
    number = next(_callers)
    return {"X-Forwarded-For": f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"}


def _section(results: Mapping[str, Found], signatures: int, watchers: int) -> Section:
    return Section(
        name="pages",
        title="Pages",
        notes=NOTES,
        tables=[
            Table(
                ["ms, p50 / p99", *ENGINES],
                [[kind, *(_times(results[engine].pages[kind]) for engine in ENGINES)] for kind in KINDS],
                f"{signatures:,} signatures",
            ),
            Table(
                ["", *ENGINES],
                [
                    ["told after, s, p50 / max", *(_told_after(results[engine].told) for engine in ENGINES)],
                    ["of a core while nothing happens", *(f"{results[engine].idle:.1%}" for engine in ENGINES)],
                ],
                f"{watchers:,} open pages",
            ),
        ],
        goals=_goals(results, signatures, watchers),
    )


def _times(found: Sequence[float]) -> str:
    return f"{percentile(found, 0.5):.1f} / {percentile(found, 0.99):.1f}"


def _told_after(found: Sequence[float]) -> str:
    return f"{percentile(found, 0.5):.2f} / {max(found):.2f}"


def _goals(results: Mapping[str, Found], signatures: int, watchers: int) -> list[Goal]:
    of = f"of {signatures:,} signatures"
    page = {engine: percentile(results[engine].pages["the page"], 0.5) for engine in ENGINES}
    found = [at_most(f"the page {of}, {engine}, p50", PAGE_LIMIT, page[engine], " ms") for engine in ENGINES]
    searches = [kind for kind in KINDS if kind.startswith("the page")]
    slowest = max(percentile(results[engine].pages[kind], 0.5) for engine in ENGINES for kind in searches)
    told = max(max(results[engine].told) for engine in ENGINES)
    return [
        *found,
        at_most(f"any page {of}, sorted and searched too, p50", SEARCH_LIMIT, slowest, " ms"),
        at_most(f"all {watchers:,} open pages told of a signature", 3.0, told, " s"),
    ]
