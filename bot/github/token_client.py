"""GitHub for the owner of a token: a person, or the job of a workflow, which acts as `github-actions[bot]`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import aiohttp
from gidgethub.sansio import DOMAIN

from bot.github.authentication import PersonalToken
from bot.github.errors import Forbidden, Unavailable
from bot.github.etag_cache import EtagCache
from bot.github.installation import InstallationClient
from bot.github.installation_session import InstallationSession
from bot.github.models import graphql
from bot.github.throttle import Limits, Throttle
from bot.github.transport import Api, Transport
from bot.github.trusted_continuations import ACTIONS
from bot.metrics_hooks import Hooks
from bot.time_types import EpochSeconds, Seconds


def with_token(
    session: aiohttp.ClientSession,
    token: str,
    *,
    api_url: str = DOMAIN,
    now: Callable[[], EpochSeconds],
    sleep: Callable[[Seconds], Awaitable[None]] = asyncio.sleep,
    limits: Limits | None = None,
    hooks: Hooks | None = None,
    cache: EtagCache | None = None,
    installation_id: int = 0,
) -> InstallationClient:
    """Return a client that acts as the owner of a token, and sees what they may see."""
    transport = Transport(session, api_url.rstrip("/"), now, sleep, timeout=30.0, hooks=hooks or Hooks())
    throttle = Throttle(limits or Limits())
    calls = InstallationSession(
        installation_id, Api(transport, throttle, cache), transport, PersonalToken(token), lag=0.0
    )
    return InstallationClient(installation_id, calls, throttle, _Viewer(calls).get_login)


class _Viewer:
    """Who the owner of a token is, asked once."""

    def __init__(self, session: InstallationSession) -> None:
        self._session = session
        self._login: str | None = None

    async def get_login(self) -> str:
        if self._login is None:
            try:
                self._login = graphql.read_viewer(await self._session.graphql(graphql.VIEWER))
            except (Forbidden, Unavailable):
                self._login = ACTIONS
        return self._login
