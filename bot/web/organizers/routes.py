"""`…/organizers`: a petition's page for people who may write to its repository, and its pack as a ZIP file."""

from __future__ import annotations

import asyncio
import tempfile
from contextlib import suppress
from functools import partial
from typing import IO, Final

from aiohttp import web
from aiohttp.hdrs import METH_HEAD
from msgspec import Struct
from msgspec.structs import replace

from bot.export import handover_pack
from bot.github.errors import GitHubError
from bot.links import pages_of
from bot.petition.comments.comment import Author
from bot.store import RosterQuery
from bot.web.organizers.auth import CANCELLED, ORGANIZERS, PATH, OrganizerAuth, SignInRoutes, unavailable
from bot.web.organizers.cached_signature_reviews import SignatureReviews
from bot.web.organizers.view_models import view_organizers
from bot.web.petition_requests import (
    NO_SUCH_PETITION,
    PagesContext,
    RequestedPetition,
    is_visible,
    look_up,
    read_details,
    require_present_name,
    require_visible,
)
from bot.web.route_policies import Pool, Route

MAX_PACK_SIGNATURES: Final = 100_000
"""Signatures of a petition whose pack is made while the bot runs; that of a larger one takes too much memory."""

IN_MEMORY: Final = 4 * 1024 * 1024
"""Bytes of a ZIP file that are not on disk."""

CHUNK: Final = 256 * 1024

_PACK: Final = replace(ORGANIZERS, pool=Pool.EXPORTS)


class OrganizerServices(Struct, frozen=True):
    """What the routes need beside the context."""

    auth: OrganizerAuth
    reviews: SignatureReviews


class OrganizerRoutes:
    """The handlers; without services the page says what the operator can do."""

    def __init__(self, context: PagesContext, services: OrganizerServices | None) -> None:
        self._context = context
        self._services = services
        self._sign_in = SignInRoutes(context, None if services is None else services.auth)
        self._pack_turn = asyncio.Lock()

    def routes(self) -> list[Route]:
        """List the routes."""
        return [
            Route("GET", PATH, self._show, ORGANIZERS),
            Route("GET", f"{PATH}/pack.zip", self._pack, _PACK),
            *self._sign_in.routes(),
        ]

    async def _show(self, request: web.Request) -> web.Response:
        visit = await self._visit(request)
        if visit is None:
            return await self._show_sign_in(request)
        requested, reviews = visit.requested, visit.reviews
        page_url, pages = self._sign_in.page_url(request), requested.pages
        page = partial(self._context.page, request, page_url=page_url, person=visit.person, pages=pages)
        if not visit.is_allowed:
            return page("organizers/not_allowed.html", status=403)
        require_present_name(request, requested)
        details = await read_details(self._context, requested, RosterQuery(size=1))
        review, records = await reviews.review(requested.ref), await reviews.records(requested.ref)
        shown = view_organizers(details, pages, self._context, review, records)
        return page("organizers/petition.html", is_pack_small=requested.ref.count <= MAX_PACK_SIGNATURES, **shown)

    async def _pack(self, request: web.Request) -> web.StreamResponse:
        visit = await self._visit(request)
        if visit is None or not visit.is_allowed:
            # The page says who may, and how.
            raise web.HTTPFound(self._sign_in.page_url(request))
        requested, ref = visit.requested, visit.requested.ref
        require_present_name(request, requested)
        if ref.count > MAX_PACK_SIGNATURES:
            raise web.HTTPServiceUnavailable(text=_TOO_LARGE)
        folder = f"{ref.repository.owner}-{ref.repository.name}-{ref.number}"
        response = web.StreamResponse()
        response.content_type = "application/zip"
        response.headers["Content-Disposition"] = f'attachment; filename="{folder}.zip"'
        # The client may have left.
        with suppress(ConnectionResetError):
            if request.method == METH_HEAD:
                await response.prepare(request)
            else:
                with tempfile.SpooledTemporaryFile(IN_MEMORY) as file:
                    await self._write_pack(requested, file, folder)
                    await response.prepare(request)
                    while chunk := await asyncio.to_thread(file.read, CHUNK):
                        await response.write(chunk)
            await response.write_eof()
        return response

    async def _write_pack(self, requested: RequestedPetition, file: IO[bytes], folder: str) -> None:
        """Write a ZIP file in a thread, one at a time."""
        context = self._context
        async with self._pack_turn:
            async with context.long_read:
                whole = await context.rosters.get_export(requested.ref.petition_id)
            require_visible(whole.details if whole else None, requested)
            assert whole is not None  # noqa: S101 - there are details
            made_at = int(context.now())

            def write() -> None:
                files = handover_pack.make_files(whole, requested.pages, context.site, made_at)
                handover_pack.write_zip(files, file, folder, made_at)
                file.seek(0)

            await asyncio.to_thread(write)

    async def _show_sign_in(self, request: web.Request) -> web.Response:
        """Show how to sign in: the same for all petitions but those that everybody may see, which have a title."""
        ref, title, petition_url = await look_up(request, self._context), None, None
        if ref is not None and is_visible(request, ref):
            pages = pages_of(self._sign_in.base(request), ref.repository, ref.number, ref.page_key)
            details = await read_details(self._context, RequestedPetition(ref, pages), RosterQuery(size=1))
            title, petition_url = details.snapshot.title, pages.roster
        return self._context.page(
            request,
            "organizers/sign_in.html",
            page_url=self._sign_in.page_url(request),
            ready=self._services is not None,
            asked=request.match_info,
            title=title,
            petition_url=petition_url,
            is_cancelled=CANCELLED in request.query,
        )

    async def _visit(self, request: web.Request) -> _Visit | None:
        """Return who asks for which petition, and whether they may; None where nobody has signed in.

        Raises HTTPNotFound for a petition that they may not know of.
        """
        services, match = self._services, request.match_info
        person = None if services is None else await services.auth.person(request)
        if services is None or person is None:
            return None
        ref = await look_up(request, self._context)
        name = f"{match['owner']}/{match['repo']}" if ref is None else ref.repository.full_name
        try:
            allowed = await services.auth.is_organizer(ref, name, person)
        except GitHubError as error:
            raise unavailable(error) from None
        if ref is None or not (allowed or is_visible(request, ref)):
            raise web.HTTPNotFound(text=NO_SUCH_PETITION)
        pages = pages_of(self._sign_in.base(request), ref.repository, ref.number, ref.page_key)
        return _Visit(services.reviews, person, RequestedPetition(ref, pages), allowed)


class _Visit(Struct, frozen=True):
    """Somebody who has signed in, the petition that they ask for, and whether they are its organizer."""

    reviews: SignatureReviews
    person: Author
    requested: RequestedPetition
    is_allowed: bool


_TOO_LARGE: Final = (
    f"The petition has more than {MAX_PACK_SIGNATURES:,} signatures. Create its pack on the command line:"
    " python -m bot handover OWNER/REPO#N --out DIR"
)
