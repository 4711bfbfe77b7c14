"""`…/organizers`: a petition's page for people who may write to its repository, whom only GitHub knows.

There are no accounts. People sign in with GitHub, and a signed cookie keeps them signed in for a while. Whether
they are organizers is checked repeatedly.
"""

from __future__ import annotations

import hmac
import secrets
from typing import Final
from urllib.parse import urlsplit

import structlog
from aiohttp import web
from msgspec import Struct
from msgspec.structs import replace

from bot.github.errors import GitHubError, NotSignedIn, Paused, Unreachable
from bot.github.sign_in import authorize_url
from bot.petition.comments.comment import Author
from bot.secret_key import derive
from bot.store import RosterQuery
from bot.urls import SIGNED_IN, pages_of
from bot.web.context import (
    NO_SUCH_PETITION,
    PETITION,
    PagesContext,
    RequestedPetition,
    is_canonical,
    is_visible,
)
from bot.web.organizers.permissions_and_review import OrganizerService
from bot.web.organizers.view_models import view_organizers
from bot.web.routing import PRIVATE_HEADERS, Pool, Route, RoutePolicy
from bot.web.sessions import SignedSessions, origin_url, set_cookie

log = structlog.get_logger("organizers")

COOKIE: Final = "undersigned-organizer"
LIFETIME: Final = 8 * 3600
"""Seconds for which somebody stays signed in."""

SIGN_IN_COOKIE: Final = "undersigned-signing-in"
SIGN_IN_LIFETIME: Final = 600
"""Seconds that it may take to sign in; GitHub's code is valid as long."""

_ORGANIZERS: Final = RoutePolicy(
    cache_control=PRIVATE_HEADERS["Cache-Control"], pool=Pool.ORGANIZERS, headers=PRIVATE_HEADERS
)


