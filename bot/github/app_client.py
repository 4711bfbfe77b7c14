"""The clients of GitHub's API: for the App itself, for each of its installations, and for the owner of a token."""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from functools import partial
from typing import Final
from urllib.parse import parse_qs, urlsplit

import aiohttp
import msgspec
from cachetools import LRUCache
from msgspec import Struct

from bot.github.authentication import AppKey, PersonalToken, Tokens
from bot.github.circuit_breaker import get_meta
from bot.github.errors import Forbidden, Unavailable
from bot.github.etag_cache import EtagCache, make_response_store
from bot.github.installation_client import InstallationClient, named
from bot.github.installation_requests import InstallationSession
from bot.github.models import graphql
from bot.github.models.rest import ACTIONS, AccountModel, Id, IdModel, Time, account_name, epoch, expect
from bot.github.repository_setup import RepositorySetup
from bot.github.throttle import Limits, Throttle
from bot.github.transport import PAGE_SIZE, Api, ApiResponse, Credentials, Transport, Variables, read_pages
from bot.metrics_hooks import Hooks
from bot.time_types import Clock, EpochSeconds, Seconds, WholeEpochSeconds

CLOCK_TIMEOUT: Final[Seconds] = 10.0

CACHE_BYTES: Final = 8 * 1024 * 1024
"""Bytes of cached responses, for all installations together: some 150,000 comments."""

MAX_CLIENTS: Final = 10_000
"""Installations whose clients are kept; those used least recently are dropped."""


class AppInfo(Struct, frozen=True, gc=False):
    """The App as GitHub knows it; `permissions` and `events` are what it asks of new installations."""

    id: Id
    slug: str
    name: str
    html_url: str
    permissions: dict[str, str]
    events: tuple[str, ...]


class Installation(Struct, frozen=True, gc=False):
    """An installation with what its account's owner has granted."""

    id: Id
    owner: AccountModel | None = msgspec.field(name="account")
    permissions: dict[str, str]
    events: tuple[str, ...]
    html_url: str = ""
    suspended_at: Time | None = None

    @property
    def account(self) -> str:
        """Return the name of the account."""
        return account_name(self.owner)

    @property
    def suspended(self) -> bool:
        """Return whether GitHub or the owner has suspended it."""
        return self.suspended_at is not None


class HookConfig(Struct, frozen=True, gc=False):
    """Where and how GitHub delivers; of the secret GitHub shows only stars."""

    url: str | None = None
    insecure_ssl: str | float | None = None
    secret: str | None = None

    @property
    def is_insecure(self) -> bool:
        """Return whether GitHub does not check certificates."""
        return self.insecure_ssl in ("1", 1)


class HookDelivery(Struct, frozen=True, gc=False):
    """One attempt to deliver; all attempts of one delivery share the `guid`. It succeeded if `status` is `OK`."""

    id: Id
    guid: str
    delivered_at: Time
    status: str
    status_code: int

    @property
    def at(self) -> WholeEpochSeconds:
        """Return when it was made."""
        return epoch(self.delivered_at)


class DeliveryPage(Struct, frozen=True):
    """Attempts to deliver, newest first; `cursor` is of the next page, None on the last."""

    deliveries: tuple[HookDelivery, ...]
    cursor: str | None


