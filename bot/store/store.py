"""The store: records facts durably, and answers what is to be done and shown."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from functools import partial
from typing import Final, Self, TypeVar

from msgspec.structs import replace

from bot.metrics_hooks import Hooks
from bot.petition.comments.comment import Comment
from bot.petition.facts_from_github import CommentFact, Fact, IssueFact
from bot.store.acknowledgements import Acknowledgements
from bot.store.comments_to_look_up import DoubtfulComments
from bot.store.credentials import CredentialStore
from bot.store.engine.database import LONG_TIMEOUT, Database, Lease, Transaction, connect
from bot.store.engine.health import is_answering
from bot.store.engine.url import opening, read_address
from bot.store.failed_deliveries_and_cached_responses import Deliveries, Responses
from bot.store.installations import Installations
from bot.store.issue_bodies import Bodies
from bot.store.letters import Letters, Translations
from bot.store.migrations import migrate
from bot.store.organizer_commands import OrganizerCommands
from bot.store.petition_obstacles import States
from bot.store.petition_queries import Rosters
from bot.store.privacy import Privacy
from bot.store.publishing import Petitions
from bot.store.recording.comment_and_issue_facts import Observation, RecordContext, Recorded, record_observations
from bot.store.recording.consistency import Consistency, are_totals_right, repair_totals
from bot.store.recording.group_commit import GroupCommitWriter
from bot.store.recording.listings import (
    CommentListing,
    ListingOutcome,
    read_comment_ids,
    record_listing,
    split_listing,
)
from bot.store.recording.petition_lifecycle import record_structure
from bot.store.recording.signatures_and_reactions import fill_roster_keys
from bot.store.recording.unit_of_work import CommentsElsewhere
from bot.store.repository_settings import RepositorySettings
from bot.store.sign_outs import SignOuts
from bot.store.signer_accounts import SignerAccounts
from bot.store.threads_to_read import Threads, follow_grammar
from bot.supervisor import Supervisor
from bot.time_types import EpochSeconds, WholeEpochSeconds

T = TypeVar("T")

WAITING_LIMIT: Final = 10_000
"""Facts that may wait to be written before the webhook sends deliveries away."""

FILLED_AT_ONCE: Final = 200
"""Signatures that are prepared for sorting and searching in one transaction, for which deliveries wait."""


class Store:
    """Everything the bot knows, in one database: what it records, and a noun for each thing it knows about."""

    def __init__(
        self,
        database: Database,
        label: str,
        now: Callable[[], EpochSeconds],
        waiting_limit: int,
        hooks: Hooks,
        supervisor: Supervisor,
    ) -> None:
        """Use `Store.open`."""
        self.changed = asyncio.Event()
        """Set whenever something was recorded; whoever waits for it clears it."""
        self.database = database
        self.writer = GroupCommitWriter(
            self._record, waiting_limit, committed=hooks.record_commit, supervisor=supervisor
        )
        """Where facts wait to be written."""
        self._label = label.lower()
        self._now = now
        self._hooks = hooks
        self._coordinator = database.coordinator(self.changed.set, supervisor)
        self._open_nouns(database, now)

    def _open_nouns(self, database: Database, now: Callable[[], EpochSeconds]) -> None:
        """Make one object for each thing that is known."""
        announce = self._announce
        self.acknowledgements = Acknowledgements(database, now)
        self.bodies = Bodies(database, now)
        self.doubtful_comments = DoubtfulComments(database, now)
        self.consistency = Consistency(database, now)
        self.credentials = CredentialStore(database, now)
        self.deliveries = Deliveries(database, now, self._hooks.record_redelivery)
        self.installations = Installations(database, now, announce)
        self.letters = Letters(database, now)
        self.commands = OrganizerCommands(database, now, announce)
        self.petitions = Petitions(database, now, announce, self._label)
        self.privacy = Privacy(database, now, announce)
        self.settings = RepositorySettings(database, now, announce)
        self.responses = Responses(database, now)
        self.rosters = Rosters(database, now)
        self.sign_outs = SignOuts(database, now)
        self.signer_accounts = SignerAccounts(database, now, announce)
        self.states = States(database, now)
        self.threads = Threads(database, now)
        self.translations = Translations(database, now)

    @classmethod
    async def open(
        cls,
        database_url: str,
        *,
        label: str = "petition",
        now: Callable[[], EpochSeconds] = time.time,
        waiting_limit: int = WAITING_LIMIT,
        hooks: Hooks | None = None,
        supervisor: Supervisor | None = None,
    ) -> Self:
        """Open the database and bring it to this version; raises WrongDatabase or DatabaseUnavailable."""
        address = read_address(database_url)
        database = connect(address)
        async with AsyncExitStack() as undo:
            undo.enter_context(opening(address))
            undo.push_async_callback(database.close)
            await migrate(database)
            await follow_grammar(database)
            store = cls(database, label, now, waiting_limit, hooks or Hooks(), supervisor or Supervisor())
            undo.push_async_callback(store.close)
            await store._coordinator.open()
            undo.pop_all()
        return store

    async def close(self) -> None:
        """Write what is waiting, and close files and connections."""
        await self.writer.close()
        await self._coordinator.close()
        await self.database.close()

    def lease(self, installation_id: int) -> AbstractAsyncContextManager[Lease]:
        """Lease an installation to reconcile, as long as the context lasts; the lease is false when it is not ours.

        Check it again before every write to GitHub: a lease can be lost.
        """
        return self._coordinator.lease(installation_id)

    async def ping(self) -> bool:
        """Return whether the database answers and, if it could not take the last facts, whether it does again."""
        return await is_answering(self.database, in_doubt=self.writer.refused)

    async def record(self, facts: Sequence[Fact]) -> None:
        """Record facts; they are on disk when this returns.

        Raises Busy, DatabaseUnavailable, Unrecordable, or our mistake.
        """
        if facts:
            await self.writer.submit(facts)

    async def record_listing(
        self,
        issue_id: int,
        listing_started_at: WholeEpochSeconds,
        comments: Sequence[Comment],
        complete: bool,
        reread: int | None = None,
    ) -> ListingOutcome:
        """Merge a listing of a thread's comments; what a complete one lacks is missing since it started.

        `reread` is the request that the listing answers, from `ThreadToRead`; without it, all requests made before
        it started. Raises KeyError where there is no such thread.
        """
        listing = CommentListing(issue_id, listing_started_at, comments, complete, reread)
        outcome = await self._record_listing(listing)
        if complete:
            outcome = await self._check_totals(outcome)
        self._hooks.record_listing(
            changed=outcome.changed,
            missing=outcome.missing,
            repaired=outcome.repaired,
            doubtful=len(outcome.doubtful),
        )
        self._announce()
        return outcome

    async def _record_listing(self, listing: CommentListing) -> ListingOutcome:
        """Record a listing in parts: a delivery that comes meanwhile waits for one of them."""
        known: Sequence[int] = ()
        if listing.complete:
            known = await self.database.read(partial(read_comment_ids, issue_id=listing.issue_id))
        context = self._context()
        outcomes = [
            await self._lock_all(self.database.write, partial(record_listing, listing=part, context=context))
            for part in split_listing(listing, known)
        ]
        return ListingOutcome(
            changed=sum(one.changed for one in outcomes),
            missing=sum(one.missing for one in outcomes),
            repaired=sum(one.repaired for one in outcomes),
            count=outcomes[-1].count,
            doubtful=tuple({comment: None for one in outcomes for comment in one.doubtful}),
            petition_id=outcomes[-1].petition_id,
            about_mail=frozenset().union(*(one.about_mail for one in outcomes)),
        )

    async def _check_totals(self, outcome: ListingOutcome) -> ListingOutcome:
        """Check what is kept of the whole petition, without keeping anybody from recording, and repair it."""
        if await self.database.read(partial(are_totals_right, petition_id=outcome.petition_id)):
            return outcome
        repair = partial(repair_totals, petition_id=outcome.petition_id, now=int(self._now()))
        count = await self.database.write(repair, LONG_TIMEOUT)
        return replace(outcome, count=count, repaired=outcome.repaired + 1)

    async def fill_roster_keys(self) -> bool:
        """Prepare some signatures of an earlier release for sorting and searching; False where all are prepared."""
        return await self.database.write(partial(fill_roster_keys, most=FILLED_AT_ONCE))

    async def _record(self, facts: Sequence[Fact]) -> None:
        context = self._context()
        observations: list[Observation] = []
        for fact in facts:
            match fact:
                case CommentFact() | IssueFact():
                    observations.append(fact)
                case _:
                    await self.database.record(partial(record_structure, fact=fact, context=context))
        recorded = Recorded()
        while observations:
            work = partial(record_observations, facts=observations, context=context)
            recorded = await self._lock_all(self.database.record, work)
            if not recorded.first:
                break
            for news in recorded.first:
                await self.database.record(partial(record_structure, fact=news, context=context))
        if recorded.changed or len(observations) < len(facts):
            self._announce()

    @staticmethod
    async def _lock_all(run: Callable[[Callable[[Transaction], T]], Awaitable[T]], work: Callable[..., T]) -> T:
        """Run a transaction, again with more issues until all petitions of its comments are locked."""
        elsewhere: frozenset[int] = frozenset()
        while True:
            try:
                return await run(partial(work, elsewhere=elsewhere))
            except CommentsElsewhere as known:
                elsewhere |= known.issue_ids

    def _announce(self) -> None:
        self.changed.set()
        self._coordinator.notify()

    def _context(self) -> RecordContext:
        return RecordContext(self._label, int(self._now()))
