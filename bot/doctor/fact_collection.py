"""The facts that the doctor checks, collected from GitHub, from the database, and from the running bot.

Each fact is a value, also that something could not be read.
"""

from __future__ import annotations

import asyncio
from typing import Final

import aiohttp
import msgspec
from msgspec import Struct

from bot.config import Config
from bot.github.app_client import AppInfo, GitHub, HookConfig, HookDelivery, Installation
from bot.github.errors import GitHubError, NotFound, Unavailable, Unprocessable
from bot.github.http_exchange import Reply, fetch
from bot.github.sign_in import OAuthClient, probe
from bot.github.webhooks import send
from bot.reconcile.redelivery import REACH, DeliveryLog, read_log
from bot.store import Health, check_health
from bot.store_and_github_from_config import github_of
from bot.time_types import Clock, Seconds


class InstallationFacts(Struct, frozen=True):
    """An installation, and in how many of its repositories the label was searched and found.

    `searched` is None where the repositories could not be read.
    """

    installation: Installation
    searched: int | None = None
    labelled: int = 0
    is_complete: bool = True
    """Whether all repositories were searched."""


class AppFacts(Struct, frozen=True):
    """The App as GitHub has it."""

    app: AppInfo
    hook: HookConfig
    deliveries: DeliveryLog
    """Of the last three days, at most a thousand attempts."""
    installations: tuple[InstallationFacts, ...]


class ClientFacts(Struct, frozen=True):
    """The client of the doctor's delivery as the running bot saw it: its peer, and the address it counted for.

    `forwarded` is the number of addresses in `X-Forwarded-For`, `proxies` the configured number of proxies.
    """

    peer: str
    near: bool
    forwarded: int
    proxies: int | None
    address: str


class Facts(Struct, frozen=True, kw_only=True):
    """All facts. `skew` is that of this computer's clock, None where GitHub gives no time."""

    config: Config
    health: Health
    skew: Seconds | None
    app_facts: AppFacts | GitHubError
    readiness: Reply | None
    """The answer of `PUBLIC_URL`/readyz; None where there is no `PUBLIC_URL`."""
    delivered: Reply | None
    """The answer to a delivery that the doctor signed; None where its address is not known."""
    sign_in: str | None = None
    """GitHub's error for a made-up code of somebody who signs in; None where it was not asked or gave no answer."""

    @property
    def client(self) -> ClientFacts | None:
        """Return the client of that delivery; None where the answer does not have it."""
        if self.delivered is None or not self.delivered.is_good:
            return None
        try:
            return msgspec.json.decode(self.delivered.text, type=_Answer).caller
        except msgspec.MsgspecError:
            return None


class _Answer(Struct):
    caller: ClientFacts | None = None


MAX_PAGES: Final = 10
"""Pages of the log of deliveries that are read; there can be thousands, and somebody is waiting."""

MAX_REPOSITORIES: Final = 30
"""Repositories of an installation in which the label is searched."""

TRIAL_PAUSE: Final[Seconds] = 0.5
TRIAL_LOOKS: Final = 20
"""How often the log of deliveries is read until the one that was asked for is in it."""

PING: Final = b'{"zen": "Who examines the examiner?"}'


async def collect(config: Config, clock: Clock, *, has_trials: bool) -> Facts:
    """Collect the facts; what cannot be read is a fact too. Without trials GitHub is asked to try nothing."""
    async with aiohttp.ClientSession() as session, asyncio.TaskGroup() as group:
        github = github_of(config, session, clock)
        health = group.create_task(check_health(config.database_url))
        skew = group.create_task(github.get_clock_skew())
        sign_in = group.create_task(_try_sign_in(config, session, has_trials=has_trials))
        readiness = group.create_task(_fetch_readiness(config, session))
        app_facts = await _read_app(github, config.petition_label, clock, has_trials=has_trials)
        delivered = await _send_ping(config, app_facts, session)
    return Facts(
        config=config,
        health=health.result(),
        skew=skew.result(),
        app_facts=app_facts,
        readiness=readiness.result(),
        delivered=delivered,
        sign_in=sign_in.result(),
    )


async def _try_sign_in(config: Config, session: aiohttp.ClientSession, *, has_trials: bool) -> str | None:
    if not (has_trials and config.lets_sign_in):
        return None
    try:
        return await probe(session, OAuthClient(config.api_url, config.client_id, config.client_secret))
    except Unavailable:
        return None


async def _read_app(github: GitHub, label: str, clock: Clock, *, has_trials: bool) -> AppFacts | GitHubError:
    try:
        app, hook = await github.get_app(), await github.get_hook_config()
        since = int(clock.now()) - REACH
        deliveries = await read_log(github, since, MAX_PAGES)
        newest = deliveries.newest
        if hook.url and has_trials and newest is not None and newest.status != "OK":
            await _repeat(github, newest, clock)
            deliveries = await read_log(github, since, MAX_PAGES)
        installations = [await _read_installation(github, one, label) for one in await github.list_installations()]
    except GitHubError as error:
        return error
    return AppFacts(app, hook, deliveries, tuple(installations))


async def _repeat(github: GitHub, failed: HookDelivery, clock: Clock) -> None:
    """Have GitHub repeat a delivery, and wait until that is in its log: nobody else can try the whole way."""
    try:
        await github.redeliver(failed.id)
    except (NotFound, Unprocessable):
        return
    for _ in range(TRIAL_LOOKS):
        await clock.sleep(TRIAL_PAUSE)
        page = await github.list_hook_deliveries()
        if any(one.guid == failed.guid and one.id != failed.id for one in page.deliveries):
            return


async def _read_installation(github: GitHub, installation: Installation, label: str) -> InstallationFacts:
    """Search the label; missing permissions have a finding of their own."""
    if installation.suspended:
        return InstallationFacts(installation)
    client = github.installation(installation.id)
    try:
        repositories = [one for one in await client.list_repositories() if not one.archived]
        searched = repositories[:MAX_REPOSITORIES]
        labelled = [await client.has_label(one.full_name, label) for one in searched]
    except GitHubError:
        return InstallationFacts(installation)
    return InstallationFacts(installation, len(searched), sum(labelled), len(searched) == len(repositories))


async def _fetch_readiness(config: Config, session: aiohttp.ClientSession) -> Reply | None:
    return None if config.public_url is None else await fetch(session, "GET", f"{config.public_url}/readyz")


async def _send_ping(
    config: Config, app_facts: AppFacts | GitHubError, session: aiohttp.ClientSession
) -> Reply | None:
    """Send a signed ping to `PUBLIC_URL`, or else to where GitHub delivers."""
    url = None if isinstance(app_facts, GitHubError) else app_facts.hook.url
    if config.public_url is not None:
        url = f"{config.public_url}/webhook"
    return None if not url else await send(session, url, "ping", PING, config.webhook_secrets[0])
