"""The set-up in a browser until there is an App: who may use it, its pages and its form. Only the App is stored."""

from __future__ import annotations

import asyncio
import ipaddress
import json
import re
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qs, urlencode, urlsplit

import msgspec
from aiohttp import web
from msgspec import Struct

from bot.encryption_and_derived_tokens import derive
from bot.github.api_urls import web_url_of
from bot.github.errors import GitHubError, NotFound
from bot.github.manifest import MAX_NAME_LENGTH, NEEDS, REASONS, Registration, form_url, manifest
from bot.links import SIGNED_IN
from bot.time_types import EpochSeconds
from bot.web import rendering
from bot.web.middlewares import create_application
from bot.web.monitoring import healthz
from bot.web.rendering import static_files
from bot.web.request_limits import RequestLimits
from bot.web.route_policies import PROBE, WEBHOOK, Route, RoutePolicy, content_security_policy
from bot.web.sessions import SignedSessions, is_secret, origin_url, set_cookie

SETUP: Final = RoutePolicy(cache_control="no-store", headers={"Referrer-Policy": "no-referrer"})
STATIC: Final = Route("GET", "/setup/static/{file}", static_files("bot.web", "bot.web.setup"), SETUP)

COOKIE: Final = "undersigned-setup"

LIFETIME: Final = 2 * 3600
"""Seconds for which a browser is authenticated; GitHub's part must be done within one hour."""

MAX_FORM: Final = 16 * 1024
"""Bytes of a form."""

Convert = Callable[[str, str], Awaitable[Registration]]
"""Exchanges GitHub's code for the App; the second argument is the bot's address. Raises `bot.github.errors`."""

StoreApp = Callable[[Registration], Awaitable[bool]]
"""Stores the App's credentials; returns whether there was none before."""


