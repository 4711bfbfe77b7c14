"""The App that is stored, encrypted: found at the start, imported from the environment, forgotten.

Credentials in the environment take precedence over stored ones.
"""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import replace

from bot import logs
from bot.config import Config
from bot.encryption_and_derived_tokens import WrongKey, decrypt, encrypt
from bot.github.manifest import Registration
from bot.store import Store, StoreError, read_encrypted, read_existing_address
from bot.store_and_github_from_config import open_github, open_store


class NotSetUp(Exception):
    """There is no App yet. Run `python -m bot serve` and open its /setup, or set the GITHUB_… variables."""


class SetUpAlready(Exception):
    """An App is already stored. To replace it, add --replace ."""


async def find_app(config: Config) -> Config | None:
    """Complete a configuration with the stored App, unless it is complete; None where there is none.

    Raises WrongKey and the store's errors.
    """
    if config.has_credentials:
        return config
    found = _decrypt(await read_encrypted(config.database_url), config)
    if found is None:
        return None
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
        hook_url=found.hook_url,
    )
    logs.conceal(complete.secrets())
    return complete


async def with_app(config: Config) -> Config:
    """Complete a configuration with the stored App; raises NotSetUp where there is none."""
    found = await find_app(config)
    if found is None:
        try:
            read_existing_address(config.database_url)
        except StoreError as error:
            raise NotSetUp(f"{NotSetUp.__doc__} Also check DATABASE_URL: {error}.") from None
        raise NotSetUp(NotSetUp.__doc__)
    return found


def _decrypt(encrypted: str | None, config: Config) -> Registration | None:
    """Return the stored App; raises WrongKey."""
    return None if encrypted is None else Registration.read(decrypt(encrypted, config.secret_key))


async def _same_app(store: Store, config: Config) -> Registration | None:
    """Return the stored App, if it is the configured one and can be decrypted."""
    with suppress(WrongKey):
        known = _decrypt(await store.credentials.get(), config)
        if known is not None and known.app_id == config.app_id:
            return known
    return None


async def fill_in(config: Config) -> Config | None:
    """Complete a configuration, value by value, with what is stored; None where nothing that can be read is.

    Raises the store's errors.
    """
    kept = None
    with suppress(WrongKey):
        kept = _decrypt(await read_encrypted(config.database_url), config)
    if kept is None:
        return None
    return replace(
        config,
        app_id=config.app_id or kept.app_id,
        private_key=config.private_key or kept.private_key,
        webhook_secrets=config.webhook_secrets or tuple(kept.webhook_secret.split(",")),
    )


async def import_app(config: Config, *, replacing: bool) -> str:
    """Store the App of the environment, if GitHub knows it; returns its name.

    Raises SetUpAlready, `bot.github.errors` and the store's errors.
    """
    async with open_github(config) as github:
        known = await github.get_app()
    async with open_store(config, make=True) as store:
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
            hook_url="" if kept is None else kept.hook_url,
        )
        encrypted, now = encrypt(brought.text(), config.secret_key, time.time()), int(time.time())
        if replacing:
            await store.credentials.replace(encrypted, now)
        elif not await store.credentials.add(encrypted, now):
            raise SetUpAlready(SetUpAlready.__doc__)
        # An App that exists already needs no page about its installation.
        await store.credentials.record_delivery(now)
        return known.name


async def has_stored_app(config: Config) -> bool:
    """Return whether an App is stored, with whatever key; raises the store's errors."""
    async with open_store(config) as store:
        return await store.credentials.get() is not None


async def drop_app(config: Config) -> bool:
    """Delete the stored App, so that the next start serves the set-up; returns whether there was one.

    Raises the store's errors.
    """
    async with open_store(config) as store:
        return await store.credentials.drop()
