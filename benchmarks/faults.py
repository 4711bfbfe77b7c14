"""What the bot stands on gives way under load: PostgreSQL killed, the disk full, GitHub down for an hour."""

from __future__ import annotations

import asyncio
import os
import signal
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web
from aiohttp.typedefs import Handler

from benchmarks.databases import Postgres, postgres_databases, sqlite_files
from benchmarks.disks import MEGABYTES, Disk, disks
from benchmarks.report import Section, Table, none_of
from benchmarks.storming import Storm, said, storming
from bot import app, logs
from bot.config import Config
from bot.reconcile.intervals import Intervals
from sandbox.faults import Faults
from sandbox.models import Issue
from sandbox.server import Sandbox

RATE = 20.0
"""Signatures a second."""

BEFORE, DOWN, AFTER = 5.0, 8.0, 5.0
"""Seconds of load before, during and after the trouble."""

HOUR, SPEED = 3_600.0, 60.0
"""Seconds that GitHub is down, by a clock that runs so much faster."""

PETITIONS = 5

NOTES = f"""
{RATE:.0f} people a second sign {PETITIONS} petitions; after {BEFORE:.0f} s the trouble begins and lasts
{DOWN:.0f} s. *Accepted* and *refused* are attempts to deliver a comment; GitHub delivers once, so every refused
one has to be asked for by the bot, which does so every five seconds here. *Lost* is who has signed and is not
counted at the end. The bot is `python -m bot serve` in a process of its own, and is not started again.

PostgreSQL is killed with SIGQUIT, which ends it as a crash does, and is started again after {DOWN:.0f} s, when
it repairs itself. The disk is a file system of {MEGABYTES} MB that another file fills; where nobody may mount one,
the system's limit on the size of files keeps the bot's from growing. What its files, among them SQLite's log of
writes, have room for inside is still accepted then. GitHub is down for an hour by a clock that runs {SPEED:.0f}
times faster, the same for bot and sandbox, and by it the seconds are counted: comments arrive, and every call is
answered 503.
"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a storm; times are in seconds."""

    name: str
    accepted: int
    refused: int
    lost: int
    to_accept: float
    to_right: float
    note: str = ""


def measure(*, quick: bool = False) -> Section:
    """Break one thing after the other; `quick` leaves GitHub down for a few minutes only."""
    outcomes = asyncio.run(_all(HOUR / 10 if quick else HOUR))
    return Section(
        name="faults",
        title="What the bot stands on gives way",
        notes=NOTES,
        tables=[
            Table(
                ["", "accepted", "refused", "lost", "accepts again after, s", "bodies right after, s"],
                [_row(outcome) for outcome in outcomes],
            )
        ],
        goals=[none_of(f"{outcome.name}: signatures lost", outcome.lost) for outcome in outcomes],
    )


async def _all(down: float) -> list[Outcome]:
    with postgres_databases() as postgres:
        killed = await _under_load("PostgreSQL killed and restarted", postgres.make(), lambda _: _killed(postgres))
    full = await _disk_full(disks()[0])
    with sqlite_files() as make:
        hour = await _github_down(make(), down)
    return [killed, full, hour]


async def _under_load(
    name: str,
    database_url: str,
    trouble: Callable[[Storm], AbstractAsyncContextManager[None]],
    under: Sequence[str] = (),
) -> Outcome:
    async with storming(database_url, PETITIONS, under=under) as storm:
        await storm.until_right()
        await storm.sign(RATE, BEFORE)
        async with trouble(storm):
            await storm.sign(RATE, DOWN)
        again = asyncio.create_task(storm.until_accepted())
        await storm.sign(RATE, AFTER)
        right = await storm.until_right()
        return Outcome(name, *storm.answers(), storm.signers - storm.shown(), await again, AFTER + right)


@asynccontextmanager
async def _killed(postgres: Postgres) -> AsyncIterator[None]:
    os.kill(_postmaster(postgres), signal.SIGQUIT)
    try:
        yield
    finally:
        await asyncio.to_thread(postgres.server.ensure_postgres_running)


