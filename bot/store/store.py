"""The store: records facts durably, and answers what is to be done and shown."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import replace
from functools import partial
from typing import Final, Self

from bot.petition.comments.comment import Comment
from bot.petition.facts import CommentFact, Fact, IssueFact
from bot.petition.letter.versions import Letter
from bot.store import statements as sql
from bot.store.credentials import CredentialStore
from bot.store.engine.database import LONG_PATIENCE, Database, Transaction, connect
from bot.store.engine.dialect import Statement
from bot.store.engine.health import answers
from bot.store.engine.leases import Lease
from bot.store.engine.url import read_address
from bot.store.errors import NoSuchPetition
from bot.store.hooks import Backlog, Watch
from bot.store.known_texts import follow_grammar
from bot.store.letters import note_look, read_letters_with_texts
from bot.store.migrations import migrate
from bot.store.petitions import (
    AckDue,
    Due,
    Snapshot,
    ThreadToRead,
    read_acks_due,
    read_due,
    read_installations_with_work,
    read_snapshot,
    read_threads_to_read,
)
from bot.store.recording.group_commit import GroupCommitWriter
from bot.store.recording.listings import Listing, ListingOutcome, record_listing
from bot.store.recording.observations import Observation, Recorded, Terms, record_observations
from bot.store.recording.structure import StructuralFact, record_structure
from bot.store.recording.totals import are_totals_right, repair_totals
from bot.store.rosters import Rosters
from bot.store.rules import Governing
from bot.store.sign_outs import SignOuts
from bot.store.states import State
from bot.store.upkeep import Upkeep
from bot.supervisor import Supervisor

WAITING_LIMIT: Final = 10_000
"""Facts that may wait to be written before the webhook sends deliveries away."""


class Store:
    """Everything the bot knows, in one database."""

    def __init__(
        self,
        database: Database,
        label: str,
        now: Callable[[], float],
        waiting_limit: int,
        watch: Watch,
        supervisor: Supervisor,
    ) -> None:
        """Use `Store.open`."""
        self.changed = asyncio.Event()
        """Set whenever something was recorded; whoever waits for it clears it."""
        self._database = database
        self._label = label.lower()
        self._now = now
        self._watch = watch
        self._coordinator = database.coordinator(self.changed.set, supervisor)
        self._flusher = GroupCommitWriter(
            self._record, waiting_limit, committed=watch.committed, supervisor=supervisor
        )
        self.upkeep = Upkeep(database, now, self._announce, watch.asked_for_delivery)
        """What keeps rows and GitHub in agreement."""
        self.rosters = Rosters(database)
        """What the pages show."""
        self.safe = CredentialStore(database)
        """Where the App's credentials may be."""
        self.sign_outs = SignOuts(database)
        """Which sessions of organizers have ended."""
        self.governing = Governing(database, now, self._announce)
        """What organizers have set and ordered."""

    @classmethod
    async def open(
        cls,
        database_url: str,
        *,
        label: str = "petition",
        now: Callable[[], float] = time.time,
        waiting_limit: int = WAITING_LIMIT,
        watch: Watch | None = None,
        supervisor: Supervisor | None = None,
    ) -> Self:
        """Open the database and bring it to this version; raises WrongDatabase or Unavailable."""
        database = connect(read_address(database_url))
        async with AsyncExitStack() as undo:
            undo.push_async_callback(database.close)
            await migrate(database)
            await follow_grammar(database)
            store = cls(database, label, now, waiting_limit, watch or Watch(), supervisor or Supervisor())
            undo.push_async_callback(store.close)
            await store._coordinator.open()
            undo.pop_all()
        return store

    async def close(self) -> None:
        """Write what is waiting and give everything back."""
        await self._flusher.close()
        await self._coordinator.close()
        await self._database.close()

    def lease(self, installation_id: int) -> AbstractAsyncContextManager[Lease]:
        """Get an installation to reconcile, as long as the context lasts; the lease is false when it is not ours.

        Ask it again before every write to GitHub: a lease can be lost.
        """
        return self._coordinator.lease(installation_id)

    async def ping(self) -> bool:
        """Return whether the database answers and, if it could not take the last facts, whether it does again."""
        return await answers(self._database, in_doubt=self._flusher.refused)

    def problem(self) -> str:
        """Return why nothing can be recorded until somebody acts, and what to do; empty where nothing is known."""
        return self._database.problem()

    async def check_integrity(self) -> None:
        """Check that the database file is sound; from then on a damaged one takes nothing.

        Raises Damaged, and Unavailable where it could not be read.
        """
        await self._database.check_integrity()

    @property
    def waiting(self) -> int:
        """Return how many facts wait to be written."""
        return self._flusher.waiting

    async def backlog(self) -> Backlog:
        """Return how much is to be published, those that were postponed included; raises Unavailable."""
        (row,) = await self._database.read(lambda transaction: transaction.fetch(sql.BACKLOG))
        return Backlog(row.petitions, row.since)

    async def record(self, facts: Sequence[Fact]) -> None:
        """Record facts; on disk when this returns. Raises Busy, Unavailable, Unrecordable, or our mistake."""
        if facts:
            await self._flusher.submit(facts)

    async def installations_with_work(self, now: float) -> list[int]:
        """List installations that have petitions to publish, threads to read or comments to acknowledge."""
        return await self._database.read(partial(read_installations_with_work, now=now))

    async def due(self, installation_id: int, now: float) -> list[Due]:
        """List an installation's petitions to be published, the longest waiting first."""
        return await self._database.read(partial(read_due, installation_id=installation_id, now=now))

    async def snapshot(self, petition_id: int, newest: int) -> Snapshot:
        """Read a petition at one moment, with its newest signatures; raises NoSuchPetition where there is none."""
        read = partial(read_snapshot, petition_id=petition_id, newest=newest)
        snapshot = await self._database.read(read)
        if snapshot is None:
            raise NoSuchPetition(petition_id)
        return snapshot

    async def published(self, petition_id: int, revision: int, at: int, state: State = State.FINE) -> None:
        """Record that the issue body shows a revision, or a later one; `state` says what is amiss all the same."""
        await self._execute(sql.PUBLISHED, petition_id, revision, at, state.value)

    async def postpone(self, petition_id: int, until: float, state: State, attempts: int, detail: str = "") -> None:
        """Leave a petition alone until a time; `state` says why, `detail` what GitHub said."""
        await self._execute(sql.POSTPONE, petition_id, until, state.value, detail, attempts)

    async def note_letter(
        self, petition_id: int, issue_id: int, body: str | None, at: int, *, as_created: bool = False
    ) -> None:
        """Record the letter in a body as it was last changed at a time, unless that version is known.

        What it said before is not asked of an issue that is `as_created`.
        """
        look = partial(
            note_look, petition_id=petition_id, issue_id=issue_id, body=body, at=at, as_created=as_created
        )
        await self._database.write(look)

    async def letters(self, petition_id: int) -> tuple[Letter, ...]:
        """Return the versions of the letter with their texts, the oldest first."""
        return await self._database.read(partial(read_letters_with_texts, petition_id=petition_id))

    async def threads_to_read(self, installation_id: int, now: float) -> list[ThreadToRead]:
        """List an installation's threads that asked to be read again, the longest waiting first."""
        return await self._database.read(partial(read_threads_to_read, installation_id=installation_id, now=now))

    async def record_listing(
        self,
        issue_id: int,
        listing_started_at: int,
        comments: Sequence[Comment],
        complete: bool,
        reread: int | None = None,
    ) -> ListingOutcome:
        """Merge a listing of a thread's comments; what a complete one lacks is missing since it started.

        `reread` is the request that the listing answers, from `ThreadToRead`; without it, all requests made before
        it started. Raises KeyError where there is no such thread.
        """
        listing = Listing(issue_id, listing_started_at, comments, complete, reread)
        elsewhere: frozenset[int] = frozenset()
        while True:
            work = partial(record_listing, listing=listing, terms=self._terms(), elsewhere=elsewhere)
            outcome = await self._database.write(work)
            if isinstance(outcome, ListingOutcome):
                break
            elsewhere |= outcome
        if complete:
            outcome = await self._check_totals(outcome)
        self._watch.listed(outcome)
        self._announce()
        return outcome

    async def acks_due(self, installation_id: int, limit: int) -> list[AckDue]:
        """List comments whose reaction is missing or wrong, newest first; first ones an hour late are dropped."""
        read = partial(read_acks_due, installation_id=installation_id, limit=limit, now=int(self._now()))
        return await self._database.write(read)

    async def acked(self, comment_id: int, given: str | None, reaction_id: int | None) -> None:
        """Record which reaction a comment bears now."""

        def note(transaction: Transaction) -> None:
            for row in transaction.fetch(sql.LOCK_PETITION_OF_COMMENT, comment_id):
                transaction.execute(sql.ACKED, comment_id, given, reaction_id, row.ack_wanted != given)

        await self._database.write(note)

    async def _check_totals(self, outcome: ListingOutcome) -> ListingOutcome:
        """Check what is kept of the whole petition, without keeping anybody from recording, and repair it."""
        if await self._database.read(partial(are_totals_right, petition_id=outcome.petition_id)):
            return outcome
        repair = partial(repair_totals, petition_id=outcome.petition_id, now=int(self._now()))
        count = await self._database.write(repair, LONG_PATIENCE)
        return replace(outcome, count=count, repaired=outcome.repaired + 1)

    async def _execute(self, statement: Statement, *values: object) -> None:
        await self._database.write(lambda transaction: transaction.execute(statement, *values))

    async def _record(self, facts: Sequence[Fact]) -> None:
        terms = self._terms()
        observations: list[Observation] = []
        for fact in facts:
            match fact:
                case CommentFact() | IssueFact():
                    observations.append(fact)
                case _:
                    await self._record_structure(fact, terms)
        elsewhere: frozenset[int] = frozenset()
        recorded = Recorded(changed=False)
        while observations:
            recorded = await self._database.write(
                partial(record_observations, facts=observations, terms=terms, elsewhere=elsewhere)
            )
            if recorded.done:
                break
            elsewhere |= recorded.elsewhere
            for news in recorded.first:
                await self._record_structure(news, terms)
        if recorded.changed or len(observations) < len(facts):
            self._announce()

    def _announce(self) -> None:
        self.changed.set()
        self._coordinator.tell()

    def _terms(self) -> Terms:
        return Terms(self._label, int(self._now()))

    async def _record_structure(self, fact: StructuralFact, terms: Terms) -> None:
        await self._database.write(partial(record_structure, fact=fact, terms=terms))
