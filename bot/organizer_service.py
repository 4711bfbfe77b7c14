"""What the organizers' pages ask of GitHub: who is one, and what the accounts look like. Nothing is stored.

Answers are good for a while, so that nobody who loads a page again and again uses up the calls of an installation.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final

import structlog
from cachetools import LRUCache, TTLCache

from bot.github.client import GitHub
from bot.github.errors import GitHubError, NotFound, Paused
from bot.petition.comments.comment import Author
from bot.petition.counting.abuse_signals import Account, assess
from bot.petition.counting.tally import Signature
from bot.store import PetitionRef, SignerSample, Store
from bot.web.organizers.views import SecondLook
from bot.web.rate_limit import Rate, RateLimiter

log = structlog.get_logger("organizing")

CHECKED_FOR: Final = 180.0
"""Seconds after which it is asked again whether somebody is an organizer."""

LOOKED_FOR: Final = 300.0
"""Seconds for which a look at a petition is good."""

KNOWN_FOR: Final = 6 * 3600.0
"""Seconds for which an account is taken for what it was."""

CALLS: Final = 5
"""Calls that one look may cost; what it does not get to, the next one does."""

BATCH: Final = 100
"""Accounts that GitHub tells of in one call."""

EACH: Final = Rate(burst=30, per_second=1 / 30)
"""How often it is asked about one person: else whoever signs in could use up our calls."""

STRANGE: Final = Rate(burst=60, per_second=1 / 10)
"""How often it is asked about repositories that are not known here, for all together."""

MOST: Final = 100_000
"""Signatures that are looked at, the newest."""


class Organizing:
    """Asks, and remembers for a while; `now` tells UTC epoch seconds."""

    def __init__(self, store: Store, github: GitHub, now: Callable[[], float]) -> None:
        self._store = store
        self._github = github
        self._organizers: TTLCache[tuple[int, str], bool] = TTLCache(10_000, CHECKED_FOR, timer=now)
        self._looks: TTLCache[int, SecondLook] = TTLCache(100, LOOKED_FOR, timer=now)
        self._accounts: TTLCache[int, Account | None] = TTLCache(50_000, KNOWN_FOR, timer=now)
        self._each = RateLimiter(EACH, now)
        self._strange = RateLimiter(STRANGE, now)
        self._now = now
        self._turns: LRUCache[int, asyncio.Lock] = LRUCache(1_000)

    async def is_organizer(self, found: PetitionRef | None, name: str, person: Author) -> bool:
        """Return whether somebody may write to the repository of a petition; raises `bot.github.errors`.

        Also for a repository that is not known here GitHub is asked something, so that the time that it takes does
        not tell strangers which private ones are.
        """
        key = person.id, name.lower()
        allowed = self._organizers.get(key)
        if allowed is None:
            if wait := self._each.spend(str(person.id)):
                raise Paused(self._now() + wait, "somebody is asked after too often", whole=False)
            allowed = await self._ask(found, name, person)
            self._organizers[key] = allowed
        return allowed

    async def look(self, found: PetitionRef) -> SecondLook:
        """Look at who has signed a petition, with what is known of their accounts, and get to know some more."""
        turn = self._turns.setdefault(found.petition_id, asyncio.Lock())
        async with turn:
            look = self._looks.get(found.petition_id)
            return look or await self._look(found)

    async def _ask(self, found: PetitionRef | None, name: str, person: Author) -> bool:
        if found is not None:
            client = self._github.installation(found.installation_id)
            return await client.may_write(found.repository.full_name, person)
        if self._strange.spend(""):
            return False
        with suppress(NotFound):
            await self._github.find_installation(name)
        return False

    async def _look(self, found: PetitionRef) -> SecondLook:
        crowd = await self._store.rosters.get_sample(found.petition_id, MOST)
        is_answered = await self._get_to_know(found.installation_id, crowd.signatures)
        accounts, waiting = self._sort_out(crowd)
        # With many signatures that takes a while, which nobody else should wait for.
        plausibility = await asyncio.to_thread(assess, crowd.signatures, accounts, waiting)
        is_whole = len(crowd.signatures) < MOST
        look = SecondLook(plausibility, crowd.withdrawn, int(self._now()), is_whole)
        if is_answered:
            self._looks[found.petition_id] = look
        return look

    async def _get_to_know(self, installation_id: int, signatures: Sequence[Signature]) -> bool:
        """Ask GitHub for accounts that are not known, the newest signers' first; tell whether it has answered."""
        client = self._github.installation(installation_id)
        strangers = [one for one in signatures if one.login and one.user_id not in self._accounts]
        for start in range(0, min(len(strangers), CALLS * BATCH), BATCH):
            batch = strangers[start : start + BATCH]
            try:
                told = await client.get_accounts_by_login([one.login for one in batch])
            except GitHubError as error:
                log.warning("GitHub does not tell of accounts", installation=installation_id, error=str(error))
                return False
            for one in batch:
                # A login that is somebody else's by now tells nothing of who has signed.
                self._accounts[one.user_id] = told.get(one.user_id)
        return True

    def _sort_out(self, crowd: SignerSample) -> tuple[dict[int, Account], set[int]]:
        """Return what is known of accounts, of some no more than their age, and at whose nobody has looked yet."""
        accounts = {user_id: Account(user_id, born, is_only_aged=True) for user_id, born in crowd.born.items()}
        waiting: set[int] = set()
        for one in crowd.signatures:
            account = self._accounts.get(one.user_id)
            if account is not None:
                accounts[one.user_id] = account
            elif one.login and one.user_id not in self._accounts:
                waiting.add(one.user_id)
        return accounts, waiting
