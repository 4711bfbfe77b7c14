"""The last page of the set-up: install the App, wait for the first delivery, and begin the first petition.

It shows where GitHub says that the App is installed, and which repositories can have their first petition.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final
from urllib.parse import urlencode

import msgspec
from aiohttp import web
from msgspec import Struct, field
from msgspec.structs import replace

from bot.github.app_client import GitHub
from bot.github.errors import GitHubError
from bot.store import Store
from bot.time_types import EpochSeconds, Seconds
from bot.web.route_policies import Route
from bot.web.setup.wizard import SETUP, STATIC, SetupAuth, message, page, read_field

POLL_SECONDS: Final = 5
"""How often the page is loaded again while it waits, where no script runs."""

FRESH: Final[Seconds] = 3.0
"""Seconds for which GitHub's answer is reused; the page polls every second or two."""

MOST_SHOWN: Final = 10
"""Repositories that are shown; each takes a call."""


class SetupProgress(Struct, frozen=True):
    """How far the set-up has come: the accounts with the App, whether GitHub has delivered, and else why not."""

    accounts: tuple[str, ...] = ()
    is_delivered: bool = field(default=False, name="delivered")
    trouble: str = ""


class SetupDonePage(Struct, frozen=True):
    """The page, for the browser that has made the App: as long as its session lasts and the bot is not restarted.

    The delivery can arrive before the browser is back from GitHub.
    """

    auth: SetupAuth
    store: Store
    installed: InstalledApp
    app_url: str
    site: str
    """Where GitHub's pages are."""

    def routes(self) -> list[Route]:
        """List the routes, for the running bot."""
        return [
            Route("GET", "/setup", self._show, SETUP),
            Route("GET", "/setup/status", self._status, SETUP),
            Route("POST", "/setup/label", self._create_label, SETUP),
            STATIC,
        ]

    async def _show(self, request: web.Request) -> web.Response:
        if not self.auth.is_authenticated(request):
            return _closed()
        progress, repositories, problem = await self._progress(), SetupRepositories(), ""
        if progress.is_delivered:
            try:
                repositories = await self.installed.repositories()
            except GitHubError as error:
                problem = f"GitHub did not list the repositories ({error}). Reload this page in a moment."
        return page(
            "done",
            progress=progress,
            repositories=repositories,
            problem=problem,
            install=f"{self.app_url}/installations/new",
            site=self.site,
            label=self.installed.label,
            new_issue=urlencode({"labels": self.installed.label}),
            poll_seconds=POLL_SECONDS,
        )

    async def _status(self, request: web.Request) -> web.Response:
        if not self.auth.is_authenticated(request):
            raise web.HTTPNotFound
        return web.json_response(body=msgspec.json.encode(await self._progress()))

    async def _progress(self) -> SetupProgress:
        is_delivered = await self.store.credentials.get_first_delivery_at() is not None
        known = await self.store.installations.list_accounts()
        return await self.installed.progress(known, is_delivered=is_delivered)

    async def _create_label(self, request: web.Request) -> web.Response:
        if not self.auth.is_authenticated(request):
            return _closed()
        name = await read_field(request, "repository")
        if name is None:
            return message(415, "Unsupported form", "Use the button on the page.", way_on="Back")
        try:
            await self.installed.create_label(name)
        except NotInstalledThere:
            return message(404, "Repository not found", f"The App is not installed on {name!r}.", way_on="Back")
        except GitHubError as error:
            text = f"GitHub refused: {error}. You can create the label yourself on GitHub, under Issues, Labels."
            return message(502, "The label was not created", text, way_on="Back")
        return web.Response(status=303, headers={"Location": "/setup"})


def _closed() -> web.Response:
    return message(404, "The set-up is complete", "This bot has its App, so this page is closed.", way_on="")


class SetupRepository(Struct, frozen=True):
    """A repository with the App; `has_label` if it has the label that makes an issue a petition."""

    name: str
    installation_id: int
    has_label: bool


class SetupRepositories(Struct, frozen=True):
    """Repositories with the App: those that are shown, and how many there are beside them."""

    shown: tuple[SetupRepository, ...] = ()
    more: int = 0


class NotInstalledThere(Exception):
    """A repository that the App does not see."""


class InstalledApp(Struct):
    """The App's installations as GitHub has them now, whether or not a delivery has named them."""

    github: GitHub
    label: str
    now: Callable[[], EpochSeconds]
    _progress: SetupProgress = SetupProgress()
    _read_at: EpochSeconds = 0.0

    async def progress(self, known: Iterable[str], *, is_delivered: bool) -> SetupProgress:
        """Return how far the set-up has come; the accounts are those `known` if GitHub does not respond."""
        is_behind = is_delivered and not self._progress.accounts
        try:
            if is_behind or self.now() >= self._read_at + FRESH:
                self._read_at = self.now()
                self._progress = await self._read_progress(is_delivered=is_delivered)
        except GitHubError:
            return SetupProgress(tuple(filter(None, known)), is_delivered)
        return replace(self._progress, is_delivered=is_delivered)

    async def _read_progress(self, *, is_delivered: bool) -> SetupProgress:
        installations = await self.github.list_installations()
        attempts = () if is_delivered else (await self.github.list_hook_deliveries()).deliveries
        trouble = attempts[0].status if attempts and attempts[0].status != "OK" else ""
        return SetupProgress(tuple(one.account for one in installations if one.account), is_delivered, trouble)

    async def repositories(self) -> SetupRepositories:
        """List the repositories that can have petitions; raises `bot.github.errors`."""
        found = [
            (repository.full_name, installation.id)
            for installation in await self.github.list_installations()
            if not installation.suspended
            for repository in await self.github.installation(installation.id).list_repositories()
            if not repository.archived
        ]
        shown = [
            SetupRepository(name, id_, await self.github.installation(id_).has_label(name, self.label))
            for name, id_ in found[:MOST_SHOWN]
        ]
        return SetupRepositories(tuple(shown), len(found) - len(shown))

    async def create_label(self, name: str) -> None:
        """Create the label in a repository unless it exists; raises NotInstalledThere and `bot.github.errors`."""
        found = next((one for one in (await self.repositories()).shown if one.name == name), None)
        if found is None:
            raise NotInstalledThere(name)
        setup = await self.github.get_repository_setup(found.installation_id)
        await setup.create_label(name, self.label)
