"""What the database has for organizers alone: a review of the signatures, kept for some minutes, and the audit log.

Nobody waits here for GitHub: accounts that nobody has looked at yet are looked at in the background.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

from cachetools import LRUCache
from msgspec import Struct

from bot.petition.abuse_signals import AbuseSignals, assess
from bot.petition.comments.mistyped_commands import Fault
from bot.petition.tally import Reason
from bot.store import Attempts, AuditEntry, KnownSettings, NotCounted, PetitionRef, Store
from bot.time_types import EpochSeconds, Seconds, WholeEpochSeconds

REVIEW_TTL: Final[Seconds] = 300.0

UNFINISHED_TTL: Final[Seconds] = 5.0
"""How long a review is kept while accounts are still looked at."""

MAX_SIGNATURES: Final = 100_000
"""Signatures of a review, the newest."""


class SignatureReview(Struct, frozen=True):
    """What may be worth a second look among the signatures, and how many have withdrawn."""

    found: AbuseSignals
    withdrawn: int
    at: WholeEpochSeconds = 0
    is_complete: bool = True
    """Whether it covers all signatures, and not only the newest."""
    uncounted: Sequence[NotCounted] = ()
    """Who tried to sign and is not counted, the latest first."""
    are_all_uncounted: bool = True
    """Whether all who are not counted were looked at, and not only those who commented last."""
    hidden: int = 0
    """How many are not counted because their comment is hidden."""


class PetitionRecords(Struct, frozen=True):
    """What the database has for organizers of a petition alone."""

    audit: Sequence[AuditEntry]
    attempts: Sequence[Attempts]
    settings: KnownSettings


class SignatureReviews:
    """The reviews of petitions, each made anew after some minutes."""

    def __init__(self, store: Store, now: Callable[[], EpochSeconds]) -> None:
        self._store = store
        self._now = now
        self._reviews: LRUCache[int, SignatureReview] = LRUCache(100)
        self._locks: LRUCache[int, asyncio.Lock] = LRUCache(1_000)

    async def review(self, ref: PetitionRef) -> SignatureReview:
        """Review a petition's signatures with the accounts known so far; the others are looked at meanwhile."""
        async with self._locks.setdefault(ref.petition_id, asyncio.Lock()):
            review = self._reviews.get(ref.petition_id)
            if review is None or not self._is_fresh(review):
                review = self._reviews[ref.petition_id] = await self._review(ref)
            return review

    async def records(self, ref: PetitionRef) -> PetitionRecords:
        """Read what is not cached."""
        store = self._store
        return PetitionRecords(
            await store.commands.list_audit_entries(ref.petition_id),
            await store.commands.list_attempts(ref.petition_id),
            await store.settings.get(ref.repository.id),
        )

    def _is_fresh(self, review: SignatureReview) -> bool:
        return self._now() < review.at + (UNFINISHED_TTL if review.found.waiting else REVIEW_TTL)

    async def _review(self, ref: PetitionRef) -> SignatureReview:
        sample = await self._store.signer_accounts.get_sample(ref.petition_id, MAX_SIGNATURES)
        if sample.waiting:
            await self._store.signer_accounts.request_review(ref.petition_id)
        comments = await self._store.rosters.get_uncounted(ref.petition_id)
        # With many signatures this takes a while, and runs beside the loop.
        signals = await asyncio.to_thread(assess, sample.signatures, sample.accounts, sample.waiting)
        uncounted = await asyncio.to_thread(comments.explain) if comments else []
        return SignatureReview(
            found=signals,
            withdrawn=sample.withdrawn,
            at=int(self._now()),
            is_complete=len(sample.signatures) < MAX_SIGNATURES,
            uncounted=[one for one in uncounted if one.reason in _TO_FOLLOW_UP and one.fault != Fault.WITHDRAWAL],
            are_all_uncounted=comments is None or comments.is_whole,
            hidden=sum(one.reason is Reason.HIDDEN for one in uncounted),
        )


_TO_FOLLOW_UP: Final = {Reason.MISTYPED, Reason.CUT_OFF, Reason.LATE, Reason.YOUNG, Reason.WAITING}
"""Why an attempt to sign does not count, where neither the person nor the organizers have decided so."""
