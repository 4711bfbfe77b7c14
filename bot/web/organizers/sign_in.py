"""Sign in with GitHub, and sign out: the sessions and their cookies.

There are no accounts. People sign in with GitHub, and a signed cookie keeps them signed in for a while.
"""

from __future__ import annotations

import hmac
import secrets
from typing import Final
from urllib.parse import urlsplit

import structlog
from aiohttp import web
from msgspec import Struct

from bot.github.errors import GitHubError, NotSignedIn, Paused, Unreachable
from bot.github.sign_in import authorize_url
from bot.links import SIGNED_IN
from bot.petition.comments.comment import Author
from bot.secret_key import derive
from bot.web.context import PagesContext
from bot.web.organizers.dependencies import OrganizerService
from bot.web.petition_requests import PETITION
from bot.web.route_policies import PRIVATE_HEADERS, Pool, Route, RoutePolicy
from bot.web.sessions import SignedSessions, origin_url, set_cookie

log = structlog.get_logger("organizers")

COOKIE: Final = "undersigned-organizer"
LIFETIME: Final = 8 * 3600
"""Seconds for which somebody stays signed in."""

SIGN_IN_COOKIE: Final = "undersigned-signing-in"
SIGN_IN_LIFETIME: Final = 600
"""Seconds that it may take to sign in; GitHub's code is valid as long."""

ORGANIZERS: Final = RoutePolicy(
    cache_control=PRIVATE_HEADERS["Cache-Control"], pool=Pool.ORGANIZERS, headers=PRIVATE_HEADERS
)
"""The policy of all answers to organizers."""

CANCELLED: Final = "cancelled"
"""In the query of whoever comes back from GitHub and has not agreed."""

PATH: Final = f"{PETITION}/organizers"
"""The path of a petition's page for organizers."""


class SignInRoutes(Struct, frozen=True):
    """The handlers of signing in and out; without a service nobody can."""

    context: PagesContext
    service: OrganizerService | None

    def routes(self) -> list[Route]:
        """List the routes."""
        return [
            Route("GET", f"{PATH}/sign-in", self._sign_in, ORGANIZERS),
            Route("POST", f"{PATH}/sign-out", self._sign_out, ORGANIZERS),
            Route("GET", SIGNED_IN, self._signed_in, ORGANIZERS),
        ]

    async def person(self, request: web.Request) -> Author | None:
        """Return who has signed in with this browser, and has not signed out since, here or elsewhere."""
        return None if self.service is None else await self._signed_in_person(self.service, request)

    def base(self, request: web.Request) -> str:
        """Return how our addresses begin, as the browser sees them."""
        return self.context.addresses.public_url or origin_url(request)

    def page_url(self, request: web.Request) -> str:
        """Return the address of the page for organizers that a request is about."""
        match = request.match_info
        return f"{self.base(request)}/petitions/{match['owner']}/{match['repo']}/{match['number']}/organizers"

    async def _sign_in(self, request: web.Request) -> web.Response:
        service, match = self.service, request.match_info
        if service is None:
            raise web.HTTPFound(self.page_url(request))
        # The address to return to is built from this, so that it cannot lead to another site.
        place = ":".join((match["owner"], match["repo"], match["number"], secrets.token_hex(16)))
        ticket = self._sign_ins(service).create(place)
        callback = f"{self.base(request)}{SIGNED_IN}"
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
            text = "Start again on the petition's page in this browser, and finish within ten minutes."
            return self._message(request, 403, "This sign-in did not start here", text)
        owner, repo, number, _ = place.split(":")
        url = f"{self.base(request)}/petitions/{owner}/{repo}/{number}/organizers"
        response = web.Response(status=303, headers={"Location": url})
        if query.get("error") == "access_denied":
            return web.Response(status=303, headers={"Location": f"{url}?{CANCELLED}"})
        if "error" in query:
            return self._refused(request, query["error"][:60])
        try:
            callback = f"{self.base(request)}{SIGNED_IN}"
            person = await service.identify(query.get("code", ""), _verifier(service, ticket), callback)
        except NotSignedIn as refusal:
            return self._refused(request, refusal.reason)
        except GitHubError as error:
            raise unavailable(error) from None
        # Always a new session, whatever cookie the browser has sent.
        number_now = await service.sign_outs.get_number()
        session = self._sessions(service).create(f"{person.id}:{person.login}:{number_now}")
        self._set_cookie(request, response, COOKIE, session, LIFETIME, "/petitions")
        return response

    async def _sign_out(self, request: web.Request) -> web.Response:
        service = self.service
        # An expired session must not end newer ones.
        person = await self.person(request)
        if service is not None and person is not None:
            await service.sign_outs.end_sessions(person.id, self.context.now())
        response = web.Response(status=303, headers={"Location": self.page_url(request)})
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
            f" {self.base(request)}{SIGNED_IN}, and that GITHUB_CLIENT_SECRET is a client secret of the App."
        )
        return self._message(request, 502, "GitHub refused the sign-in", text)

    def _message(self, request: web.Request, status: int, heading: str, text: str) -> web.Response:
        return self.context.page(
            request, "shared/message.html", status=status, heading=heading, message=text, missing=False
        )

    def _path(self, request: web.Request, path: str) -> str:
        return f"{urlsplit(self.base(request)).path}{path}"

    def _set_cookie(
        self, request: web.Request, response: web.Response, name: str, value: str, lifetime: int, path: str
    ) -> None:
        secure = self.base(request).startswith("https:")
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


def unavailable(error: GitHubError) -> web.HTTPServiceUnavailable:
    """Return the answer while GitHub does not say who somebody is, or whether they are an organizer."""
    is_limit = isinstance(error, Paused) and not isinstance(error, Unreachable)
    if not isinstance(error, Paused):
        log.warning("cannot check who is an organizer", error=str(error))
    what = "limits our calls" if is_limit else "does not respond"
    text = f"GitHub {what}, so we cannot check whether you are an organizer. Try again in a minute."
    return web.HTTPServiceUnavailable(text=text, headers={"Retry-After": "60"})
