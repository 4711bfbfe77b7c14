"""What the stories about the client need: the client, a clock, a list of its calls, and answers no GitHub gives."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

import aiohttp
from aiohttp import web
from yarl import URL

from bot import time_types
from bot.github.app_client import GitHub
from bot.github.throttle import Limits
from bot.github.transport import Transport
from sandbox.models import Installation
from sandbox.server import Sandbox

NOON = 1_795_348_800.0
"""22 Nov 2026, 12:00 UTC."""

REPO = "lovelace/letters"


@dataclass
class Clock:
    """A clock that stands still until somebody sleeps."""

    time: float = NOON
    slept: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        return self.time

    def pass_by(self, seconds: float) -> None:
        self.time += seconds

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += seconds


@dataclass(frozen=True)
class Call:
    """One HTTP request that was answered."""

    method: str
    url: URL
    status: int
    headers: Mapping[str, str]

    def __str__(self) -> str:
        return f"{self.method} {self.url.path.removeprefix('/api/v3')} {self.status}"


@dataclass
class Calls:
    """The calls made so far; minting of tokens is kept apart, because hardly any story is about it."""

    all: list[Call] = field(default_factory=list)

    def note(self, method: str, url: URL, status: int, headers: Mapping[str, str]) -> None:
        self.all.append(Call(method, url, status, headers))

    @property
    def made(self) -> list[str]:
        return [str(call) for call in self.all if not call.url.path.endswith("/access_tokens")]

    @property
    def mints(self) -> int:
        return sum(call.url.path.endswith("/access_tokens") for call in self.all)

    def forget(self) -> None:
        self.all.clear()


Forger = Callable[[web.Request], Awaitable[web.StreamResponse | None]]


@dataclass
class Forgery:
    """Somebody between us and GitHub who answers in its place, or looks on while it answers."""

    forger: Forger | None = None
    after: Callable[[web.Request], None] | None = None

    @property
    def middleware(self) -> Callable[..., Awaitable[web.StreamResponse]]:
        @web.middleware
        async def forge(
            request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
        ) -> web.StreamResponse:
            forged = (
                await self.forger(request)
                if self.forger is not None and "access_tokens" not in request.path
                else None
            )
            answer = await handler(request) if forged is None else forged
            if self.after is not None:
                self.after(request)
            return answer

        return forge

    def answers(self, body: str | bytes, status: int = 200, **headers: str) -> None:
        """Answer everything the same way."""

        async def forger(_request: web.Request) -> web.Response:
            shown = {"content-type": "application/json", **{k.replace("_", "-"): v for k, v in headers.items()}}
            content = body.encode() if isinstance(body, str) else body
            return web.Response(status=status, body=content, headers=shown)

        self.forger = forger


def installed(sandbox: Sandbox) -> Installation:
    return next(iter(sandbox.world.installations.values()))


def make_github(
    sandbox: Sandbox,
    session: aiohttp.ClientSession,
    clock: Clock,
    *,
    limits: Limits | None = None,
    timeout: float = 5,
    app_id: str | None = None,
    private_key: str | None = None,
) -> GitHub:
    transport = Transport(session, sandbox.api_url, time_types.Clock(clock, clock.sleep), timeout)
    key = sandbox.private_key if private_key is None else private_key
    return GitHub(transport, app_id=app_id or str(sandbox.app_id), private_key=key, limits=limits)
