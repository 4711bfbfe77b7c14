"""See whether the bot grows, leaks or complains in a storm while GitHub has a bad day."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import linear_regression
from urllib.parse import urlsplit

import aiohttp

from benchmarks.databases import sqlite_files
from benchmarks.report import Section, Table, at_most, none_of
from benchmarks.storming import Storm, storming
from bot.github.client import MEMORY
from bot.petition.comments.versions import MOST
from bot.store.engine.sqlite import PAGES
from bot.web.connection_limits import ConnectionLimits
from sandbox.faults import Faults

MINUTES, QUICK_MINUTES = 10.0, 1.0
"""How long is measured."""

WARMING, QUICK_WARMING = 480.0, 30.0
"""Seconds of the same rain before, until everything that is kept is at its bounds."""

STRETCH = 10.0
"""Minutes of which there is a slope each; a longer rain shows whether it comes to rest."""

RATE = 2_000 / 60
"""Signatures a second."""

PETITIONS = 20
SIGNERS, EDITORS = 4_000, 100
"""People who sign, and those of them who edit their comments from then on."""

FAULTS = replace(Faults.bad_day(1), secondary=0.0005)
"""Few refusals that say not how long: the bot keeps quiet for a minute then, and each time for twice as long."""

PATIENCE = 900.0
"""Seconds for the bodies to be right in the end: what is left of the hour's calls is spread over the hour."""

LOOK = 5.0
"""Seconds between two looks."""

