"""Pages made of templates, and the static files that they load.

Each feature has its own: `pages/petition.html` is `bot/web/pages/templates/petition.html`, and `shared/base.html`
is `bot/web/templates/base.html`.
"""

from __future__ import annotations

from functools import cache
from http import HTTPStatus
from importlib import resources
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Final

from aiohttp import web

from bot.export.sanitized_html import render_response
from bot.petition.i18n import ENGLISH, Translator, message, preferred_language, template_values, translator
from bot.time_types import WholeEpochSeconds, iso
from bot.web.route_policies import Handler

if TYPE_CHECKING:
    import jinja2


def moment(at: WholeEpochSeconds) -> str:
    """Format a time in UTC for people who read English."""
    return translator(ENGLISH).date_and_time(at)


@cache
def _templates() -> jinja2.Environment:
    import jinja2  # noqa: PLC0415 - until somebody visits a page it would take memory, and time at the start

    folders = {"shared": "bot.web", **{name: f"bot.web.{name}" for name in ("pages", "organizers", "setup")}}
    templates = jinja2.Environment(
        loader=jinja2.PrefixLoader({name: jinja2.PackageLoader(package) for name, package in folders.items()}),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    templates.filters |= {"iso": iso, "moment": moment, "as_response": render_response}
    return templates


_TYPES: Final = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


def page(template: str, *, status: int = HTTPStatus.OK, **values: Any) -> web.Response:
    """Return a page made of a template."""
    return web.Response(text=render(template, **values), status=status, content_type="text/html")


def render(template: str, *, tr: Translator | None = None, **values: Any) -> str:
    """Return the text of a page made of a template, in English without a translator.

    `is_static` is for a file that no server stands behind.
    """
    ours = {"is_static": False, "home": f"{values.get('base', '')}/", **template_values(tr or translator(ENGLISH))}
    return _templates().get_template(template).render(ours | values)


def call_macro(tr: Translator, template: str, name: str, *arguments: object) -> str:
    """Return what a macro of a template makes of values."""
    module = _templates().get_template(template).make_module(dict(template_values(tr)))
    return str(getattr(module, name)(*arguments))


def accepted_translator(request: web.Request) -> tuple[Translator, bool]:
    """Return the translator for whoever sends a request, and whether it speaks a language that they accept."""
    language, is_wanted = preferred_language(request.headers.get("Accept-Language", ""))
    return translator(language), is_wanted


VARY_LANGUAGE: Final = {"Vary": "Accept-Language"}
"""The header of answers that `accepted_translator` translates."""


def read_static_files(*packages: str) -> dict[str, bytes]:
    """Read the files in the folder `static` of some packages."""
    folders = (resources.files(package).joinpath("static") for package in packages)
    return {file.name: file.read_bytes() for folder in folders for file in folder.iterdir()}


def static_files(*packages: str) -> Handler:
    """Create the handler that sends the files in the folder `static` of some packages."""
    files = read_static_files(*packages)

    async def send(request: web.Request) -> web.Response:
        name = request.match_info["file"]
        if name not in files:
            raise web.HTTPNotFound(text=message("There is no such file."))
        return web.Response(body=files[name], content_type=_TYPES[PurePath(name).suffix], charset="utf-8")

    return send
