"""Find out everything that the doctor judges: at GitHub, in the database, and at one's own front door."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

import aiohttp
import msgspec

from bot.doctor.facts import AtGitHub, Facts, Place, Seen, Target
from bot.github.client import GitHub
from bot.github.errors import GitHubError
from bot.github.meta import clock_skew
from bot.github.models.rest import HookDelivery, Installation
from bot.github.webhook_sender import Reply, fetch, send
from bot.reconcile.redelivery import REACH
from bot.store import check_health

PAGES: Final = 10
"""Of the log of deliveries; a storm leaves thousands of them, and whoever asks is waiting."""

REPOSITORIES: Final = 30
"""Of an installation, in which the label is looked for."""

PING: Final = b'{"zen": "Who examines the examiner?"}'


async def gather(
    patient: Target, github: GitHub, session: aiohttp.ClientSession, now: Callable[[], float]
) -> Facts:
    """Gather the facts; what cannot be found out is a fact as well."""
    async with asyncio.TaskGroup() as group:
        health = group.create_task(check_health(patient.database_url))
        skew = group.create_task(clock_skew(session, patient.api_url, now))
        asked = group.create_task(_ask(github, patient.label, now))
        home = group.create_task(_knock(patient, session))
    delivered = await _deliver(patient, asked.result(), session)
    return Facts(
        patient=patient,
        health=health.result(),
        skew=skew.result(),
        at_github=asked.result(),
        home=home.result(),
        delivered=delivered,
        seen=_seen(delivered),
    )


async def _ask(github: GitHub, label: str, now: Callable[[], float]) -> AtGitHub | GitHubError:
    try:
        app, hook = await github.get_app(), await github.get_hook_config()
        deliveries = await _deliveries(github, int(now()) - REACH)
        places = [await _visit(github, one, label) for one in await github.list_installations()]
    except GitHubError as error:
        return error
    return AtGitHub(app, hook, deliveries, tuple(places))


async def _deliveries(github: GitHub, since: int) -> tuple[HookDelivery, ...]:
    found: list[HookDelivery] = []
    cursor: str | None = None
    for _ in range(PAGES):
        page = await github.list_hook_deliveries(cursor)
        found += (one for one in page.deliveries if one.delivered_at >= since)
        cursor = page.cursor
        if cursor is None or not page.deliveries or page.deliveries[-1].delivered_at < since:
            break
    return tuple(found)


async def _visit(github: GitHub, installation: Installation, label: str) -> Place:
    """Look for the label; that an installation lets nobody look is for its own finding."""
    if installation.suspended:
        return Place(installation)
    client = github.installation(installation.id)
    try:
        repositories = [one for one in await client.list_repositories() if not one.archived]
        looked_at = repositories[:REPOSITORIES]
        labelled = [await client.has_label(one.full_name, label) for one in looked_at]
    except GitHubError:
        return Place(installation)
    return Place(installation, len(looked_at), sum(labelled), len(looked_at) == len(repositories))


async def _knock(patient: Target, session: aiohttp.ClientSession) -> Reply | None:
    return None if patient.public_url is None else await fetch(session, f"{patient.public_url}/readyz")


async def _deliver(
    patient: Target, at_github: AtGitHub | GitHubError, session: aiohttp.ClientSession
) -> Reply | None:
    """Deliver a ping, to where GitHub delivers unless we know better."""
    url = None if isinstance(at_github, GitHubError) else at_github.hook.url
    if patient.public_url is not None:
        url = f"{patient.public_url}/webhook"
    return None if not url else await send(session, url, "ping", PING, patient.secrets[0])


def _seen(delivered: Reply | None) -> Seen | None:
    if delivered is None or not delivered.is_good:
        return None
    try:
        return msgspec.json.decode(delivered.text, type=_Answer).caller
    except msgspec.MsgspecError:
        return None


class _Answer(msgspec.Struct):
    caller: Seen | None = None
