"""The loop that gives every installation that has work one worker, and leaves it alone after an error."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import structlog

from bot.github.client import GitHub
from bot.github.errors import (
    GitHubError,
    InstallationGone,
    InstallationSuspended,
    Paused,
    Unauthorized,
    Unreachable,
)
from bot.reconcile.backoff import PATIENT, state_of
from bot.reconcile.discovery import is_due
from bot.reconcile.intervals import Intervals, jittered
from bot.reconcile.worker import Worker
from bot.reconcile.write_limiter import WriteLimiter
from bot.store import DatabaseUnavailable as StoreUnavailable
from bot.store import Store
from bot.supervisor import Supervisor, wait_for_any
from bot.units import EpochSeconds
from bot.urls import Addresses

log = structlog.get_logger("reconcile")

MISTAKEN = 60.0
"""Seconds for which an installation is left alone over which we have made a mistake."""

AT_ONCE = 20
"""Installations that are worked for at once when it can wait: all of them are surveyed at the start."""

ENOUGH = 3
"""Things in a row that were put off because GitHub was unwell; then the whole installation waits a little."""

UNWELL = 60.0
"""Seconds that it waits at the most: GitHub may be unwell about these things alone."""


@dataclass(frozen=True, slots=True)
class _Rest:
    """Until when an installation is left alone; news that came after `news` end a rest that is not `firm`.

    `failures` is how many errors in a row there have been.
    """

    until: float
    firm: bool = False
    news: int = 0
    failures: int = 0


@dataclass(slots=True)
class Scheduler:
    """Give every installation that has work one worker; no two ever work on the same one.

    `alarm` is called when an installation cannot be used, so that the list of installations is looked at.
    """

    store: Store
    github: GitHub
    label: str = "petition"
    now: Callable[[], float] = time.time
    coalescer: WriteLimiter = field(default_factory=WriteLimiter)
    beats: Intervals = field(default_factory=Intervals)
    alarm: Callable[[], None] = lambda: None
    addresses: Addresses = field(default_factory=Addresses)
    supervisor: Supervisor = field(default_factory=Supervisor)
    looked_at: float = 0.0
    _began: float = field(init=False)
    _hands: dict[int, Worker] = field(default_factory=dict)
    _workers: dict[int, asyncio.Task[None]] = field(default_factory=dict)
    _group: asyncio.TaskGroup = field(default_factory=asyncio.TaskGroup)
    """What holds the workers: they end with the loop that has started them."""
    _wanted_at: dict[int, EpochSeconds] = field(default_factory=dict)
    """When installations last had work, a survey at least."""
    _rests: dict[int, _Rest] = field(default_factory=dict)
    _wake: asyncio.Event = field(default_factory=asyncio.Event)
    _news: int = 0
    """How often the store had something new."""
    _turns: int = 0
    """How often a worker has finished."""
    _told: tuple[float, int, int] = (0.0, -1, -1)
    """When states were last told, and after how many news and turns."""
    _stopping: bool = False

    def __post_init__(self) -> None:
        self._began = self.now()

    async def run(self) -> None:
        """Work until `stop`; what is in flight is finished first. When this is cancelled, so are the workers."""
        async with asyncio.TaskGroup() as self._group:
            await self._schedule()

    async def _schedule(self) -> None:
        while not self._stopping:
            self._news += self.store.changed.is_set()
            self.store.changed.clear()
            self._wake.clear()
            try:
                delay = await self._start_workers()
                await self._tell_states()
            except StoreUnavailable as error:
                log.warning("the database does not answer", error=str(error))
                delay = self.beats.look
            self.looked_at = self.now()
            await asyncio.sleep(self.beats.breath)
            await wait_for_any((self.store.changed, self._wake), max(delay - self.beats.breath, 0.0))

    @property
    def busy(self) -> bool:
        """Return whether it is working for anybody."""
        return bool(self._workers)

    def stop(self) -> None:
        """Finish what is in flight and leave the rest for the next start."""
        self._stopping = True
        self._wake.set()

    async def _start_workers(self) -> float:
        """Return every installation that has work its worker; return the seconds until the next look."""
        until = await self.github.unreachable_until()
        now = self.now()
        wake_at = now + self.beats.look
        if until is not None:
            return min(until, wake_at) - now
        urgent = await self.store.petitions.list_installations_with_work(now)
        wanted = dict.fromkeys([*urgent, *await self._to_survey(now)])
        # What an installation that cannot be used rested from is over when it can be used again.
        self._rests = {one: rest for one, rest in self._rests.items() if one in wanted}
        self._drop_unused(wanted, now)
        for installation_id in wanted:
            rest = self._rests.get(installation_id)
            if rest is not None and rest.until > now and (rest.firm or rest.news == self._news):
                wake_at = min(wake_at, rest.until)
            elif installation_id not in self._workers and (
                installation_id in urgent or len(self._workers) < AT_ONCE
            ):
                self._start(installation_id)
        return wake_at - now

    async def _to_survey(self, now: float) -> list[int]:
        marks = await self.store.installations.list_to_discover(now - 0.9 * self.beats.resync, self._began)
        due = [one for one in marks if is_due(one, now=now, began=self._began, beat=self.beats.resync)]
        return [one.installation_id for one in due]

    def _drop_unused(self, wanted: Iterable[int], now: EpochSeconds) -> None:
        """Drop installations that had no work for two resyncs: one that can be used is surveyed at each."""
        self._wanted_at.update(dict.fromkeys(wanted, now))
        before = now - 2 * self.beats.resync
        unused = [one for one, at in self._wanted_at.items() if at < before and one not in self._workers]
        for installation_id in unused:
            self._drop(installation_id)

    def _drop(self, installation_id: int) -> None:
        """Drop what is kept in memory of an installation; it is made anew should it have work again."""
        self._hands.pop(installation_id, None)
        self._wanted_at.pop(installation_id, None)
        self.github.forget(installation_id)

    def _start(self, installation_id: int) -> None:
        task = self._group.create_task(self._try(installation_id), name=f"installation {installation_id}")
        self._workers[installation_id] = task
        task.add_done_callback(lambda _: self._finished(installation_id))

    def _finished(self, installation_id: int) -> None:
        del self._workers[installation_id]
        self._turns += 1
        self._wake.set()

    async def _try(self, installation_id: int) -> None:
        try:
            await self._work(installation_id)
        except Exception as error:  # noqa: BLE001 - a mistake of ours must neither stop the other installations nor spin
            self.supervisor.report("worker", error, installation=installation_id)
            self._rests[installation_id] = _Rest(self.now() + MISTAKEN, firm=True)

    async def _work(self, installation_id: int) -> None:
        """Do what is due for one installation until nothing is left that may be done now."""
        failures = self._rests[installation_id].failures if installation_id in self._rests else 0
        try:
            async with self.store.lease(installation_id) as lease:
                rest = _Rest(self.now() + self.beats.look, firm=True)
                while lease and not self._stopping:
                    news = self._news
                    worker = self._worker(installation_id)
                    until = await worker.step(lease)
                    if worker.put_off >= ENOUGH:
                        rest = self._rest_after(worker.put_off - ENOUGH, UNWELL)
                        break
                    failures, rest = failures if worker.put_off else 0, _Rest(until, news=news)
                    if until:
                        break
        except Unreachable as outage:
            # Said once for all installations.
            rest = _Rest(outage.until, firm=True, failures=failures)
        except Paused as pause:
            log.warning("GitHub asks to wait", installation=installation_id, until=pause.until, reason=pause.reason)
            rest = _Rest(pause.until, firm=True)
        except (InstallationGone, InstallationSuspended, Unauthorized) as error:
            await self._note_trouble(installation_id, error)
            if not isinstance(error, Unauthorized):
                self._drop(installation_id)
            rest = self._rest_after(failures)
        except (GitHubError, StoreUnavailable) as error:
            log.warning("waiting after an error", installation=installation_id, error=str(error))
            rest = self._rest_after(failures)
        self._rests[installation_id] = rest

    def _worker(self, installation_id: int) -> Worker:
        worker = self._hands.get(installation_id)
        if worker is None:
            worker = self._hands[installation_id] = Worker(
                installation_id,
                self.store,
                self.github.installation(installation_id),
                self.label,
                self.coalescer,
                self.beats,
                self.now,
                self._began,
                self.addresses,
            )
        return worker

    def _rest_after(self, failures: int, longest: float = PATIENT) -> _Rest:
        """Wait twice as long after each error in a row."""
        wait = jittered(min(self.beats.look * 2.0 ** min(failures, 10), longest), int(self.now() * 1e6))
        return _Rest(self.now() + wait, firm=True, failures=failures + 1)

    async def _note_trouble(self, installation_id: int, error: GitHubError) -> None:
        log.warning("the installation cannot be used", installation=installation_id, error=str(error))
        self.alarm()
        try:
            await self.store.installations.set_state(installation_id, state_of(error))
        except StoreUnavailable as unavailable:
            log.warning("the database does not answer", error=str(unavailable))

    async def _tell_states(self) -> None:
        """Say once of each petition what state it has come into, and what can be done."""
        told_at, news, turns = self._told
        if self.now() < told_at + self.beats.look or (news, turns) == (self._news, self._turns):
            return
        self._told = (self.now(), self._news, self._turns)
        try:
            conditions = await self.store.states.take_changed()
        except StoreUnavailable:
            raise
        except Exception as error:  # noqa: BLE001 - what is only told must not keep the workers from working
            self.supervisor.report("scheduler", error)
            return
        for one in conditions:
            tell = log.info if one.state.is_wanted else log.warning
            tell(
                "the petition is fine again" if not one.state else "the petition has come into another state",
                petition=one.name,
                installation=one.installation_id,
                state=one.state.value,
                was=one.was.value,
                advice=one.state.advice,
                **({"detail": one.detail} if one.detail else {}),
            )
