"""Collect the facts: from GitHub, from the database, and from the running bot."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

import aiohttp
import msgspec

from bot.doctor.facts import AppFacts, ClientFacts, Facts, InstallationFacts, Target
from bot.github.client import GitHub
from bot.github.errors import GitHubError
from bot.github.models.rest import HookDelivery, Installation
from bot.github.webhooks import Reply, fetch, send
from bot.reconcile.redelivery import REACH
from bot.store import check_health
from bot.units import EpochSeconds, WholeEpochSeconds

MAX_PAGES: Final = 10
"""Pages of the log of deliveries that are read; there can be thousands, and somebody is waiting."""

MAX_REPOSITORIES: Final = 30
"""Repositories of an installation in which the label is searched."""

PING: Final = b'{"zen": "Who examines the examiner?"}'


async def collect(
    target: Target, github: GitHub, session: aiohttp.ClientSession, now: Callable[[], EpochSeconds]
) -> Facts:
    """Collect the facts; what cannot be read is a fact too."""
    async with asyncio.TaskGroup() as group:
        health = group.create_task(check_health(target.database_url))
        skew = group.create_task(github.get_clock_skew())
        app_facts = group.create_task(_read_app(github, target.label, now))
        readiness = group.create_task(_fetch_readiness(target, session))
    delivered = await _send_ping(target, app_facts.result(), session)
    return Facts(
        target=target,
        health=health.result(),
        skew=skew.result(),
        app_facts=app_facts.result(),
        readiness=readiness.result(),
        delivered=delivered,
        client=_client(delivered),
    )


async def _read_app(github: GitHub, label: str, now: Callable[[], EpochSeconds]) -> AppFacts | GitHubError:
    try:
        app, hook = await github.get_app(), await github.get_hook_config()
        deliveries = await _deliveries(github, int(now()) - REACH)
        installations = [await _read_installation(github, one, label) for one in await github.list_installations()]
    except GitHubError as error:
        return error
    return AppFacts(app, hook, deliveries, tuple(installations))


async def _deliveries(github: GitHub, since: WholeEpochSeconds) -> tuple[HookDelivery, ...]:
    found: list[HookDelivery] = []
    cursor: str | None = None
    for _ in range(MAX_PAGES):
        page = await github.list_hook_deliveries(cursor)
        found += (one for one in page.deliveries if one.delivered_at >= since)
        cursor = page.cursor
        if cursor is None or not page.deliveries or page.deliveries[-1].delivered_at < since:
            break
    return tuple(found)


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


async def _fetch_readiness(target: Target, session: aiohttp.ClientSession) -> Reply | None:
    return None if target.public_url is None else await fetch(session, f"{target.public_url}/readyz")


async def _send_ping(
    target: Target, app_facts: AppFacts | GitHubError, session: aiohttp.ClientSession
) -> Reply | None:
    """Send a signed ping to `PUBLIC_URL`, or else to where GitHub delivers."""
    url = None if isinstance(app_facts, GitHubError) else app_facts.hook.url
    if target.public_url is not None:
        url = f"{target.public_url}/webhook"
    return None if not url else await send(session, url, "ping", PING, target.secrets[0])


def _client(delivered: Reply | None) -> ClientFacts | None:
    if delivered is None or not delivered.is_good:
        return None
    try:
        return msgspec.json.decode(delivered.text, type=_Answer).caller
    except msgspec.MsgspecError:
        return None


class _Answer(msgspec.Struct):
    caller: ClientFacts | None = None
