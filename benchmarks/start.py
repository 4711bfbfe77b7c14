"""How long it takes from nothing to the first answer, and how much memory a bot takes that has nothing to do.

From starting `python` to the first `200 OK` of `GET /healthz`. *Bare* is an aiohttp server on uvloop with two
handlers. Rounds are interleaved, and ratios are medians of each round's ratio. Files had been read before.
"""

from __future__ import annotations

import time
import urllib.request
from collections import defaultdict
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from benchmarks.databases import new_database, postgres_server, sqlite_files
from benchmarks.report import Goal, Options, Report, Table, paired_ratio, spread
from benchmarks.servers import ROOT, bot_environment, serving

ROUNDS, QUICK_ROUNDS = 9, 1
SETTLING, QUICK_SETTLING = 3.0, 0.1
"""Seconds after the first answer, when a bot has long looked for something to do, and found nothing."""

BARE, SQLITE, POSTGRES, OTHER = "bare aiohttp", "ours, SQLite", "ours, PostgreSQL", "other checkout, SQLite"
CLOCK, PROCESSOR, IDLE = "first answer after, ms", "processor time until then, ms", "memory when idle, MB"

Starts = Mapping[str, list[float]]


def measure(options: Options) -> Report:
    """Start everybody in turn, round after round."""
    rounds, settling = (QUICK_ROUNDS, QUICK_SETTLING) if options.quick else (ROUNDS, SETTLING)
    results: dict[str, defaultdict[str, list[float]]] = {}
    with ExitStack() as stack:
        file = stack.enter_context(sqlite_files())
        postgres = new_database(stack.enter_context(postgres_server()))
        servers = {BARE: ("", ROOT), SQLITE: (file(), ROOT), POSTGRES: (postgres, ROOT)}
        if options.against:
            servers[OTHER] = file(), options.against
        for number in range(0 if options.quick else -1, options.rounds or rounds):
            for name, (url, checkout) in servers.items():
                # The first round makes the databases and reads the files.
                known = results if number >= 0 else {}
                _start(url, checkout, known.setdefault(name, defaultdict(list)), settling)
    return _report(results)


def _start(url: str, checkout: Path, starts: Starts, settling: float) -> None:
    command = ("-m", "bot", "serve") if url else ("-m", "benchmarks.bare_server")
    environment = bot_environment(url) if url else None
    began = time.perf_counter()
    with serving(*command, environment=environment, checkout=checkout) as server:
        # It listens by now.
        with urllib.request.urlopen(f"http://127.0.0.1:{server.port}/healthz", timeout=30) as answer:
            answer.read()
        starts[CLOCK].append((time.perf_counter() - began) * 1000)
        starts[PROCESSOR].append(server.cpu() * 1000)
        time.sleep(settling)
        starts[IDLE].append(server.memory())


def _report(results: Mapping[str, Starts]) -> Report:
    bare, ours = results[BARE], results[SQLITE]
    kinds = (CLOCK, PROCESSOR, IDLE)
    rows = [
        [name, *(f"{median(one[kind]):,.1f} ({paired_ratio(one[kind], bare[kind]):.2f})" for kind in kinds)]
        for name, one in results.items()
    ]
    tables = [Table(["(times bare)", *kinds], rows)]
    if OTHER in results:
        row = [OTHER, *(spread(results[OTHER][kind], ours[kind]) for kind in kinds)]
        tables.append(Table(["times ours (half of the rounds)", *kinds], [row]))
    goals = [
        Goal("start to the first 200, times a bare aiohttp server's", paired_ratio(ours[CLOCK], bare[CLOCK]), 2),
        Goal("memory when idle, SQLite", median(ours[IDLE]), 72, " MB"),
        Goal("memory when idle, PostgreSQL", median(results[POSTGRES][IDLE]), 72, " MB"),
    ]
    return Report(tables, goals)
