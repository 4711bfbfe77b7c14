"""A bot in a process of its own, a sandbox that storms it, and what became of what GitHub delivered."""

from __future__ import annotations

import asyncio
import re
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web
from aiohttp.typedefs import Handler

from benchmarks.rivals import naive
from benchmarks.servers import bot_environment, complaints, end, port_of, start
from sandbox.api.limits import Limits
from sandbox.models import Comment, Issue
from sandbox.server import Sandbox

PARALLEL = 32
"""Deliveries that are under way at once."""

_COUNT = re.compile(r'<!-- undersigned \{[^}]*"count":(\d+)')
"""Where our block tells programs the count; a public format."""


def _ours_said(body: str | None) -> int:
    found = _COUNT.search(body or "")
    return int(found[1]) if found else 0


@dataclass(frozen=True, slots=True)
class Contender:
    """A bot: how it is started, how to read from a body how many have signed, and what GitHub allows it."""

    name: str
    command: tuple[str, ...] = ("-m", "bot", "serve")
    said: Callable[[str | None], int] = _ours_said
    limits: Limits = field(default_factory=Limits.like_github)


_NAIVE = ("-m", "benchmarks.rivals.naive")
OURS = Contender("ours")
NAIVE = Contender("naive", _NAIVE, lambda body: len(naive.signatures(body)))
UNLIMITED = Contender("naive, no limits", _NAIVE, NAIVE.said, Limits())


@dataclass(slots=True)
class Storm:
    """A running bot, and the petitions that people sign."""

    sandbox: Sandbox
    bot: Contender
    latency: float
    port: int = 0
    petitions: list[Issue] = field(default_factory=list)
    signers: int = 0
    acts: int = 0
    """How often somebody wrote or edited a comment."""
    comments: list[Comment] = field(default_factory=list)
    calls: Counter[str] = field(default_factory=Counter)
    """Calls of the API, by what they are for; those that are over GitHub's limits also as `refused`."""
    complaints: list[str] = field(default_factory=list)
    """Lines of the log that tell of a mistake of ours, not of GitHub's or the database's; known at the end."""

    async def sign(self, per_second: float, seconds: float, most: int = 10**9, editors: int = 1) -> None:
        """Sign as many people, each another petition in turn; from `most` on, the last `editors` edit it."""
        began, acts = time.monotonic(), 0
        while (passed := time.monotonic() - began) < seconds:
            while acts < int(passed * per_second):
                self.act(most, editors)
                acts += 1
            await asyncio.sleep(0.02)

    def act(self, most: int = 10**9, editors: int = 1) -> None:
        """Sign as one more person, or edit as one who has."""
        if self.signers < most:
            petition = self.petitions[self.signers % len(self.petitions)]
            self.signers += 1
            self.comments.append(self.sandbox.comment(petition, f"signer-{self.signers}"))
        else:
            comment = self.comments[-1 - self.acts % editors]
            self.sandbox.comments.edit(comment, comment.user, f"/sign Signer {self.acts}")
        self.acts += 1

    def answers(self) -> tuple[int, int]:
        """Count the attempts to deliver a comment that were accepted, and those that were not."""
        told = [one for one in self.sandbox.deliveries.log.attempts() if one.delivery.event == "issue_comment"]
        accepted = sum(one.status == "OK" for one in told)
        return accepted, len(told) - accepted

    def shown(self) -> int:
        """Sum up what the bodies say."""
        return sum(self.bot.said(petition.body) for petition in self.petitions)

    @property
    def lost(self) -> int:
        """Return how many have signed and are not counted in the bodies."""
        return self.signers - self.shown()

    async def until_right(self, patience: float = 180.0) -> float:
        """Wait until the bodies count everybody; give the seconds that it took."""
        return await _until(lambda: self.lost <= 0, patience)

    async def until_accepted(self) -> float:
        """Wait until a delivery is accepted that was attempted after now; give the seconds that it took."""
        before = self.answers()[0]
        return await _until(lambda: self.answers()[0] > before, 60.0)

    @web.middleware
    async def count(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Answer like GitHub, which takes a while, and count the call."""
        await asyncio.sleep(self.latency)
        try:
            response = await handler(request)
        except ConnectionResetError:  # the storm is over, and the bot has been ended
            return web.Response()
        is_token, is_thanks = request.path.endswith("/access_tokens"), "/reactions" in request.path
        kind = "token" if is_token else "thanks" if is_thanks else "read" if request.method == "GET" else "write"
        self.calls[kind] += 1
        self.calls["refused"] += response.status in (403, 429)
        return response


@asynccontextmanager
async def storming(
    url: str, petitions: int, bot: Contender = OURS, *, latency: float = 0.0, **more: str
) -> AsyncIterator[Storm]:
    """Run a bot until the context ends, and open petitions for it. What it forgets to close, its log tells."""
    sandbox = Sandbox()
    storm = Storm(sandbox, bot, latency)
    sandbox.limits = bot.limits
    sandbox.deliveries.concurrency = PARALLEL
    sandbox.app.middlewares.append(storm.count)
    await sandbox.start()
    sandbox.repository()
    environment = bot_environment(url, sandbox.api_url) | {
        "GITHUB_APP_ID": str(sandbox.app_id),
        "GITHUB_PRIVATE_KEY": sandbox.private_key,
        "GITHUB_WEBHOOK_SECRET": sandbox.webhook_secret,
        "PYTHONWARNINGS": "default::ResourceWarning",
    }
    with tempfile.TemporaryFile() as log:
        process = start(*bot.command, environment=environment | more, log=log.fileno())
        try:
            storm.port = await asyncio.to_thread(port_of, process, log.fileno())
            sandbox.webhook_url = f"http://127.0.0.1:{storm.port}/webhook"
            storm.petitions = [sandbox.petition(f"Letter {number}", "Dear all,") for number in range(petitions)]
            yield storm
        finally:
            await asyncio.to_thread(end, process)
            await sandbox.stop()
            log.seek(0)
            storm.complaints = complaints(log.read().decode(errors="replace"))


async def _until(holds: Callable[[], bool], patience: float) -> float:
    began = time.monotonic()
    while not holds() and time.monotonic() - began < patience:  # noqa: ASYNC110 - nobody tells
        await asyncio.sleep(0.02)
    return time.monotonic() - began
