"""The page on which an account's owner installs the App."""

from __future__ import annotations

from functools import partial
from html import escape
from urllib.parse import urlencode, urlsplit

from aiohttp import web

from sandbox.nouns import Installation, User
from sandbox.registration import Registration
from sandbox.state import State

PATH = "/apps/{slug}/installations/new"


def mount(app: web.Application, state: State, registration: Registration) -> None:
    """Add the page, and what its button does."""
    app.router.add_get(PATH, partial(_show, state, registration))
    app.router.add_post(PATH, partial(_install, state, registration))


async def _show(state: State, registration: Registration, request: web.Request) -> web.Response:
    _check(state, request)
    accounts = {one.owner.login: one.owner for one in state.repositories.values() if not one.deleted}
    choices = "".join(f"<option>{escape(login)}</option>" for login in sorted(accounts))
    text = (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>Install {escape(state.app.name)}</title>"
        f"<h1>Install {escape(state.app.name)}</h1>"
        "<form method=post><label>Account <select name=account>"
        f"{choices}</select></label> <button>Install</button></form></html>"
    )
    # The browser must be free to follow where the App wants people afterwards.
    home = urlsplit(registration.setup_url or state.urls.web)
    policy = f"default-src 'none'; form-action 'self' {home.scheme}://{home.netloc}"
    return web.Response(text=text, content_type="text/html", headers={"Content-Security-Policy": policy})


async def _install(state: State, registration: Registration, request: web.Request) -> web.Response:
    _check(state, request)
    form = await request.post()
    account = state.find_user(str(form.get("account", "")))
    if account is None:
        raise web.HTTPUnprocessableEntity(text="There is no such account")
    installed = _existing(state, account)
    found = installed or state.install(account)
    action = "update" if installed else "install"
    back = f"{state.urls.web}/settings/installations/{found.id}"
    if registration.setup_url:
        separator = "&" if urlsplit(registration.setup_url).query else "?"
        query = urlencode({"installation_id": found.id, "setup_action": action})
        back = f"{registration.setup_url}{separator}{query}"
    return web.Response(status=302, headers={"Location": back})


def _existing(state: State, account: User) -> Installation | None:
    return next((one for one in state.installations.values() if one.account is account and not one.deleted), None)


def _check(state: State, request: web.Request) -> None:
    if request.match_info["slug"] != state.app.slug:
        raise web.HTTPNotFound
