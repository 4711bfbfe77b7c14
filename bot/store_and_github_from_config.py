"""Open what a configuration names: the database, GitHub as the App or with a token, and a running bot."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final
from urllib.parse import urlsplit

import aiohttp

from bot.config import Config
from bot.github.api_urls import web_url_of
from bot.github.app_client import GitHub, with_token
from bot.github.circuit_breaker import CircuitBreaker
from bot.github.errors import GitHubError, NotFound
from bot.github.http_exchange import Reply
from bot.github.installation_client import InstallationClient
from bot.github.repository_setup import RepositorySetup
from bot.github.throttle import Limits
from bot.github.transport import Credentials, Transport, make_api
from bot.github.webhooks import send
from bot.links import Addresses, Site
from bot.metrics_hooks import Hooks
from bot.store import Store, read_existing_address
from bot.time_types import Clock, EpochSeconds, Seconds

SYSTEM_CLOCK: Final = Clock(time.time, asyncio.sleep)


@asynccontextmanager
async def open_store(
    config: Config, *, make: bool = False, now: Callable[[], EpochSeconds] = time.time
) -> AsyncIterator[Store]:
    """Open the database of a configuration, brought to this version, and close it; raises the store's errors.

    Unless `make` is given, it must exist: a mistyped name must not create an empty one.
    """
    if not make:
        read_existing_address(config.database_url)
    store = await Store.open(config.database_url, label=config.petition_label, now=now)
    try:
        yield store
    finally:
        await store.close()


@asynccontextmanager
async def open_github(config: Config) -> AsyncIterator[GitHub]:
    """Open GitHub's API as the App of a configuration, for a command that makes a few calls."""
    async with aiohttp.ClientSession() as session:
        yield github_of(config, session)


@asynccontextmanager
async def open_installation(config: Config, repository: str) -> AsyncIterator[InstallationClient]:
    """Open GitHub's API for a repository: with the token, or as the App; raises `bot.github.errors`."""
    async with aiohttp.ClientSession() as session:
        if config.token:
            yield with_token(session, config.token, config.api_url, SYSTEM_CLOCK)
        else:
            github = github_of(config, session)
            yield github.installation(await github.find_installation(repository))


@asynccontextmanager
async def open_repository_setup(config: Config, repository: str) -> AsyncIterator[RepositorySetup]:
    """Open GitHub's API to prepare a repository: with the token, or as the App; raises `bot.github.errors`."""
    async with aiohttp.ClientSession() as session:
        if config.token:
            yield RepositorySetup(make_api(session, config.api_url, time.time), Credentials(token=config.token))
        else:
            github = github_of(config, session)
            try:
                installation_id = await github.find_installation(repository)
            except NotFound:
                raise GitHubError(f"{repository} does not exist, or the App is not installed on it") from None
            yield await github.get_repository_setup(installation_id)


async def deliver(config: Config, event: str, payload: bytes, url: str | None, guid: str | None) -> Reply:
    """Deliver a payload to an address, or to the bot on this machine that has the same configuration."""
    here = f"http://127.0.0.1:{config.port}/webhook"
    async with aiohttp.ClientSession() as session:
        return await send(session, url or here, event, payload, config.webhook_secrets[0], guid)


def github_of(
    config: Config,
    session: aiohttp.ClientSession,
    clock: Clock = SYSTEM_CLOCK,
    *,
    limits: Limits | None = None,
    lag: Seconds = 0.0,
    hooks: Hooks | None = None,
    circuit_breaker: CircuitBreaker | None = None,
) -> GitHub:
    """Return GitHub's API as the App of a configuration uses it; a command needs none of the options."""
    transport = Transport(session, config.api_url, clock, hooks=hooks or Hooks(), circuit_breaker=circuit_breaker)
    return GitHub(transport, app_id=config.app_id, private_key=config.private_key, limits=limits, lag=lag)


def addresses_of(config: Config, port: int | None = None) -> Addresses:
    """Return the addresses of pages; a public address with port 0 has the port that is listened on, once known."""
    public_url = config.public_url
    if public_url and urlsplit(public_url).port == 0:
        public_url = None if port is None else public_url.removesuffix("0") + str(port)
    return Addresses(Site(web_url_of(config.api_url)), public_url, config.lets_sign_in)