@dataclass(frozen=True, slots=True)
class SetupAuth:
    """Authentication of the set-up's pages."""

    secret_key: str = field(repr=False)
    now: Callable[[], EpochSeconds]

    @property
    def sessions(self) -> SignedSessions:
        """Return the sessions of browsers that have shown the token."""
        return SignedSessions(self.secret_key, "session", LIFETIME, self.now)

    @property
    def token(self) -> str:
        """Return the token that opens the set-up; it has no use once the App is set up."""
        return derive(self.secret_key, "setup")

    def is_token(self, shown: str) -> bool:
        """Return whether a text is the token."""
        return is_secret(shown.strip(), self.token)

    def is_key(self, shown: str) -> bool:
        """Return whether a text is the secret key from which the token is derived, which nobody should send."""
        return is_secret(shown.strip(), self.secret_key)

    def create_session(self) -> str:
        """Return a new session."""
        return self.sessions.create(secrets.token_hex(16))

    def is_authenticated(self, request: web.Request) -> bool:
        """Return whether the browser has a valid session."""
        return self.sessions.read(request.cookies.get(COOKIE, "")) is not None


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
            return self._authenticate(request, request.query["token"])
        return self._form(request) if self.auth.is_authenticated(request) else _locked(request)

    async def _log_in(self, request: web.Request) -> web.Response:
        token = await read_field(request, "token")
        if token is None:
            return message(415, "Unsupported form", "Enter the token in the form at /setup.")
        return self._authenticate(request, token)

    def _authenticate(self, request: web.Request, shown: str) -> web.Response:
        if not self.auth.is_token(shown):
            return _locked(request, status=403, problem="key" if self.auth.is_key(shown) else "token")
        # A redirect keeps the token out of the browser's address bar and history.
        response = web.Response(status=303, headers={"Location": _form_path(request)})
        secure = origin_url(request).startswith("https:")
        set_cookie(response, COOKIE, self.auth.create_session(), LIFETIME, "/setup", secure=secure)
        return response

    async def _review(self, request: web.Request) -> web.Response:
        if not self.auth.is_authenticated(request):
            return _locked(request, status=403)
        try:
            form = read_form(request.query)
        except InvalidForm as problem:
            return self._form(request, str(problem))
        asked = manifest(form.name, form.public_url, form.hook_url, public=form.public)
        here = origin_url(request)
        # The token controls the bot: a link carries it to no address but the configured one.
        token = self.auth.token if form.public_url == self.public_url else ""
        response = page(
            "review",
            form=form,
            here=here,
            right_link="" if _is_led_back(here, form.public_url) else form.public_url + _form_path(request, token),
            has_token=bool(token),
            action=form_url(self.api_url, form.organization, self.auth.sessions.state(request.cookies[COOKIE])),
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
        given, state = request.query, self.auth.sessions.state(request.cookies.get(COOKIE, ""))
        if not self.auth.is_authenticated(request) or not is_secret(given.get("state", ""), state):
            return message(403, "This set-up did not start here", _NOT_HERE)
        try:
            app = await self.convert(given.get("code", ""), self.public_url or origin_url(request))
        except NotFound:
            text = (
                "GitHub's code was already used, or is more than an hour old."
                " Delete the App on GitHub, under Developer settings. Then start again."
            )
            return message(410, "This set-up has expired", text)
        except GitHubError as error:
            return message(502, "GitHub did not respond as expected", f"{error}. Reload this page in a moment.")
        if not await self.store(app):
            text = f"Another App was set up in the meantime. You can delete this one: {app.html_url}"
            return message(409, "This bot already has an App", text)
        response = web.Response(status=303, headers={"Location": "/setup"})
        # The bot, which takes over the address now, does not have this connection.
        response.force_close()
        return response

    def _form(self, request: web.Request, problem: str = "") -> web.Response:
        return page(
            "begin",
            status=422 if problem else 200,
            problem=problem,
            typed=request.query,
            public_url=self.public_url or origin_url(request),
            site=web_url_of(self.api_url),
            longest=MAX_NAME_LENGTH,
        )


class InvalidForm(Exception):
    """A value that is not valid; the message is for the person who entered it."""


class AppForm(Struct, frozen=True):
    """An App's name, the organization that owns it (empty: one's own account), and the addresses of the bot."""

    name: str
    organization: str
    public_url: str
    hook_url: str
    public: bool

    @property
    def is_local(self) -> bool:
        """Return whether GitHub cannot deliver to the address, because it is a local one."""
        host = urlsplit(self.hook_url).hostname or ""
        try:
            return not ipaddress.ip_address(host).is_global
        except ValueError:
            return host == "localhost" or "." not in host


def read_form(form: Mapping[str, str]) -> AppForm:
    """Read the form; raises InvalidForm."""
    name, organization = form.get("name", "").strip(), form.get("organization", "").strip()
    if not name or len(name) > MAX_NAME_LENGTH:
        raise InvalidForm(f"Enter a name of 1 to {MAX_NAME_LENGTH} characters.")
    if organization and not _ORGANIZATION.fullmatch(organization):
        raise InvalidForm(
            f"{organization!r} cannot be the name of an organization on GitHub. Enter the name from its address."
        )
    public_url = _address(form.get("public_url", ""))
    hook = form.get("hook_url", "").strip()
    hook_url = _address(hook) if hook else f"{public_url}/webhook"
    return AppForm(name, organization, public_url, hook_url, public="public" in form)


def page(name: str, *, status: int = 200, **values: object) -> web.Response:
    """Render a page of the set-up."""
    return rendering.page(f"setup/{name}.html", status=status, **values)


def message(status: int, heading: str, text: str, *, way_on: str = "Start again") -> web.Response:
    """Render a page that says one thing; `way_on` is the link to the set-up, empty for none."""
    return page("message", status=status, heading=heading, text=text, way_on=way_on)


async def read_field(request: web.Request, name: str) -> str | None:
    """Read a field of a form; None where the body is no form."""
    if request.content_type != "application/x-www-form-urlencoded":
        return None
    typed = parse_qs((await request.read()).decode(errors="replace"))
    return typed.get(name, [""])[0]


_NOT_HERE: Final = (
    "If GitHub has just created an App, this bot did not receive its key. Delete the App on GitHub, under Developer"
    " settings, so that its name is free. Then start again at this address and in this browser, and finish within"
    " two hours."
)


def _is_led_back(here: str, public_url: str) -> bool:
    """Return whether GitHub sends a browser that is `here` back to where its cookie is valid: to the same host.

    A cookie is for all ports of a host, and one from an https page for https pages only.
    """
    before, after = urlsplit(here), urlsplit(public_url)
    return before.hostname == after.hostname and not (before.scheme == "https" and after.scheme == "http")


async def _redirect(_request: web.Request) -> web.Response:
    return web.Response(status=302, headers={"Location": "/setup"})


async def _not_set_up(_request: web.Request) -> web.Response:
    return web.json_response({"message": "not set up yet"}, status=503, headers={"Retry-After": "60"})


def _form_path(request: web.Request, token: str = "") -> str:
    """Return the path of the form as it is filled in; a token goes before that."""
    typed = [(name, value) for name, value in request.query.items() if name != "token"]
    query = urlencode([("token", token), *typed] if token else typed)
    return f"/setup?{query}" if query else "/setup"


def _locked(request: web.Request, *, status: int = 200, problem: str = "") -> web.Response:
    return page("locked", status=status, problem=problem, action=_form_path(request))


_ORGANIZATION: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})")


def _address(text: str) -> str:
    address = text.strip().rstrip("/")
    try:
        parts = urlsplit(address)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and not (parts.query or parts.fragment)
    except ValueError:
        good = False
    if not good:
        raise InvalidForm(f"{text!r} is not a web address. Enter one such as https://petitions.example.org")
    return address
