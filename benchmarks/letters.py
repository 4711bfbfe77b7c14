"""The arrival times of real open letters, replayed as they were and up to a thousand times as fast."""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path

import aiohttp
import msgspec
import uvloop
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from benchmarks.drawing import Chart, Line
from benchmarks.figures import busiest, percentile
from benchmarks.machine import cores
from benchmarks.report import Goal, Section, Table, at_most, none_of
from bot import logs
from bot.github import deliveries
from bot.github.client import GitHub
from bot.github.errors import Paused
from bot.petition import block
from bot.reconcile.beats import Beats
from bot.reconcile.coalesce import Coalescer
from bot.reconcile.worker import Worker
from bot.sandbox.api.limits import Limits
from bot.sandbox.ground import Event
from bot.sandbox.nouns import Issue
from bot.sandbox.server import Sandbox
from bot.store import Store

TIMES = Path(__file__).with_name("letters.json")
"""Seconds from the first signature to each, by letter: when the commits that brought them were made."""

SPEEDS = (1, 10, 100, 1_000)
QUICK_SPEEDS = (1, 1_000)
QUICK_SIGNATURES = 300
LATENCY = 0.2
"""Seconds that GitHub takes for an answer."""

BEGIN = 1_800_000_000.0
NEVER = 1e12
AFTERWARDS = 7_200.0
"""Seconds after the last signature in which acknowledgements may catch up; they are dropped after an hour."""

NOTES = f"""
When people signed four open letters, from the histories of their repositories: seconds since the first signature,
and nothing else. Each of them comments `/sign` in the sandbox, which has the limits of GitHub that it documents,
and takes {LATENCY * 1000:.0f} ms for an answer.

The slowest of these replays would last four years, so **the clock is simulated**: it stands still while something
is computed, and jumps to whatever comes next: the next signature, the end of a wait of the bot's, the {
    LATENCY
    * 1000:.0f} ms of a call. The rest is real: the events go through the bot's decoder into its store (SQLite), its
worker decides what to do by this clock, and its client calls the sandbox over HTTP. Left out are the deliveries'
own HTTP, which is measured above, and the surveys every ten minutes.

*Shown after* is the time from a comment to the body that counts it. *Acknowledged* are those who got their 👍;
GitHub lets an App make 500 contents an hour, so in a storm not everybody does, and the tally is the truth.
"""


def measure(*, quick: bool = False) -> Section:
    """Replay every letter at every speed."""
    letters: dict[str, list[int]] = json.loads(TIMES.read_text(encoding="utf-8"))
    speeds, most = (QUICK_SPEEDS, QUICK_SIGNATURES) if quick else (SPEEDS, None)
    keys = [(name, speed) for speed in speeds for name in letters]
    # The clock is simulated, so that they may share the cores.
    with ProcessPoolExecutor(cores(), get_context("spawn")) as pool:
        replays = pool.map(_run, ([at / speed for at in letters[name][:most]] for name, speed in keys))
        found = dict(zip(keys, replays, strict=True))
    return _section(found, list(letters), speeds)


@dataclass(slots=True)
class Replay:
    """What happened while a letter was replayed; times are seconds since its first signature."""

    arrivals: Sequence[float]
    calls: Counter[str] = field(default_factory=Counter)
    refused: int = 0
    shown: list[tuple[float, int]] = field(default_factory=list)
    """When the body came to say which count."""
    acknowledged: int = 0
    lost: int = 0

    def delays(self) -> list[float]:
        """Give for each signature how long it took until the body counted it; they are counted as they come."""
        delays: list[float] = []
        for at, count in self.shown:
            delays += [at - arrival for arrival in self.arrivals[len(delays) : count]]
        return delays


@dataclass(slots=True)
class Clock:
    """A clock that moves only when it is told to."""

    at: float = BEGIN

    def now(self) -> float:
        """Tell the time in UTC epoch seconds."""
        return self.at


@dataclass(slots=True)
class World:
    """A sandbox, a bot's store, and their time."""

    clock: Clock
    sandbox: Sandbox
    store: Store
    replay: Replay
    told: list[Event] = field(default_factory=list)
    petition: Issue | None = None
    _signed: int = 0

    @property
    def next_arrival(self) -> float | None:
        """Tell when the next person signs."""
        arrivals = self.replay.arrivals
        return BEGIN + arrivals[self._signed] if self._signed < len(arrivals) else None

    async def pass_time(self, seconds: float) -> None:
        """Let time pass, and everything happen that happens meanwhile."""
        clock, until = self.clock, self.clock.at + seconds
        while self.petition is not None and (at := self.next_arrival) is not None and at <= until:
            clock.at = max(clock.at, at)
            self.sandbox.comment(self.petition, f"signer-{self._signed}")
            self._signed += 1
        clock.at = max(clock.at, until)
        await self.hear()

    async def hear(self) -> None:
        """Let the bot record what has happened, as its webhook does."""
        events, self.told[:] = list(self.told), []
        read = [deliveries.read(event.name, msgspec.json.encode(event.payload)) for event in events]
        await self.store.record([fact for delivery in read for fact in delivery.facts])


def _run(arrivals: Sequence[float]) -> Replay:
    logs.configure("warning", "json")
    return uvloop.run(_replay(arrivals))


