"""The pages that people read: `GET /` and a petition's page; they work without JavaScript."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from importlib import resources
from typing import Final

import jinja2
from aiohttp import web

from bot.petition.organizers.rules import next_goal
from bot.store import PAGE_SIZE, DatabaseUnavailable, PetitionDetails, RosterQuery
from bot.urls import pages_of
from bot.web.context import PETITION, PagesContext, ask, is_canonical, read_wanted
from bot.web.pages import views
from bot.web.pages.not_counted import view_unheard
from bot.web.security_headers import SECRETIVE, Handler

VERSIONS: Final = 20
"""Of so many of a letter's newest versions it is shown how they differ."""


class PageRoutes:
    """The handlers of the pages."""

    def __init__(self, house: PagesContext) -> None:
        self._house = house
        self._templates = jinja2.Environment(
            loader=jinja2.PackageLoader("bot.web"),
            autoescape=True,
            trim_blocks=True,
            lstrip_blocks=True,
            undefined=jinja2.StrictUndefined,
        )

    def routes(self) -> list[web.RouteDef]:
        """List the addresses."""
        return [
            web.get("/", self._front),
            web.get(PETITION, self._petition),
            web.get(f"{PETITION}/letter", self._letter),
            web.get("/static/{file}", _static),
        ]

    @web.middleware
    async def guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Answer a browser that is refused with a page that says what to do."""
        try:
            return await handler(request)
        except web.HTTPException as refusal:
            if refusal.status < HTTPStatus.BAD_REQUEST:
                raise
            return self._refuse(request, refusal)
        except DatabaseUnavailable:
            return self._refuse(request, _unavailable())

    async def _front(self, request: web.Request) -> web.Response:
        house = self._house
        listed = await house.rosters.list_public(house.today)
        shown = views.view_listed(listed, house.base(request), house.now())
        return self.draw(request, "front.html", petitions=shown)

    async def _petition(self, request: web.Request) -> web.Response:
        house = self._house
        asked = await ask(request, house)
        if not is_canonical(request, asked):
            raise web.HTTPFound(asked.pages.roster)
        wanted = read_wanted(request, PAGE_SIZE)
        details = await house.details(asked, wanted)
        # Showing a letter takes a while the first time, which nobody else should wait for.
        shown = await asyncio.to_thread(views.view_petition, details, asked.pages, wanted, house)
        unheard = view_unheard(details.not_counted, house.site, over=shown.closed is not None)
        response = self.draw(request, "petition.html", petition=shown, roster=shown.roster, unheard=unheard)
        if asked.private:
            response.headers.update(SECRETIVE)
        return response

    async def _letter(self, request: web.Request) -> web.Response:
        asked = await ask(request, self._house)
        if not is_canonical(request, asked):
            raise web.HTTPFound(asked.pages.of("/letter"))
        details = await self._house.details(asked, RosterQuery(size=1, letters=VERSIONS))
        # Showing a letter takes a while, and so does comparing its versions.
        petition = await asyncio.to_thread(views.view_petition, details, asked.pages, RosterQuery(), self._house)
        versions = await asyncio.to_thread(views.view_versions, details.letters)
        response = self.draw(request, "letter.html", petition=petition, versions=versions)
        if asked.private:
            response.headers.update(SECRETIVE)
        return response

    def _refuse(self, request: web.Request, refusal: web.HTTPException) -> web.Response:
        heading = _HEADINGS.get(refusal.status, refusal.reason)
        message = "" if refusal.text == f"{refusal.status}: {refusal.reason}" else refusal.text
        if "text/html" in request.headers.get("Accept", ""):
            missing = refusal.status == HTTPStatus.NOT_FOUND
            response = self.draw(
                request, "message.html", status=refusal.status, heading=heading, message=message, missing=missing
            )
        else:
            response = web.json_response({"message": message or heading}, status=refusal.status)
            response.headers["Access-Control-Allow-Origin"] = "*"
        for name in ("Allow", "Retry-After"):
            if name in refusal.headers:
                response.headers[name] = refusal.headers[name]
        return response

    def tell(self, details: PetitionDetails) -> dict[str, object]:
        """Return what an open page needs to be up to date: the count, and the newest lines of the roster."""
        macros = self._templates.get_template("parts.html").module
        snapshot = details.snapshot
        entries: list[views.EntryView] = []
        if snapshot.threads:
            # Without a public address, links lead to where the page that follows them was found.
            base, first = self._house.addresses.public_url or "", snapshot.threads[0]
            pages = pages_of(base, snapshot.repository, first.number, snapshot.page_key)
            entries = views.view_entries(details.page.entries, details.letters, pages, self._house.site)
        open_ = snapshot.shut_at is None and snapshot.labelled
        goal = next_goal(snapshot.rules.settings.goals, snapshot.count)
        return {
            "count": snapshot.count,
            "headline": views.headline(snapshot.count, open_=open_),
            "goal": goal,
            "progress": views.progress(snapshot.count, goal),
            "entries": "".join(macros.entry(one) for one in entries),  # type: ignore[attr-defined]  # the template's
        }

    def draw(
        self, request: web.Request, template: str, *, status: int = HTTPStatus.OK, **values: object
    ) -> web.Response:
        """Make a page of a template."""
        text = self._templates.get_template(template).render(base=self._house.base(request), **values)
        response = web.Response(text=text, status=status, content_type="text/html")
        response.headers["Cache-Control"] = "no-cache"
        return response


_STATIC: Final = {
    "roster.css": "text/css",
    "roster.js": "text/javascript",
    "mark.svg": "image/svg+xml",
    "card.png": "image/png",
}

_HEADINGS: Final = {
    400: "That does not make sense",
    404: "Not here",
    405: "Not like this",
    503: "One moment, please",
}


def _unavailable() -> web.HTTPServiceUnavailable:
    return web.HTTPServiceUnavailable(
        text="The database does not answer. Nothing is lost; try again in a minute.", headers={"Retry-After": "60"}
    )


async def _static(request: web.Request) -> web.Response:
    name = request.match_info["file"]
    if name not in _STATIC:
        raise web.HTTPNotFound(text="There is no such file.")
    content, kind = resources.files("bot.web").joinpath("static", name).read_bytes(), _STATIC[name]
    response = web.Response(body=content, content_type=kind, charset=None if kind == "image/png" else "utf-8")
    response.headers["Cache-Control"] = "public, max-age=300"
    return response
