"""A GitHub and a bot on this machine, joined by real HTTP; scenes wait for conditions, never for time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

from msgspec.structs import replace

from bot import app, time_types
from bot.config import Config
from bot.github.throttle import Limits
from bot.links import SIGNED_IN
from bot.petition import block
from bot.reconcile.body_write_and_repair_limiters import WriteRate
from bot.reconcile.errors_and_retries import Intervals
from bot.store_and_github_from_config import SYSTEM_CLOCK
from sandbox.models import Comment, Issue, User
from sandbox.server import Sandbox

FAST = app.Rates(
    write_rate=WriteRate(burst=10_000, period=0.001, gap=0.02),
    limits=Limits(0.0, 100_000, 100_000),
    intervals=Intervals(poll=0.2, debounce=0.01, resync=600.0, api_lag=0.0),
)
"""No pace of our own: the sandbox has time."""

WATCHFUL = replace(FAST, intervals=Intervals(poll=0.1, debounce=0.01, resync=0.5, api_lag=0.0))
"""As fast, and with surveys and sweeps all the time."""

SWEEPING = replace(FAST, intervals=Intervals(poll=0.2, debounce=0.01, resync=2.0, api_lag=0.0))
"""As fast, and asking every other second for deliveries that went to somebody who had died."""

PATIENCE = 60.0
"""Seconds; only a busy machine needs more than one."""


@dataclass
class Clock:
    """This machine's time, and what the story lets pass."""

    ahead: float = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


@dataclass(slots=True)
class Scene:
    """A sandbox and the bot that serves it; the bot can be stopped and started again on the same database."""

    sandbox: Sandbox
    database_url: str
    rates: app.Rates = FAST
    clock: time_types.Clock = SYSTEM_CLOCK
    public_url: str | None = None
    secret_key: str = ""
    """With it organizers can sign in on the bot's pages."""
    bot: app.Bot | None = None
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack)

    def config(self) -> Config:
        return Config(
            app_id=str(self.sandbox.app_id),
            private_key=self.sandbox.private_key,
            webhook_secrets=(self.sandbox.webhook_secret,),
            api_url=self.sandbox.api_url,
            database_url=self.database_url,
            host="127.0.0.1",
            port=0,
            public_url=self.public_url,
            client_id=self.sandbox.client_id if self.secret_key else "",
            client_secret=self.sandbox.client_secret if self.secret_key else "",
            secret_key=self.secret_key,
        )

    async def start_bot(self) -> app.Bot:
        self.bot = await self._stack.enter_async_context(app.running(self.config(), self.rates, self.clock))
        self.sandbox.deliveries.url = f"http://127.0.0.1:{self.bot.port}/webhook"
        self.sandbox.registration.callback_urls = (f"http://127.0.0.1:{self.bot.port}{SIGNED_IN}",)
        return self.bot

    async def stop_bot(self) -> None:
        await self._stack.aclose()
        self._stack, self.bot = AsyncExitStack(), None

    def petition(self, body: str | None = "Dear all,\r\n\r\nplease.", title: str = "A letter") -> Issue:
        return self.sandbox.petition(title, body)

    def sign(self, petition: Issue, login: str, words: str = "/sign") -> Comment:
        return self.sandbox.comment(petition, login, words)

    def organizer(self) -> User:
        return self.sandbox.organizer()

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait until something holds on the sandbox's side."""
        changed = asyncio.Event()
        self.sandbox.world.on_change.append(lambda _: changed.set())
        async with asyncio.timeout(PATIENCE):
            while not holds():
                changed.clear()
                await changed.wait()

    async def shows(self, petition: Issue, count: int) -> str:
        """Wait until the petition's body says this count; give the body."""
        try:
            await self.until(lambda: said(petition) == count)
        except TimeoutError:
            raise AssertionError(f"the body says {said(petition)}, not {count}:\n{petition.body}") from None
        return petition.body or ""

    async def reacted(self, comment: Comment, *reactions: str) -> None:
        """Wait until the bot's reactions on a comment are these."""
        try:
            await self.until(lambda: [one.content for one in comment.reactions] == list(reactions))
        except TimeoutError:
            raise AssertionError(f"{[one.content for one in comment.reactions]}, not {reactions}") from None


def said(petition: Issue) -> int | None:
    """Give the count in the petition's body."""
    line = block.machine_line(petition.body)
    return line.count if line else None


@asynccontextmanager
async def scene(
    database_url: str, *, rates: app.Rates = FAST, sandbox: Sandbox | None = None, start: bool = True
) -> AsyncIterator[Scene]:
    """Set a scene and clear it away."""
    sandbox = sandbox or Sandbox()
    await sandbox.start()
    found = Scene(sandbox, database_url, rates)
    sandbox.repository()
    try:
        if start:
            await found.start_bot()
        yield found
    finally:
        await found.stop_bot()
        await sandbox.stop()
