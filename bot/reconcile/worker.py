"""What is done for one installation, the most urgent thing first: rereads, tallies, then surveys and reactions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import structlog

from bot.github.errors import GitHubError, Paused
from bot.github.errors import Unavailable as GitHubUnavailable
from bot.github.installation import InstallationClient
from bot.github.transport import writing_while
from bot.reconcile.acknowledge import acknowledge
from bot.reconcile.backoff import NameReused, ends_all, is_unwell, retry_at, state_of
from bot.reconcile.damping import Damper
from bot.reconcile.discovery import Discovery, is_due
from bot.reconcile.intervals import Intervals
from bot.reconcile.letter_history import LetterHistory
from bot.reconcile.publish import publish
from bot.reconcile.publish_context import PublishContext
from bot.reconcile.resync import ask_who_wrote, reread
from bot.reconcile.write_limiter import WriteLimiter
from bot.store import AckDue, Clarification, Due, Lease, NoSuchPetition, State, Store, ThreadToRead
from bot.store import DatabaseUnavailable as StoreUnavailable
from bot.urls import Addresses

log = structlog.get_logger("reconcile")

REACTIONS_WAIT = 60.0
"""Seconds without reactions after GitHub failed to take one."""

STUMBLED = 600.0
"""Seconds after which that is tried again over which we have made a mistake of our own.

