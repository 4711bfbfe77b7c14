"""Who somebody is, and whether they are an organizer: sign-in with GitHub, sessions in cookies, and permissions.

There are no accounts. People sign in with GitHub, and a signed cookie keeps them signed in for a while. GitHub is
asked who may write to a repository. Its answers are cached for a while and not stored, so that loading a page again
and again does not use up an installation's calls.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from contextlib import suppress
from typing import Final
from urllib.parse import urlsplit

import aiohttp
import structlog
from aiohttp import web
from cachetools import TTLCache
from msgspec import Struct

from bot.encryption_and_derived_tokens import derive
from bot.github.app_client import GitHub
from bot.github.errors import GitHubError, NotFound, NotSignedIn, Paused, Unreachable
from bot.github.sign_in import OAuthClient, authorize_url, identify
from bot.links import SIGNED_IN
from bot.petition.comments.comment import Author
from bot.store import PetitionRef
from bot.store.sign_outs import SignOuts
from bot.time_types import EpochSeconds, Seconds
from bot.web.petition_requests import PETITION, PagesContext
from bot.web.request_limits import Rate, RateLimiter
from bot.web.route_policies import PRIVATE_HEADERS, Pool, Route, RoutePolicy
from bot.web.sessions import SignedSessions, is_secret, origin_url, set_cookie

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

PERMISSION_TTL: Final[Seconds] = 180.0
"""How long it is cached whether somebody is an organizer."""

PER_PERSON: Final = Rate(burst=30, per_second=1 / 30)
"""How often GitHub is asked about one person: one who signs in must not use up our calls."""

UNKNOWN_REPOSITORIES: Final = Rate(burst=60, per_second=1 / 10)
"""How often GitHub is asked about repositories that are not known here, for all people together."""


class OrganizerAuth:
    """Who has signed in, and who may write to which repository; what asks GitHub raises `bot.github.errors`."""

    def __init__(
        self,
        sign_outs: SignOuts,
        github: GitHub,
        session: aiohttp.ClientSession,
        client: OAuthClient,
        secret_key: str,
        now: Callable[[], EpochSeconds],
    ) -> None:
        self.sign_outs = sign_outs
        self.sessions = SignedSessions(secret_key, "organizer", LIFETIME, now)
        self.sign_ins = SignedSessions(secret_key, "signing in", SIGN_IN_LIFETIME, now)
        self._github = github
        self._session = session
        self._client = client
        self._secret_key = secret_key
        self._now = now
        self._permissions: TTLCache[tuple[int, str], bool] = TTLCache(10_000, PERMISSION_TTL, timer=now)
        self._per_person = RateLimiter(PER_PERSON, now)
        self._unknown_repositories = RateLimiter(UNKNOWN_REPOSITORIES, now)

    def authorize_url(self, ticket: str, callback: str) -> str:
        """Return where GitHub asks whether somebody wants to sign in."""
        return authorize_url(self._client, callback, self.sign_ins.state(ticket), self._verifier(ticket))

    async def identify(self, code: str, ticket: str, callback: str) -> Author:
        """Return who has signed in, by GitHub's code."""
        return await identify(self._session, self._client, code, self._verifier(ticket), callback, self._now)

    async def create_session(self, person: Author) -> str:
        """Return a new session of somebody's."""
        return self.sessions.create(f"{person.id}:{person.login}:{await self.sign_outs.get_number()}")

    async def person(self, request: web.Request) -> Author | None:
        """Return who has signed in with this browser, and has not signed out since, here or elsewhere."""
        session = self.sessions.read(request.cookies.get(COOKIE, ""))
        match (session or "").split(":"):
            # Sessions of version 0.1.0 have no number and are not valid.
            case [user_id, login, number]:
                is_ended = int(number) < await self.sign_outs.get_not_before(int(user_id))
                return None if is_ended else Author(int(user_id), login)
        return None

    async def is_organizer(self, ref: PetitionRef | None, name: str, person: Author) -> bool:
        """Return whether somebody may write to the repository `name`; `ref` is its petition, if it is known here.

        GitHub is asked about an unknown repository too, so that the time it takes does not tell strangers which
        private ones are known.
        """
        key = person.id, name.lower()
        allowed = self._permissions.get(key)
        if allowed is None:
            if wait := self._per_person.acquire(str(person.id)):
                raise Paused(self._now() + wait, "too many requests about one person", whole=False)
            allowed = await self._ask_permission(ref, name, person)
            self._permissions[key] = allowed
        return allowed

    async def _ask_permission(self, ref: PetitionRef | None, name: str, person: Author) -> bool:
        if ref is not None:
            client = self._github.installation(ref.installation_id)
            return await client.may_write(ref.repository.full_name, person)
        if self._unknown_repositories.acquire(""):
            return False
        with suppress(NotFound):
            await self._github.find_installation(name)
        return False

    def _verifier(self, ticket: str) -> str:
        """Return what proves that a code was requested by us (PKCE); it must have at least 43 characters."""
        return "".join(derive(self._secret_key, f"verifier {part} of {ticket}") for part in (1, 2))


