"""Maintain the whole App, by one process at a time: list its installations, ask for failed deliveries again."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Final

import structlog
from msgspec import Struct, field

from bot.github.app_client import GitHub
from bot.github.errors import GitHubError, Paused, Unauthorized, Unavailable
from bot.github.manifest import VITAL, lacking
from bot.petition.facts_from_github import Fact, InstallationFact, IssueGone, RepositoryFact, SettingsFact, Unclear
from bot.reconcile.errors_and_retries import PATIENT, Intervals, jittered
from bot.reconcile.redelivery import redeliver_failed
from bot.store import Busy, DatabaseUnavailable, SeenInstallation, Store
from bot.time_types import EpochSeconds, Seconds

log = structlog.get_logger("app_sync")

THE_APP: Final = 0
"""What is leased in the place of an installation."""

MOST_MISSED: Final = 1_000
"""Issues that are remembered one by one; from then on their installations are."""


class MissedFacts(Struct):
    """Remember, in memory, where something happened that could not be recorded, so that GitHub is asked later."""

    _places: set[tuple[int, int | None]] = field(default_factory=set)

    def add(self, facts: Sequence[Fact]) -> None:
        """Remember what facts are about."""
        self._places.update(map(_place_of, facts))
        if len(self._places) > MOST_MISSED:
            self._places = {(installation_id, None) for installation_id, _ in self._places}

    def take(self) -> list[Unclear]:
        """Return what is to be recorded instead, and forget it."""
        places, self._places = self._places, set()
        return [Unclear(*place) for place in places]


def _place_of(fact: Fact) -> tuple[int, int | None]:
    """Return the installation and the issue that a fact is about; None for none."""
    match fact:
        case InstallationFact():
            return fact.id, None
        case RepositoryFact() | SettingsFact():
            return fact.installation_id, None
        case IssueGone() | Unclear():
            return fact.installation_id, fact.issue_id
        case _:
            return fact.installation_id, fact.issue.id


class AppWideLoop(Struct):
    """Sync the App at start, at intervals, on request, and when deliveries can be recorded again."""

    store: Store
    github: GitHub
    intervals: Intervals = field(default_factory=Intervals)
    now: Callable[[], EpochSeconds] = time.time
    busy: bool = False
    """Whether it is at work."""
    _wake: asyncio.Event = field(default_factory=asyncio.Event)
    _stopping: bool = False
    _requested: bool = True
    """Whether to sync although another process has just done so: at start, and on request."""
    _failures: int = 0
    _refused: bool = False
    """Whether GitHub has refused the App's credentials, which is logged once."""
    _missed: MissedFacts = field(default_factory=MissedFacts)
    _has_missed: bool = False
    """Whether deliveries were refused since the database was last asked."""
    _caught_up_at: EpochSeconds = 0.0
    """When that was last made up for."""

    def request_sync(self) -> None:
        """Sync soon: an installation turned out to be unusable."""
        self._requested = True
        self._wake.set()

    def record_refused(self, facts: Sequence[Fact] = ()) -> None:
        """Make up for a delivery that could not be recorded, as soon as the database works again.

        `facts` are what the delivery said, as far as it was read.
        """
        self._missed.add(facts)
        if not self._has_missed:
            self._has_missed = True
            self._wake.set()

    def stop(self) -> None:
        """Stop after what is in flight."""
        self._stopping = True
        self._wake.set()

    async def run(self) -> None:
        """Sync again and again until `stop`."""
        while not self._stopping:
            self._wake.clear()
            self.busy = True
            try:
                wait = await self._sync_if_due()
            finally:
                self.busy = False
            # A request waits for this as well.
            await asyncio.sleep(min(wait, self.intervals.debounce))
            try:
                async with asyncio.timeout(wait):
                    await self._wake.wait()
            except TimeoutError:
                continue

    async def _sync_if_due(self) -> Seconds:
        """Sync once, unless another process just has; return the time until the next try."""
        if self._has_missed and (wait := self._caught_up_at + 2 * self.intervals.poll - self.now()) > 0:
            # Of a flood of deliveries many are refused, and each would have the log read once more.
            return wait
        try:
            await self._catch_up()
            async with self.store.lease(THE_APP) as lease:
                read_until = await self.store.deliveries.get_log_read_until()
                is_recent = read_until > self.now() - self.intervals.resync / 2
                if lease and (self._requested or not is_recent):
                    await self._answer_request()
            if self._requested or self._has_missed:
                # Another process was at it, or deliveries cannot be recorded yet.
                return self.intervals.poll
        except Paused as pause:
            return max(pause.until - self.now(), self.intervals.poll)
        except (GitHubError, Busy, DatabaseUnavailable) as error:
            self._failures += 1
            self._log_failure(error)
            if self._has_missed:
                return self.intervals.poll
            return min(self.intervals.poll * 2.0 ** min(self._failures, 10), PATIENT)
        self._failures, self._refused = 0, False
        return jittered(self.intervals.resync, int(self.now()))

    async def _answer_request(self) -> None:
        requested, self._requested = self._requested, False
        try:
            await self._sync()
        except BaseException:
            # The request still stands, also for whoever starts this loop again.
            self._requested |= requested
            raise

    async def _sync(self) -> None:
        """Sync installations and failed deliveries; where the first fails, the second is done all the same."""
        failure: GitHubError | None = None
        try:
            await sync_installations(self.store, self.github, self.now() - self.intervals.api_lag)
        except Unavailable as error:
            failure = error
        await redeliver_failed(self.store, self.github, self.now, self.intervals.resync)
        if failure is not None:
            raise failure

    async def _catch_up(self) -> None:
        """Request a resync of what refused deliveries were about; raises Busy or DatabaseUnavailable."""
        if not self._has_missed:
            return
        self._has_missed, places = False, self._missed.take()
        try:
            await self.store.record(places)
            answers = bool(places) or await self.store.ping()
        except (Busy, DatabaseUnavailable):
            self._has_missed = True
            self._missed.add(places)
            raise
        self._has_missed |= not answers
        if answers:
            self._requested, self._caught_up_at = True, self.now()
            log.info("deliveries can be recorded again; the refused ones are requested again", places=len(places))

    def _log_failure(self, error: Exception) -> None:
        """Log why the sync has failed: refused deliveries and refused credentials once each."""
        if self._has_missed:
            if self._failures == 1:
                log.warning("deliveries were refused and will be requested again", error=str(error))
        elif not isinstance(error, Unauthorized):
            log.warning("the App's sync failed", error=str(error))
        elif not self._refused:
            self._refused = True
            log.error("GitHub does not accept the App's credentials", error=str(error))


async def sync_installations(store: Store, github: GitHub, as_of: EpochSeconds) -> None:
    """Record all installations as GitHub lists them: new ones, those that have ended, and what each lacks."""
    seen = [
        SeenInstallation(one.id, one.account, one.suspended, ", ".join(lacking(one.permissions, one.events, VITAL)))
        for one in await github.list_installations()
    ]
    await store.installations.record_all(seen, int(as_of))
