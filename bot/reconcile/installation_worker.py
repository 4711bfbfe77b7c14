"""Do what is due for one installation, the most urgent first: read comments, publish, then discover and react."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import structlog
from msgspec.structs import replace

from bot.github.errors import GitHubError, Paused
from bot.github.installation_client import InstallationClient
from bot.github.transport import writing_while
from bot.links import Addresses
from bot.petition.machine_readable_lines import Counter
from bot.reconcile.account_review import AccountReview
from bot.reconcile.body_write_and_repair_limiters import RepairLimiter, WriteLimiter
from bot.reconcile.errors_and_retries import (
    Intervals,
    NameReused,
    Requeue,
    concerns_issue,
    ends_all,
    is_unwell,
    postpone,
    retry_at,
    state_of,
)
from bot.reconcile.installation_discovery import InstallationSync, is_due
from bot.reconcile.letter_history_and_translations import LetterHistory
from bot.reconcile.publish import publish
from bot.reconcile.publish_plan import PublishContext
from bot.reconcile.reactions import Reactions
from bot.reconcile.resync import ThreadResync
from bot.store import (
    Clarification,
    DatabaseUnavailable,
    Due,
    Lease,
    NoSuchPetition,
    State,
    Store,
    ThreadToRead,
)
from bot.time_types import EpochSeconds, Seconds

log = structlog.get_logger("reconcile")


RETRY_AFTER_BUG: Final[Seconds] = 600.0
"""Time after which a task is tried again that failed by a bug of ours.