NOTES = f"""
{RATE:.0f} people a second sign {PETITIONS} petitions in turn, until {SIGNERS:,} have; from then on {EDITORS} of
them edit their comments as often, over and over, while the sandbox loses, doubles and delays deliveries and answers
with every error there is; few of the refusals for GitHub's secondary limits, as the bot keeps quiet for ever longer
after each, and would not do much else. The bot is `python -m bot serve` on a new SQLite file, in a process of its
own, and is looked at every {LOOK:.0f} s: its resident memory, its tasks and its open files.

Before anything is measured it rains for {WARMING / 60:.0f} minutes, until what the bot keeps is at its bounds: of
each comment the last {MOST} versions, which the editors reach after {EDITORS * MOST / RATE / 60:.0f} minutes;
{PAGES / 1000:.0f} MB of the database in each of three connections, as far as it is as large;
{MEMORY / 2**20:.0f} MB of remembered answers of GitHub's, as far as there are comments to fill them; and whatever
the first resync of everything takes. The slope is that of the line of least squares through the memory after that.
In the bot's log are looked for errors, crashes, exceptions that nobody caught and what Python says of things that
nobody closed.
"""


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen; `at` is in seconds, `memory` and `database` in kB."""

    at: float
    memory: float
    tasks: int
    files: int
    database: float


@dataclass(frozen=True, slots=True)
class Rain:
    """A rain: how it was at first, while it was measured, and when it was over and done with."""

    first: Look
    looks: Sequence[Look]
    after: Look
    recovery: float


def measure(*, quick: bool = False, minutes: float = MINUTES) -> Section:
    """Let it rain."""
    if quick:
        return asyncio.run(_measure(QUICK_WARMING, QUICK_MINUTES))
    return asyncio.run(_measure(WARMING, minutes))


def slope(looks: Sequence[Look]) -> float:
    """Give the slope of the line of least squares through the memory, in kB a minute."""
    return linear_regression([look.at / 60 for look in looks], [look.memory for look in looks]).slope


def stretches(looks: Sequence[Look], minutes: float) -> list[Sequence[Look]]:
    """Cut looks into pieces of so many minutes; the last one may be longer."""
    began, seconds = looks[0].at, minutes * 60
    number = max(int((looks[-1].at - began + LOOK) // seconds), 1)
    place = [min(int((look.at - began) // seconds), number - 1) for look in looks]
    return [[look for look, its in zip(looks, place, strict=True) if its == one] for one in range(number)]


async def _measure(warming: float, minutes: float) -> Section:
    with sqlite_files() as make:
        url = make()
        async with storming(url, PETITIONS, RESYNC_SECONDS="60") as storm:
            await storm.until_right()
            storm.sandbox.faults = FAULTS
            began = time.monotonic()
            raining = asyncio.create_task(storm.sign(RATE, warming + minutes * 60, SIGNERS, EDITORS))
            looks: list[Look] = []
            while not raining.done():
                looks.append(await _look(storm, url, time.monotonic() - began))
                await asyncio.sleep(LOOK)
            await raining
            storm.sandbox.faults = Faults()
            recovery = await storm.until_right(PATIENCE)
            # Callers' connections are tasks, and stay open for a while; and what was waited for is over by then.
            await asyncio.sleep(ConnectionLimits().idle + 2 * LOOK)
            after = await _look(storm, url, time.monotonic() - began)
    # By now the bot has ended, and has said what it had forgotten to close.
    return _section(storm, Rain(looks[0], [look for look in looks if look.at >= warming], after, recovery))


async def _look(storm: Storm, database_url: str, at: float) -> Look:
    """Look at the bot by what it says of itself, and at its file."""
    patience = aiohttp.ClientTimeout(total=30)
    async with (
        aiohttp.ClientSession(timeout=patience) as session,
        session.get(f"http://127.0.0.1:{storm.port}/metrics") as answer,
    ):
        text = await answer.text()
    memory, tasks, files = (
        float(re.findall(rf"^{name} (\S+)$", text, re.MULTILINE)[0])
        for name in ("process_resident_memory_bytes", "undersigned_tasks", "process_open_fds")
    )
    return Look(at, memory / 1024, int(tasks), int(files), _size(database_url) / 1024)


def _size(database_url: str) -> int:
    return Path(urlsplit(database_url).path).stat().st_size


def _section(storm: Storm, rain: Rain) -> Section:
    begin, *_, end = looks = rain.looks
    slopes = [slope(stretch) for stretch in stretches(looks, STRETCH)]
    accepted, refused = storm.answers()
    lost = storm.signers - storm.shown()
    rows = [
        ["minutes before measuring, and measured", f"{begin.at / 60:.1f} + {(end.at - begin.at) / 60:.1f}"],
        ["comments written, and written or edited", f"{storm.signers:,} / {storm.acts:,}"],
        ["attempts to deliver one that were accepted / that failed", f"{accepted:,} / {refused:,}"],
        ["signatures lost", f"{lost:,}"],
        ["seconds from the end to the right bodies", f"{rain.recovery:.1f}"],
        ["database, MB: at first / warm / last", _megabytes(rain.first.database, begin.database, end.database)],
        ["memory, MB: at first / warm / last", _megabytes(rain.first.memory, begin.memory, end.memory)],
        ["slope of the memory, kB a minute", f"{slope(looks):,.0f}"],
        [f"… of each {STRETCH:.0f} minutes", " / ".join(f"{one:,.0f}" for one in slopes)],
        ["tasks: most / afterwards", f"{max(look.tasks for look in looks)} / {rain.after.tasks}"],
        ["open files: most / afterwards", f"{max(look.files for look in looks)} / {rain.after.files}"],
        ["errors, crashes and things not closed, in the log", f"{len(storm.complaints)}"],
    ]
    return Section(
        name="soak",
        title="Rain",
        notes=NOTES,
        tables=[Table(["", "measured"], rows)],
        charts=[],
        goals=[
            none_of("signatures lost", lost),
            at_most("slope of the memory", 100, slope(looks), " kB a minute"),
            at_most("tasks afterwards", 30, rain.after.tasks),
            none_of("errors, crashes and things not closed", len(storm.complaints)),
        ],
    )


def _megabytes(*sizes: float) -> str:
    return " / ".join(f"{size / 1024:.1f}" for size in sizes)
