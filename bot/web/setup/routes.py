"""The set-up in a browser: a client that shows the token sees its pages. Nothing is stored but the App."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Final
from urllib.parse import parse_qs

import msgspec
from aiohttp import web
from msgspec import Struct

from bot.github.errors import GitHubError, NotFound
from bot.github.manifest import MAX_NAME_LENGTH, NEEDS, REASONS, Registration, form_url, manifest
from bot.github.urls import web_url_of
from bot.urls import SIGNED_IN
from bot.web import rendering
from bot.web.middlewares import create_application
from bot.web.monitoring import healthz
from bot.web.rendering import static_files
from bot.web.request_limits import RequestLimits
from bot.web.routing import PROBE, WEBHOOK, Route, RoutePolicy, content_security_policy
from bot.web.sessions import origin_url, set_cookie
from bot.web.setup.auth import COOKIE, LIFETIME, SetupAuth
from bot.web.setup.form import InvalidForm, read_form

MAX_FORM: Final = 16 * 1024
"""Bytes of a form."""


_SETUP: Final = RoutePolicy(cache_control="no-store", headers={"Referrer-Policy": "no-referrer"})
_STATIC: Final = Route("GET", "/setup/static/{file}", static_files("bot.web", "bot.web.setup"), _SETUP)

Convert = Callable[[str, str], Awaitable[Registration]]
"""Exchanges GitHub's code for the App; the second argument is the bot's address. Raises `bot.github.errors`."""

StoreApp = Callable[[Registration], Awaitable[bool]]
"""Stores the App's credentials; returns whether there was none before."""


class SetupWizard(Struct, frozen=True):
    """The set-up of a bot that has no App."""

    auth: SetupAuth
    convert: Convert
    store: StoreApp
    api_url: str
    public_url: str | None
    is_done: asyncio.Event
    """Set when there is an App. Requests on open connections then get a page that waits for the bot."""
    limits: RequestLimits = msgspec.field(default_factory=RequestLimits)

    def application(self) -> web.Application:
        """Create an application that offers the set-up and nothing else."""
        return create_application(
            [
                Route("GET", "/", _redirect, _SETUP),
                Route("GET", "/setup", self._begin, _SETUP),
                Route("POST", "/setup", self._log_in, _SETUP),
                Route("GET", "/setup/review", self._review, _SETUP),
                Route("GET", "/setup/made", self._made, _SETUP),
                _STATIC,
                Route("POST", "/webhook", _not_set_up, WEBHOOK),
                Route("GET", "/healthz", healthz, PROBE),
                Route("GET", "/readyz", _not_set_up, PROBE),
            ],
            self.limits,
            max_body=MAX_FORM,
        )

    async def _begin(self, request: web.Request) -> web.Response:
        if self.is_done.is_set():
            response = _page("starting")
            # The browser's next request must reach the bot, which does not have this connection.
            response.force_close()
            return response
        if "token" in request.query:
            return self._authenticate(request, request.query["token"])
        return self._form(request) if _is_authenticated(self.auth, request) else _locked()

    async def _log_in(self, request: web.Request) -> web.Response:
        if request.content_type != "application/x-www-form-urlencoded":
            return _message(415, "Unsupported form", "Enter the token on the page that asks for it.")
        typed = parse_qs((await request.read()).decode(errors="replace"))
        return self._authenticate(request, typed.get("token", [""])[0])

    def _authenticate(self, request: web.Request, shown: str) -> web.Response:
        if not self.auth.is_token(shown):
            return _locked(status=403, problem="key" if self.auth.is_key(shown) else "token")
        # A redirect keeps the token out of the browser's address bar and history.
        response = web.Response(status=303, headers={"Location": "/setup"})
        secure = origin_url(request).startswith("https:")
        set_cookie(response, COOKIE, self.auth.create_session(), LIFETIME, "/setup", secure=secure)
        return response

    async def _review(self, request: web.Request) -> web.Response:
        if not _is_authenticated(self.auth, request):
            return _locked(status=403)
        try:
            form = read_form(request.query)
        except InvalidForm as problem:
            return self._form(request, str(problem))
        asked = manifest(form.name, form.public_url, form.hook_url, public=form.public)
        response = _page(
            "review",
            form=form,
            action=form_url(self.api_url, form.organization, self.auth.state(request.cookies[COOKIE])),
            manifest=json.dumps(asked),
            permissions=[(name, level, REASONS[name]) for name, level in NEEDS.permissions.items()],
            events=NEEDS.events,
            signed_in=SIGNED_IN,
            back=f"/setup?{request.query_string}",
        )
        # The form goes to GitHub.
        policy = content_security_policy(form_action=f"'self' {web_url_of(self.api_url)}")
        response.headers["Content-Security-Policy"] = policy
        return response

    async def _made(self, request: web.Request) -> web.Response:
        session, given = request.cookies.get(COOKIE, ""), request.query
        if not _is_authenticated(self.auth, request) or not self.auth.is_state(given.get("state", ""), session):
            return _message(
                403, "This set-up did not start here", "Start in this browser, and finish within two hours."
            )
        try:
            app = await self.convert(given.get("code", ""), self.public_url or origin_url(request))
        except NotFound:
            text = (
                "GitHub's code was used already, or is more than an hour old."
                " Delete the App on GitHub, under Developer settings, and start again."
            )
            return _message(410, "This set-up has expired", text)
        except GitHubError as error:
            return _message(502, "GitHub did not answer as expected", f"{error}. Reload this page in a moment.")
        if not await self.store(app):
            text = f"Another App was set up meanwhile. You can delete this one: {app.html_url}"
            return _message(409, "There is an App already", text)
        response = web.Response(status=303, headers={"Location": "/setup"})
        # The bot, which takes over the address now, does not have this connection.
        response.force_close()
        return response

    def _form(self, request: web.Request, problem: str = "") -> web.Response:
        typed: Mapping[str, str] = request.query
        return _page(
            "begin",
            status=422 if problem else 200,
            problem=problem,
            typed=typed,
            public_url=self.public_url or origin_url(request),
            site=web_url_of(self.api_url),
            longest=MAX_NAME_LENGTH,
        )