The mistake ends the worker all the same, so that it is told; the next worker shall not begin with it.
"""


@dataclass(slots=True)
class Worker:
    """Works for one installation, a step at a time. `began` is when this process did."""

    installation_id: int
    store: Store
    client: InstallationClient
    label: str
    coalescer: WriteLimiter
    beats: Intervals
    now: Callable[[], float]
    began: float
    addresses: Addresses = field(default_factory=Addresses)
    put_off: int = 0
    """How many things in a row have been put off because GitHub was unwell."""
    _damper: Damper = field(default_factory=Damper)
    _survey: Discovery | None = None
    _past: LetterHistory | None = None
    _past_after: float = 0.0
    """When to ask again what a letter said before we came."""
    _publishes_after: float = 0.0
    """When there may be the next publication, so that the hour's calls are not spent too soon."""
    _reactions_after: float = 0.0
    _reacts_next: bool = False
    """Whether it is a reaction's turn; the reactions take turns with a survey or a letter's past."""

    async def step(self, lease: Lease) -> float:
        """Do the one most urgent thing and return 0; or return until when there is nothing to be done.

        Writes are sent as long as the lease is ours; raises WriteNotSent for one that came too late.
        """
        with writing_while(lambda: bool(lease)):
            return await self._step(lease)

    async def _step(self, lease: Lease) -> float:
        now = self.now()
        if threads := await self.store.threads.list_to_read(self.installation_id, now):
            await self._reread(threads[0])
            return 0.0
        if doubtful := await self.store.comments.get_doubtful_thread(self.installation_id, now):
            await self._ask_who_wrote(doubtful)
            return 0.0
        waiting = [now + self.beats.look]
        for due in await self.store.petitions.list_due(self.installation_id, now):
            ready_at = max(self.coalescer.ready_at(due.petition_id), self._publishes_after)
            if ready_at <= now:
                await self._publish(due, lease)
                return 0.0
            waiting.append(ready_at)
        return 0.0 if await self._do_what_can_wait(now) else min(waiting)

    async def _do_what_can_wait(self, now: float) -> bool:
        """Go a step on with the survey or a letter's past, or react to one comment; tell if there was anything."""
        survey = await self._survey_now(now)
        past = await self._begin_past(now) if survey is None and self._past_after <= now else None
        is_idle = survey is None and past is None
        acks: list[AckDue] = []
        if self._reactions_after <= now and (is_idle or self._reacts_next):
            acks = await self.store.acknowledgements.drop_late_and_list(self.installation_id, limit=1)
        self._reacts_next = not self._reacts_next
        if acks:
            # One at a time, so that a tally that becomes due meanwhile goes first.
            await self._acknowledge(acks[0])
        elif survey is not None:
            is_going_on = await survey.step()
            self._survey = survey if is_going_on else None
        elif past is not None:
            self._past = past if await past.step() else None
            self._past_after = self.now() + self.client.low_priority_spacing()
        return bool(acks) or not is_idle

    async def _survey_now(self, now: float) -> Discovery | None:
        """Return the survey to go on with, or to begin; None where there is nothing to do for one."""
        begun = self._survey
        if begun is not None and begun.resumes_at <= now:
            return begun
        mark = await self.store.installations.get_discovery(self.installation_id)
        if mark is None:
            return None
        # What one that waits has begun with, another cannot answer sooner.
        answered = mark if begun is None else replace(mark, done=max(mark.done, begun.mark.asked))
        if not is_due(answered, now=now, began=self.began, beat=self.beats.resync):
            return None
        self._survey = Discovery(
            mark, self.store, self.client, self.label, self.beats.lag, self.now, beat=self.beats.resync,
            failures=0 if begun is None else begun.failures,
        )  # fmt: skip
        return self._survey

    async def _begin_past(self, now: float) -> LetterHistory | None:
        if self._past is None:
            thread = await self.store.letters.get_thread_without_history(self.installation_id, now)
            if thread is None:
                self._past_after = now + self.beats.resync
                return None
            self._past = LetterHistory(thread, self.store, self.client, self.now, self.beats.resync)
        return self._past

    async def _reread(self, thread: ThreadToRead) -> None:
        now = self.now()
        try:
            await reread(thread, store=self.store, client=self.client, now=now)
        except GitHubError as error:
            if ends_all(error):
                raise
            self.put_off += is_unwell(error)
            await self.store.threads.postpone(thread, retry_at(error, thread.attempts, now))
            if not isinstance(error, GitHubUnavailable):
                # Publishing finds out what is the matter with the issue.
                await self.store.petitions.request_publishing([thread.petition_id])
            log.info("put off reading", thread=thread.issue_id, error=str(error))
            return
        except StoreUnavailable:
            raise
        except Exception:
            await self.store.threads.postpone(thread, now + STUMBLED)
            raise
        self.put_off = 0

    async def _ask_who_wrote(self, thread: ThreadToRead) -> None:
        now = self.now()
        try:
            await ask_who_wrote(thread, store=self.store, client=self.client, now=now)
        except (GitHubError, StoreUnavailable):
            raise
        except Exception:
            doubts = await self.store.comments.list_doubtful(thread.issue_id, now)
            await self.store.comments.record_clarifications(
                [Clarification(one, is_clear=False, ask_after=now + STUMBLED) for one in doubts]
            )
            raise

    async def _publish(self, due: Due, lease: Lease) -> None:
        self.coalescer.look(due.petition_id, self.now())
        try:
            beat = self.beats.resync
            desk = PublishContext(
                self.store, self.client, lease, self.label, self.now, beat, self.addresses, self._damper
            )  # fmt: skip
            writes = await publish(due, desk)
            if due.published_revision == 0:
                self._past_after = 0.0
        except GitHubError as error:
            if ends_all(error) or isinstance(error, Paused):
                raise
            await self._postpone(due, error)
        except NoSuchPetition:
            # While we published it, a delivery has told whence its issue came; that petition is due instead.
            log.info("it is part of another petition", petition=due.petition_id)
        except StoreUnavailable:
            raise
        except Exception:
            await self.store.petitions.postpone(
                due.petition_id, self.now() + STUMBLED, State.STUMBLED, due.attempts + 1
            )
            raise
        else:
            self.put_off = 0
            if writes:
                self.coalescer.spend(due.petition_id, self.now())
                self._publishes_after = self.now() + self.client.spacing(writes)
                log.info("published", petition=due.petition_id, installation=due.installation_id, writes=writes)

    async def _postpone(self, due: Due, error: GitHubError) -> None:
        """Back off one petition without stopping the others."""
        self.put_off += is_unwell(error)
        until, state = retry_at(error, due.attempts, self.now()), state_of(error)
        log.info("postponed", petition=due.petition_id, until=until, state=state, error=str(error))
        await self.store.petitions.postpone(due.petition_id, until, state, due.attempts + 1, str(error))
        if isinstance(error, NameReused):
            await self.store.installations.request_discovery(self.installation_id)

    async def _acknowledge(self, due: AckDue) -> None:
        """React to one comment; that reactions must wait or fail keeps no tally waiting."""
        try:
            await acknowledge(due, store=self.store, client=self.client)
            self._reactions_after = self.now() + self.client.low_priority_spacing()
        except Paused as pause:
            if pause.whole:
                raise
            self._reactions_after = pause.until
        except GitHubUnavailable as error:
            log.warning("reactions wait", installation=self.installation_id, error=str(error))
            self._reactions_after = self.now() + REACTIONS_WAIT
