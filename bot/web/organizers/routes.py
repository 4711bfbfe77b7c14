"""`…/organizers`: a petition's page for those who may write to its repository, its pack, and signing in and out."""

from __future__ import annotations

import asyncio
import secrets
import tempfile
from contextlib import suppress
from functools import partial
from typing import IO, Final
from urllib.parse import urlsplit

import structlog
from aiohttp import web
from aiohttp.hdrs import METH_HEAD
from msgspec import Struct
from msgspec.structs import replace

from bot.export import handover_pack
from bot.github.errors import GitHubError, NotSignedIn, Paused, Unreachable
from bot.links import SIGNED_IN
from bot.petition.comments.comment import Author
from bot.store import PetitionRef, RosterQuery
from bot.web.organizers.auth import COOKIE, LIFETIME, SIGN_IN_LIFETIME, OrganizerAuth
from bot.web.organizers.cached_signature_reviews import SignatureReviews
from bot.web.organizers.view_models import view_organizers
from bot.web.petition_requests import (
    NO_SUCH_PETITION,
    PETITION,
    PagesContext,
    RequestedPetition,
    is_visible,
    read_details,
    requested_name,
    require_present_name,
    require_visible,
)
from bot.web.route_policies import PRIVATE_HEADERS, Pool, Route, RoutePolicy
from bot.web.sessions import is_secret, origin_url, set_cookie

log = structlog.get_logger("organizers")

ORGANIZERS: Final = RoutePolicy(
    cache_control=PRIVATE_HEADERS["Cache-Control"], pool=Pool.ORGANIZERS, headers=PRIVATE_HEADERS
)
"""The policy of all answers to organizers."""

CANCELLED: Final = "cancelled"
"""In the query of whoever comes back from GitHub and has not agreed."""

PATH: Final = f"{PETITION}/organizers"
"""The path of a petition's page for organizers."""