class SetupProgress(Struct, frozen=True):
    """How far the set-up has come: the accounts with the App, and whether GitHub has sent a delivery."""

    accounts: tuple[str, ...]
    is_delivered: bool


class SetupDonePage(Struct, frozen=True):
    """The last page: install the App, and wait for the first delivery. Once it has shown that, it is gone.

    The delivery can arrive before the browser is back from GitHub.
    """

    auth: SetupAuth
    progress: Callable[[], Awaitable[SetupProgress]]
    app_url: str
    label: str

    def routes(self) -> list[Route]:
        """List the routes, for the running bot."""
        return [
            Route("GET", "/setup", self._show, _SETUP),
            Route("GET", "/setup/status", self._status, _SETUP),
            _STATIC,
        ]

    async def _show(self, request: web.Request) -> web.Response:
        if not _is_authenticated(self.auth, request):
            return _message(
                404, "This bot is set up", "The set-up is complete, and its page is closed.", is_over=True
            )
        progress = await self.progress()
        install = f"{self.app_url}/installations/new"
        response = _page("done", progress=progress, install=install, label=self.label)
        return _end_session_after(progress, response)

    async def _status(self, request: web.Request) -> web.Response:
        if not _is_authenticated(self.auth, request):
            raise web.HTTPNotFound
        progress = await self.progress()
        response = web.json_response({"accounts": progress.accounts, "delivered": progress.is_delivered})
        return _end_session_after(progress, response)


def _end_session_after(progress: SetupProgress, response: web.Response) -> web.Response:
    if progress.is_delivered:
        response.del_cookie(COOKIE, path="/setup")
    return response


def _is_authenticated(auth: SetupAuth, request: web.Request) -> bool:
    return auth.is_session(request.cookies.get(COOKIE, ""))


async def _redirect(_request: web.Request) -> web.Response:
    return web.Response(status=302, headers={"Location": "/setup"})


async def _not_set_up(_request: web.Request) -> web.Response:
    return web.json_response({"message": "not set up yet"}, status=503, headers={"Retry-After": "60"})


def _page(name: str, *, status: int = 200, **values: object) -> web.Response:
    return rendering.page(f"setup/{name}.html", status=status, **values)


def _locked(*, status: int = 200, problem: str = "") -> web.Response:
    return _page("locked", status=status, problem=problem)


def _message(status: int, heading: str, text: str, *, is_over: bool = False) -> web.Response:
    return _page("message", status=status, heading=heading, text=text, is_over=is_over)


# The form for the new App
