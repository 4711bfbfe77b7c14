"""The set-up in a browser: a client that shows the token sees its pages. Nothing is stored but the App."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Final
from urllib.parse import parse_qs, urlencode, urlsplit

import msgspec
from aiohttp import web
from msgspec import Struct

from bot.github.errors import GitHubError, NotFound
from bot.github.manifest import MAX_NAME_LENGTH, NEEDS, REASONS, Registration, form_url, manifest
from bot.github.urls import web_url_of
from bot.urls import SIGNED_IN
from bot.web.middlewares import create_application
from bot.web.monitoring import healthz
from bot.web.request_limits import RequestLimits
from bot.web.routing import PROBE, WEBHOOK, Route, content_security_policy
from bot.web.sessions import origin_url, set_cookie
from bot.web.setup.auth import COOKIE, LIFETIME, SetupAuth
from bot.web.setup.form import InvalidForm, read_form
from bot.web.setup.responses import FORM_TYPE, SETUP, STATIC, is_authenticated, message, page

MAX_FORM: Final = 16 * 1024
"""Bytes of a form."""


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
                Route("GET", "/", _redirect, SETUP),
                Route("GET", "/setup", self._begin, SETUP),
                Route("POST", "/setup", self._log_in, SETUP),
                Route("GET", "/setup/review", self._review, SETUP),
                Route("GET", "/setup/made", self._made, SETUP),
                STATIC,
                Route("POST", "/webhook", _not_set_up, WEBHOOK),
                Route("GET", "/healthz", healthz, PROBE),
                Route("GET", "/readyz", _not_set_up, PROBE),
            ],
            self.limits,
            max_body=MAX_FORM,
        )

    async def _begin(self, request: web.Request) -> web.Response:
        if self.is_done.is_set():
            response = page("starting")
            # The browser's next request must reach the bot, which does not have this connection.
            response.force_close()
            return response
        if "token" in request.query:
            typed = [(name, value) for name, value in request.query.items() if name != "token"]
            return self._authenticate(request, request.query["token"], urlencode(typed))
        return self._form(request) if is_authenticated(self.auth, request) else _locked()

    async def _log_in(self, request: web.Request) -> web.Response:
        if request.content_type != FORM_TYPE:
            return message(415, "Unsupported form", "Enter the token on the page that asks for it.")
        typed = parse_qs((await request.read()).decode(errors="replace"))
        return self._authenticate(request, typed.get("token", [""])[0])

    def _authenticate(self, request: web.Request, shown: str, typed: str = "") -> web.Response:
        if not self.auth.is_token(shown):
            return _locked(status=403, problem="key" if self.auth.is_key(shown) else "token")
        # A redirect keeps the token out of the browser's address bar and history.
        location = f"/setup?{typed}" if typed else "/setup"
        response = web.Response(status=303, headers={"Location": location})
        secure = origin_url(request).startswith("https:")
        set_cookie(response, COOKIE, self.auth.create_session(), LIFETIME, "/setup", secure=secure)
        return response

    async def _review(self, request: web.Request) -> web.Response:
        if not is_authenticated(self.auth, request):
            return _locked(status=403)
        try:
            form = read_form(request.query)
        except InvalidForm as problem:
            return self._form(request, str(problem))
        asked = manifest(form.name, form.public_url, form.hook_url, public=form.public)
        here = origin_url(request)
        response = page(
            "review",
            form=form,
            here=here,
            right_link="" if _is_led_back(here, form.public_url) else self._link(form.public_url, request),
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
        if not is_authenticated(self.auth, request) or not self.auth.is_state(given.get("state", ""), session):
            return message(403, "This set-up did not start here", _NOT_HERE)
        try:
            app = await self.convert(given.get("code", ""), self.public_url or origin_url(request))
        except NotFound:
            text = (
                "GitHub's code was used already, or is more than an hour old."
                " Delete the App on GitHub, under Developer settings, and start again."
            )
            return message(410, "This set-up has expired", text)
        except GitHubError as error:
            return message(502, "GitHub did not answer as expected", f"{error}. Reload this page in a moment.")
        if not await self.store(app):
            text = f"Another App was set up meanwhile. You can delete this one: {app.html_url}"
            return message(409, "There is an App already", text)
        response = web.Response(status=303, headers={"Location": "/setup"})
        # The bot, which takes over the address now, does not have this connection.
        response.force_close()
        return response

    def _link(self, address: str, request: web.Request) -> str:
        """Return the link that opens the form, as it is filled in, under another address."""
        typed = [(name, value) for name, value in request.query.items() if name != "token"]
        return f"{address}/setup?{urlencode([('token', self.auth.token), *typed])}"

    def _form(self, request: web.Request, problem: str = "") -> web.Response:
        typed: Mapping[str, str] = request.query
        return page(
            "begin",
            status=422 if problem else 200,
            problem=problem,
            typed=typed,
            public_url=self.public_url or origin_url(request),
            site=web_url_of(self.api_url),
            longest=MAX_NAME_LENGTH,
        )


_NOT_HERE: Final = (
    "If GitHub has just created an App, its key did not get to this bot: delete the App there, under Developer"
    " settings, so that its name is free. Then start again, under this address and in this browser, and finish"
    " within two hours."
)


def _is_led_back(here: str, public_url: str) -> bool:
    """Return whether GitHub leads a browser that is `here` to where its cookie is known: on the same host.

    A cookie is for all ports of a host, and one from an https page for https pages only.
    """
    before, after = urlsplit(here), urlsplit(public_url)
    return before.hostname == after.hostname and not (before.scheme == "https" and after.scheme == "http")


async def _redirect(_request: web.Request) -> web.Response:
    return web.Response(status=302, headers={"Location": "/setup"})


async def _not_set_up(_request: web.Request) -> web.Response:
    return web.json_response({"message": "not set up yet"}, status=503, headers={"Retry-After": "60"})


def _locked(*, status: int = 200, problem: str = "") -> web.Response:
    return page("locked", status=status, problem=problem)
