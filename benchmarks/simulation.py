"""A day of the bot in a minute: real code, a real sandbox and a real database, by a clock that is simulated.

The clock stands still while something is computed, and jumps to whatever comes next: somebody signs, a wait of the
bot's ends, a call has taken its time. So what is found depends on no machine, and several runs may share the cores.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context

import aiohttp
import msgspec
import uvloop
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from benchmarks.figures import busiest
from benchmarks.machine import cores
from bot import logs
from bot.github import webhooks
from bot.github.client import GitHub
from bot.github.errors import Paused
from bot.petition import block, continuations
from bot.reconcile.intervals import Intervals
from bot.reconcile.worker import Worker
from bot.reconcile.write_limiter import WriteLimiter
from bot.store import Lease, Store
from sandbox.api.limits import Limits
from sandbox.models import Issue, Refused
from sandbox.server import Sandbox
from sandbox.world import Event

LATENCY = 0.2
"""Seconds that GitHub takes for an answer."""

BEGIN = 1_800_000_000.0
NEVER = 1e12
AFTERWARDS = 7_200.0
"""Seconds of quiet before people sign; GitHub counts by the hour."""


@dataclass(slots=True)
class Replay:
    """People who sign, each another petition in turn, and what came of it; times are seconds since they began."""

    arrivals: Sequence[float]
    petitions: int = 1
    limits: Limits = field(default_factory=Limits.like_github)
    calls: Counter[str] = field(default_factory=Counter)
    refused: int = 0
    writes: list[list[tuple[float, int]]] = field(default_factory=list)
    """For each petition, when its body was written and what count it then said."""
    acknowledged: int = 0
    lost: int = 0

    def delays(self) -> list[float]:
        """Give for each signature how long it took until the body counted it; they are counted as they come."""
        found: list[float] = []
        for petition, writes in enumerate(self.writes):
            arrivals, counted = self.arrivals[petition :: self.petitions], 0
            for at, count in writes:
                found += [at - arrival for arrival in arrivals[counted:count]]
                counted = max(counted, count)
        return found

    def most_writes(self) -> int:
        """Count the most writes of one body in a minute."""
        return max(busiest([at for at, _ in writes], 60) for writes in self.writes)

    @property
    def writes_per_signature(self) -> float:
        """Give how many times a body was written for each signature."""
        return self.calls["write"] / len(self.arrivals)


def run_all(replays: Iterable[Replay]) -> list[Replay]:
    """Run replays, as many at a time as there are cores."""
    with ProcessPoolExecutor(cores(), get_context("spawn")) as pool:
        return list(pool.map(_run, replays))


async def play(replay: Replay) -> Replay:
    """Let people sign and the bot work until all is done; fills in the replay and gives it back."""
    async with _world(replay) as (world, worker):
        for place in range(replay.petitions):
            world.open_thread(world.sandbox.petition(f"Letter {place}", "Dear all,\r\n\r\nplease."), place)
        world.sandbox.world.on_change.append(lambda issue: _look(issue, world))
        async with world.store.lease(worker.installation_id) as lease:
            assert lease
            await _work(world, worker, lease)
            # Now the bodies have their blocks, and after a while all budgets are full.
            await world.pass_time(AFTERWARDS)
            world.began = world.clock.at
            replay.calls.clear()
            await _work(world, worker, lease)
        comments = [comment for issue in world.issues.values() for comment in issue.comments]
        replay.acknowledged = sum(bool(comment.reactions) for comment in comments)
        replay.lost = len(replay.arrivals) - sum(map(_said, world.first))
    return replay


def _run(replay: Replay) -> Replay:
    logs.configure("warning", "json")
    return uvloop.run(play(replay))


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
    issues: dict[int, Issue] = field(default_factory=dict)
    """All threads by their ids."""
    places: dict[int, int] = field(default_factory=dict)
    """Which petition a thread belongs to, by its number."""
    first: list[Issue] = field(default_factory=list)
    newest: list[Issue] = field(default_factory=list)
    """Where people sign each petition: the thread opened last."""
    began: float | None = None
    """When people began to sign; None before."""
    _arrived: int = 0
    _turned_away: list[int] = field(default_factory=list)
    """Who found a thread full before the next one was open, and comes again."""

    @property
    def next_arrival(self) -> float | None:
        """Tell when the next person signs."""
        arrivals = self.replay.arrivals
        if self.began is None or self._arrived == len(arrivals):
            return None
        return self.began + arrivals[self._arrived]

    async def pass_time(self, seconds: float) -> None:
        """Let time pass, and everything happen that happens meanwhile."""
        clock, until = self.clock, self.clock.at + seconds
        while (at := self.next_arrival) is not None and at <= until:
            clock.at = max(clock.at, at)
            self._sign(self._arrived)
            self._arrived += 1
        clock.at = max(clock.at, until)
        await self.hear()

    def open_thread(self, issue: Issue, place: int) -> None:
        """Add a thread to the petition at this place."""
        self.issues[issue.id], self.places[issue.id] = issue, place
        if place == len(self.first):
            self.first.append(issue)
            self.newest.append(issue)
            self.replay.writes.append([])
        self.newest[place] = issue
        waiting, self._turned_away = self._turned_away, []
        for number in waiting:
            self._sign(number)

    def _sign(self, number: int) -> None:
        try:
            self.sandbox.comment(self.newest[number % len(self.newest)], f"signer-{number}")
        except Refused:
            self._turned_away.append(number)

    async def hear(self) -> None:
        """Let the bot record what has happened, as its webhook does."""
        events, self.told[:] = list(self.told), []
        read = [webhooks.read(event.name, msgspec.json.encode(event.payload)) for event in events]
        await self.store.record([fact for delivery in read for fact in delivery.facts])


async def _work(world: World, worker: Worker, lease: Lease) -> None:
    """Do what the conductor does for one installation, until nothing is to come and nothing left to do."""
    while True:
        await world.hear()
        try:
            until = await worker.step(lease)
        except Paused as pause:
            until = pause.until
        if not until:
            continue
        waiting = await world.store.petitions.list_installations_with_work(world.clock.at)
        wakes = [until] if worker.installation_id in waiting else []
        wakes += [] if world.next_arrival is None else [world.next_arrival]
        if not wakes:
            return
        # What has arrived together is looked at together, a breath later.
        await world.pass_time(max(min(wakes) - world.clock.at, worker.beats.breath))


def _look(issue: Issue | None, world: World) -> None:
    if issue is None or world.began is None:
        return
    if issue.id not in world.issues:
        said_to_continue = continuations.read_continues(issue.body)
        assert said_to_continue is not None, "only the bot opens issues here"
        world.open_thread(issue, world.places[said_to_continue.issue_id])
    place = world.places[issue.id]
    said, writes = _said(world.first[place]), world.replay.writes[place]
    if said > (writes[-1][1] if writes else 0):
        writes.append((world.clock.at - world.began, said))


def _said(petition: Issue) -> int:
    line = block.machine_line(petition.body)
    return line.count if line else 0


@asynccontextmanager
async def _world(replay: Replay) -> AsyncIterator[tuple[World, Worker]]:
    clock = Clock()
    sandbox = Sandbox(now=clock.now)
    sandbox.limits = replay.limits
    with tempfile.TemporaryDirectory(prefix="undersigned-") as folder:
        store = await Store.open(f"sqlite:///{folder}/simulation.db", now=clock.now)
        world = World(clock, sandbox, store, replay)
        sandbox.world.on_event.append(world.told.append)
        sandbox.app.middlewares.append(_taking_time(world))
        await sandbox.start()
        sandbox.repository()
        (installation,) = sandbox.world.installations.values()
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
                client, beats = github.installation(installation.id), Intervals(resync=NEVER)
                worker = Worker(
                    installation.id, store, client, "petition", WriteLimiter(), beats, clock.now, began=BEGIN
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
