"""What organizers' pages need of GitHub and the database: who an organizer is, and a review of the signatures.

Answers of GitHub are cached for a while, so that loading a page again and again does not use up an installation's
calls. Nothing is stored.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final

import aiohttp
import structlog
from cachetools import LRUCache, TTLCache
from msgspec import Struct

from bot.github.app_client import GitHub
from bot.github.errors import GitHubError, NotFound, Paused
from bot.github.sign_in import OAuthClient, identify
from bot.petition.comments.comment import Author
from bot.petition.counting.abuse_signals import AbuseSignals, Account, assess
from bot.petition.counting.tally import Signature
from bot.store import Attempts, AuditEntry, KnownSettings, PetitionRef, SignerSample, Store
from bot.units import EpochSeconds, Seconds, WholeEpochSeconds
from bot.web.request_limits import Rate, RateLimiter

log = structlog.get_logger("organizers")

PERMISSION_TTL: Final[Seconds] = 180.0
"""How long it is cached whether somebody is an organizer."""

REVIEW_TTL: Final[Seconds] = 300.0

ACCOUNT_TTL: Final[Seconds] = 6 * 3600.0

MAX_CALLS: Final = 5
"""Calls that one review may cost; the next one continues where it stopped."""

ACCOUNTS_PER_CALL: Final = 100

PER_PERSON: Final = Rate(burst=30, per_second=1 / 30)
"""How often GitHub is asked about one person: one who signs in must not use up our calls."""

UNKNOWN_REPOSITORIES: Final = Rate(burst=60, per_second=1 / 10)
"""How often GitHub is asked about repositories that are not known here, for all people together."""

MAX_SIGNATURES: Final = 100_000
"""Signatures of a review, the newest."""


class SignatureReview(Struct, frozen=True):
    """What may be worth a second look among the signatures, and how many have withdrawn."""

    found: AbuseSignals
    withdrawn: int
    at: WholeEpochSeconds = 0
    is_complete: bool = True
    """Whether it covers all signatures, and not only the newest."""


class PetitionRecords(Struct, frozen=True):
    """What the database has for organizers of a petition alone."""

    audit: Sequence[AuditEntry]
    attempts: Sequence[Attempts]
    settings: KnownSettings


class OrganizerService:
    """The one object that organizers' routes need; methods that ask GitHub raise `bot.github.errors`."""

    def __init__(
        self,
        store: Store,
        github: GitHub,
        session: aiohttp.ClientSession,
        client: OAuthClient,
        secret_key: str,
        now: Callable[[], EpochSeconds],
    ) -> None:
        self.client = client
        self.secret_key = secret_key
        self.sign_outs = store.sign_outs
        self._store = store
        self._github = github
        self._session = session
        self._now = now
        self._permissions: TTLCache[tuple[int, str], bool] = TTLCache(10_000, PERMISSION_TTL, timer=now)
        self._reviews: TTLCache[int, SignatureReview] = TTLCache(100, REVIEW_TTL, timer=now)
        self._accounts: TTLCache[int, Account | None] = TTLCache(50_000, ACCOUNT_TTL, timer=now)
        self._per_person = RateLimiter(PER_PERSON, now)
        self._unknown_repositories = RateLimiter(UNKNOWN_REPOSITORIES, now)
        self._locks: LRUCache[int, asyncio.Lock] = LRUCache(1_000)

    async def identify(self, code: str, verifier: str, redirect_uri: str) -> Author:
        """Return who has signed in, by GitHub's code and what proves that it is for us."""
        return await identify(self._session, self.client, code, verifier, redirect_uri, self._now)

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

    async def records(self, ref: PetitionRef) -> PetitionRecords:
        """Read what the database has for organizers alone."""
        store = self._store
        return PetitionRecords(
            await store.audit_log.list_entries(ref.petition_id),
            await store.audit_log.list_attempts(ref.petition_id),
            await store.rules.get_settings(ref.repository.id),
        )

    async def review(self, ref: PetitionRef) -> SignatureReview:
        """Review a petition's signatures with the accounts known so far, and ask GitHub for some more accounts."""
        async with self._locks.setdefault(ref.petition_id, asyncio.Lock()):
            review = self._reviews.get(ref.petition_id)
            return review or await self._review(ref)

    async def _ask_permission(self, ref: PetitionRef | None, name: str, person: Author) -> bool:
        if ref is not None:
            client = self._github.installation(ref.installation_id)
            return await client.may_write(ref.repository.full_name, person)
        if self._unknown_repositories.acquire(""):
            return False
        with suppress(NotFound):
            await self._github.find_installation(name)
        return False

    async def _review(self, ref: PetitionRef) -> SignatureReview:
        sample = await self._store.rosters.get_sample(ref.petition_id, MAX_SIGNATURES)
        is_answered = await self._fetch_accounts(ref.installation_id, sample.signatures)
        accounts, waiting = self._known_accounts(sample)
        # With many signatures this takes a while, and runs beside the loop.
        signals = await asyncio.to_thread(assess, sample.signatures, accounts, waiting)
        is_complete = len(sample.signatures) < MAX_SIGNATURES
        review = SignatureReview(signals, sample.withdrawn, int(self._now()), is_complete)
        if is_answered:
            self._reviews[ref.petition_id] = review
        return review

    async def _fetch_accounts(self, installation_id: int, signatures: Sequence[Signature]) -> bool:
        """Ask GitHub for unknown accounts, the newest signers' first; returns whether it has answered."""
        client = self._github.installation(installation_id)
        unknown = [one for one in signatures if one.login and one.user_id not in self._accounts]
        for start in range(0, min(len(unknown), MAX_CALLS * ACCOUNTS_PER_CALL), ACCOUNTS_PER_CALL):
            batch = unknown[start : start + ACCOUNTS_PER_CALL]
            try:
                found = await client.get_accounts_by_login([one.login for one in batch])
            except GitHubError as error:
                log.warning("GitHub does not return accounts", installation=installation_id, error=str(error))
                return False
            for one in batch:
                # A login that belongs to another account by now says nothing about the signer.
                self._accounts[one.user_id] = found.get(one.user_id)
        return True

    def _known_accounts(self, sample: SignerSample) -> tuple[dict[int, Account], set[int]]:
        """Return the known accounts, some with their age only, and the ids of those not fetched yet."""
        accounts = {user_id: Account(user_id, born, is_only_aged=True) for user_id, born in sample.born.items()}
        waiting: set[int] = set()
        for one in sample.signatures:
            account = self._accounts.get(one.user_id)
            if account is not None:
                accounts[one.user_id] = account
            elif one.login and one.user_id not in self._accounts:
                waiting.add(one.user_id)
        return accounts, waiting
