"""What the bot asks of GitHub: as an installation for its repositories, and as the App for itself."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from urllib.parse import parse_qs, urlsplit

import aiohttp
from gidgethub.sansio import DOMAIN

from bot.github.circuit_breaker import CircuitBreaker
from bot.github.errors import Forbidden
from bot.github.etag_cache import EtagCache, room
from bot.github.installation import InstallationClient, named
from bot.github.models.rest import (
    AppAnswer,
    AppInfo,
    DeliveryPage,
    HookConfig,
    HookConfigAnswer,
    HookDeliveryAnswer,
    Installation,
    InstallationAnswer,
    expect,
)
from bot.github.models.webhooks import Identified
from bot.github.paging import PAGE, pages_of
from bot.github.repository_setup import RepositorySetup
from bot.github.session import InstallationSession
from bot.github.throttle import Limits, Throttle
from bot.github.tokens import AppKey, PersonalToken, Tokens
from bot.github.transport import Answer, Api, Credentials, Transport, Variables
from bot.hooks import Hooks

MEMORY = 8 * 1024 * 1024
"""Bytes of answers that are remembered, for all installations together: some 150,000 comments."""


class GitHub:
    """GitHub for this App: one for each process, on the caller's HTTP session.

    `now` tells UTC epoch seconds. A read is dated `lag` seconds back: GitHub may answer with what was true a few
    seconds ago, and then what a delivery has told meanwhile must win. With an `outage` it is found out once for all
    whether GitHub can be reached; whoever calls once and tells somebody needs none.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        *,
        app_id: str,
        private_key: str,
        api_url: str = DOMAIN,
        now: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        timeout: float = 10.0,
        limits: Limits | None = None,
        lag: float = 0.0,
        hooks: Hooks | None = None,
        outage: CircuitBreaker | None = None,
    ) -> None:
        self._line = Transport(
            session, api_url.rstrip("/"), now, sleep, timeout, hooks=hooks or Hooks(), outage=outage
        )
        self._limits = limits or Limits()
        self._lag = lag
        self._key = AppKey(app_id, private_key, now)
        self._paces = [Throttle(self._limits)]
        self._api = Api(self._line, self._paces[0])
        self._tokens = Tokens(self._api, self._key, now)
        self._room = room(MEMORY)
        self._login: str | None = None
        self._installations: dict[int, InstallationClient] = {}

    def installation(self, installation_id: int) -> InstallationClient:
        """Return the one client that works for an installation."""
        client = self._installations.get(installation_id)
        if client is None:
            pace = Throttle(self._limits)
            api = Api(self._line, pace, EtagCache(self._room, installation_id))
            calls = InstallationSession(installation_id, api, self._line, self._tokens, lag=self._lag)
            client = InstallationClient(installation_id, calls, pace, self.bot_login)
            self._paces.append(pace)
            self._installations[installation_id] = client
        return client

    async def unreachable_until(self) -> float | None:
        """Return the time at which GitHub is asked again, while nobody can reach it; None otherwise."""
        outage = self._line.outage
        return None if outage is None else await outage.until()

    def budget(self) -> dict[str, int]:
        """Return for each of GitHub's buckets how many calls whoever has the fewest may still make."""
        least: dict[str, int] = {}
        for pace in self._paces:
            for resource, left in pace.left(self._line.now()).items():
                least[resource] = min(left, least.get(resource, left))
        return least

    async def app(self) -> AppInfo:
        """Read the App itself."""
        return expect(AppAnswer, (await self._ask("GET", "/app")).data).info()

    async def bot_login(self) -> str:
        """Return the login of the account as which the App acts; it is asked for once."""
        if self._login is None:
            self._login = f"{(await self.app()).slug}[bot]"
        return self._login

    async def installations(self) -> tuple[Installation, ...]:
        """List the App's installations, suspended ones too."""
        found: list[Installation] = []
        async for page in pages_of(self._get, "/app/installations{?per_page}", {"per_page": PAGE}):
            found += (one.installation() for one in expect(list[InstallationAnswer], page.data))
        return tuple(found)

    async def installation_of(self, repo: str) -> int:
        """Find the id of the installation that covers a repository; raises NotFound where there is none."""
        answer = await self._ask("GET", "/repos/{owner}/{name}/installation", named(repo))
        return expect(Identified, answer.data).id

    async def hook_config(self) -> HookConfig:
        """Read where and how GitHub delivers."""
        return expect(HookConfigAnswer, (await self._ask("GET", "/app/hook/config")).data).config()

    async def hook_deliveries(self, cursor: str | None = None) -> DeliveryPage:
        """Read a page of the log of the last days' deliveries, newest first; `cursor` is the page before's."""
        variables = {"per_page": PAGE} | ({} if cursor is None else {"cursor": cursor})
        answer = await self._ask("GET", "/app/hook/deliveries{?per_page,cursor}", variables)
        following = parse_qs(urlsplit(answer.more or "").query).get("cursor")
        deliveries = tuple(one.delivery() for one in expect(list[HookDeliveryAnswer], answer.data))
        return DeliveryPage(deliveries, following[0] if following else None)

    async def redeliver(self, delivery_id: int) -> None:
        """Ask GitHub to deliver once more; it does so a little later, under the same GUID."""
        await self._ask("POST", "/app/hook/deliveries/{id}/attempts", {"id": delivery_id})

    async def furnisher(self, installation_id: int) -> RepositorySetup:
        """Return what prepares a repository in the name of the App, which may not be allowed all of it."""
        token = await self._tokens.token(installation_id)
        return RepositorySetup(self._api, Credentials(token=token.value))

    async def _get(self, url: str, variables: Variables) -> Answer:
        return await self._ask("GET", url, variables)

    async def _ask(self, method: str, url: str, variables: Variables | None = None) -> Answer:
        return await self._api.ask(method, url, variables or {}, self._key.credentials())


def with_token(
    session: aiohttp.ClientSession,
    token: str,
    *,
    api_url: str = DOMAIN,
    now: Callable[[], float],
) -> InstallationClient:
    """Return a client that acts as the person to whom a token belongs, and sees what that person may see."""
    line = Transport(session, api_url.rstrip("/"), now, asyncio.sleep, timeout=30.0)
    pace = Throttle()
    calls = InstallationSession(0, Api(line, pace), line, PersonalToken(token), lag=0.0)
    return InstallationClient(0, calls, pace, _nobody)


async def _nobody() -> str:
    raise Forbidden("a personal token belongs to no App")
