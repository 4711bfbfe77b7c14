"""The pages of the set-up, and what must be true of whoever sees them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs

from aiohttp import web

from bot.github.errors import GitHubError, NotFound
from bot.github.manifest import MAX_NAME_LENGTH, Registration, form_url, manifest
from bot.github.permissions import NEEDS, REASONS
from bot.github.urls import web_url_of
from bot.urls import SIGNED_IN
from bot.web.rate_limit import RateLimits, limiting
from bot.web.security_headers import seal_all
from bot.web.sessions import seen_as, set_cookie
from bot.web.setup.auth import LIFE, Guard
from bot.web.setup.forms import NotLikeThis, read_wishes
from bot.web.setup.rendering import message, page, static

FORM_LIMIT = 16 * 1024
"""Bytes of a form that somebody may send."""

COOKIE = "undersigned-setup"

Convert = Callable[[str, str], Awaitable[Registration]]
"""Exchange GitHub's code for the App, which is at home at an address; raises `bot.github.errors`."""

Keep = Callable[[Registration], Awaitable[bool]]
"""Keep the App's credentials; False where there is an App already."""


@dataclass(frozen=True, slots=True)
class Wizard:
    """The set-up of a bot that has no App."""

    guard: Guard
    convert: Convert
    keep: Keep
    api_url: str
    public_url: str | None
    over: asyncio.Event
    """Set when there is an App: what still comes here, on connections that were open, waits for the bot."""
    rules: RateLimits = field(default_factory=RateLimits)

    def application(self) -> web.Application:
        """Make an application that offers the set-up and nothing else."""
        application = web.Application(client_max_size=FORM_LIMIT, middlewares=[limiting(self.rules)])
        application.on_response_prepare.append(seal_all)
        application.add_routes(
            [
                web.get("/", _to_setup),
                web.get("/setup", self._begin),
                web.post("/setup", self._admit),
                web.get("/setup/review", self._review),
                web.get("/setup/made", self._made),
                web.get("/setup/static/{file}", static),
                web.post("/webhook", _not_yet),
                web.get("/healthz", _alive),
                web.get("/readyz", _not_yet),
            ]
        )
        return application

    async def _begin(self, request: web.Request) -> web.Response:
        if self.over.is_set():
            answer = page("moment.html")
            # The next look shall find the bot, which does not know this connection.
            answer.force_close()
            return answer
        if "token" in request.query:
            return self._let_in(request, request.query["token"])
        return self._form(request) if _is_known(self.guard, request) else page("locked.html")

    async def _admit(self, request: web.Request) -> web.Response:
        if request.content_type != "application/x-www-form-urlencoded":
            return message(415, "That is no form of ours", "Type the token into the page that asks for it.")
        typed = parse_qs((await request.read()).decode(errors="replace"))
        return self._let_in(request, typed.get("token", [""])[0])

    def _let_in(self, request: web.Request, shown: str) -> web.Response:
        if not self.guard.admits(shown):
            return page("locked.html", status=403, wrong=True, is_key=self.guard.is_key(shown))
        # The token disappears from the address, and with it from the browser's history.
        answer = web.Response(status=303, headers={"Location": "/setup"})
        secure = seen_as(request).startswith("https:")
        set_cookie(answer, COOKIE, self.guard.open_session(), LIFE, "/setup", secure=secure)
        return answer

    async def _review(self, request: web.Request) -> web.Response:
        if not _is_known(self.guard, request):
            return page("locked.html", status=403)
        try:
            wishes = read_wishes(request.query)
        except NotLikeThis as problem:
            return self._form(request, str(problem))
        asked = manifest(wishes.name, wishes.public_url, wishes.hook_url, public=wishes.public)
        return page(
            "review.html",
            posts_to=web_url_of(self.api_url),
            wishes=wishes,
            action=form_url(self.api_url, wishes.organization, self.guard.state(request.cookies[COOKIE])),
            manifest=json.dumps(asked),
            permissions=[(name, level, REASONS[name]) for name, level in NEEDS.permissions.items()],
            events=NEEDS.events,
            signed_in=SIGNED_IN,
            back=f"/setup?{request.query_string}",
        )

    async def _made(self, request: web.Request) -> web.Response:
        session, given = request.cookies.get(COOKIE, ""), request.query
        if not _is_known(self.guard, request) or not self.guard.is_state(given.get("state", ""), session):
            return message(403, "This did not begin here", "Begin in this browser, and end within two hours.")
        try:
            app = await self.convert(given.get("code", ""), self.public_url or seen_as(request))
        except NotFound:
            text = (
                "GitHub's answer was used already, or is more than an hour old."
                " Delete the App on GitHub, under Developer settings, and begin anew."
            )
            return message(410, "That came too late", text)
        except GitHubError as error:
            return message(502, "GitHub did not answer as it should", f"{error}. Load this page again in a moment.")
        if not await self.keep(app):
            text = f"Another one was set up meanwhile. This one can be deleted: {app.html_url}"
            return message(409, "There is an App already", text)
        answer = web.Response(status=303, headers={"Location": "/setup"})
        # The bot, which takes the address over now, does not know this connection.
        answer.force_close()
        return answer

    def _form(self, request: web.Request, problem: str = "") -> web.Response:
        typed: Mapping[str, str] = request.query
        return page(
            "begin.html",
            status=422 if problem else 200,
            problem=problem,
            typed=typed,
            public_url=self.public_url or seen_as(request),
            site=web_url_of(self.api_url),
            longest=MAX_NAME_LENGTH,
        )


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the set-up has come since the App was made: on whose accounts it is, and whether GitHub was heard."""

    accounts: tuple[str, ...]
    heard: bool


@dataclass(frozen=True, slots=True)
class SetupDonePage:
    """The last page: install the App, and watch for the first delivery; who has seen that does not see it again.

    The delivery may be here before the browser is back from GitHub.
    """

    guard: Guard
    progress: Callable[[], Awaitable[Progress]]
    app_url: str
    label: str

    def mount(self, application: web.Application) -> None:
        """Add the page to the running bot."""
        application.add_routes(
            [
                web.get("/setup", self._show),
                web.get("/setup/status", self._status),
                web.get("/setup/static/{file}", static),
            ]
        )

    async def _show(self, request: web.Request) -> web.Response:
        if not _is_known(self.guard, request):
            return message(404, "This bot is set up", "The set-up has come to its end, and its page has closed.")
        progress = await self.progress()
        install = f"{self.app_url}/installations/new"
        answer = page("ending.html", progress=progress, install=install, label=self.label)
        return _closing(answer) if progress.heard else answer

    async def _status(self, request: web.Request) -> web.Response:
        if not _is_known(self.guard, request):
            raise web.HTTPNotFound
        progress = await self.progress()
        answer = web.json_response({"accounts": progress.accounts, "heard": progress.heard})
        return _closing(answer) if progress.heard else answer


def _closing(answer: web.Response) -> web.Response:
    """Have the browser forget that it was admitted."""
    answer.del_cookie(COOKIE, path="/setup")
    return answer


def _is_known(guard: Guard, request: web.Request) -> bool:
    return guard.knows(request.cookies.get(COOKIE, ""))


async def _to_setup(_request: web.Request) -> web.Response:
    return web.Response(status=302, headers={"Location": "/setup"})


async def _not_yet(_request: web.Request) -> web.Response:
    return web.json_response({"message": "not set up yet"}, status=503, headers={"Retry-After": "60"})


async def _alive(_request: web.Request) -> web.Response:
    return web.json_response({"status": "ok"})