async def _replay(arrivals: Sequence[float]) -> Replay:
    replay = Replay(arrivals)
    async with _world(replay) as (world, worker):
        world.petition = petition = world.sandbox.petition("An open letter", "Dear all,\r\n\r\nplease.")
        world.sandbox.state.on_change.append(lambda _: _look(world))
        await world.hear()
        async with world.store.lease(worker.installation_id) as lease:
            assert lease
            while True:
                await world.hear()
                try:
                    until = await worker.step(lease)
                except Paused as pause:
                    until = pause.until
                if not until:
                    continue
                wake = await _wake(world, worker.installation_id, until)
                if wake is None:
                    break
                # What has arrived together is looked at together, a breath later.
                await world.pass_time(max(wake - world.clock.at, worker.beats.breath))
        replay.acknowledged = sum(bool(comment.reactions) for comment in petition.comments)
        replay.lost = len(arrivals) - _said(petition)
    return replay


async def _wake(world: World, installation_id: int, until: float) -> float | None:
    """Tell when there is something to do again; None when all is done."""
    coming = world.next_arrival
    if coming is None and world.clock.at > BEGIN + world.replay.arrivals[-1] + AFTERWARDS:
        return None
    waiting = await world.store.installations_with_work(world.clock.at)
    if installation_id in waiting:
        return until if coming is None else min(until, coming)
    return coming


def _look(world: World) -> None:
    assert world.petition is not None
    said, shown = _said(world.petition), world.replay.shown
    if said > (shown[-1][1] if shown else 0):
        shown.append((world.clock.at - BEGIN, said))


def _said(petition: Issue) -> int:
    line = block.machine_line(petition.body)
    return line.count if line else 0


@asynccontextmanager
async def _world(replay: Replay) -> AsyncIterator[tuple[World, Worker]]:
    clock = Clock()
    sandbox = Sandbox(now=clock.now)
    sandbox.state.rules.comment_cap = None  # one issue has room for 2,500, and this is about time
    sandbox.limits = Limits.like_github()
    with tempfile.TemporaryDirectory(prefix="undersigned-") as folder:
        store = await Store.open(f"sqlite:///{folder}/letters.db", now=clock.now)
        world = World(clock, sandbox, store, replay)
        sandbox.state.on_event.append(world.told.append)
        sandbox.app.middlewares.append(_taking_time(world))
        await sandbox.start()
        sandbox.repository()
        (installation,) = sandbox.state.installations.values()
        try:
            async with aiohttp.ClientSession() as session:
                github = GitHub(
                    session,
                    app_id=str(sandbox.app_id),
                    private_key=sandbox.private_key,
                    api_url=sandbox.api_url,
                    now=clock.now,
                    sleep=world.pass_time,
                )
                client, beats = github.installation(installation.id), Beats(resync=NEVER)
                worker = Worker(
                    installation.id, store, client, "petition", Coalescer(), beats, clock.now, began=BEGIN
                )
                yield world, worker
        finally:
            await sandbox.stop()
            await store.close()


def _taking_time(world: World) -> Middleware:
    @web.middleware
    async def take_time(request: web.Request, handler: Handler) -> web.StreamResponse:
        await world.pass_time(LATENCY)
        response = await handler(request)
        if not request.path.endswith("/access_tokens"):
            what = "reaction" if "/reactions" in request.path else "read" if request.method == "GET" else "write"
            world.replay.calls[what] += 1
        world.replay.refused += response.status in (403, 429)
        return response

    return take_time


Results = Mapping[tuple[str, int], Replay]


def _section(found: Results, letters: Sequence[str], speeds: Sequence[int]) -> Section:
    rows = [_row(name, speed, found[name, speed]) for name in letters for speed in speeds]
    headings = [
        "letter", "speed", "signatures", "most in a minute", "writes of the body", "… per signature", "reads",
        "most writes a minute", "shown after p50 / p99 / max, s", "acknowledged", "refused",
    ]  # fmt: skip
    return Section(
        name="letters",
        title="Real letters",
        notes=NOTES,
        tables=[Table(headings, rows)],
        charts=[
            _chart(found, letters, speeds, "99 of 100 signatures are in the body after", "seconds", _p99),
            _chart(found, letters, speeds, "Writes of the body per signature", "writes", _writes),
        ],
        goals=list(_goals(found)),
    )


def _row(name: str, speed: int, replay: Replay) -> list[str]:
    delays = replay.delays()
    return [
        name,
        f"{speed:,}×",
        f"{len(replay.arrivals):,}",
        f"{busiest(replay.arrivals, 60):,}",
        f"{replay.calls['write']:,}",
        f"{_writes(replay):.3f}",
        f"{replay.calls['read']:,}",
        f"{busiest([at for at, _ in replay.shown], 60):,}",
        f"{percentile(delays, 0.5):.1f} / {percentile(delays, 0.99):.1f} / {max(delays):.1f}",
        f"{replay.acknowledged / len(replay.arrivals):.0%}",
        f"{replay.refused:,}",
    ]


def _p99(replay: Replay) -> float:
    return percentile(replay.delays(), 0.99)


def _writes(replay: Replay) -> float:
    return replay.calls["write"] / len(replay.arrivals)


def _chart(
    found: Results,
    letters: Sequence[str],
    speeds: Sequence[int],
    title: str,
    unit: str,
    value: Callable[[Replay], float],
) -> Chart:
    lines = [Line(name, [(speed, value(found[name, speed])) for speed in speeds]) for name in letters]
    return Chart(title, "times as fast as it was", unit, lines, log_x=True)


def _goals(found: Results) -> list[Goal]:
    replays = found.values()
    slowest = max(max(replay.delays()) for replay in replays)
    most = max(busiest([at for at, _ in replay.shown], 60) for replay in replays)
    return [
        at_most("letters, at any speed: the longest that a signature waits for the body", 30, slowest, " s"),
        at_most("letters, at any speed: most writes of one body in a minute", 8, most),
        none_of("letters, at any speed: calls that GitHub would have refused", sum(r.refused for r in replays)),
        none_of("letters, at any speed: signatures lost", sum(r.lost for r in replays)),
    ]
