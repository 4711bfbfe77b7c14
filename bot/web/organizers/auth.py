"""Who somebody is, and whether they are an organizer: sign-in with GitHub, sessions in cookies, and permissions.

There are no accounts. People sign in with GitHub, and a signed cookie keeps them signed in for a while. GitHub is
asked who may write to a repository. Its answers are cached for a while and not stored, so that loading a page again
and again does not use up an installation's calls.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Final

import aiohttp
from aiohttp import web
from cachetools import TTLCache

from bot.encryption_and_derived_tokens import derive
from bot.github.app_client import GitHub
from bot.github.errors import NotFound, Paused
from bot.github.sign_in import OAuthClient, authorize_url, identify
from bot.petition.comments.comment import Author
from bot.store import PetitionRef
from bot.store.sign_outs import SignOuts
from bot.time_types import EpochSeconds, Seconds
from bot.web.request_limits import Rate, RateLimiter
from bot.web.sessions import SignedSessions

COOKIE: Final = "undersigned-organizer"
LIFETIME: Final = 8 * 3600
"""Seconds for which somebody stays signed in."""

SIGN_IN_LIFETIME: Final = 600
"""Seconds that it may take to sign in; GitHub's code is valid as long."""

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
