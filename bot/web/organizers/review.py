"""A review of a petition's signatures, made with what GitHub says of the accounts.

GitHub's answers are cached for a while, so that loading a page again and again does not use up an installation's
calls. Nothing is stored.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

import structlog
from cachetools import LRUCache, TTLCache
from msgspec import Struct

from bot.github.app_client import GitHub
from bot.github.errors import GitHubError
from bot.petition.counting.abuse_signals import AbuseSignals, Account, assess
from bot.petition.counting.tally import Signature
from bot.store import PetitionRef, SignerSample, Store
from bot.units import EpochSeconds, Seconds, WholeEpochSeconds

log = structlog.get_logger("organizers")

REVIEW_TTL: Final[Seconds] = 300.0

ACCOUNT_TTL: Final[Seconds] = 6 * 3600.0

MAX_CALLS: Final = 5
"""Calls that one review may cost; the next one continues where it stopped."""

ACCOUNTS_PER_CALL: Final = 100

MAX_SIGNATURES: Final = 100_000
"""Signatures of a review, the newest."""


class SignatureReview(Struct, frozen=True):
    """What may be worth a second look among the signatures, and how many have withdrawn."""

    found: AbuseSignals
    withdrawn: int
    at: WholeEpochSeconds = 0
    is_complete: bool = True
    """Whether it covers all signatures, and not only the newest."""


class SignatureReviews:
    """The reviews of petitions, each made anew after some minutes."""

    def __init__(self, store: Store, github: GitHub, now: Callable[[], EpochSeconds]) -> None:
        self._store = store
        self._github = github
        self._now = now
        self._reviews: TTLCache[int, SignatureReview] = TTLCache(100, REVIEW_TTL, timer=now)
        self._accounts: TTLCache[int, Account | None] = TTLCache(50_000, ACCOUNT_TTL, timer=now)
        self._locks: LRUCache[int, asyncio.Lock] = LRUCache(1_000)

    async def review(self, ref: PetitionRef) -> SignatureReview:
        """Review a petition's signatures with the accounts known so far, and ask GitHub for some more accounts."""
        async with self._locks.setdefault(ref.petition_id, asyncio.Lock()):
            review = self._reviews.get(ref.petition_id)
            return review or await self._review(ref)

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
