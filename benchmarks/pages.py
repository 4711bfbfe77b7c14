"""How long pages take with 100,000 signatures.

`python -m bot serve` with one petition, asked one time after the other, each from another address, so that nobody's
allowance ends. *Behind the middle* is a page of the list as one reaches it by leafing.
"""

from __future__ import annotations

import http
import time
from collections.abc import Mapping, Sequence
from itertools import count
from urllib.parse import parse_qs, urlsplit

import aiohttp
import uvloop

from benchmarks.databases import postgres_databases, sqlite_files
from benchmarks.figures import percentile
from benchmarks.load import generator
from benchmarks.report import Options, Report, Table
from benchmarks.servers import bot_environment, serving

SIGNATURES, QUICK_SIGNATURES = 100_000, 200
ASKED = 10

FILLING = 10_000
SIZE = 2_000
"""How many deliveries are made at once, and the bytes of each."""

KINDS: Mapping[str, str] = {
    "the page": "",
    "the page, behind the middle": "?after={middle}",
    "the page, by name": "?sort=name",
    "the page, a search that finds one": "?q=p0000042",
    "the page, a search that finds nobody": "?q=nobody",
    "JSON, 100 signatures": ".json",
    "badge": "/badge.svg",
    "chart": "/chart.svg",
    "feed": "/feed.atom",
    "CSV, all": ".csv",
}

_callers = count(1)
Times = dict[str, list[float]]
"""Milliseconds, for each kind of page."""


def measure(options: Options) -> Report:
    """Fill a database of each kind through its bot, and ask that."""
    signatures = QUICK_SIGNATURES if options.quick else SIGNATURES
    results: list[Times] = []
    with sqlite_files() as file, postgres_databases() as server, generator(SIZE) as load:
        for url in (file(), server.make()):
            with serving("-m", "bot", "serve", environment=bot_environment(url, TRUSTED_PROXIES="1")) as bot:
                for first in range(0, signatures, FILLING):
                    assert load.send(bot.port, 64, min(FILLING, signatures - first)).refused == 0
                results.append(uvloop.run(_ask(bot.port, signatures)))
    return _report(results, signatures)


async def _ask(port: int, signatures: int) -> Times:
    address = f"http://127.0.0.1:{port}/petitions/lovelace/letters/1"
    pages: Times = {}
    async with aiohttp.ClientSession() as session:
        middle = await _middle(session, address, signatures)
        for kind, form in KINDS.items():
            pages[kind] = [await _get(session, address + form.format(middle=middle)) for _ in range(ASKED)]
    return pages


async def _middle(session: aiohttp.ClientSession, address: str, signatures: int) -> str:
    """Return the mark behind which the older half of the list is; marks end with the comment's number."""
    async with session.get(f"{address}.json?limit=1", headers=_caller()) as answer:
        following = (await answer.json())["next"]
    at, number = parse_qs(urlsplit(following).query)["after"][0].split(".")
    return f"{at}.{int(number) - signatures // 2}"


async def _get(session: aiohttp.ClientSession, url: str) -> float:
    began = time.perf_counter()
    async with session.get(url, headers=_caller()) as answer:
        await answer.read()
        assert answer.status == http.HTTPStatus.OK, (url, answer.status)
        return (time.perf_counter() - began) * 1000


def _caller() -> dict[str, str]:
    number = next(_callers)
    return {"X-Forwarded-For": f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"}


def _report(results: Sequence[Times], signatures: int) -> Report:
    rows = [
        [kind, *(f"{percentile(one[kind], 0.5):.1f} / {max(one[kind]):.1f}" for one in results)] for kind in KINDS
    ]
    sqlite, postgres = (percentile(one["the page"], 0.5) for one in results)
    searches = [kind for kind in KINDS if kind.startswith("the page")]
    return Report(
        [Table([f"{signatures:,} signatures, ms, p50 / max", "SQLite", "PostgreSQL"], rows)],
        {
            "the page, SQLite, p50": sqlite,
            "the page, PostgreSQL, p50": postgres,
            "any page, sorted and searched too, p50": max(
                percentile(one[kind], 0.5) for one in results for kind in searches
            ),
        },
    )
