"""The sandbox as a server: a GitHub with its API and deliveries, and helpers that set a scene.

sandbox = Sandbox(now=time.time)
await sandbox.start()
sandbox.deliveries.url = "http://127.0.0.1:8080/webhook"
petition = sandbox.petition("A letter", "Dear all,")
signed = sandbox.comment(petition, "ada", "/sign Ada Lovelace")
sandbox.comments.edit(signed, signed.user, "/unsign")
await sandbox.settled()
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from aiohttp import web

from sandbox.api.app import PREFIX, mount
from sandbox.faults import Faults
from sandbox.github import GitHub
from sandbox.models import Comment, Issue, Repository, Urls, User

LETTERS = "lovelace/letters"
"""The repository of a scene that names none."""


class Sandbox(GitHub):
    """A GitHub on this machine, with the App under test."""

    def __init__(self, *, now: Callable[[], float] = time.time, seed: int = 0) -> None:
        super().__init__(now=now, seed=seed)
        self.app = web.Application(client_max_size=32 * 1024 * 1024)
        """The application to mount pages on, before `start`."""
        mount(self.app, self)
        self._runner: web.AppRunner | None = None
        self.faults = Faults(seed=seed)

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
        self.world.urls = Urls(api=f"{web_url}{PREFIX}", web=web_url)
        await self.deliveries.start()

    async def stop(self) -> None:
        """Stop delivering and listening; what waits is lost."""
        await self.deliveries.stop()
        if self._runner is not None:
            await _close_connections(self._runner)
            await self._runner.cleanup()

    async def settled(self) -> None:
        """Wait until all deliveries have been answered or have failed."""
        await self.deliveries.settled()

    @property
    def api_url(self) -> str:
        """Where REST is; set it as `GITHUB_API_URL`."""
        return self.world.urls.api

    @property
    def web_url(self) -> str:
        """Where the pages are."""
        return self.world.urls.web

    @property
    def app_id(self) -> int:
        """The App's id."""
        return self.world.app.id

    @property
    def private_key(self) -> str:
        """The App's private key in PEM."""
        return self.credentials.private_key

    @property
    def client_id(self) -> str:
        """The id with which the App signs people in."""
        return self.world.app.client_id

    @property
    def client_secret(self) -> str:
        """The secret with which the App signs people in."""
        return self.registration.client_secret

    @property
    def webhook_secret(self) -> str:
        """The secret that deliveries are signed with."""
        return self.deliveries.secret or ""

    @property
    def faults(self) -> Faults:
        """Which faults happen, and how often."""
        return self.fault_injector.faults

    @faults.setter
    def faults(self, faults: Faults) -> None:
        self.fault_injector.faults = faults
        self.stale_reads.lag_by(faults.lag_seconds)

    def user(self, login: str, kind: str = "User") -> User:
        """Find or make an account; `kind` is its type if it is new."""
        return self.accounts.get_or_create(login, kind)

    def repository(self, full_name: str = LETTERS, *, private: bool = False) -> Repository:
        """Find or make a repository that has the App."""
        repository = self.repositories.get_or_create(full_name, private=private)
        if self.world.installation_on(repository.owner) is None:
            self.installations.create(repository.owner)
        return repository

    def organizer(self, login: str = "grace", repository: Repository | None = None) -> User:
        """Find or make a person with write access to a repository."""
        person = self.user(login)
        self.repositories.set_role(repository or self.repository(), person, "write")
        return person

    def petition(
        self, title: str = "A letter", body: str | None = "Dear all,", label: str = "petition",
        repository: Repository | None = None,
    ) -> Issue:  # fmt: skip
        """Open an issue that carries the petition label, by the repository's owner."""
        repository = repository or self.repository()
        return self.issues.open(repository, repository.owner, title, body, labels=[label] if label else [])

    def comment(self, issue: Issue, login: str, body: str = "/sign", *, by_mail: bool = False) -> Comment:
        """Write a comment on the web or by mail, as the person of this login, found or made."""
        return self.comments.create(issue, self.user(login), body, by_mail=by_mail)

    def token_of(self, login: str) -> str:
        """Make a personal token with which a person uses the API."""
        return self.credentials.personal_token(self.user(login))

    def workflow_token(self, repository: Repository | None = None, **permissions: str) -> str:
        """Make the `GITHUB_TOKEN` of a workflow, which may read the contents and write the issues, or as said."""
        actor = self.user("github-actions[bot]", "Bot")
        granted = {"metadata": "read", "contents": "read", "issues": "write"} | permissions
        return self.credentials.workflow_token(repository or self.repository(), actor, granted)


async def _close_connections(runner: web.AppRunner) -> None:
    """End the change feeds and cut the rest: an answer that nobody reads would stay open longer than the loop."""
    for site in list(runner.sites):
        await site.stop()
    await runner.shutdown()
    # Feeds end, and asyncio reports the last connections it accepted; both take some rounds of the loop.
    for _ in range(20):
        await asyncio.sleep(0)
    for connection in runner.server.connections if runner.server is not None else ():
        if connection.transport is not None:
            connection.transport.abort()
