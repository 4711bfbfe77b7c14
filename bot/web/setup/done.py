"""The last page of the set-up: install the App, wait for the first delivery, and begin the first petition."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final
from urllib.parse import parse_qs, urlencode

import msgspec
from aiohttp import web
from msgspec import Struct

from bot.github.errors import GitHubError
from bot.web.route_policies import Route
from bot.web.setup.auth import SetupAuth
from bot.web.setup.installation_status import InstalledApp, NotInstalledThere, SetupRepositories
from bot.web.setup.responses import FORM_TYPE, SETUP, STATIC, is_authenticated, message, page

POLL_SECONDS: Final = 5
"""How often the page is loaded again while it waits, where no script runs."""


class SetupProgress(Struct, frozen=True):
    """How far the set-up has come: the accounts with the App, whether GitHub has delivered, and else why not."""

    accounts: tuple[str, ...]
    is_delivered: bool
    trouble: str = ""


class SetupDonePage(Struct, frozen=True):
    """The page, for the browser that has made the App: as long as its session lasts and the bot is not restarted.

    The delivery can arrive before the browser is back from GitHub.
    """

    auth: SetupAuth
    progress: Callable[[], Awaitable[SetupProgress]]
    installed: InstalledApp
    app_url: str
    site: str
    """Where GitHub's pages are."""
    label: str

    def routes(self) -> list[Route]:
        """List the routes, for the running bot."""
        return [
            Route("GET", "/setup", self._show, SETUP),
            Route("GET", "/setup/status", self._status, SETUP),
            Route("POST", "/setup/label", self._create_label, SETUP),
            STATIC,
        ]

    async def _show(self, request: web.Request) -> web.Response:
        if not is_authenticated(self.auth, request):
            return _closed()
        progress, repositories, problem = await self.progress(), SetupRepositories(), ""
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
            label=self.label,
            new_issue=urlencode({"labels": self.label}),
            poll_seconds=POLL_SECONDS,
        )

    async def _status(self, request: web.Request) -> web.Response:
        if not is_authenticated(self.auth, request):
            raise web.HTTPNotFound
        progress = await self.progress()
        shown = {"accounts": progress.accounts, "delivered": progress.is_delivered, "trouble": progress.trouble}
        return web.json_response(msgspec.to_builtins(shown))

    async def _create_label(self, request: web.Request) -> web.Response:
        if not is_authenticated(self.auth, request):
            return _closed()
        if request.content_type != FORM_TYPE:
            return message(415, "Unsupported form", "Use the button on the page.", way_on="Back")
        typed = parse_qs((await request.read()).decode(errors="replace"))
        name = typed.get("repository", [""])[0]
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
