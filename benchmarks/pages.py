"""How long pages take with 100,000 signatures, and how many are served when a crowd reads and signs.

`python -m bot serve` with one petition. Each page is asked for one time after the other; *behind the middle* is a
page of the list as one reaches it by leafing. Then 32 connections read the page of a petition with 10,000
signatures as fast as they can, alone and while 100 people sign a second, in turn with a bare aiohttp server that
sends as many bytes. Requests come from many addresses, so that nobody's rate limit is reached.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from http import HTTPStatus
from http.client import HTTPConnection
from itertools import count
from statistics import median
from urllib.parse import parse_qs, urlsplit

import uvloop

from benchmarks.databases import new_database, postgres_server, sqlite_files
from benchmarks.load import Outcome, generator
from benchmarks.report import Goal, Options, Report, Table, paired_ratio
from benchmarks.servers import bot_environment, serving
from benchmarks.sizes import Petition, first_fact
from bot.store import Store

SIGNATURES, QUICK_SIGNATURES = 100_000, 200
READ, QUICK_READ = 10_000, 100
"""Signatures of the petition that a crowd reads."""

RESYNC, QUICK_RESYNC = 2_400, 200
"""Comments of a full thread."""

ROUNDS, QUICK_ROUNDS = 9, 1
SLOT, QUICK_SLOT = 2.0, 0.1
"""Seconds that each server is read in a round."""

READERS, SIGNERS = 32, 100
PAGE = "/petitions/lovelace/letters/1"
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
    crowd = _read_by_a_crowd(options.quick)
    with sqlite_files() as file, postgres_server() as server, generator(SIZE) as load:
        for url in (file(), new_database(server)):
            with serving("-m", "bot", "serve", environment=_environment(url)) as bot:
                for first in range(0, signatures, FILLING):
                    assert load.send(bot.port, 64, min(FILLING, signatures - first)).refused == 0
                results.append(_ask(bot.port, signatures))
        waits = uvloop.run(_sign_during_a_resync(file(), QUICK_RESYNC if options.quick else RESYNC))
    return _report(results, signatures, crowd, waits)


BARE, ALONE, SIGNED = "bare aiohttp, the page", "ours, the page", "ours, the page, while 100 sign a second"
DELIVERIES = "ours, the signatures"
Crowd = Mapping[str, Sequence[Outcome]]


def _read_by_a_crowd(quick: bool) -> Crowd:
    """Have a page read by many at once, and signed meanwhile, in turn with a bare server."""
    signatures, rounds, slot = (QUICK_READ, QUICK_ROUNDS, QUICK_SLOT) if quick else (READ, ROUNDS, SLOT)
    found: defaultdict[str, list[Outcome]] = defaultdict(list)
    with ExitStack() as stack:
        file, load = stack.enter_context(sqlite_files()), stack.enter_context(generator(SIZE))
        bot = stack.enter_context(serving("-m", "bot", "serve", environment=_environment(file())))
        assert load.send(bot.port, 64, signatures).refused == 0
        packed = _get(HTTPConnection("127.0.0.1", bot.port), PAGE)
        assert packed.startswith(b"\x1f\x8b"), "not compressed"
        bare = stack.enter_context(serving("-m", "benchmarks.bare_server", str(len(packed))))
        for _ in range(rounds):
            found[BARE] += load.read(bare.port, "/page", READERS, slot)
            found[ALONE] += load.read(bot.port, PAGE, READERS, slot)
            pages, signed = load.read(bot.port, PAGE, READERS, slot, SIGNERS)
            found[SIGNED].append(pages)
            found[DELIVERIES].append(signed)
    assert not any(one.refused for outcomes in found.values() for one in outcomes)
    return found


async def _sign_during_a_resync(url: str, comments: int) -> list[float]:
    """Record a listing of so many known comments; returns how long deliveries waited meanwhile, in milliseconds."""
    petition, waits = Petition(await Store.open(url), first_fact()), list[float]()
    await petition.fill(comments)
    listed = [petition.fact(number).comment for number in range(1, comments + 1)]
    issue, now = petition.first.issue.id, int(time.time())
    resync = asyncio.ensure_future(petition.store.record_listing(issue, now, listed, complete=True))
    while not resync.done():
        began = time.perf_counter()
        await petition.fill(petition.signed + 1)
        waits.append((time.perf_counter() - began) * 1000)
    assert (await resync).changed == 0
    await petition.store.close()
    return waits


def _environment(url: str) -> dict[str, str]:
    return bot_environment(url, TRUSTED_PROXIES="1", PUBLIC_URL="https://petitions.example.org")


def _share(crowd: Crowd, name: str) -> float:
    return paired_ratio([one.per_second for one in crowd[name]], [one.per_second for one in crowd[BARE]])


def _crowd_table(crowd: Crowd) -> Table:
    rows = [
        [name, *(f"{median(getattr(one, what) for one in outcomes):,.1f}" for what in ("per_second", "p50", "p99"))]
        for name, outcomes in crowd.items()
    ]
    return Table(["32 read at once", "a second", "ms, p50", "ms, p99"], rows)


def _ask(port: int, signatures: int) -> Times:
    connection, pages = HTTPConnection("127.0.0.1", port), defaultdict[str, list[float]](list)
    # The mark behind which the older half of the list is; marks end with the comment's number.
    following = json.loads(_get(connection, f"{PAGE}.json?limit=1", "identity"))["next"]
    at, number = parse_qs(urlsplit(following).query)["after"][0].split(".")
    middle = f"{at}.{int(number) - signatures // 2}"
    for kind, form in KINDS.items():
        for _ in range(ASKED):
            began = time.perf_counter()
            _get(connection, PAGE + form.format(middle=middle))
            pages[kind].append((time.perf_counter() - began) * 1000)
    return pages


def _get(connection: HTTPConnection, path: str, encoding: str = "gzip") -> bytes:
    number = next(_callers)
    address = f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"
    connection.request("GET", path, headers={"X-Forwarded-For": address, "Accept-Encoding": encoding})
    answer = connection.getresponse()
    assert answer.status == HTTPStatus.OK, (path, answer.status)
    return answer.read()


def _report(results: Sequence[Times], signatures: int, crowd: Crowd, waits: Sequence[float]) -> Report:
    rows = [[kind, *(f"{median(one[kind]):.1f} / {max(one[kind]):.1f}" for one in results)] for kind in KINDS]
    sqlite, postgres = (median(one["the page"]) for one in results)
    slowest = max(median(one[kind]) for one in results for kind in KINDS if kind.startswith("the page"))
    alone, signed = _share(crowd, ALONE), _share(crowd, SIGNED)
    goals = [
        Goal("views a second, share of bare aiohttp", alone, 0.30, at_least=True),
        Goal("views a second while 100 sign a second, share of bare aiohttp", signed, 0.15, at_least=True),
        Goal("a delivery while 32 read, p99", median(one.p99 for one in crowd[DELIVERIES]), 25, " ms"),
        Goal("a delivery behind a full resync, at worst", max(waits), 25, " ms"),
        Goal("the page, SQLite, p50", sqlite, 200, " ms"),
        Goal("the page, PostgreSQL, p50", postgres, 200, " ms"),
        Goal("any page, sorted and searched too, p50", slowest, 1_000, " ms"),
    ]
    headings = [f"{signatures:,} signatures, ms, p50 / max", "SQLite", "PostgreSQL"]
    return Report([Table(headings, rows), _crowd_table(crowd)], goals)