The error ends the worker all the same, so that it is logged; the next worker must not begin with that task.
"""


@dataclass(slots=True, eq=False)
class Worker:
    """Work for one installation, a step at a time. `began` is when this process did."""

    store: Store
    client: InstallationClient
    label: str
    write_limiter: WriteLimiter
    intervals: Intervals
    now: Callable[[], EpochSeconds]
    began: EpochSeconds
    addresses: Addresses = field(default_factory=Addresses)
    once: bool = False
    """Whether it is to end: then histories come before publishing, and reactions and accounts are left out."""
    counter: Counter = Counter.APP
    postponed: int = 0
    """How many tasks in a row were postponed because GitHub was unwell."""
    _repair_limiter: RepairLimiter = field(default_factory=RepairLimiter)
    _discovery: InstallationSync | None = None
    _history: LetterHistory | None = None
    _history_after: EpochSeconds = 0.0
    """When to go on with what a letter said before the App came."""
    _review: AccountReview | None = None
    _review_after: EpochSeconds = 0.0
    """When to go on with looking at accounts."""
    _publishes_after: EpochSeconds = 0.0
    """When there may be the next publication, so that the hour's calls are not spent too soon."""
    _reactions: Reactions = field(init=False)
    _reacts_next: bool = False
    """Whether it is a reaction's turn; they take turns with what else can wait."""

    def __post_init__(self) -> None:
        self._reactions = Reactions(self.store, self.client, self.now)

    async def step(self, lease: Lease) -> EpochSeconds:
        """Do the most urgent task and return 0; or return until when there is none.

        Writes are sent as long as the lease is ours; raises WriteNotSent for one that came too late.
        """
        with writing_while(lambda: bool(lease)):
            return await self._step(lease)

    async def _step(self, lease: Lease) -> EpochSeconds:
        now = self.now()
        if threads := await self.store.threads.list_to_read(self.client.id, now):
            await self._reread(threads[0])
            return 0.0
        if doubtful := await self.store.doubtful_comments.get_doubtful_thread(self.client.id, now):
            await self._clarify(doubtful)
            return 0.0
        if self.once and await self._read_history(now):
            return 0.0
        times = [now + self.intervals.poll]
        for due in await self.store.petitions.list_due(self.client.id, now):
            ready_at = max(self.write_limiter.ready_at(due.petition_id), self._publishes_after)
            if ready_at <= now:
                await self._publish(due, lease)
                return 0.0
            times.append(ready_at)
        return 0.0 if await self._do_background_task(now) else min(times)

    async def _do_background_task(self, now: EpochSeconds) -> bool:
        """Take a step of discovery, a letter's history or a look at accounts, or react once.

        Return whether any was due.
        """
        discovery = await self._get_discovery(now)
        history = await self._get_history(now) if discovery is None else None
        reviews = discovery is None and history is None and not self.once
        review = await self._get_review(now) if reviews else None
        is_idle = discovery is None and history is None and review is None
        reacts, self._reacts_next = is_idle or self._reacts_next, not self._reacts_next
        if reacts and not self.once and await self._reactions.add_next():
            return True
        if discovery is not None:
            self._discovery = discovery if await discovery.step() else None
        if history is not None:
            await self._step_history(history)
        if review is not None:
            self._review = review if await review.step() else None
            self._review_after = self.now() + self.client.low_priority_spacing("graphql")
        return not is_idle

    async def _read_history(self, now: EpochSeconds) -> bool:
        """Take a step of a letter's history; return whether any was due."""
        history = await self._get_history(now) if self.client.has_spare_calls() else None
        if history is not None:
            await self._step_history(history)
        return history is not None

    async def _step_history(self, history: LetterHistory) -> None:
        self._history = history if await history.step() else None
        self._history_after = self.now() + self.client.low_priority_spacing()

    async def _get_discovery(self, now: EpochSeconds) -> InstallationSync | None:
        """Return the discovery to go on with, or to begin; None where none is due."""
        begun = self._discovery
        if begun is not None and begun.resumes_at <= now:
            return begun
        mark = await self.store.installations.get_discovery(self.client.id)
        if mark is None:
            return None
        # A request that one that waits has begun with is not answered sooner by another.
        answered = mark if begun is None else replace(mark, done=max(mark.done, begun.mark.asked))
        if not is_due(answered, now=now, began=self.began, interval=self.intervals.resync):
            return None
        self._discovery = InstallationSync(
            mark, self.store, self.client, self.label, self.intervals, self.now,
            failures=0 if begun is None else begun.failures,
        )  # fmt: skip
        return self._discovery

    async def _get_history(self, now: EpochSeconds) -> LetterHistory | None:
        """Return the letter's history to go on with, or to begin; None where none is due."""
        if self._history_after > now:
            return None
        if self._history is None:
            thread = await self.store.letters.get_thread_without_history(
                self.client.id, now, published=not self.once
            )
            if thread is None:
                self._history_after = now + self.intervals.resync
                return None
            self._history = LetterHistory(thread, self.store, self.client, self.now, self.intervals.resync)
        return self._history

    async def _get_review(self, now: EpochSeconds) -> AccountReview | None:
        """Return the look at accounts to go on with, or to begin; None where none is due."""
        if self._review_after > now:
            return None
        if self._review is None:
            petition_id = await self.store.signer_accounts.get_due_review(self.client.id, now)
            if petition_id is not None:
                self._review = AccountReview(petition_id, self.store, self.client, self.now, self.intervals.resync)
        return self._review

    async def _reread(self, thread: ThreadToRead) -> None:
        now = self.now()
        try:
            await ThreadResync(thread, self.store, self.client, now).read_all()
        except GitHubError as error:
            if ends_all(error):
                raise
            self.postponed += is_unwell(error)
            await self.store.threads.postpone(thread, retry_at(error, thread.attempts, now))
            if concerns_issue(error):
                # Publishing finds out what is the matter with the issue.
                await self.store.petitions.request_publishing([thread.petition_id])
            log.info("postponed reading comments", thread=thread.issue_id, error=str(error))
            return
        except DatabaseUnavailable:
            raise
        except Exception:
            await self.store.threads.postpone(thread, now + RETRY_AFTER_BUG)
            raise
        self.postponed = 0

    async def _clarify(self, thread: ThreadToRead) -> None:
        now = self.now()
        try:
            await ThreadResync(thread, self.store, self.client, now).clarify()
        except (GitHubError, DatabaseUnavailable):
            raise
        except Exception:
            doubts = await self.store.doubtful_comments.list_doubtful(thread.issue_id, now)
            await self.store.doubtful_comments.record_clarifications(
                [Clarification(one, is_clear=False, ask_after=now + RETRY_AFTER_BUG) for one in doubts]
            )
            raise

    async def _publish(self, due: Due, lease: Lease) -> None:
        self.write_limiter.record_read(due.petition_id, self.now())
        context = PublishContext(
            self.store, self.client, lease, self.label, self.now, self.intervals.resync, self.addresses,
            self._repair_limiter, self.counter,
        )  # fmt: skip
        try:
            writes = await publish(due, context)
        except GitHubError as error:
            if ends_all(error) or isinstance(error, Paused):
                raise
            await self._postpone(due, error)
            return
        except NoSuchPetition:
            # Meanwhile a delivery has reported where its issue came from; that petition is due instead.
            log.info("the issue belongs to another petition", petition=due.petition_id)
            return
        except DatabaseUnavailable:
            raise
        except Exception:
            until = self.now() + RETRY_AFTER_BUG
            await self.store.petitions.postpone(due.petition_id, until, State.STUMBLED, due.attempts + 1)
            raise
        self.postponed = 0
        if due.published_revision == 0:
            self._history_after = 0.0
        if writes:
            self.write_limiter.record_write(due.petition_id, self.now())
            if not self.once:
                self._publishes_after = self.now() + self.client.spacing(writes)
            log.info("published", petition=due.petition_id, installation=due.installation_id, writes=writes)

    async def _postpone(self, due: Due, error: GitHubError) -> None:
        """Postpone one petition without stopping the others."""
        self.postponed += is_unwell(error)
        until = retry_at(error, due.attempts, self.now())
        requeue = Requeue(until, state_of(error), due.attempts + 1, str(error))
        log.info(
            "postponed", petition=due.petition_id, until=requeue.after, state=requeue.state, error=requeue.detail
        )
        await postpone(due, requeue, self.store)
        if isinstance(error, NameReused):
            await self.store.installations.request_discovery(self.client.id)
