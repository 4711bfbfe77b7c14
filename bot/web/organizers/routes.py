"""`…/organizers`: a petition's page for people who may write to its repository, whom only GitHub knows.

There are no accounts. People sign in with GitHub, and a signed cookie keeps them signed in for a while. Whether
they are organizers is checked repeatedly.
"""

from __future__ import annotations

from typing import Final

from aiohttp import web
from msgspec import Struct
from msgspec.structs import replace

from bot.github.errors import GitHubError
from bot.links import pages_of
from bot.petition.comments.comment import Author
from bot.store import PetitionRef, RosterQuery
from bot.web.context import PagesContext
from bot.web.organizers.dependencies import OrganizerService
from bot.web.organizers.pack_download import PackDownload
from bot.web.organizers.sign_in import CANCELLED, ORGANIZERS, PATH, SignInRoutes, unavailable
from bot.web.organizers.view_models import view_organizers
from bot.web.petition_requests import NO_SUCH_PETITION, RequestedPetition, is_canonical, is_visible, read_details
from bot.web.route_policies import Pool, Route

_PACK: Final = replace(ORGANIZERS, pool=Pool.EXPORTS)


class OrganizerRoutes(Struct, frozen=True):
    """The handlers; without a service the page says what the operator can do."""

    context: PagesContext
    service: OrganizerService | None
    packs: PackDownload

    @property
    def sign_in(self) -> SignInRoutes:
        """Return the handlers of signing in and out."""
        return SignInRoutes(self.context, self.service)

    def routes(self) -> list[Route]:
        """List the routes."""
        return [
            Route("GET", PATH, self._show, ORGANIZERS),
            Route("GET", f"{PATH}/pack.zip", self._pack, _PACK),
            *self.sign_in.routes(),
        ]

    async def _show(self, request: web.Request) -> web.Response:
        visit = await self._visit(request)
        if visit is None:
            return await self._show_sign_in(request)
        requested, person = visit.requested, visit.person
        page_url = self.sign_in.page_url(request)
        if not visit.is_allowed:
            pages = requested.pages
            return self._page(request, "not_allowed", status=403, page_url=page_url, person=person, pages=pages)
        self._require_canonical(request, requested, "/organizers")
        details = await read_details(self.context, requested, RosterQuery(size=1))
        review, records = await visit.service.review(requested.ref), await visit.service.records(requested.ref)
        shown = view_organizers(details, requested.pages, self.context, review, records)
        return self._page(request, "petition", page_url=page_url, person=person, **shown)

    async def _pack(self, request: web.Request) -> web.StreamResponse:
        visit = await self._visit(request)
        if visit is None or not visit.is_allowed:
            # The page says who may, and how.
            raise web.HTTPFound(self.sign_in.page_url(request))
        self._require_canonical(request, visit.requested, "/organizers/pack.zip")
        return await self.packs.respond(request, visit.requested)

    async def _show_sign_in(self, request: web.Request) -> web.Response:
        """Show how to sign in: the same for all petitions but those that everybody may see, which have a title."""
        ref, title, petition_url = await self._find(request), None, None
        if ref is not None and is_visible(request, ref):
            pages = pages_of(self.sign_in.base(request), ref.repository, ref.number, ref.page_key)
            details = await read_details(self.context, RequestedPetition(ref, pages), RosterQuery(size=1))
            title, petition_url = details.snapshot.title, pages.roster
        return self._page(
            request,
            "sign_in",
            page_url=self.sign_in.page_url(request),
            ready=self.service is not None,
            asked=request.match_info,
            title=title,
            petition_url=petition_url,
            is_cancelled=CANCELLED in request.query,
        )

    async def _visit(self, request: web.Request) -> _Visit | None:
        """Return who asks for which petition, and whether they may; None where nobody has signed in.

        Raises HTTPNotFound for a petition that they may not know of.
        """
        service, match, person = self.service, request.match_info, await self.sign_in.person(request)
        if service is None or person is None:
            return None
        ref = await self._find(request)
        name = f"{match['owner']}/{match['repo']}" if ref is None else ref.repository.full_name
        try:
            allowed = await service.is_organizer(ref, name, person)
        except GitHubError as error:
            raise unavailable(error) from None
        if ref is None or not (allowed or is_visible(request, ref)):
            raise web.HTTPNotFound(text=NO_SUCH_PETITION)
        pages = pages_of(self.sign_in.base(request), ref.repository, ref.number, ref.page_key)
        return _Visit(service, person, RequestedPetition(ref, pages), allowed)

    async def _find(self, request: web.Request) -> PetitionRef | None:
        match = request.match_info
        return await self.context.rosters.find(match["owner"], match["repo"], int(match["number"]))

    def _require_canonical(self, request: web.Request, requested: RequestedPetition, form: str) -> None:
        if not is_canonical(request, requested):
            # Without the key, which an organizer does not need.
            raise web.HTTPFound(replace(requested.pages, key=None).of(form))

    def _page(self, request: web.Request, name: str, *, status: int = 200, **values: object) -> web.Response:
        return self.context.page(request, f"organizers/{name}.html", status=status, **values)


class _Visit(Struct, frozen=True):
    """Somebody who has signed in, the petition that they ask for, and whether they are its organizer."""

    service: OrganizerService
    person: Author
    requested: RequestedPetition
    is_allowed: bool
