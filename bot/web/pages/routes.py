"""The pages that people read: `GET /` and a petition's pages; they work without JavaScript."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from aiohttp import web
from msgspec import Struct

from bot.petition.i18n import message
from bot.petition.letter_versions_and_translations import normalize_tag
from bot.store import PAGE_SIZE, RosterQuery, Snapshot
from bot.web.page_cache import PageCache, Rendering, render_text
from bot.web.pages.view_models import view_letter, view_list, view_petition, view_translation
from bot.web.petition_requests import PETITION, PagesContext, RequestedPetition, find_petition, read_details
from bot.web.query_parameters import read_list_query, read_roster_query
from bot.web.rendering import accepted_translator, render, static_files
from bot.web.route_policies import Route, RoutePolicy

COMPARED_VERSIONS: Final = 20
"""As many of a letter's newest versions are shown with what they changed."""

_PAGE: Final = RoutePolicy(cache_control="no-cache")
_PETITION: Final = RoutePolicy(cache_control="no-cache", is_searchable=True)
_STATIC: Final = RoutePolicy(cache_control="public, max-age=300")


class PageRoutes(Struct, frozen=True):
    """The handlers of the pages."""

    context: PagesContext
    cache: PageCache

    def routes(self) -> list[Route]:
        """List the routes."""
        return [
            Route("GET", "/", self._front, _PAGE),
            Route("GET", PETITION, self._petition, _PETITION),
            Route("GET", f"{PETITION}/letter", self.cache.handler("letter", self._render_letter), _PAGE),
            Route("GET", f"{PETITION}/letter/{{language}}", self._translation, _PAGE),
            Route("GET", "/static/{file}", static_files("bot.web", "bot.web.pages"), _STATIC),
        ]

    async def _front(self, request: web.Request) -> web.Response:
        context = self.context
        wanted = read_list_query(request)
        found = await context.rosters.list_public(context.now(), wanted)
        tr, _ = accepted_translator(request)
        shown = view_list(found, wanted, context.today, context.base(request), tr)
        return context.accepted_page(request, "pages/front.html", label=context.label, **shown)

    async def _petition(self, request: web.Request) -> web.Response:
        requested = await find_petition(request, self.context)
        query = read_roster_query(request, PAGE_SIZE)
        return await self.cache.respond(request, requested, "page", partial(self._render_petition, query=query))

    async def _render_petition(self, requested: RequestedPetition, query: RosterQuery) -> Rendering:
        details = await read_details(self.context, requested, query)
        view = partial(view_petition, details, requested.pages, query, self.context)
        return await self._render("petition", requested, details.snapshot, view)

    async def _render_letter(self, requested: RequestedPetition) -> Rendering:
        details = await read_details(self.context, requested, RosterQuery(size=1, letters=COMPARED_VERSIONS))
        view = partial(view_letter, details.snapshot, details.letters, requested.pages)
        return await self._render("letter", requested, details.snapshot, view)

    async def _translation(self, request: web.Request) -> web.Response:
        requested = await find_petition(request, self.context)
        language = normalize_tag(request.match_info["language"])
        render = partial(self._render_translation, language=language)
        return await self.cache.respond(request, requested, f"letter/{language}", render)

    async def _render_translation(self, requested: RequestedPetition, language: str) -> Rendering:
        letter = await self.context.rosters.get_translation(requested.ref.petition_id, language)
        if letter is None or (letter.snapshot.private and not requested.private):
            raise web.HTTPNotFound(text=message("The letter has no translation into this language."))
        view = partial(view_translation, letter, requested.pages, self.context)
        return await self._render("translation", requested, letter.snapshot, view)

    async def _render(
        self, name: str, requested: RequestedPetition, snapshot: Snapshot, view: Callable[[], dict[str, Any]]
    ) -> Rendering:
        """Render a template in a thread: it takes some milliseconds, and comparing versions takes more."""

        def work() -> Rendering:
            base, site = requested.base, self.context.site
            return render_text(render(f"pages/{name}.html", base=base, site=site, **view()), snapshot)

        return await asyncio.to_thread(work)
