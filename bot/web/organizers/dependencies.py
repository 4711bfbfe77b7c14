"""What the organizers' routes need of GitHub and the database, in one object."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import aiohttp
from msgspec import Struct

from bot.github.clients import GitHub
from bot.github.sign_in import OAuthClient, identify
from bot.petition.comments.comment import Author
from bot.store import Attempts, AuditEntry, KnownSettings, PetitionRef, Store
from bot.time_types import EpochSeconds
from bot.web.organizers.permissions import OrganizerPermissions
from bot.web.organizers.signature_reviews import SignatureReview, SignatureReviews


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
        self._session = session
        self._now = now
        self._permissions = OrganizerPermissions(github, now)
        self._reviews = SignatureReviews(store, now)

    async def identify(self, code: str, verifier: str, redirect_uri: str) -> Author:
        """Return who has signed in, by GitHub's code and what proves that it is for us."""
        return await identify(self._session, self.client, code, verifier, redirect_uri, self._now)

    async def is_organizer(self, ref: PetitionRef | None, name: str, person: Author) -> bool:
        """Return whether somebody may write to the repository `name`; `ref` is its petition, if known here."""
        return await self._permissions.is_organizer(ref, name, person)

    async def review(self, ref: PetitionRef) -> SignatureReview:
        """Review a petition's signatures."""
        return await self._reviews.review(ref)

    async def records(self, ref: PetitionRef) -> PetitionRecords:
        """Read what the database has for organizers alone."""
        store = self._store
        return PetitionRecords(
            await store.audit_log.list_entries(ref.petition_id),
            await store.audit_log.list_attempts(ref.petition_id),
            await store.rules.get_settings(ref.repository.id),
        )
