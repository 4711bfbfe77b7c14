"""Start a worker for every installation that has work, and pause the installation after an error."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

import structlog
from msgspec import Struct

from bot.github.app_client import GitHub
from bot.github.errors import (
    GitHubError,
    InstallationGone,
    InstallationSuspended,
    Paused,
    Unauthorized,
    Unreachable,
)
from bot.links import Addresses
from bot.reconcile.body_write_and_repair_limiters import WriteLimiter
from bot.reconcile.errors_and_retries import PATIENT, Intervals, jittered, state_of
from bot.reconcile.installation_discovery import is_due
from bot.reconcile.installation_worker import Worker
from bot.store import DatabaseUnavailable, Store
from bot.supervisor import Supervisor, wait_for_any
from bot.time_types import EpochSeconds, Seconds

log = structlog.get_logger("reconcile")

PAUSE_AFTER_BUG: Final[Seconds] = 60.0
"""The pause of an installation whose worker failed by a bug of ours."""

BACKGROUND_WORKERS: Final = 20
"""Installations that have a worker at once for what can wait: discovery is due for all of them at the start."""

MOST_POSTPONED: Final = 3
"""Tasks in a row that were postponed because GitHub was unwell; then the whole installation pauses."""

LONGEST_PAUSE: Final[Seconds] = 60.0
"""The longest pause for that: GitHub may be unwell about these tasks alone."""


class _Pause(Struct, frozen=True):
    """Until when an installation has no worker; a change after `changes` ends a pause that is not `firm`.

    `failures` is how many errors in a row there have been.
    """

    until: EpochSeconds
    firm: bool = False
    changes: int = 0
    failures: int = 0


@dataclass(slots=True)
class Scheduler:
    """Start a worker for every installation that has work; no two ever work for the same one.

    `request_sync` is called when an installation cannot be used, so that the installations are listed again.
    """

    store: Store
    github: GitHub
    label: str = "petition"
    now: Callable[[], EpochSeconds] = time.time
    write_limiter: WriteLimiter = field(default_factory=WriteLimiter)
    intervals: Intervals = field(default_factory=Intervals)
    request_sync: Callable[[], None] = lambda: None
    addresses: Addresses = field(default_factory=Addresses)
    supervisor: Supervisor = field(default_factory=Supervisor)
    polled_at: EpochSeconds = 0.0
    """When the database was last asked for work."""
    _began: EpochSeconds = field(init=False)
    _workers: dict[int, Worker] = field(default_factory=dict)
    _tasks: dict[int, asyncio.Task[None]] = field(default_factory=dict)
    _group: asyncio.TaskGroup = field(default_factory=asyncio.TaskGroup)
    """What holds the tasks: they end with the loop that has started them."""
    _pauses: dict[int, _Pause] = field(default_factory=dict)
    _wanted_at: dict[int, EpochSeconds] = field(default_factory=dict)
    """When installations last had work, be it discovery."""
    _wake: asyncio.Event = field(default_factory=asyncio.Event)
    _changes: int = 0
    """How often the store has announced a change."""
    _finished: int = 0
    """How often a worker's task has ended."""
    _reported: tuple[EpochSeconds, int, int] = (0.0, -1, -1)
    """When states were last logged, and after how many changes and tasks."""
    _stopping: bool = False

    def __post_init__(self) -> None:
        self._began = self.now()

    async def run(self) -> None:
        """Work until `stop`; what is in flight is finished first. When this is cancelled, so are the workers."""
        async with asyncio.TaskGroup() as self._group:
            await self._schedule()

    async def _schedule(self) -> None:
        while not self._stopping:
            self._changes += self.store.changed.is_set()
            self.store.changed.clear()
            self._wake.clear()
            try:
                delay = await self._start_workers()
                await self._log_states()
            except DatabaseUnavailable as error:
                log.warning("the database does not respond", error=str(error))
                delay = self.intervals.poll
            self.polled_at = self.now()
            await asyncio.sleep(self.intervals.debounce)
            await wait_for_any((self.store.changed, self._wake), max(delay - self.intervals.debounce, 0.0))

    def stop(self) -> None:
        """Finish what is in flight and leave the rest for the next start."""
        self._stopping = True
        self._wake.set()

    async def _start_workers(self) -> Seconds:
        """Start a worker for every installation that has work; return the time until the next poll."""
        until = await self.github.unreachable_until()
        now = self.now()
        wake_at = now + self.intervals.poll
        if until is not None:
            return min(until, wake_at) - now
        urgent = await self.store.petitions.list_installations_with_work(now)
        wanted = dict.fromkeys([*urgent, *await self._list_to_discover(now)])
        # An installation that could not be used has no pause left when it can be used again.
        self._pauses = {one: pause for one, pause in self._pauses.items() if one in wanted}
        self._drop_unused(wanted, now)
        for installation_id in wanted:
            pause = self._pauses.get(installation_id)
            if pause is not None and pause.until > now and (pause.firm or pause.changes == self._changes):
                wake_at = min(wake_at, pause.until)
            elif installation_id not in self._tasks and (
                installation_id in urgent or len(self._tasks) < BACKGROUND_WORKERS
            ):
                self._start(installation_id)
        return wake_at - now

    def _drop_unused(self, wanted: Iterable[int], now: EpochSeconds) -> None:
        """Drop installations that had no work for two resyncs: discovery is due at each for those in use."""
        self._wanted_at.update(dict.fromkeys(wanted, now))
        before = now - 2 * self.intervals.resync
        unused = [one for one, at in self._wanted_at.items() if at < before and one not in self._tasks]
        for installation_id in unused:
            self._drop(installation_id)

    def _drop(self, installation_id: int) -> None:
        """Drop what is kept in memory of an installation; it is made anew should it have work again."""
        self._workers.pop(installation_id, None)
        self._wanted_at.pop(installation_id, None)
        self.github.forget(installation_id)

    async def _list_to_discover(self, now: EpochSeconds) -> list[int]:
        interval = self.intervals.resync
        marks = await self.store.installations.list_to_discover(now - 0.9 * interval, self._began)
        due = [one for one in marks if is_due(one, now=now, began=self._began, interval=interval)]
        return [one.installation_id for one in due]

    def _start(self, installation_id: int) -> None:
        task = self._group.create_task(self._run_worker(installation_id), name=f"installation {installation_id}")
        self._tasks[installation_id] = task
        task.add_done_callback(lambda _: self._end_task(installation_id))

    def _end_task(self, installation_id: int) -> None:
        del self._tasks[installation_id]
        self._finished += 1
        self._wake.set()

    async def _run_worker(self, installation_id: int) -> None:
        try:
            self._pauses[installation_id] = await self._work(installation_id)
        except Exception as error:  # noqa: BLE001 - a bug of ours must neither stop the other installations nor spin
            self.supervisor.report("worker", error, installation=installation_id)
            self._pauses[installation_id] = _Pause(self.now() + PAUSE_AFTER_BUG, firm=True)

    async def _work(self, installation_id: int) -> _Pause:
        """Do what is due for one installation until nothing is left that may be done now; return the pause then."""
        failures = self._pauses[installation_id].failures if installation_id in self._pauses else 0
        try:
            async with self.store.lease(installation_id) as lease:
                pause = _Pause(self.now() + self.intervals.poll, firm=True)
                while lease and not self._stopping:
                    changes = self._changes
                    worker = self._get_worker(installation_id)
                    until = await worker.step(lease)
                    if worker.postponed >= MOST_POSTPONED:
                        return self._pause_after(worker.postponed - MOST_POSTPONED, LONGEST_PAUSE)
                    failures = failures if worker.postponed else 0
                    pause = _Pause(until, changes=changes)
                    if until:
                        break
                return pause
        except Unreachable as outage:
            # Logged once for all installations.
            return _Pause(outage.until, firm=True, failures=failures)
        except Paused as paused:
            log.warning(
                "GitHub asks to wait", installation=installation_id, until=paused.until, reason=paused.reason
            )
            return _Pause(paused.until, firm=True)
        except (InstallationGone, InstallationSuspended, Unauthorized) as error:
            await self._record_state(installation_id, error)
            if not isinstance(error, Unauthorized):
                self._drop(installation_id)
            return self._pause_after(failures)
        except (GitHubError, DatabaseUnavailable) as error:
            log.warning("waiting after an error", installation=installation_id, error=str(error))
            return self._pause_after(failures)

    def _get_worker(self, installation_id: int) -> Worker:
        worker = self._workers.get(installation_id)
        if worker is None:
            worker = self._workers[installation_id] = Worker(
                self.store, self.github.installation(installation_id), self.label, self.write_limiter,
                self.intervals, self.now, self._began, self.addresses,
            )  # fmt: skip
        return worker

    def _pause_after(self, failures: int, longest: Seconds = PATIENT) -> _Pause:
        """Return a pause that is twice as long after each error in a row."""
        wait = jittered(min(self.intervals.poll * 2.0 ** min(failures, 10), longest), int(self.now() * 1e6))
        return _Pause(self.now() + wait, firm=True, failures=failures + 1)

    async def _record_state(self, installation_id: int, error: GitHubError) -> None:
        log.warning("the installation cannot be used", installation=installation_id, error=str(error))
        self.request_sync()
        try:
            await self.store.installations.set_state(installation_id, state_of(error))
        except DatabaseUnavailable as unavailable:
            log.warning("the database does not respond", error=str(unavailable))

    async def _log_states(self) -> None:
        """Log once of each petition what state it has come into, and what can be done."""
        reported_at, changes, finished = self._reported
        if self.now() < reported_at + self.intervals.poll or (changes, finished) == (self._changes, self._finished):
            return
        self._reported = (self.now(), self._changes, self._finished)
        try:
            conditions = await self.store.states.take_changed()
        except DatabaseUnavailable:
            raise
        except Exception as error:  # noqa: BLE001 - what is only logged must not keep the workers from working
            self.supervisor.report("scheduler", error)
            return
        for one in conditions:
            write = log.info if one.state.is_wanted else log.warning
            write(
                "the petition is fine again" if not one.state else "the petition has another state",
                petition=one.name,
                installation=one.installation_id,
                state=one.state.value,
                was=one.was.value,
                advice=one.state.advice,
                **({"detail": one.detail} if one.detail else {}),
            )
