"""`…/organizers`: a petition's page for those who may write to its repository, whom GitHub knows and we do not.

There are no accounts. Somebody signs in with GitHub, is asked after there, and carries a sealed cookie for a while.
Whether they are an organizer is asked anew all the time.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final
from urllib.parse import urlsplit

import structlog
from aiohttp import web

from bot.encryption import derive
from bot.github.errors import GitHubError, NotSignedIn, Paused, Unreachable
from bot.github.oauth import OAuthClient, authorize_url
from bot.petition.comments.comment import Author
from bot.store import Attempts, AuditEntry, KnownSettings, PetitionRef, RosterQuery, SignOuts
from bot.urls import SIGNED_IN, pages_of
from bot.web.context import NOT_HERE, PETITION, Asked, PagesContext, is_canonical, may_see
from bot.web.organizers.views import SecondLook, view_desk
from bot.web.security_headers import SECRETIVE
from bot.web.sessions import Sessions, seen_as, set_cookie

log = structlog.get_logger("organizers")

COOKIE: Final = "undersigned-organizer"
LIFE: Final = 8 * 3600
"""Seconds for which somebody stays signed in."""

UNDERWAY: Final = "undersigned-signing-in"
UNDERWAY_LIFE: Final = 600
"""Seconds that it may take to sign in; GitHub's code lives as long."""


@dataclass(frozen=True, slots=True)
class SignIn:
    """What it takes to let organizers in, and what they are told; what asks GitHub raises `bot.github.errors`."""

    secret_key: str = field(repr=False)
    client: OAuthClient
    identify: Callable[[str, str, str], Awaitable[Author]]
    """Tell who it is by the code that GitHub gave, what proves it ours, and where GitHub sent the browser."""
    is_organizer: Callable[[PetitionRef | None, str, Author], Awaitable[bool]]
    """Tell whether somebody may write to the repository of a petition, which may not be here at all."""
    look: Callable[[PetitionRef], Awaitable[SecondLook]]
    audit: Callable[[int], Awaitable[Sequence[AuditEntry]]]
    attempts: Callable[[int], Awaitable[Sequence[Attempts]]]
    settings: Callable[[int], Awaitable[KnownSettings]]
    sign_outs: SignOuts


