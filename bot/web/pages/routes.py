"""The pages that people read: `GET /` and a petition's pages; they work without JavaScript."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Final

from aiohttp import web
from msgspec import Struct

from bot.petition.i18n import message, translator
from bot.petition.letter_versions_and_translations import normalize_tag
from bot.store import PAGE_SIZE, RosterQuery
from bot.web.context import PagesContext
from bot.web.page_cache import PageCache, Rendering, render_text
from bot.web.pages import view_models
from bot.web.pages.front_page import read_list_query, view_list
from bot.web.petition_requests import PETITION, RequestedPetition, find_petition, read_details, read_roster_query
from bot.web.rendering import accepted_translator, static_files
from bot.web.route_policies import Route, RoutePolicy

COMPARED_VERSIONS: Final = 20
"""As many of a letter's newest versions are shown with what they changed."""

_LIST: Final = RoutePolicy(cache_control="no-cache")
_PETITION: Final = RoutePolicy(cache_control="no-cache", is_about_petition=True, is_searchable=True)
_LETTER: Final = RoutePolicy(cache_control="no-cache", is_about_petition=True)
_STATIC: Final = RoutePolicy(cache_control="public, max-age=300")


class PageRoutes(Struct, frozen=True):
    """The handlers of the pages."""

    context: PagesContext
    cache: PageCache

    def routes(self) -> list[Route]:
        """List the routes."""
        return [
            Route("GET", "/", self._front, _LIST),
            Route("GET", PETITION, self._petition, _PETITION),
            Route("GET", f"{PETITION}/letter", self._letter, _LETTER),
            Route("GET", f"{PETITION}/letter/{{language}}", self._translation, _LETTER),
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
        details, pages = await read_details(self.context, requested, query), requested.pages

        def work() -> Rendering:
            shown = view_models.view_petition(details, pages, query, self.context)
            return render_text(self.context.render("pages/petition.html", pages.base, **shown), details.snapshot)

        # It takes some milliseconds, of a letter for the first time more.
        return await asyncio.to_thread(work)

    async def _letter(self, request: web.Request) -> web.Response:
        requested = await find_petition(request, self.context)
        return await self.cache.respond(request, requested, "letter", self._render_letter)

    async def _render_letter(self, requested: RequestedPetition) -> Rendering:
        details = await read_details(self.context, requested, RosterQuery(size=1, letters=COMPARED_VERSIONS))
        pages, petition = requested.pages, details.snapshot

        def work() -> Rendering:
            tr = translator(petition.rules.settings.language)
            versions = view_models.view_versions(details.letters, tr)
            translations = view_models.view_translations(petition, pages)
            shown = {"petition": petition, "pages": pages, "versions": versions, "translations": translations}
            return render_text(self.context.render("pages/letter.html", pages.base, tr=tr, **shown), petition)

        # Comparing versions takes a while.
        return await asyncio.to_thread(work)

    async def _translation(self, request: web.Request) -> web.Response:
        requested = await find_petition(request, self.context)
        language = normalize_tag(request.match_info["language"])
        render = partial(self._render_translation, language=language)
        return await self.cache.respond(request, requested, f"letter/{language}", render)

    async def _render_translation(self, requested: RequestedPetition, language: str) -> Rendering:
        letter = await self.context.rosters.get_translation(requested.ref.petition_id, language)
        if letter is None or (letter.snapshot.private and not requested.private):
            raise web.HTTPNotFound(text=message("The letter has no translation into this language."))
        pages = requested.pages

        def work() -> Rendering:
            shown = view_models.view_translation(letter, pages, self.context)
            return render_text(self.context.render("pages/translation.html", pages.base, **shown), letter.snapshot)

        return await asyncio.to_thread(work)
