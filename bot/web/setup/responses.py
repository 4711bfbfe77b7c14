"""What all pages of the set-up have: their headers and files, who may see them, and messages."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from bot.web import rendering
from bot.web.rendering import static_files
from bot.web.route_policies import Route, RoutePolicy
from bot.web.setup.auth import COOKIE, SetupAuth

FORM_TYPE: Final = "application/x-www-form-urlencoded"

SETUP: Final = RoutePolicy(cache_control="no-store", headers={"Referrer-Policy": "no-referrer"})
STATIC: Final = Route("GET", "/setup/static/{file}", static_files("bot.web", "bot.web.setup"), SETUP)


def is_authenticated(auth: SetupAuth, request: web.Request) -> bool:
    """Return whether the browser has shown the token."""
    return auth.is_session(request.cookies.get(COOKIE, ""))


def page(name: str, *, status: int = 200, **values: object) -> web.Response:
    """Render a page of the set-up."""
    return rendering.page(f"setup/{name}.html", status=status, **values)


def message(status: int, heading: str, text: str, *, way_on: str = "Start again") -> web.Response:
    """Render a page that says one thing; `way_on` is the link to the set-up, empty for none."""
    return page("message", status=status, heading=heading, text=text, way_on=way_on)
