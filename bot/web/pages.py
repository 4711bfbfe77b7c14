"""The pages that people read: `GET /` and a petition's page; they work without JavaScript."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from importlib import resources
from typing import Final

import jinja2
from aiohttp import web

from bot.store import PAGE_SIZE
from bot.web import views
from bot.web.asking import PETITION, House, ask, is_canonical, read_wanted
from bot.web.guard import SECRETIVE, Handler, seal


class PageRoutes:
    """The handlers of the pages."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._templates = jinja2.Environment(
            loader=jinja2.PackageLoader("bot.web"),
            autoescape=True,
            trim_blocks=True,
            lstrip_blocks=True,
            undefined=jinja2.StrictUndefined,
        )
        # A search looks at every signature of a petition. One at a time leaves the database to the others.
        self._searching = asyncio.Semaphore(1)

    def routes(self) -> list[web.RouteDef]:
        """List the addresses."""
        return [
            web.get("/", self._front),
            web.get(PETITION, self._petition),
            web.get("/static/{file}", _static),
        ]

    @web.middleware
    async def guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Seal all answers, and answer a browser that is refused with a page that says what to do."""
        if request.path == "/webhook":
            # Nobody looks at it, and a storm of deliveries pays for each line.
            return await handler(request)
        response: web.StreamResponse
        try:
            response = await handler(request)
        except web.HTTPException as refusal:
            if refusal.status < HTTPStatus.BAD_REQUEST or "text/html" not in request.headers.get("Accept", ""):
                seal(refusal)
                raise
            response = self._refuse(request, refusal)
        if not response.prepared:
            seal(response)
        return response

    async def _front(self, request: web.Request) -> web.Response:
        house = self._house
        listed = await house.rosters.public_petitions(house.today)
        shown = views.view_listed(listed, house.base(request), house.today)
        return self._html(request, "front.html", petitions=shown)

    async def _petition(self, request: web.Request) -> web.Response:
        house = self._house
        asked = await ask(request, house)
        if not is_canonical(request, asked):
            raise web.HTTPFound(asked.pages.roster)
        wanted = read_wanted(request, PAGE_SIZE)
        if wanted.text or wanted.order.is_by_name:
            async with self._searching:
                portrait = await house.rosters.portrait(asked.found.petition_id, wanted)
        else:
            portrait = await house.rosters.portrait(asked.found.petition_id, wanted)
        if portrait is None:
            raise web.HTTPNotFound(text="There is no such petition here.")
        shown = views.view_petition(portrait, asked.pages, wanted, house)
        response = self._html(request, "petition.html", petition=shown, roster=shown.roster)
        if asked.private:
            response.headers.update(SECRETIVE)
        return response

    def _refuse(self, request: web.Request, refusal: web.HTTPException) -> web.Response:
        heading = _HEADINGS.get(refusal.status, refusal.reason)
        message = "" if refusal.text == f"{refusal.status}: {refusal.reason}" else refusal.text
        response = self._html(request, "message.html", status=refusal.status, heading=heading, message=message)
        for name in ("Allow", "Retry-After"):
            if name in refusal.headers:
                response.headers[name] = refusal.headers[name]
        return response

    def _html(
        self, request: web.Request, template: str, *, status: int = HTTPStatus.OK, **values: object
    ) -> web.Response:
        text = self._templates.get_template(template).render(base=self._house.base(request), **values)
        response = web.Response(text=text, status=status, content_type="text/html")
        response.headers["Cache-Control"] = "no-cache"
        return response


_STATIC: Final = {"roster.css": "text/css", "roster.js": "text/javascript", "mark.svg": "image/svg+xml"}

_HEADINGS: Final = {
    400: "That does not make sense",
    404: "Not here",
    405: "Not like this",
    503: "One moment, please",
}


async def _static(request: web.Request) -> web.Response:
    name = request.match_info["file"]
    if name not in _STATIC:
        raise web.HTTPNotFound(text="There is no such file.")
    text = resources.files("bot.web").joinpath("static", name).read_text("utf-8")
    response = web.Response(text=text, content_type=_STATIC[name])
    response.headers["Cache-Control"] = "public, max-age=300"
    return response