SIGN_IN_COOKIE: Final = "undersigned-signing-in"

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
        self._auth = None if services is None else services.auth
        self._pack_turn = asyncio.Lock()

    def routes(self) -> list[Route]:
        """List the routes."""
        return [
            Route("GET", PATH, self._show, ORGANIZERS),
            Route("GET", f"{PATH}/pack.zip", self._pack, _PACK),
            Route("GET", f"{PATH}/sign-in", self._sign_in, ORGANIZERS),
            Route("POST", f"{PATH}/sign-out", self._sign_out, ORGANIZERS),
            Route("GET", SIGNED_IN, self._signed_in, ORGANIZERS),
        ]

    async def _show(self, request: web.Request) -> web.Response:
        visit = await self._visit(request)
        if visit is None:
            return await self._show_sign_in(request)
        requested, reviews = visit.requested, visit.reviews
        page_url, pages = self._page_url(request), requested.pages
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
            raise web.HTTPFound(self._page_url(request))
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
        ref, title, petition_url = await _find(request, self._context), None, None
        if ref is not None and is_visible(request, ref):
            requested = RequestedPetition(ref, self._base(request))
            details = await read_details(self._context, requested, RosterQuery(size=1))
            title, petition_url = details.snapshot.title, requested.pages.roster
        return self._context.page(
            request,
            "organizers/sign_in.html",
            page_url=self._page_url(request),
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
        if services is None or (person := await services.auth.person(request)) is None:
            return None
        ref = await _find(request, self._context)
        name = f"{match['owner']}/{match['repo']}" if ref is None else ref.repository.full_name
        try:
            allowed = await services.auth.is_organizer(ref, name, person)
        except GitHubError as error:
            raise unavailable(error) from None
        if ref is None or not (allowed or is_visible(request, ref)):
            raise web.HTTPNotFound(text=NO_SUCH_PETITION)
        return _Visit(services.reviews, person, RequestedPetition(ref, self._base(request)), allowed)

    def _base(self, request: web.Request) -> str:
        """Return how our addresses begin, as the browser sees them."""
        return self._context.addresses.public_url or origin_url(request)

    def _page_url(self, request: web.Request) -> str:
        """Return the address of the page for organizers that a request is about."""
        return self._url(request, **request.match_info)

    def _url(self, request: web.Request, owner: str, repo: str, number: str) -> str:
        return f"{self._base(request)}/petitions/{owner}/{repo}/{number}/organizers"

    async def _sign_in(self, request: web.Request) -> web.Response:
        if self._auth is None:
            raise web.HTTPFound(self._page_url(request))
        # The address to return to is built from this, so that it cannot lead to another site.
        match = request.match_info
        place = ":".join((match["owner"], match["repo"], match["number"], secrets.token_hex(16)))
        ticket = self._auth.sign_ins.create(place)
        url = self._auth.authorize_url(ticket, f"{self._base(request)}{SIGNED_IN}")
        response = web.Response(status=302, headers={"Location": url})
        self._set_cookie(request, response, SIGN_IN_COOKIE, ticket, SIGN_IN_LIFETIME, SIGNED_IN)
        return response

    async def _signed_in(self, request: web.Request) -> web.Response:
        response = await self._complete_sign_in(request)
        # The ticket is for one attempt, whatever its result.
        response.del_cookie(SIGN_IN_COOKIE, path=self._path(request, SIGNED_IN))
        return response

    async def _complete_sign_in(self, request: web.Request) -> web.Response:
        auth, query, ticket = self._auth, request.query, request.cookies.get(SIGN_IN_COOKIE, "")
        place = None if auth is None else auth.sign_ins.read(ticket)
        if auth is None or place is None or not is_secret(query.get("state", ""), auth.sign_ins.state(ticket)):
            text = "Start again on the petition's page in this browser, and finish within ten minutes."
            return self._message(request, 403, "This sign-in did not start here", text)
        owner, repo, number, _ = place.split(":")
        url = self._url(request, owner, repo, number)
        if query.get("error") == "access_denied":
            return web.Response(status=303, headers={"Location": f"{url}?{CANCELLED}"})
        if "error" in query:
            return self._refused(request, query["error"][:60])
        try:
            person = await auth.identify(query.get("code", ""), ticket, f"{self._base(request)}{SIGNED_IN}")
        except NotSignedIn as refusal:
            return self._refused(request, str(refusal))
        except GitHubError as error:
            raise unavailable(error) from None
        response = web.Response(status=303, headers={"Location": url})
        # Always a new session, whatever cookie the browser has sent.
        session = await auth.create_session(person)
        self._set_cookie(request, response, COOKIE, session, LIFETIME, "/petitions")
        return response

    async def _sign_out(self, request: web.Request) -> web.Response:
        # An expired session must not end newer ones.
        if self._auth is not None and (person := await self._auth.person(request)):
            await self._auth.sign_outs.end_sessions(person.id, self._context.now())
        response = web.Response(status=303, headers={"Location": self._page_url(request)})
        # A form of another site comes without the cookie, and must not remove it.
        if COOKIE in request.cookies:
            response.del_cookie(COOKIE, path=self._path(request, "/petitions"))
        return response

    def _refused(self, request: web.Request, reason: str) -> web.Response:
        if reason == "bad_verification_code":
            text = "GitHub's code was already used, or is more than ten minutes old. Sign in again."
            return self._message(request, 410, "This sign-in has expired", text)
        advice = "Compare GITHUB_CLIENT_ID, GITHUB_CLIENT_SECRET and the callback URL with the App's settings."
        log.warning("sign-in failed", reason=reason, advice=advice)
        text = (
            f"GitHub says “{reason}”. If you operate this server, check that the App's"
            " settings have the callback URL"
            f" {self._base(request)}{SIGNED_IN}, and that GITHUB_CLIENT_SECRET is a client secret of the App."
        )
        return self._message(request, 502, "GitHub refused the sign-in", text)

    def _message(self, request: web.Request, status: int, heading: str, text: str) -> web.Response:
        return self._context.page(
            request, "shared/message.html", status=status, heading=heading, message=text, missing=False
        )

    def _path(self, request: web.Request, path: str) -> str:
        return f"{urlsplit(self._base(request)).path}{path}"

    def _set_cookie(
        self, request: web.Request, response: web.Response, name: str, value: str, lifetime: int, path: str
    ) -> None:
        secure = self._base(request).startswith("https:")
        set_cookie(response, name, value, lifetime, self._path(request, path), secure=secure)


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


def unavailable(error: GitHubError) -> web.HTTPServiceUnavailable:
    """Return the answer while GitHub does not say who somebody is, or whether they are an organizer."""
    is_limit = isinstance(error, Paused) and not isinstance(error, Unreachable)
    if not isinstance(error, Paused):
        log.warning("cannot check who is an organizer", error=str(error))
    what = "limits our calls" if is_limit else "does not respond"
    text = f"GitHub {what}, so we cannot check whether you are an organizer. Try again in a minute."
    return web.HTTPServiceUnavailable(text=text, headers={"Retry-After": "60"})


async def _find(request: web.Request, context: PagesContext) -> PetitionRef | None:
    """Find a petition, always in the database: the time that it takes tells nobody which ones are known."""
    return await context.rosters.find(*requested_name(request))
