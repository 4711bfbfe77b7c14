"""From no App to a running bot: the set-up in the browser, or an App that exists already.

Credentials in the environment take precedence over stored ones.
"""

from __future__ import annotations

import asyncio
import socket
import time
from contextlib import AsyncExitStack, suppress
from dataclasses import replace
from functools import partial
from typing import Final

import aiohttp
import structlog

from bot import app, logs, operations
from bot.config import Config
from bot.encryption import WrongKey, decrypt, encrypt
from bot.github.manifest import Registration, convert
from bot.store import DatabaseUnavailable, Store, migrate_ahead, read_sealed
from bot.supervisor import Supervisor, wait_for_any
from bot.units import Seconds
from bot.web.rate_limit import RateLimits
from bot.web.server import bind, listen
from bot.web.setup.auth import SetupAuth
from bot.web.setup.routes import SetupWizard

log = structlog.get_logger("setup")

POLL_INTERVAL: Final[Seconds] = 2.0
"""How often the database is checked for an App that another process, or `import-app`, has stored."""


class NotSetUp(Exception):
    """There is no App yet. Start `python -m bot serve` and open its /setup, or set GITHUB_APP_ID and its like."""


class SetUpAlready(Exception):
    """There is a stored App already. To replace it, add --replace ."""


async def serve(config: Config) -> None:
    """Run until SIGTERM or SIGINT: the set-up while there is no App, and then the bot on the same socket.

    Raises CannotListen, WrongKey and the store's errors.
    """
    stop = asyncio.Event()
    with app.stopping_on_signals(stop.set):
        await migrate_ahead(config.database_url)
        found = await find_app(config)
        if found is not None:
            await app.run(found, stop)
            return
        with _bind(config) as address:
            found = await set_up(config, address, stop)
            if found is not None:
                await app.run(found, stop, address)


async def set_up(config: Config, address: socket.socket, stop: asyncio.Event) -> Config | None:
    """Serve the set-up until there is an App; returns the completed configuration, None where `stop` came first."""
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(operations.open_store(config, make=True))
        session = await stack.enter_async_context(aiohttp.ClientSession())
        done = asyncio.Event()

        async def keep(made: Registration) -> bool:
            kept = await store.credentials.add(
                encrypt(made.text(), config.secret_key, time.time()), int(time.time())
            )
            done.set()
            return kept

        async def exchange(code: str, public_url: str) -> Registration:
            return await convert(session, config.api_url, code, public_url, time.time)

        auth = SetupAuth(config.secret_key, time.time)
        limits = RateLimits(proxies=config.trusted_proxies)
        wizard = SetupWizard(auth, exchange, keep, config.api_url, config.public_url, done, limits)
        if await store.credentials.get() is None:
            port = await stack.enter_async_context(listen(wizard.application(), config.host, config.port, address))
            home = config.public_url or f"http://localhost:{port}"
            log.warning("set up", open=f"{home}/setup?token={auth.token}", token=auth.token, port=port)
            watch = Supervisor().start("set_up_watch", partial(_watch, store, done))
            try:
                await wait_for_any((stop, done))
            finally:
                await watch.stop()
    return None if stop.is_set() else await find_app(config)


async def find_app(config: Config) -> Config | None:
    """Complete a configuration with the stored App, unless it is complete; None where there is none.

    Raises WrongKey and the store's errors.
    """
    if config.has_credentials:
        return config
    sealed = await read_sealed(config.database_url)
    if sealed is None:
        return None
    found = Registration.read(decrypt(sealed, config.secret_key))
    has_client = bool(config.client_secret)
    complete = replace(
        config,
        client_id=config.client_id if has_client else found.client_id,
        client_secret=config.client_secret if has_client else found.client_secret,
        app_id=found.app_id,
        private_key=found.private_key,
        webhook_secrets=tuple(found.webhook_secret.split(",")),
        public_url=config.public_url or found.public_url or None,
        app_page=found.html_url,
    )
    logs.conceal(complete.secrets())
    return complete


async def with_app(config: Config) -> Config:
    """Complete a configuration with the stored App; raises NotSetUp where there is none."""
    found = await find_app(config)
    if found is None:
        raise NotSetUp(NotSetUp.__doc__)
    return found


async def import_app(config: Config, *, replacing: bool) -> str:
    """Store the App of the environment, if GitHub knows it; returns its name.

    Raises SetUpAlready, `bot.github.errors` and the store's errors.
    """
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(aiohttp.ClientSession())
        known = await operations.github_of(config, session).get_app()
        store = await stack.enter_async_context(operations.open_store(config, make=True))
        kept = await _same_app(store, config)
        client = config if config.client_secret or kept is None else kept
        brought = Registration(
            app_id=config.app_id,
            private_key=config.private_key,
            webhook_secret=",".join(config.webhook_secrets),
            html_url=known.html_url,
            public_url=config.public_url or ("" if kept is None else kept.public_url),
            client_id=client.client_id,
            client_secret=client.client_secret,
        )
        sealed, now = encrypt(brought.text(), config.secret_key, time.time()), int(time.time())
        if replacing:
            await store.credentials.replace(sealed, now)
        elif not await store.credentials.add(sealed, now):
            raise SetUpAlready(SetUpAlready.__doc__)
        # An App that exists already needs no page about its installation.
        await store.credentials.record_delivery(now)
        return known.name


async def drop_app(config: Config) -> bool:
    """Delete the stored App, so that the next start serves the set-up; returns whether there was one.

    Raises the store's errors.
    """
    async with operations.open_store(config) as store:
        return await store.credentials.drop()


async def _same_app(store: Store, config: Config) -> Registration | None:
    """Return the stored App, if it is the configured one and can be decrypted."""
    sealed = await store.credentials.get()
    with suppress(WrongKey):
        known = None if sealed is None else Registration.read(decrypt(sealed, config.secret_key))
        if known is not None and known.app_id == config.app_id:
            return known
    return None


def _bind(config: Config) -> socket.socket:
    try:
        return bind(config.host, config.port)
    except OSError as error:
        raise app.cannot_listen(config, error) from error


async def _watch(store: Store, done: asyncio.Event) -> None:
    """Poll until there is a stored App."""
    while True:
        try:
            if await store.credentials.get() is not None:
                done.set()
        except DatabaseUnavailable as error:
            log.warning("the database does not answer", error=str(error))
        await asyncio.sleep(POLL_INTERVAL)
