"""How the set-up's pages are drawn: templates, their two files, and headers that let nothing else in."""

from __future__ import annotations

from importlib import resources
from typing import Final

import jinja2
from aiohttp import web

_TEMPLATES: Final = jinja2.Environment(
    loader=jinja2.PackageLoader("bot.web.setup"),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
    undefined=jinja2.ChainableUndefined,
)

_STATIC: Final = {
    "setup.css": ("bot.web.setup", "text/css"),
    "setup.js": ("bot.web.setup", "text/javascript"),
    "mark.svg": ("bot.web", "image/svg+xml"),
}

_HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


def page(template: str, *, status: int = 200, posts_to: str = "", **values: object) -> web.Response:
    """Draw a page; it may send forms to us, and to one other site where it must."""
    policy = (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self';"
        f" form-action 'self' {posts_to}; base-uri 'none'; frame-ancestors 'none'"
    )
    text = _TEMPLATES.get_template(template).render(values)
    headers = _HEADERS | {"Content-Security-Policy": policy}
    return web.Response(text=text, status=status, content_type="text/html", headers=headers)


def message(status: int, heading: str, text: str) -> web.Response:
    """Draw a page that only says something."""
    return page("message.html", status=status, heading=heading, text=text)


async def static(request: web.Request) -> web.Response:
    """Return one of the files that the pages use."""
    name = request.match_info["file"]
    if name not in _STATIC:
        raise web.HTTPNotFound
    room, kind = _STATIC[name]
    text = resources.files(room).joinpath("static", name).read_text("utf-8")
    return web.Response(text=text, content_type=kind, headers=_HEADERS)
