"""`…/organizers`: a petition's page for people who may write to its repository, whom only GitHub knows.

There are no accounts. People sign in with GitHub, and a signed cookie keeps them signed in for a while. Whether
they are organizers is checked repeatedly.
"""

from __future__ import annotations

from aiohttp import web
from msgspec import Struct
from msgspec.structs import replace

from bot.github.errors import GitHubError
from bot.petition.comments.comment import Author
from bot.store import RosterQuery
from bot.urls import pages_of
from bot.web.context import (
    NO_SUCH_PETITION,
    PagesContext,
    RequestedPetition,
    is_canonical,
    is_visible,
)
from bot.web.organizers.service import OrganizerService
from bot.web.organizers.sign_in import ORGANIZERS, PATH, SignInRoutes, unavailable
from bot.web.organizers.view_models import view_organizers
from bot.web.routing import Route


class OrganizerRoutes(Struct, frozen=True):
    """The handlers; without a service the page says what the operator can do."""

    context: PagesContext
    service: OrganizerService | None

    @property
    def sign_in(self) -> SignInRoutes:
        """Return the handlers of signing in and out."""
        return SignInRoutes(self.context, self.service)

    def routes(self) -> list[Route]:
        """List the routes."""
        return [Route("GET", PATH, self._show, ORGANIZERS), *self.sign_in.routes()]

    async def _show(self, request: web.Request) -> web.Response:
        service, match = self.service, request.match_info
        person, page_url = await self.sign_in.person(request), self.sign_in.page_url(request)
        if service is None or person is None:
            # The same for all petitions, whether or not they exist and the client may see them.
            return self._page(request, "sign_in", page_url=page_url, ready=service is not None)
        ref = await self.context.rosters.find(match["owner"], match["repo"], int(match["number"]))
        name = f"{match['owner']}/{match['repo']}" if ref is None else ref.repository.full_name
        try:
            allowed = await service.is_organizer(ref, name, person)
        except GitHubError as error:
            raise unavailable(error) from None
        if ref is None or not (allowed or is_visible(request, ref)):
            raise web.HTTPNotFound(text=NO_SUCH_PETITION)
        pages = pages_of(self.sign_in.base(request), ref.repository, ref.number, ref.page_key)
        if allowed:
            return await self._show_petition(request, service, RequestedPetition(ref, pages), person)
        return self._page(request, "not_allowed", status=403, page_url=page_url, person=person, pages=pages)

    async def _show_petition(
        self, request: web.Request, service: OrganizerService, requested: RequestedPetition, person: Author
    ) -> web.Response:
        ref, pages = requested.ref, requested.pages
        if not is_canonical(request, requested):
            # Without the key, which an organizer does not need.
            raise web.HTTPFound(replace(pages, key=None).of("/organizers"))
        details = await self.context.details(requested, RosterQuery(size=1))
        review, records = await service.review(ref), await service.records(ref)
        shown = view_organizers(details, pages, self.context, review, records)
        return self._page(request, "petition", page_url=self.sign_in.page_url(request), person=person, **shown)

    def _page(self, request: web.Request, name: str, *, status: int = 200, **values: object) -> web.Response:
        return self.context.page(request, f"organizers/{name}.html", status=status, **values)