class OrganizerRoutes:
    """The handlers; without a reception they say what the operator can do. `draw` makes a page of a template."""

    def __init__(self, house: PagesContext, reception: SignIn | None, draw: Callable[..., web.Response]) -> None:
        self._house = house
        self._reception = reception
        self._draw = draw

    def routes(self) -> list[web.RouteDef]:
        """List the addresses."""
        here = f"{PETITION}/organizers"
        return [
            web.get(here, self._show),
            web.get(f"{here}/sign-in", self._sign_in),
            web.post(f"{here}/sign-out", self._sign_out),
            web.get(SIGNED_IN, self._signed_in),
        ]

    async def _show(self, request: web.Request) -> web.Response:
        reception, where = self._reception, request.match_info
        person = None if reception is None else await self._known(reception, request)
        if reception is None or person is None:
            # The same for all petitions, for those that are not here, and for those that nobody may know of.
            return self._page(request, "signing_in.html", here=self._here(request), ready=reception is not None)
        found = await self._house.rosters.find(where["owner"], where["repo"], int(where["number"]))
        name = f"{where['owner']}/{where['repo']}" if found is None else found.repository.full_name
        try:
            allowed = await reception.is_organizer(found, name, person)
        except GitHubError as error:
            raise _silent(error) from None
        if found is None or not (allowed or may_see(request, found)):
            raise web.HTTPNotFound(text=NOT_HERE)
        pages = pages_of(self._home(request), found.repository, found.number, found.page_key)
        if allowed:
            return await self._tell(request, reception, Asked(found, pages), person)
        here = self._here(request)
        return self._page(request, "no_organizer.html", status=403, here=here, person=person, pages=pages)

    async def _tell(self, request: web.Request, reception: SignIn, asked: Asked, person: Author) -> web.Response:
        found, pages = asked.found, asked.pages
        if not is_canonical(request, asked):
            # Without the key: whoever is an organizer does not need it.
            raise web.HTTPFound(replace(pages, key=None).of("/organizers"))
        details = await self._house.details(asked, RosterQuery(size=1))
        desk = view_desk(
            details,
            pages,
            self._house,
            look=await reception.look(found),
            audit=await reception.audit(found.petition_id),
            attempts=await reception.attempts(found.petition_id),
            settings=await reception.settings(found.repository.id),
        )
        return self._page(request, "organizers.html", desk=desk, here=self._here(request), person=person)

    async def _sign_in(self, request: web.Request) -> web.Response:
        reception, where = self._reception, request.match_info
        if reception is None:
            raise web.HTTPFound(self._here(request))
        # Where somebody comes back to is put together from this: it cannot lead away from here.
        place = ":".join((where["owner"], where["repo"], where["number"], secrets.token_hex(16)))
        ticket = self._underway(reception).open(place)
        back = f"{self._home(request)}{SIGNED_IN}"
        url = authorize_url(reception.client, back, _state(reception, ticket), _verifier(reception, ticket))
        answer = web.Response(status=302, headers={"Location": url, **SECRETIVE})
        path = f"{_path(self._home(request))}{SIGNED_IN}"
        set_cookie(answer, UNDERWAY, ticket, UNDERWAY_LIFE, path, secure=_is_secure(self._home(request)))
        return answer

    async def _signed_in(self, request: web.Request) -> web.Response:
        answer = await self._come_back(request)
        answer.headers.update(SECRETIVE)
        # Whatever came of it, it was once.
        answer.del_cookie(UNDERWAY, path=f"{_path(self._home(request))}{SIGNED_IN}")
        return answer

    async def _come_back(self, request: web.Request) -> web.Response:
        reception, given, ticket = self._reception, request.query, request.cookies.get(UNDERWAY, "")
        place = None if reception is None else self._underway(reception).read(ticket)
        if reception is None or place is None or not _is_state(given.get("state", ""), reception, ticket):
            text = "Begin on the petition's page, in this browser, and end within ten minutes."
            return self._message(request, 403, "This did not begin here", text)
        owner, repo, number, _ = place.split(":")
        there = f"{self._home(request)}/petitions/{owner}/{repo}/{number}/organizers"
        if given.get("error") == "access_denied":
            return web.Response(status=303, headers={"Location": there})
        if "error" in given:
            return self._refused(request, given["error"][:60])
        try:
            back = f"{self._home(request)}{SIGNED_IN}"
            person = await reception.identify(given.get("code", ""), _verifier(reception, ticket), back)
        except NotSignedIn as refusal:
            return self._refused(request, refusal.reason)
        except GitHubError as error:
            raise _silent(error) from None
        answer = web.Response(status=303, headers={"Location": there})
        # A fresh one, whatever the browser has brought along.
        made_after = await reception.sign_outs.get_number()
        session = self._sessions(reception).open(f"{person.id}:{person.login}:{made_after}")
        path = f"{_path(self._home(request))}/petitions"
        set_cookie(answer, COOKIE, session, LIFE, path, secure=_is_secure(self._home(request)))
        return answer

    async def _sign_out(self, request: web.Request) -> web.Response:
        reception = self._reception
        # Only who is signed in: with a session that has ended nobody can end those that came after it.
        person = None if reception is None else await self._known(reception, request)
        if reception is not None and person is not None:
            await reception.sign_outs.end_sessions(person.id, self._house.now())
        answer = web.Response(status=303, headers={"Location": self._here(request), **SECRETIVE})
        # A form of another site comes without the cookie, and takes nothing away.
        if COOKIE in request.cookies:
            answer.del_cookie(COOKIE, path=f"{_path(self._home(request))}/petitions")
        return answer

    def _refused(self, request: web.Request, reason: str) -> web.Response:
        if reason == "bad_verification_code":
            text = "GitHub's answer was used already, or is more than ten minutes old. Sign in once more."
            return self._message(request, 410, "That came too late", text)
        advice = "Compare GITHUB_CLIENT_ID, GITHUB_CLIENT_SECRET and the callback URL with the App's settings."
        log.warning("nobody can sign in", reason=reason, advice=advice)
        text = (
            f"GitHub says “{reason}”. Whoever runs this server can put it right: the App's settings have to"
            f" name {self._home(request)}{SIGNED_IN} as a callback URL, and the client secret has to be the App's."
        )
        return self._message(request, 502, "GitHub lets nobody sign in here", text)

    def _message(self, request: web.Request, status: int, heading: str, text: str) -> web.Response:
        return self._draw(request, "message.html", status=status, heading=heading, message=text, missing=False)

    def _page(self, request: web.Request, template: str, *, status: int = 200, **values: object) -> web.Response:
        answer = self._draw(request, template, status=status, **values)
        answer.headers.update(SECRETIVE)
        return answer

    def _here(self, request: web.Request) -> str:
        where = request.match_info
        return f"{self._home(request)}/petitions/{where['owner']}/{where['repo']}/{where['number']}/organizers"

    def _home(self, request: web.Request) -> str:
        return self._house.addresses.public_url or seen_as(request)

    async def _known(self, reception: SignIn, request: web.Request) -> Author | None:
        """Return who has signed in with this browser, and has not signed out since, here or elsewhere."""
        session = _read(self._sessions(reception).read(request.cookies.get(COOKIE, "")))
        if session is None:
            return None
        person, made_after = session
        return None if made_after < await reception.sign_outs.get_not_before(person.id) else person

    def _sessions(self, reception: SignIn) -> Sessions:
        return Sessions(reception.secret_key, "organizer", LIFE, self._house.now)

    def _underway(self, reception: SignIn) -> Sessions:
        return Sessions(reception.secret_key, "signing in", UNDERWAY_LIFE, self._house.now)


def _read(text: str | None) -> tuple[Author, int] | None:
    """Read whose session it is and its number; those of version 0.1.0 have none, and are good no more."""
    match (text or "").split(":"):
        case [user_id, login, made_after]:
            return Author(int(user_id), login), int(made_after)
    return None


def _state(reception: SignIn, ticket: str) -> str:
    """Return what GitHub must send back to this browser, so that nobody signs in somebody else's browser."""
    return derive(reception.secret_key, f"state of {ticket}")


def _is_state(shown: str, reception: SignIn, ticket: str) -> bool:
    return hmac.compare_digest(shown.encode(errors="replace"), _state(reception, ticket).encode())


def _verifier(reception: SignIn, ticket: str) -> str:
    """Return what proves a code to be the one that we asked for; it has to have 43 characters or more."""
    return "".join(derive(reception.secret_key, f"verifier {part} of {ticket}") for part in (1, 2))


def _silent(error: GitHubError) -> web.HTTPServiceUnavailable:
    is_limit = isinstance(error, Paused) and not isinstance(error, Unreachable)
    if not isinstance(error, Paused):
        log.warning("GitHub does not say who is an organizer", error=str(error))
    what = "is asked too much just now" if is_limit else "does not answer"
    text = f"GitHub {what}, and only GitHub knows who is an organizer. Try again in a minute."
    return web.HTTPServiceUnavailable(text=text, headers={"Retry-After": "60"})


def _is_secure(home: str) -> bool:
    return home.startswith("https:")


def _path(home: str) -> str:
    return urlsplit(home).path
