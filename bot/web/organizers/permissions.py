"""Who is an organizer: GitHub is asked, and its answers are cached for a while.

Loading a page again and again does not use up an installation's calls. Nothing is stored.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Final

from cachetools import TTLCache

from bot.github.clients import GitHub
from bot.github.errors import NotFound, Paused
from bot.petition.comments.comment import Author
from bot.store import PetitionRef
from bot.time_types import EpochSeconds, Seconds
from bot.web.request_limits import Rate, RateLimiter

PERMISSION_TTL: Final[Seconds] = 180.0
"""How long it is cached whether somebody is an organizer."""

PER_PERSON: Final = Rate(burst=30, per_second=1 / 30)
"""How often GitHub is asked about one person: one who signs in must not use up our calls."""

UNKNOWN_REPOSITORIES: Final = Rate(burst=60, per_second=1 / 10)
"""How often GitHub is asked about repositories that are not known here, for all people together."""


class OrganizerPermissions:
    """Who may write to which repository; methods raise `bot.github.errors`."""

    def __init__(self, github: GitHub, now: Callable[[], EpochSeconds]) -> None:
        self._github = github
        self._now = now
        self._permissions: TTLCache[tuple[int, str], bool] = TTLCache(10_000, PERMISSION_TTL, timer=now)
        self._per_person = RateLimiter(PER_PERSON, now)
        self._unknown_repositories = RateLimiter(UNKNOWN_REPOSITORIES, now)

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