class OrganizerRoutes(Struct, frozen=True):
    """The handlers; without a service the page says what the operator can do."""

    context: PagesContext
    service: OrganizerService | None

    def routes(self) -> list[Route]:
        """List the routes."""
        page = f"{PETITION}/organizers"
        return [
            Route("GET", page, self._show, _ORGANIZERS),
            Route("GET", f"{page}/sign-in", self._sign_in, _ORGANIZERS),
            Route("POST", f"{page}/sign-out", self._sign_out, _ORGANIZERS),
            Route("GET", SIGNED_IN, self._signed_in, _ORGANIZERS),
        ]

    async def _show(self, request: web.Request) -> web.Response:
        service, match = self.service, request.match_info
        person = None if service is None else await self._signed_in_person(service, request)
        page_url = self._page_url(request)
        if service is None or person is None:
            # The same for all petitions, whether or not they exist and the client may see them.
            return self._page(request, "sign_in", page_url=page_url, ready=service is not None)
        ref = await self.context.rosters.find(match["owner"], match["repo"], int(match["number"]))
        name = f"{match['owner']}/{match['repo']}" if ref is None else ref.repository.full_name
        try:
            allowed = await service.is_organizer(ref, name, person)
        except GitHubError as error:
            raise _unavailable(error) from None
        if ref is None or not (allowed or is_visible(request, ref)):
            raise web.HTTPNotFound(text=NO_SUCH_PETITION)
        pages = pages_of(self._base(request), ref.repository, ref.number, ref.page_key)
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
        return self._page(request, "petition", page_url=self._page_url(request), person=person, **shown)

    async def _sign_in(self, request: web.Request) -> web.Response:
        service, match = self.service, request.match_info
        if service is None:
            raise web.HTTPFound(self._page_url(request))
        # The address to return to is built from this, so that it cannot lead to another site.
        place = ":".join((match["owner"], match["repo"], match["number"], secrets.token_hex(16)))
        ticket = self._sign_ins(service).create(place)
        callback = f"{self._base(request)}{SIGNED_IN}"
        url = authorize_url(service.client, callback, _state(service, ticket), _verifier(service, ticket))
        response = web.Response(status=302, headers={"Location": url})
        self._set_cookie(request, response, SIGN_IN_COOKIE, ticket, SIGN_IN_LIFETIME, SIGNED_IN)
        return response

    async def _signed_in(self, request: web.Request) -> web.Response:
        response = await self._complete_sign_in(request)
        # The ticket is for one attempt, whatever its result.
        response.del_cookie(SIGN_IN_COOKIE, path=self._path(request, SIGNED_IN))
        return response

    async def _complete_sign_in(self, request: web.Request) -> web.Response:
        service, query, ticket = self.service, request.query, request.cookies.get(SIGN_IN_COOKIE, "")
        place = None if service is None else self._sign_ins(service).read(ticket)
        state = query.get("state", "").encode(errors="replace")
        if service is None or place is None or not hmac.compare_digest(state, _state(service, ticket).encode()):
            text = "Start on the petition's page in this browser, and finish within ten minutes."
            return self._message(request, 403, "This sign-in did not start here", text)
        owner, repo, number, _ = place.split(":")
        url = f"{self._base(request)}/petitions/{owner}/{repo}/{number}/organizers"
        response = web.Response(status=303, headers={"Location": url})
        if query.get("error") == "access_denied":
            return response
        if "error" in query:
            return self._refused(request, query["error"][:60])
        try:
            callback = f"{self._base(request)}{SIGNED_IN}"
            person = await service.identify(query.get("code", ""), _verifier(service, ticket), callback)
        except NotSignedIn as refusal:
            return self._refused(request, refusal.reason)
        except GitHubError as error:
            raise _unavailable(error) from None
        # Always a new session, whatever cookie the browser has sent.
        number_now = await service.sign_outs.get_number()
        session = self._sessions(service).create(f"{person.id}:{person.login}:{number_now}")
        self._set_cookie(request, response, COOKIE, session, LIFETIME, "/petitions")
        return response

    async def _sign_out(self, request: web.Request) -> web.Response:
        service = self.service
        # An expired session must not end newer ones.
        person = None if service is None else await self._signed_in_person(service, request)
        if service is not None and person is not None:
            await service.sign_outs.end_sessions(person.id, self.context.now())
        response = web.Response(status=303, headers={"Location": self._page_url(request)})
        # A form of another site comes without the cookie, and must not remove it.
        if COOKIE in request.cookies:
            response.del_cookie(COOKIE, path=self._path(request, "/petitions"))
        return response

    def _refused(self, request: web.Request, reason: str) -> web.Response:
        if reason == "bad_verification_code":
            text = "GitHub's code was used already, or is more than ten minutes old. Sign in again."
            return self._message(request, 410, "This sign-in has expired", text)
        advice = "Compare GITHUB_CLIENT_ID, GITHUB_CLIENT_SECRET and the callback URL with the App's settings."
        log.warning("nobody can sign in", reason=reason, advice=advice)
        text = (
            f"GitHub says “{reason}”. The operator of this server can fix it: the App's settings must have"
            f" {self._base(request)}{SIGNED_IN} as a callback URL, and the client secret must be the App's."
        )
        return self._message(request, 502, "GitHub lets nobody sign in here", text)

    def _message(self, request: web.Request, status: int, heading: str, text: str) -> web.Response:
        return self.context.page(
            request, "shared/message.html", status=status, heading=heading, message=text, missing=False
        )

    def _page(self, request: web.Request, name: str, *, status: int = 200, **values: object) -> web.Response:
        return self.context.page(request, f"organizers/{name}.html", status=status, **values)

    def _page_url(self, request: web.Request) -> str:
        match = request.match_info
        return f"{self._base(request)}/petitions/{match['owner']}/{match['repo']}/{match['number']}/organizers"

    def _base(self, request: web.Request) -> str:
        return self.context.addresses.public_url or origin_url(request)

    def _path(self, request: web.Request, path: str) -> str:
        return f"{urlsplit(self._base(request)).path}{path}"

    def _set_cookie(
        self, request: web.Request, response: web.Response, name: str, value: str, lifetime: int, path: str
    ) -> None:
        secure = self._base(request).startswith("https:")
        set_cookie(response, name, value, lifetime, self._path(request, path), secure=secure)

    async def _signed_in_person(self, service: OrganizerService, request: web.Request) -> Author | None:
        """Return who has signed in with this browser, and has not signed out since, here or elsewhere."""
        session = _parse_session(self._sessions(service).read(request.cookies.get(COOKIE, "")))
        if session is None:
            return None
        person, number = session
        return None if number < await service.sign_outs.get_not_before(person.id) else person

    def _sessions(self, service: OrganizerService) -> SignedSessions:
        return SignedSessions(service.secret_key, "organizer", LIFETIME, self.context.now)

    def _sign_ins(self, service: OrganizerService) -> SignedSessions:
        return SignedSessions(service.secret_key, "signing in", SIGN_IN_LIFETIME, self.context.now)


def _parse_session(text: str | None) -> tuple[Author, int] | None:
    """Return a session's person and number; sessions of version 0.1.0 have no number and are not valid."""
    match (text or "").split(":"):
        case [user_id, login, number]:
            return Author(int(user_id), login), int(number)
    return None


def _state(service: OrganizerService, ticket: str) -> str:
    """Return what GitHub must send back to this browser, so that nobody signs in another person's browser."""
    return derive(service.secret_key, f"state of {ticket}")


def _verifier(service: OrganizerService, ticket: str) -> str:
    """Return what proves that a code was requested by us (PKCE); it must have at least 43 characters."""
    return "".join(derive(service.secret_key, f"verifier {part} of {ticket}") for part in (1, 2))


def _unavailable(error: GitHubError) -> web.HTTPServiceUnavailable:
    is_limit = isinstance(error, Paused) and not isinstance(error, Unreachable)
    if not isinstance(error, Paused):
        log.warning("GitHub does not say who is an organizer", error=str(error))
    what = "has reached its rate limit" if is_limit else "does not answer"
    text = f"GitHub {what}, and only GitHub knows who is an organizer. Try again in a minute."
    return web.HTTPServiceUnavailable(text=text, headers={"Retry-After": "60"})
