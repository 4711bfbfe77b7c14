"""The loop that makes GitHub agree with our rows: one worker per installation; rereads, tallies, then reactions."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog

from bot.github.client import GitHub, InstallationClient
from bot.github.errors import GitHubError, InstallationGone, InstallationSuspended, Paused
from bot.github.errors import Unavailable as GitHubUnavailable
from bot.reconcile.acknowledge import acknowledge
from bot.reconcile.backoff import LONGEST, retry_at, state_of
from bot.reconcile.coalesce import Coalescer
from bot.reconcile.publish import publish
from bot.reconcile.resync import reread
from bot.store import AckDue, Due, Store, ThreadToRead
from bot.store import Unavailable as StoreUnavailable

log = structlog.get_logger("reconcile")


REACTIONS_WAIT = 60.0
"""Seconds without reactions after GitHub failed to take one."""


@dataclass(frozen=True, slots=True)
class _Rest:
    """Until when an installation is left alone; news that came after `news` end a rest that is not `firm`."""

    until: float
    firm: bool = False
    news: int = 0


@dataclass(slots=True)
class Conductor:
    """Give every installation that has work one worker; no two ever work on the same one.

    `beat` is the longest time in seconds between two looks at the database: another process may have recorded
    something. `breath` is the shortest, so that a storm of deliveries does not become a storm of looks.
    """

    store: Store
    github: GitHub
    now: Callable[[], float] = time.time
    coalescer: Coalescer = field(default_factory=Coalescer)
    beat: float = 5.0
    breath: float = 0.1
    looked_at: float = 0.0
    _workers: dict[int, asyncio.Task[None]] = field(default_factory=dict)
    _rests: dict[int, _Rest] = field(default_factory=dict)
    _reactions_after: dict[int, float] = field(default_factory=dict)
    _wake: asyncio.Event = field(default_factory=asyncio.Event)
    _news: int = 0
    """How often the store had something new."""
    _stopping: bool = False

    async def run(self) -> None:
        """Work until `stop`; what is in flight is finished first."""
        while not self._stopping:
            self._news += self.store.changed.is_set()
            self.store.changed.clear()
            self._wake.clear()
            try:
                delay = await self._start_workers()
            except StoreUnavailable as error:
                log.warning("the database does not answer", error=str(error))
                delay = self.beat
            self.looked_at = self.now()
            await self._rest(delay)
        await asyncio.gather(*self._workers.values(), return_exceptions=True)

    def stop(self) -> None:
        """Finish what is in flight and leave the rest for the next start."""
        self._stopping = True
        self._wake.set()

    async def _start_workers(self) -> float:
        """Give every installation that has work its worker; return the seconds until the next look."""
        now = self.now()
        wake_at = now + self.beat
        for installation_id in await self.store.installations_with_work(now):
            rest = self._rests.get(installation_id)
            if rest is not None and rest.until > now and (rest.firm or rest.news == self._news):
                wake_at = min(wake_at, rest.until)
            elif installation_id not in self._workers:
                self._start(installation_id)
        return wake_at - now

    def _start(self, installation_id: int) -> None:
        worker = asyncio.create_task(self._work(installation_id), name=f"installation {installation_id}")
        self._workers[installation_id] = worker
        worker.add_done_callback(lambda task: self._finished(installation_id, task))

    def _finished(self, installation_id: int, task: asyncio.Task[None]) -> None:
        del self._workers[installation_id]
        if not task.cancelled() and (error := task.exception()) is not None:
            # A mistake of ours must neither stop the other installations nor spin.
            log.error("the worker failed", installation=installation_id, exc_info=error)
            self._rests[installation_id] = _Rest(self.now() + 60, firm=True)
        self._wake.set()

    async def _rest(self, delay: float) -> None:
        """Wait for news from the store, a finished worker, the order to stop, or the time to look again."""
        await asyncio.sleep(self.breath)
        waits = [asyncio.ensure_future(event.wait()) for event in (self.store.changed, self._wake)]
        try:
            await asyncio.wait(waits, timeout=max(delay - self.breath, 0.0), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    async def _work(self, installation_id: int) -> None:
        """Do what is due for one installation until nothing is left that may be done now."""
        try:
            async with self.store.lease(installation_id) as held:
                rest = _Rest(0.0) if held else _Rest(self.now() + self.beat, firm=True)
                while held and not self._stopping and rest.until <= self.now():
                    rest = await self._step(installation_id, self.github.installation(installation_id))
        except Paused as pause:
            log.warning("GitHub asks to wait", installation=installation_id, until=pause.until, reason=pause.reason)
            rest = _Rest(pause.until, firm=True)
        except (InstallationGone, InstallationSuspended) as error:
            log.warning("the installation is not usable", installation=installation_id, error=str(error))
            rest = _Rest(self.now() + LONGEST, firm=True)
        except (StoreUnavailable, GitHubUnavailable) as error:
            log.warning("waiting after an error", installation=installation_id, error=str(error))
            rest = _Rest(self.now() + self.beat, firm=True)
        self._rests[installation_id] = rest

    async def _step(self, installation_id: int, client: InstallationClient) -> _Rest:
        """Do the one most urgent thing; return until when there is nothing more to do."""
        now, news = self.now(), self._news
        if threads := await self.store.threads_to_read(installation_id, now):
            await self._reread(threads[0], client)
            return _Rest(0.0)
        waiting = [now + self.beat]
        for due in await self.store.due(installation_id, now):
            ready_at = self.coalescer.ready_at(due.petition_id)
            if ready_at <= now:
                await self._publish(due, client)
                return _Rest(0.0)
            waiting.append(ready_at)
        may_react = self._reactions_after.get(installation_id, 0.0) <= now
        if may_react and (acks := await self.store.acks_due(installation_id, limit=1)):
            # One at a time, so that a tally that becomes due meanwhile goes first.
            await self._acknowledge(installation_id, acks[0], client)
            return _Rest(0.0)
        return _Rest(min(waiting), news=news)

    async def _reread(self, thread: ThreadToRead, client: InstallationClient) -> None:
        try:
            await reread(thread, store=self.store, client=client)
        except GitHubError as error:
            await self._postpone(thread.petition_id, thread.attempts, error)

    async def _acknowledge(self, installation_id: int, due: AckDue, client: InstallationClient) -> None:
        """React to one comment; that reactions must wait or fail keeps no tally waiting."""
        try:
            await acknowledge(due, store=self.store, client=client)
        except Paused as pause:
            if pause.whole:
                raise
            self._reactions_after[installation_id] = pause.until
        except GitHubUnavailable as error:
            log.warning("reactions wait", installation=installation_id, error=str(error))
            self._reactions_after[installation_id] = self.now() + REACTIONS_WAIT

    async def _publish(self, due: Due, client: InstallationClient) -> None:
        try:
            writes = await publish(due, store=self.store, client=client, now=self.now)
        except GitHubError as error:
            await self._postpone(due.petition_id, due.attempts, error)
        else:
            if writes:
                self.coalescer.spend(due.petition_id, self.now())
                log.info("published", petition=due.petition_id, installation=due.installation_id, writes=writes)

    async def _postpone(self, petition_id: int, attempts: int, error: GitHubError) -> None:
        """Back off one petition without stopping the others; what concerns the whole installation is raised."""
        if isinstance(error, Paused | InstallationGone | InstallationSuspended):
            raise error
        until = retry_at(error, attempts, self.now())
        log.warning("postponed", petition=petition_id, until=until, state=state_of(error), error=str(error))
        await self.store.postpone(petition_id, until=until, state=state_of(error), attempts=attempts + 1)
