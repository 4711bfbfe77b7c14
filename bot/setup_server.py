"""The server of the set-up in the browser, which runs while there is no App."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import replace
from functools import partial
from typing import Final

import aiohttp
import structlog
from msgspec import Struct, structs

from bot.config import Config
from bot.encryption_and_derived_tokens import encrypt
from bot.github.errors import GitHubError
from bot.github.manifest import Registration, convert
from bot.store import DatabaseUnavailable, Store
from bot.store_and_github_from_config import github_of, open_store
from bot.stored_app_credentials import find_app
from bot.supervisor import Supervisor, wait_for_any
from bot.time_types import Seconds
from bot.web.request_limits import RequestLimits
from bot.web.server import listen
from bot.web.setup.wizard import SetupAuth, SetupWizard

log = structlog.get_logger("setup")

POLL_INTERVAL: Final[Seconds] = 2.0
"""How often the database is checked for an App that another process, or `import-app`, has stored."""


class SetupLink(Struct, frozen=True):
    """The link that opens the set-up: under the public address, if that is known, or else on this machine."""

    token: str
    port: int
    public_url: str | None

    @property
    def url(self) -> str:
        """Return the link."""
        return self._at(self.public_url or f"http://localhost:{self.port}")

    @property
    def elsewhere(self) -> str:
        """Return how the link begins on a server whose address is not known; empty where it is."""
        return "" if self.public_url else self._at("https://YOUR-HOST")

    def _at(self, address: str) -> str:
        return f"{address}/setup?token={self.token}"


Announce = Callable[[SetupLink], None]
"""Shows the link to whoever starts the bot."""


def log_link(link: SetupLink) -> None:
    """Log the link, where nobody sits at a terminal."""
    more = {"on_a_server": link.elsewhere} if link.elsewhere else {}
    log.warning("set up", open=link.url, token=link.token, port=link.port, **more)


async def set_up(
    config: Config, address: socket.socket, stop: asyncio.Event, announce: Announce = log_link
) -> Config | None:
    """Serve the set-up until there is an App; returns the completed configuration, None where `stop` came first."""
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(open_store(config, make=True))
        session = await stack.enter_async_context(aiohttp.ClientSession())
        done = asyncio.Event()

        async def keep(made: Registration) -> bool:
            encrypted = encrypt(made.text(), config.secret_key, time.time())
            kept = await store.credentials.add(encrypted, int(time.time()))
            done.set()
            return kept

        async def exchange(code: str, public_url: str) -> Registration:
            made = await convert(session, config.api_url, code, public_url, time.time)
            github = github_of(replace(config, app_id=made.app_id, private_key=made.private_key), session)
            # Only GitHub knows by now whether another address was given for deliveries. The code is used up, so
            # that nothing else may go wrong.
            with suppress(GitHubError):
                hook_url = (await github.get_hook_config()).url or ""
                if hook_url != f"{made.public_url}/webhook":
                    made = structs.replace(made, hook_url=hook_url)
            return made

        auth = SetupAuth(config.secret_key, time.time)
        limits = RequestLimits(proxies=config.trusted_proxies)
        wizard = SetupWizard(auth, exchange, keep, config.api_url, config.public_url, done, limits)
        if await store.credentials.get() is None:
            port = await stack.enter_async_context(listen(wizard.application(), config.host, config.port, address))
            announce(SetupLink(auth.token, port, config.public_url))
            watch = Supervisor().start("set_up_watch", partial(_watch, store, done))
            try:
                await wait_for_any((stop, done))
            finally:
                await watch.stop()
    return None if stop.is_set() else await find_app(config)


async def _watch(store: Store, done: asyncio.Event) -> None:
    """Poll until there is a stored App."""
    while True:
        try:
            if await store.credentials.get() is not None:
                done.set()
        except DatabaseUnavailable as error:
            log.warning("the database does not respond", error=str(error))
        await asyncio.sleep(POLL_INTERVAL)