def _postmaster(postgres: Postgres) -> int:
    return int(Path(postgres.data, "postmaster.pid").read_text(encoding="utf-8").split()[0])


async def _disk_full(disk: Disk) -> Outcome:
    with tempfile.TemporaryDirectory(prefix="undersigned-") as name:
        folder = Path(name)

        @asynccontextmanager
        async def full(storm: Storm) -> AsyncIterator[None]:
            with disk.full(folder, storm.process.pid):
                yield

        url = f"sqlite:///{folder}/undersigned.db"
        return await _under_load(f"SQLite, {disk.name}", url, full, disk.under(folder))


async def _github_down(database_url: str, down: float) -> Outcome:
    """Have the API answer 503 for an hour in which people go on signing."""
    async with _hurried(database_url) as hurry:
        sandbox, petitions = hurry.sandbox, hurry.petitions
        sandbox.faults, calls_before = Faults(unavailable=1.0), hurry.calls
        signers, until = 0, time.monotonic() + down / SPEED
        while time.monotonic() < until:
            sandbox.comment(petitions[signers % PETITIONS], f"signer-{signers}")
            signers += 1
            await asyncio.sleep(1 / RATE)
        during = hurry.calls - calls_before
        sandbox.faults, back = Faults(), hurry.now()
        await _until(lambda: sum(map(said, petitions)) == signers)
        told = [one for one in sandbox.deliveries.log.attempts() if one.delivery.event == "issue_comment"]
        accepted = sum(one.status == "OK" for one in told)
        lost = signers - sum(map(said, petitions))
        note = f"{during:,} calls in the hour"
        return Outcome(
            "GitHub down for an hour", accepted, len(told) - accepted, lost, 0.0, hurry.now() - back, note
        )


@dataclass(slots=True)
class _Hurry:
    """A bot and a GitHub for both of which time passes `SPEED` times as fast; `calls` are those of the bot's."""

    sandbox: Sandbox
    now: Callable[[], float]
    petitions: list[Issue] = field(default_factory=list)
    calls: int = 0


@asynccontextmanager
async def _hurried(database_url: str) -> AsyncIterator[_Hurry]:
    logs.configure("error", "json")
    began = time.time()

    def now() -> float:
        return began + (time.time() - began) * SPEED

    async def sleep(seconds: float) -> None:
        await asyncio.sleep(seconds / SPEED)

    @web.middleware
    async def count(request: web.Request, handler: Handler) -> web.StreamResponse:
        hurry.calls += 1
        return await handler(request)

    sandbox = Sandbox(now=now)
    hurry = _Hurry(sandbox, now)
    sandbox.app.middlewares.append(count)
    await sandbox.start()
    sandbox.repository()
    tempo = app.Tempo(beats=Intervals(look=5.0 / SPEED, breath=0.01, resync=HOUR, lag=0.0))
    config = Config(
        app_id=str(sandbox.app_id), private_key=sandbox.private_key, webhook_secrets=(sandbox.webhook_secret,),
        api_url=sandbox.api_url, database_url=database_url, host="127.0.0.1", port=0,
    )  # fmt: skip
    try:
        async with app.running(config, tempo, app.Clock(now, sleep)) as bot:
            sandbox.webhook_url = f"http://127.0.0.1:{bot.port}/webhook"
            hurry.petitions = [sandbox.petition(f"Letter {number}", "Dear all,") for number in range(PETITIONS)]
            await _until(lambda: all(said(petition) == 0 for petition in hurry.petitions))
            yield hurry
    finally:
        await sandbox.stop()


async def _until(holds: Callable[[], bool], patience: float = 120.0) -> None:
    until = time.monotonic() + patience
    while not holds() and time.monotonic() < until:  # noqa: ASYNC110 - nobody tells
        await asyncio.sleep(0.02)


def _row(outcome: Outcome) -> list[str]:
    name = f"{outcome.name} ({outcome.note})" if outcome.note else outcome.name
    return [
        name, f"{outcome.accepted:,}", f"{outcome.refused:,}", f"{outcome.lost:,}", f"{outcome.to_accept:.1f}",
        f"{outcome.to_right:.1f}",
    ]  # fmt: skip