class SignInRoutes(Struct, frozen=True):
    """The handlers of signing in and out; without `auth` nobody can."""

    context: PagesContext
    auth: OrganizerAuth | None

    def routes(self) -> list[Route]:
        """List the routes."""
        return [
            Route("GET", f"{PATH}/sign-in", self._sign_in, ORGANIZERS),
            Route("POST", f"{PATH}/sign-out", self._sign_out, ORGANIZERS),
            Route("GET", SIGNED_IN, self._signed_in, ORGANIZERS),
        ]

    def base(self, request: web.Request) -> str:
        """Return how our addresses begin, as the browser sees them."""
        return self.context.addresses.public_url or origin_url(request)

    def page_url(self, request: web.Request) -> str:
        """Return the address of the page for organizers that a request is about."""
        return self._page_url(request, **request.match_info)

    def _page_url(self, request: web.Request, owner: str, repo: str, number: str) -> str:
        return f"{self.base(request)}/petitions/{owner}/{repo}/{number}/organizers"

    async def _sign_in(self, request: web.Request) -> web.Response:
        if self.auth is None:
            raise web.HTTPFound(self.page_url(request))
        # The address to return to is built from this, so that it cannot lead to another site.
        match = request.match_info
        place = ":".join((match["owner"], match["repo"], match["number"], secrets.token_hex(16)))
        ticket = self.auth.sign_ins.create(place)
        url = self.auth.authorize_url(ticket, f"{self.base(request)}{SIGNED_IN}")
        response = web.Response(status=302, headers={"Location": url})
        self._set_cookie(request, response, SIGN_IN_COOKIE, ticket, SIGN_IN_LIFETIME, SIGNED_IN)
        return response

    async def _signed_in(self, request: web.Request) -> web.Response:
        response = await self._complete_sign_in(request)
        # The ticket is for one attempt, whatever its result.
        response.del_cookie(SIGN_IN_COOKIE, path=self._path(request, SIGNED_IN))
        return response

    async def _complete_sign_in(self, request: web.Request) -> web.Response:
        auth, query, ticket = self.auth, request.query, request.cookies.get(SIGN_IN_COOKIE, "")
        place = None if auth is None else auth.sign_ins.read(ticket)
        if auth is None or place is None or not is_secret(query.get("state", ""), auth.sign_ins.state(ticket)):
            text = "Start again on the petition's page in this browser, and finish within ten minutes."
            return self._message(request, 403, "This sign-in did not start here", text)
        owner, repo, number, _ = place.split(":")
        url = self._page_url(request, owner, repo, number)
        if query.get("error") == "access_denied":
            return web.Response(status=303, headers={"Location": f"{url}?{CANCELLED}"})
        if "error" in query:
            return self._refused(request, query["error"][:60])
        try:
            person = await auth.identify(query.get("code", ""), ticket, f"{self.base(request)}{SIGNED_IN}")
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
        if self.auth is not None and (person := await self.auth.person(request)):
            await self.auth.sign_outs.end_sessions(person.id, self.context.now())
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


def unavailable(error: GitHubError) -> web.HTTPServiceUnavailable:
    """Return the answer while GitHub does not say who somebody is, or whether they are an organizer."""
    is_limit = isinstance(error, Paused) and not isinstance(error, Unreachable)
    if not isinstance(error, Paused):
        log.warning("cannot check who is an organizer", error=str(error))
    what = "limits our calls" if is_limit else "does not respond"
    text = f"GitHub {what}, so we cannot check whether you are an organizer. Try again in a minute."
    return web.HTTPServiceUnavailable(text=text, headers={"Retry-After": "60"})
