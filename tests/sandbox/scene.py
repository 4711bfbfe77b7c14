"""What every story about the sandbox needs: a clock to turn, a mailbox, somebody who calls the API."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import aiohttp
import jwt
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from sandbox.server import Sandbox

NOON = 1_795_348_800.0
"""22 Nov 2026, 12:00 UTC."""


@dataclass
class Clock:
    """A clock that stands still until it is turned."""

    time: float = NOON

    def __call__(self) -> float:
        return self.time

    def pass_by(self, seconds: float) -> None:
        self.time += seconds


@dataclass(frozen=True)
class Received:
    """One delivery as it arrived."""

    headers: Mapping[str, str]
    body: bytes

    @property
    def event(self) -> str:
        action = self.json.get("action")
        return self.headers["X-GitHub-Event"] + (f".{action}" if action else "")

    @property
    def guid(self) -> str:
        return self.headers["X-GitHub-Delivery"]

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Mailbox:
    """A webhook that keeps what it gets; `answer` decides what it says."""

    received: list[Received] = field(default_factory=list)
    answer: Callable[[], Awaitable[int]] | None = None
    url: str = ""
    _runner: web.AppRunner | None = None

    async def open(self) -> Mailbox:
        app = web.Application(client_max_size=32 * 1024 * 1024)
        app.router.add_post("/webhook", self._take)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/webhook"
        return self

    async def close(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    @property
    def events(self) -> list[str]:
        return [one.event for one in self.received]

    def bodies(self) -> list[str]:
        return [one.json["comment"]["body"] for one in self.received if "comment" in one.json]

    async def _take(self, request: web.Request) -> web.Response:
        self.received.append(Received(dict(request.headers), await request.read()))
        return web.Response(status=200 if self.answer is None else await self.answer(), text="thanks")


@dataclass(frozen=True)
class Reply:
    """An answer of the API."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)

    @property
    def message(self) -> str:
        return str(self.json["message"])

    def link(self, rel: str) -> str | None:
        for part in self.headers.get("Link", "").split(", "):
            url, _, name = part.partition("; ")
            if name == f'rel="{rel}"':
                return url.strip("<>")
        return None


@dataclass
class Api:
    """Somebody who calls the sandbox's API: with the App's installation token unless another one is given."""

    sandbox: Sandbox
    session: aiohttp.ClientSession
    token: str = ""

    async def __call__(
        self, method: str, path: str, body: object = None, *, token: str | None = None, **headers: str
    ) -> Reply:
        url = path if path.startswith("http") else self.sandbox.api_url + path
        credentials = await self.installation_token() if token is None else token
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if credentials:
            sent["Authorization"] = f"Bearer {credentials}"
        async with self.session.request(method, url, json=body, headers=sent, allow_redirects=False) as response:
            return Reply(response.status, response.headers, await response.text())

    async def get(self, path: str, **headers: str) -> Reply:
        return await self("GET", path, **headers)

    async def graphql(self, query: str, *, token: str | None = None, **variables: object) -> Any:
        reply = await self(
            "POST", f"{self.sandbox.web_url}/api/graphql", {"query": query, "variables": variables}, token=token
        )
        assert reply.status == 200, reply.text
        return reply.json

    async def installation_token(self) -> str:
        if not self.token:
            self.token = await self.new_token()
        return self.token

    async def new_token(self) -> str:
        installation = next(iter(self.sandbox.world.installations.values()))
        path = f"/app/installations/{installation.id}/access_tokens"
        reply = await self("POST", path, token=self.jwt())
        assert reply.status == 201, reply.text
        return str(reply.json["token"])

    def jwt(self, **claims: object) -> str:
        now = int(self.sandbox.world.now())
        mine = {"iat": now - 60, "exp": now + 540, "iss": str(self.sandbox.app_id)} | claims
        return jwt.encode(mine, _key(self.sandbox.private_key), algorithm="RS256")


@cache
def _key(pem: str) -> RSAPrivateKey:
    """Read the App's key once; checking it takes a tenth of a second."""
    key = load_pem_private_key(pem.encode(), None)
    assert isinstance(key, RSAPrivateKey)
    return key


async def until(condition: Callable[[], bool]) -> None:
    """Wait for something that is about to happen."""
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110 - the things waited for have no event to wait on
            await asyncio.sleep(0.002)