class GitHub:
    """GitHub for this App: one for each process.

    A read is dated `lag` seconds back: GitHub may answer with what was true a few seconds ago, and then a delivery
    that arrived meanwhile takes precedence.
    """

    def __init__(
        self, transport: Transport, app_id: str, private_key: str, limits: Limits | None = None, lag: Seconds = 0.0
    ) -> None:
        self._limits = limits or Limits()
        self._lag = lag
        self._key = AppKey(app_id, private_key, transport.clock.now)
        self._api = Api(transport, Throttle(self._limits))
        self._tokens = Tokens(self._api, self._key, transport.clock.now)
        self._responses = make_response_store(CACHE_BYTES)
        self._login: str | None = None
        self._installations: LRUCache[int, InstallationClient] = LRUCache(MAX_CLIENTS)

    def installation(self, installation_id: int) -> InstallationClient:
        """Return the one client that works for an installation."""
        client = self._installations.get(installation_id)
        if client is None:
            cache = EtagCache(self._responses, installation_id)
            api = Api(self._api.transport, Throttle(self._limits), cache)
            session = InstallationSession(installation_id, api, self._tokens, self._lag)
            client = InstallationClient(installation_id, session, self.get_login)
            self._installations[installation_id] = client
        return client

    def forget(self, installation_id: int) -> None:
        """Drop what is kept of an installation that is gone: its client, limits, token and cached responses."""
        self._installations.pop(installation_id, None)
        self._tokens.drop(installation_id)
        EtagCache(self._responses, installation_id).clear()

    async def unreachable_until(self) -> EpochSeconds | None:
        """Return the time of the next probe, while GitHub cannot be reached; None otherwise."""
        breaker = self._api.transport.circuit_breaker
        return None if breaker is None else await breaker.until()

    def remaining_calls(self) -> dict[str, int]:
        """Return how many calls are left in each of GitHub's buckets, for the installation that has the fewest."""
        least = self._api.throttle.remaining(self._api.transport.clock.now())
        for client in self._installations.values():
            for resource, left in client.remaining_calls().items():
                least[resource] = min(left, least.get(resource, left))
        return least

    async def get_app(self) -> AppInfo:
        """Read the App itself."""
        return expect(AppInfo, (await self._request("GET", "/app")).data)

    async def get_login(self) -> str:
        """Return the login of the account as which the App acts; it is read once."""
        if self._login is None:
            self._login = f"{(await self.get_app()).slug}[bot]"
        return self._login

    async def get_clock_skew(self) -> Seconds | None:
        """Return how far our clock is ahead; negative if it is behind, None where GitHub gives no time."""
        transport = self._api.transport
        began = transport.clock.now()
        try:
            response = await get_meta(transport.session, transport.base_url, CLOCK_TIMEOUT)
            # GitHub cuts the fraction off.
            theirs = parsedate_to_datetime(response.headers["Date"]).timestamp() + 0.5
        except (Unavailable, LookupError, ValueError):
            return None
        return (began + transport.clock.now()) / 2 - theirs

    async def list_installations(self) -> tuple[Installation, ...]:
        """List the App's installations, suspended ones too."""
        found: list[Installation] = []
        async for page in read_pages(partial(self._request, "GET"), "/app/installations?per_page=100", {}):
            found += expect(list[Installation], page.data)
        return tuple(found)

    async def find_installation(self, repo: str) -> int:
        """Find the id of the installation that covers a repository; raises NotFound where there is none."""
        response = await self._request("GET", "/repos/{owner}/{name}/installation", named(repo))
        return expect(IdModel, response.data).id

    async def get_hook_config(self) -> HookConfig:
        """Read where and how GitHub delivers."""
        return expect(HookConfig, (await self._request("GET", "/app/hook/config")).data)

    async def list_hook_deliveries(self, cursor: str | None = None) -> DeliveryPage:
        """Read a page of the log of the last days' deliveries, newest first; `cursor` is from the page before."""
        variables = {"per_page": PAGE_SIZE} | ({} if cursor is None else {"cursor": cursor})
        response = await self._request("GET", "/app/hook/deliveries{?per_page,cursor}", variables)
        following = parse_qs(urlsplit(response.next_url or "").query).get("cursor")
        deliveries = expect(tuple[HookDelivery, ...], response.data)
        return DeliveryPage(deliveries, following[0] if following else None)

    async def redeliver(self, delivery_id: int) -> None:
        """Ask GitHub to deliver once more; it does so a little later, under the same GUID."""
        await self._request("POST", "/app/hook/deliveries/{id}/attempts", {"id": delivery_id})

    async def get_repository_setup(self, installation_id: int) -> RepositorySetup:
        """Return what sets a repository up in the name of the App, which may not be allowed all of it."""
        token = await self._tokens.token(installation_id)
        return RepositorySetup(self._api, Credentials(token=token.value))

    async def _request(self, method: str, url: str, variables: Variables | None = None) -> ApiResponse:
        return await self._api.request(method, url, variables or {}, self._key.credentials())


def with_token(
    session: aiohttp.ClientSession,
    token: str,
    api_url: str,
    clock: Clock,
    *,
    hooks: Hooks | None = None,
    cache: EtagCache | None = None,
    installation_id: int = 0,
) -> InstallationClient:
    """Return a client that acts as the owner of a token: a person, or the job of a workflow."""
    api = Api(Transport(session, api_url, clock, timeout=30.0, hooks=hooks or Hooks()), Throttle(), cache)
    calls = InstallationSession(installation_id, api, PersonalToken(token), lag=0.0)
    login: str | None = None

    async def get_login() -> str:
        nonlocal login
        if login is None:
            try:
                login = graphql.read_viewer(await calls.graphql(graphql.VIEWER))
            except (Forbidden, Unavailable):
                login = ACTIONS
        return login

    return InstallationClient(installation_id, calls, get_login)
