"""How long it takes from nothing to the first answer, and how much memory a bot takes that has nothing to do."""

from __future__ import annotations

import http.client
import time
from collections import defaultdict
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from statistics import median

from benchmarks.databases import postgres_databases, sqlite_files
from benchmarks.figures import paired_ratio
from benchmarks.generating import Generator, generator
from benchmarks.report import Section, Table, at_most
from benchmarks.servers import bot_environment, serving

ROUNDS, QUICK_ROUNDS = 9, 3
WEIGHED = 3
"""Rounds in which memory is looked at, which takes a while."""
SETTLING = 3.0
"""Seconds after the first answer, when a bot has long looked for something to do, and found nothing."""
LOAD = 3_000

BARE, NEW, KNOWN, POSTGRES = "bare aiohttp", "ours, new SQLite file", "ours, SQLite", "ours, PostgreSQL"
NOTES = f"""
From starting `python` to the first `200 OK` of `GET /healthz`, asked every few milliseconds. *Bare* is an aiohttp
server on uvloop with two handlers and no other import. Rounds are interleaved, the numbers are medians, the
ratios medians of each round's ratio. Memory is what is resident {SETTLING:.0f} s later, and again after {LOAD:,}
deliveries at 64 at once. Files and modules had been read before, as after a restart or a deploy; `.pyc` files
were there. The tables of a new file are made by another process, whose time the first column has, the second not.
"""

SLOW_START = """
Importing takes most of it: nearly half is aiohttp's, which bare has too; of ours the most is making classes of
frozen data and compiling patterns, then what signs tokens, shows pages and reads Markdown.
"""
LARGE = "Python does not give back what SQLAlchemy and Alembic take, unless their process ends."


@dataclass(slots=True)
class Starts:
    """What was measured of one server, round by round: seconds, seconds of the processor, and MB when idle."""

    clock: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)
    idle: list[float] = field(default_factory=list)


Results = Mapping[str, Starts]


def measure(*, quick: bool = False) -> Section:
    """Start everybody in turn, round after round."""
    results: defaultdict[str, Starts] = defaultdict(Starts)
    with ExitStack() as stack:
        file = stack.enter_context(sqlite_files())
        database = stack.enter_context(postgres_databases()).make()
        load = stack.enter_context(generator())
        known = file()
        for number in range((QUICK_ROUNDS if quick else ROUNDS) + 1):
            urls = {BARE: None, NEW: file(), KNOWN: known, POSTGRES: database}
            for name, url in urls.items():
                # The first round makes the databases and reads the files.
                _start(url, results[name] if number else Starts(), weigh=0 < number <= WEIGHED)
        busy = {name: _after_load(url, load) for name, url in ((BARE, None), (KNOWN, known), (POSTGRES, database))}
    return _section(results, busy)


def _start(url: str | None, starts: Starts, *, weigh: bool) -> None:
    began = time.perf_counter()
    with serving(*_command(url), environment=_environment(url)) as server:
        while not _answers(server.port):
            time.sleep(0.002)
        starts.clock.append(time.perf_counter() - began)
        starts.processor.append(server.cpu())
        if weigh:
            time.sleep(SETTLING)
            starts.idle.append(server.memory())


def _after_load(url: str | None, load: Generator) -> float:
    with serving(*_command(url), environment=_environment(url)) as server:
        load.send(server.port, 64, LOAD)
        time.sleep(SETTLING)
        return server.memory()


def _command(url: str | None) -> tuple[str, ...]:
    return ("-m", "benchmarks.rivals.bare") if url is None else ("-m", "bot", "serve")


def _environment(url: str | None) -> dict[str, str] | None:
    return None if url is None else bot_environment(url)


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=1)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == http.HTTPStatus.OK
    except OSError:
        return False
    finally:
        connection.close()


def _section(results: Results, busy: Mapping[str, float]) -> Section:
    bare = results[BARE]
    ratios = {name: paired_ratio(starts.clock, bare.clock) for name, starts in results.items()}
    idle = {name: median(starts.idle) for name, starts in results.items()}
    rows = [
        [
            name,
            f"{median(starts.clock) * 1000:,.0f} ms ({ratios[name]:.2f})",
            f"{median(starts.processor) * 1000:,.0f} ms ({paired_ratio(starts.processor, bare.processor):.2f})",
            f"{idle[name]:.0f} MB",
            f"{busy[name]:.0f} MB" if name in busy else "–",
        ]
        for name, starts in results.items()
    ]
    return Section(
        name="start",
        title="Starting, and waiting",
        notes=NOTES,
        tables=[
            Table(["", "first answer after (times bare)", "processor time until then", "idle", "after load"], rows)
        ],
        goals=[
            at_most("cold start to the first 200, times a bare aiohttp server's", 2, ratios[KNOWN], why=SLOW_START),
            *(at_most(f"memory when idle, {name}", 80, idle[name], " MB") for name in (KNOWN, POSTGRES)),
            at_most("memory when idle after the first start of all", 80, idle[NEW], " MB", why=LARGE),
        ],
    )
