"""See whether the bot grows, leaks or complains in ten minutes of storm while GitHub has a bad day."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import linear_regression

import aiohttp

from benchmarks.databases import sqlite_files
from benchmarks.report import Section, Table, at_most, none_of
from benchmarks.storming import Storm, storming
from bot.sandbox.faults import Faults

SECONDS, QUICK_SECONDS = 600.0, 60.0
RATE = 2_000 / 60
"""Signatures a second."""

PETITIONS = 20
SIGNERS = 4_000
"""People who sign; when all have, they edit their comments, so that what is kept does not grow any more."""

PATIENCE = 400.0
"""Seconds for the bodies to be right in the end; reactions and surveys share GitHub's limits with them."""

LOOK = 5.0
"""Seconds between two looks."""

WARMING = 0.3
"""Share of the time after which caches are full."""

NOTES = f"""
{RATE:.0f} people a second sign {PETITIONS} petitions in turn, until {SIGNERS:,} have; from then on they edit
their comments as often, while the sandbox loses, doubles and delays deliveries and answers with every error
there is. The bot is `python -m bot serve` on SQLite, in a process of its own, and is looked at every {LOOK:.0f}
s: its resident memory, its tasks and its open files. The slope is that of the line of least squares through the
memory, without the first {WARMING:.0%} of the time, in which caches fill. In its log are looked for errors,
crashes, exceptions that nobody caught and what Python says of things that nobody closed.
"""


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen; `at` is in seconds, `memory` in kB."""

    at: float
    memory: float
    tasks: int
    files: int


def measure(*, quick: bool = False) -> Section:
    """Let it rain."""
    return asyncio.run(_measure(QUICK_SECONDS if quick else SECONDS))


async def _measure(seconds: float) -> Section:
    with sqlite_files() as make:
        async with storming(make(), PETITIONS, RESYNC_SECONDS="60") as storm:
            await storm.until_right()
            storm.sandbox.faults = Faults.bad_day(1)
            began = time.monotonic()
            raining = asyncio.create_task(storm.sign(RATE, seconds, SIGNERS))
            looks: list[Look] = []
            while not raining.done():
                looks.append(await _look(storm, time.monotonic() - began))
                await asyncio.sleep(LOOK)
            await raining
            storm.sandbox.faults = Faults()
            recovery = await storm.until_right(PATIENCE)
            # What was waited for is over once the bot has looked again.
            await asyncio.sleep(2 * LOOK)
            after = await _look(storm, time.monotonic() - began)
    # By now the bot has ended, and has said what it had forgotten to close.
    return _section(storm, looks, after, recovery)


async def _look(storm: Storm, at: float) -> Look:
    """Look at the bot by what it says of itself."""
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
    return Look(at, memory / 1024, int(tasks), int(files))


def _section(storm: Storm, looks: Sequence[Look], after: Look, recovery: float) -> Section:
    warm = [look for look in looks if look.at >= WARMING * looks[-1].at]
    slope = linear_regression([look.at / 60 for look in warm], [look.memory for look in warm]).slope
    accepted, refused = storm.answers()
    lost = storm.signers - storm.shown()
    rows = [
        ["minutes", f"{looks[-1].at / 60:.1f}"],
        ["comments written, and written or edited", f"{storm.signers:,} / {storm.acts:,}"],
        ["attempts to deliver one that were accepted / that failed", f"{accepted:,} / {refused:,}"],
        ["signatures lost", f"{lost:,}"],
        ["seconds from the end to the right bodies", f"{recovery:.1f}"],
        [
            "memory at first / warm / last, MB",
            f"{looks[0].memory / 1024:.0f} / {warm[0].memory / 1024:.0f} / {looks[-1].memory / 1024:.0f}",
        ],
        ["slope of the memory, kB a minute", f"{slope:,.0f}"],
        ["tasks: most / afterwards", f"{max(look.tasks for look in looks)} / {after.tasks}"],
        ["open files: most / afterwards", f"{max(look.files for look in looks)} / {after.files}"],
        ["errors, crashes and things not closed, in the log", f"{len(storm.complaints)}"],
    ]
    return Section(
        name="soak",
        title="Ten minutes of rain",
        notes=NOTES,
        tables=[Table(["", "measured"], rows)],
        charts=[],
        goals=[
            none_of("signatures lost", lost),
            at_most("slope of the memory", 100, slope, " kB a minute"),
            at_most("tasks afterwards", 30, after.tasks),
            none_of("errors, crashes and things not closed", len(storm.complaints)),
        ],
    )
