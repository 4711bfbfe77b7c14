"""The pages that people read: `GET /` and a petition's pages; they work without JavaScript."""

from __future__ import annotations

import asyncio
from typing import Final

from aiohttp import web
from msgspec import Struct

from bot.store import PAGE_SIZE, RosterQuery
from bot.web.context import PETITION, PagesContext, find_petition, is_canonical, read_roster_query
from bot.web.pages import view_models
from bot.web.rendering import static_files
from bot.web.route_policy import Route, RoutePolicy

COMPARED_VERSIONS: Final = 20
"""As many of a letter's newest versions are shown with their differences."""

_LIST: Final = RoutePolicy(cache_control="no-cache")
_PETITION: Final = RoutePolicy(cache_control="no-cache", is_about_petition=True, is_searchable=True)
_LETTER: Final = RoutePolicy(cache_control="no-cache", is_about_petition=True)
_STATIC: Final = RoutePolicy(cache_control="public, max-age=300")


class PageRoutes(Struct, frozen=True):
    """The handlers of the pages."""

    context: PagesContext

    def routes(self) -> list[Route]:
        """List the routes."""
        return [
            Route("GET", "/", self._front, _LIST),
            Route("GET", PETITION, self._petition, _PETITION),
            Route("GET", f"{PETITION}/letter", self._letter, _LETTER),
            Route("GET", "/static/{file}", static_files("bot.web", "bot.web.pages"), _STATIC),
        ]

    async def _front(self, request: web.Request) -> web.Response:
        context = self.context
        petitions = await context.rosters.list_public(context.today)
        shown = view_models.view_summaries(petitions, context.base(request), context.now())
        return context.page(request, "pages/front.html", petitions=shown)

    async def _petition(self, request: web.Request) -> web.Response:
        context = self.context
        requested = await find_petition(request, context)
        if not is_canonical(request, requested):
            raise web.HTTPFound(requested.pages.roster)
        query = read_roster_query(request, PAGE_SIZE)
        details = await context.details(requested, query)
        # Rendering a letter for the first time takes a while, and runs beside the loop.
        shown = await asyncio.to_thread(view_models.view_petition, details, requested.pages, query, context)
        return context.page(request, "pages/petition.html", **shown)

    async def _letter(self, request: web.Request) -> web.Response:
        context = self.context
        requested = await find_petition(request, context)
        if not is_canonical(request, requested):
            raise web.HTTPFound(requested.pages.of("/letter"))
        details = await context.details(requested, RosterQuery(size=1, letters=COMPARED_VERSIONS))
        # Comparing versions takes a while.
        versions = await asyncio.to_thread(view_models.view_versions, details.letters)
        return context.page(
            request, "pages/letter.html", petition=details.snapshot, pages=requested.pages, versions=versions
        )
