"""A GitHub, a database and a clock that only the story turns, and somebody at the other end of the webhook."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
from aiohttp import web

from bot import time_types
from bot.github.app_client import GitHub
from bot.github.throttle import Limits
from bot.github.transport import Transport
from bot.reconcile.body_write_and_repair_limiters import WriteLimiter, WriteRate
from bot.reconcile.errors_and_retries import Intervals
from bot.reconcile.installation_worker import Worker
from bot.reconcile.resync import resync_by_hand
from bot.store import Lease, Store
from sandbox.models import Installation, Issue
from sandbox.server import Sandbox
from tests.github.scene import Clock, make_github


@dataclass
class Scene:
    """What the parts of the reconciler are given; somebody counts the deliveries and answers with `status`."""

    clock: Clock
    sandbox: Sandbox
    store: Store
    github: GitHub
    status: int = 200
    received: list[str] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    """Every call to the API, as `METHOD /path STATUS`."""
    news: asyncio.Event = field(default_factory=asyncio.Event)
    """Set with each call."""

    def called(self, beginning: str) -> int:
        return sum(call.startswith(beginning) for call in self.calls)

    async def until_called(self, beginning: str, times: int) -> None:
        """Wait until a call was made so many times."""
        async with asyncio.timeout(60):
            while self.called(beginning) < times:
                self.news.clear()
                await self.news.wait()

    @property
    def installation(self) -> Installation:
        return next(one for one in self.sandbox.world.installations.values() if not one.deleted)

    async def receive(self, request: web.Request) -> web.Response:
        self.received.append(request.headers["X-GitHub-Delivery"])
        return web.Response(status=self.status)


@asynccontextmanager
async def scene(database_url: str) -> AsyncIterator[Scene]:
    clock = Clock()
    sandbox = Sandbox(now=clock)
    calls: list[str] = []
    news = asyncio.Event()

    @web.middleware
    async def note(
        request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        response = await handler(request)
        calls.append(f"{request.method} {request.path.removeprefix('/api/v3')} {response.status}")
        news.set()
        return response

    sandbox.app.middlewares.append(note)
    sandbox.repository()
    await sandbox.start()
    store = await Store.open(database_url, now=clock)
    async with aiohttp.ClientSession() as session:
        github = make_github(sandbox, session, clock, limits=Limits(0.0, 100_000, 100_000))
        found = Scene(clock, sandbox, store, github, calls=calls, news=news)
        app = web.Application()
        app.router.add_post("/webhook", found.receive)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        sandbox.deliveries.url = f"http://127.0.0.1:{runner.addresses[0][1]}/webhook"
        yield found
        await sandbox.stop()
        await runner.cleanup()
    await store.close()


@dataclass
class WorkerScene:
    """A worker, and a lease that is lost as soon as a call has to wait for its turn."""

    stage: Scene
    session: aiohttp.ClientSession
    is_held: bool = True
    worker: Worker = field(init=False)

    def __post_init__(self) -> None:
        sandbox, clock = self.stage.sandbox, self.stage.clock
        transport = Transport(self.session, sandbox.api_url, time_types.Clock(clock, self.sleep))
        limits = Limits(1.0, 100_000, 100_000)
        github = GitHub(transport, str(sandbox.app_id), sandbox.private_key, limits)
        here = self.stage.installation.id
        self.worker = Worker(
            self.stage.store, github.installation(here), "petition",
            WriteLimiter(WriteRate(burst=1_000, period=0.0, gap=0.0)), Intervals(api_lag=0.0), clock, clock(),
        )  # fmt: skip

    async def sleep(self, seconds: float) -> None:
        self.is_held = False
        self.stage.clock.pass_by(seconds)

    async def work(self) -> None:
        """Do all there is to do, as long as the lease is held."""
        while self.is_held and not await self.worker.step(Lease(lambda: self.is_held)):
            pass

    async def adopt(self, petition: Issue) -> None:
        where = petition.repository.full_name, petition.number
        await resync_by_hand(*where, self.stage.store, self.stage.github, "petition", self.stage.clock())
