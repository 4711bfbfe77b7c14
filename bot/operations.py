"""Operations that a command or a page runs once, with the database and GitHub, beside a running bot or without."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
from msgspec import Struct

from bot.config import Config
from bot.doctor import Finding
from bot.doctor.checks import check
from bot.doctor.collected_facts import Target, collect
from bot.github.api_urls import web_url_of
from bot.github.app_client import GitHub
from bot.github.circuit_breaker import CircuitBreaker
from bot.github.sign_in import OAuthClient
from bot.github.throttle import Limits
from bot.github.webhook_client import Reply, send
from bot.links import Addresses, Pages, Site, pages_of
from bot.metrics_hooks import Hooks
from bot.reconcile.resync import ResyncReport, UnknownPetition, resync_by_hand
from bot.store import Forgotten, Inspection, PetitionExport, Recovered, Store, read_existing_address
from bot.store import recover as recover_database
from bot.time_types import EpochSeconds, Seconds, WholeEpochSeconds


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


async def resync(repository: str, number: int, config: Config) -> ResyncReport:
    """Read one petition's comments again and record them; a bot on the same database publishes what that changes.

    Raises UnknownPetition, `bot.github.errors` and the store's errors.
    """
    async with open_store(config) as store, aiohttp.ClientSession() as session:
        github = github_of(config, session)
        return await resync_by_hand(repository, number, store, github, config.petition_label, time.time())


async def forget(who: str, config: Config) -> Forgotten:
    """Erase somebody's details for good, by login or by account number; a bot on the same database publishes that.

    Raises UnknownPetition and the store's errors.
    """
    async with open_store(config) as store:
        login = who.strip().removeprefix("@")
        people = await store.privacy.find_people(login)
        if not people and login.isascii() and login.isdigit() and len(login) < 19:
            people = [int(login)]
        if not people:
            raise UnknownPetition(
                f"the database has nothing of @{login}. If the login has changed, give the account number instead"
            )
        return await store.privacy.forget(people)


async def examine(
    config: Config,
    now: Callable[[], EpochSeconds] = time.time,
    sleep: Callable[[Seconds], Awaitable[None]] = asyncio.sleep,
    *,
    has_trials: bool = True,
) -> list[Finding]:
    """Check the installation that a configuration describes; raises nothing that a finding can say.

    With trials, GitHub is asked to repeat a delivery that has just failed, and about the client secret.
    """
    target = Target(
        config.database_url,
        config.webhook_secrets,
        config.api_url,
        config.public_url,
        config.petition_label,
        OAuthClient(config.api_url, config.client_id, config.client_secret) if config.lets_sign_in else None,
        config.is_stored,
        config.hook_url,
    )
    async with aiohttp.ClientSession() as session:
        github = github_of(config, session, now, sleep)
        return check(await collect(target, github, session, now, sleep if has_trials else None))


async def inspect(petition: tuple[str, int] | None, config: Config) -> list[Inspection]:
    """Check everything that is derived, of one petition (its repository and number) or of all; changes nothing.

    Raises the store's errors.
    """
    async with open_store(config) as store:
        ids = await (
            store.consistency.list_petitions() if petition is None else store.consistency.find_petitions(*petition)
        )
        found = [await store.consistency.inspect(petition_id) for petition_id in ids]
    return [one for one in found if one is not None]


class TakenPetition(Struct, frozen=True):
    """A whole petition as it stood `at`, and the addresses that belong to it."""

    whole: PetitionExport
    pages: Pages
    site: Site
    at: WholeEpochSeconds


async def take(repository: str, number: int, config: Config) -> TakenPetition:
    """Read everything that the database keeps of a petition; raises UnknownPetition and the store's errors."""
    addresses = addresses_of(config)
    async with open_store(config) as store:
        owner, _, name = repository.partition("/")
        found = await store.rosters.find(owner, name, number)
        whole = None if found is None else await store.rosters.get_export(found.petition_id)
    if found is None or whole is None:
        raise UnknownPetition(f"{repository}#{number}: this database has no such petition.")
    base = addresses.public_url or f"http://localhost:{config.port}"
    pages = pages_of(base, found.repository, found.number, found.page_key)
    return TakenPetition(whole, pages, addresses.site, int(time.time()))


async def deliver(payload: bytes, event: str, url: str | None, config: Config, guid: str | None = None) -> Reply:
    """Deliver a payload to an address, or to the bot on this machine that has the same configuration."""
    here = f"http://127.0.0.1:{config.port}/webhook"
    async with aiohttp.ClientSession() as session:
        return await send(session, url or here, event, payload, config.webhook_secrets[0], guid)


async def migrate(config: Config) -> None:
    """Bring the database to this version."""
    async with open_store(config, make=True):
        pass


async def recover(file: Path, config: Config) -> Recovered:
    """Save what can be read from a damaged database into a new file; raises the store's errors."""
    return await recover_database(config.database_url, file, int(time.time()))


def github_of(
    config: Config,
    session: aiohttp.ClientSession,
    now: Callable[[], EpochSeconds] = time.time,
    sleep: Callable[[Seconds], Awaitable[None]] = asyncio.sleep,
    *,
    limits: Limits | None = None,
    lag: Seconds = 0.0,
    hooks: Hooks | None = None,
    circuit_breaker: CircuitBreaker | None = None,
) -> GitHub:
    """Return GitHub's API as the App of a configuration uses it; a command needs none of the options."""
    return GitHub(
        session,
        app_id=config.app_id,
        private_key=config.private_key,
        api_url=config.api_url,
        now=now,
        sleep=sleep,
        limits=limits,
        lag=lag,
        hooks=hooks,
        circuit_breaker=circuit_breaker,
    )


def addresses_of(config: Config, port: int | None = None) -> Addresses:
    """Return the addresses of pages; a public address with port 0 has the port that is listened on, once known."""
    public_url = config.public_url
    if public_url and urlsplit(public_url).port == 0:
        public_url = None if port is None else public_url.removesuffix("0") + str(port)
    return Addresses(Site(web_url_of(config.api_url)), public_url, config.lets_sign_in)
