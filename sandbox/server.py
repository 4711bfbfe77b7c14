"""The sandbox as a server: state, API and deliveries under one roof, with helpers that set a scene.

sandbox = Sandbox(now=time.time)
await sandbox.start()
sandbox.webhook_url = "http://127.0.0.1:8080/webhook"
petition = sandbox.petition("A letter", "Dear all,")
sandbox.state.comment(petition, sandbox.user("ada"), "/sign Ada Lovelace")
await sandbox.settled()
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from aiohttp import web

from sandbox.api.app import PREFIX, Api
from sandbox.api.keys import Keychain
from sandbox.api.limits import Limits, Meter
from sandbox.api.replica import Replica
from sandbox.deliveries import Deliveries
from sandbox.faults import Faults, Luck
from sandbox.nouns import Comment, Issue, Repository, User
from sandbox.registration import Registration
from sandbox.shapes import Urls
from sandbox.state import State

LETTERS = "lovelace/letters"
"""The repository of a scene that names none."""


class Sandbox:
    """A GitHub on this machine, with the App under test."""

    def __init__(
        self, *, now: Callable[[], float] = time.time, seed: int = 0, faults: Faults | None = None
    ) -> None:
        self.state = State(now=now, seed=seed)
        self.luck = Luck()
        self.keychain = Keychain(self.state)
        self.meter = Meter(now)
        self.replica = Replica(self.state)
        self.deliveries = Deliveries(self.state, self.luck, secret=self.state.random.randbytes(20).hex())
        self.app = web.Application(client_max_size=32 * 1024 * 1024)
        """The application to mount pages on, before `start`."""
        self.registration = Registration(self.state, self.deliveries)
        Api(
            self.state,
            self.keychain,
            self.meter,
            self.replica,
            self.deliveries,
            self.registration,
            self.luck,
        ).mount(self.app)
        self._runner: web.AppRunner | None = None
        self.faults = faults or Faults(seed=seed)

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Listen and deliver; port 0 takes a free one."""
        self._runner = web.AppRunner(self.app, access_log=None, shutdown_timeout=0.5)
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, port)
        try:
            await site.start()
        except OSError:  # the port is taken; another call may name another one
            await self._runner.cleanup()
            raise
        bound = self._runner.addresses[0][1]
        web_url = f"http://{host}:{bound}"
        self.state.urls = Urls(api=f"{web_url}{PREFIX}", web=web_url)
        await self.deliveries.start()

    async def stop(self) -> None:
        """Stop delivering and listening; what waits is lost."""
        await self.deliveries.stop()
        if self._runner is not None:
            await _hang_up(self._runner)
            await self._runner.cleanup()

    async def settled(self) -> None:
        """Wait until all deliveries have been answered or have failed."""
        await self.deliveries.settled()

    @property
    def api_url(self) -> str:
        """Where REST is; set it as `GITHUB_API_URL`."""
        return self.state.urls.api

    @property
    def graphql_url(self) -> str:
        """Where GraphQL is, as on GitHub Enterprise Server."""
        return self.state.urls.graphql

    @property
    def web_url(self) -> str:
        """Where the pages are."""
        return self.state.urls.web

    @property
    def app_id(self) -> int:
        """The App's id."""
        return self.state.app.id

    @property
    def private_key(self) -> str:
        """The App's private key in PEM."""
        return self.keychain.private_key

    @property
    def client_id(self) -> str:
        """The id with which the App signs people in."""
        return self.state.app.client_id

    @property
    def client_secret(self) -> str:
        """The secret with which the App signs people in."""
        return self.registration.client_secret

    @property
    def callback_urls(self) -> tuple[str, ...]:
        """Where people may be sent who have signed in."""
        return self.registration.callback_urls

    @callback_urls.setter
    def callback_urls(self, urls: tuple[str, ...]) -> None:
        self.registration.callback_urls = urls

    @property
    def webhook_secret(self) -> str:
        """The secret that deliveries are signed with."""
        return self.deliveries.secret or ""

    @property
    def webhook_url(self) -> str | None:
        """Where deliveries go; None while there is nowhere, when they are neither sent nor logged."""
        return self.deliveries.url

    @webhook_url.setter
    def webhook_url(self, url: str | None) -> None:
        self.deliveries.url = url

    @property
    def faults(self) -> Faults:
        """What goes wrong, and how often."""
        return self.luck.faults

    @faults.setter
    def faults(self, faults: Faults) -> None:
        self.luck.faults = faults
        self.replica.lag = faults.lag_seconds

    @property
    def limits(self) -> Limits:
        """Which rate limits are enforced."""
        return self.meter.limits

    @limits.setter
    def limits(self, limits: Limits) -> None:
        self.meter.limits = limits

    def user(self, login: str) -> User:
        """Find or make a person."""
        return self.state.user(login)

    def repository(self, full_name: str = LETTERS, *, private: bool = False) -> Repository:
        """Find or make a repository that has the App."""
        repository = self.state.repository(full_name, private=private)
        if not any(
            one.account is repository.owner and not one.deleted for one in self.state.installations.values()
        ):
            self.state.install(repository.owner)
        return repository

    def organizer(self, login: str = "grace", repository: Repository | None = None) -> User:
        """Find or make a person with write access to a repository."""
        person = self.user(login)
        self.state.set_role(repository or self.repository(), person, "write")
        return person

    def petition(
        self,
        title: str = "A letter",
        body: str | None = "Dear all,",
        label: str = "petition",
        repository: Repository | None = None,
    ) -> Issue:
        """Open an issue that carries the petition label, by the repository's owner."""
        repository = repository or self.repository()
        return self.state.open_issue(repository, repository.owner, title, body, labels=[label] if label else [])

    def comment(self, issue: Issue, login: str, body: str = "/sign") -> Comment:
        """Let a person, found or made by login, comment on the web."""
        return self.state.comment(issue, self.user(login), body)

    def token_of(self, login: str) -> str:
        """Make a personal token with which a person uses the API."""
        return self.keychain.personal_token(self.user(login))


async def _hang_up(runner: web.AppRunner) -> None:
    """Let watchers go and cut the rest: an answer that nobody reads would stay open longer than the loop."""
    for site in list(runner.sites):
        await site.stop()
    await runner.shutdown()
    # Watchers say goodbye, and asyncio presents whom it let in at the last moment; both take it some rounds.
    for _ in range(20):
        await asyncio.sleep(0)
    for connection in runner.server.connections if runner.server is not None else ():
        if connection.transport is not None:
            connection.transport.abort()
