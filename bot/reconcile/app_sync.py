"""What is done for the whole App, by one process at a time: call the roll of installations, sweep deliveries."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

import structlog

from bot.github.client import GitHub
from bot.github.errors import GitHubError, Paused, Unauthorized, Unavailable
from bot.github.models.rest import Installation
from bot.github.permissions import VITAL, lacking
from bot.petition.facts import Fact
from bot.reconcile.backoff import PATIENT
from bot.reconcile.intervals import Intervals, jittered
from bot.reconcile.missed_facts import MissedFacts
from bot.reconcile.redelivery import redeliver_failed
from bot.store import Busy, SeenInstallation, Store
from bot.store import DatabaseUnavailable as StoreUnavailable

log = structlog.get_logger("rounds")

THE_APP: Final = 0
"""What is leased in the place of an installation."""


@dataclass(slots=True)
class AppSync:
    """Go the rounds at start, on the beat, on an alarm, and when deliveries can be taken again."""

    store: Store
    github: GitHub
    beats: Intervals = field(default_factory=Intervals)
    now: Callable[[], float] = time.time
    _wake: asyncio.Event = field(default_factory=asyncio.Event)
    _stopping: bool = False
    _urgent: bool = True
    """Whether the rounds are to be gone although another process has just done so: at start, and after an alarm."""
    busy: bool = False
    _failures: int = 0
    _refused: bool = False
    _missed: MissedFacts = field(default_factory=MissedFacts)
    _has_missed: bool = False
    """Whether deliveries were refused, which the database has not been asked about since."""
    _caught_up_at: float = 0.0
    """When that was last made up for."""

    def alarm(self) -> None:
        """Go the rounds soon: an installation turned out to be unusable."""
        self._urgent = True
        self._wake.set()

    def refused(self, facts: Sequence[Fact] = ()) -> None:
        """Make up for a delivery that could not be taken, as soon as the database takes something again.

        What it told is given as far as it was read.
        """
        self._missed.note(facts)
        if not self._has_missed:
            self._has_missed = True
            self._wake.set()

    def stop(self) -> None:
        """Stop after what is in flight."""
        self._stopping = True
        self._wake.set()

    async def run(self) -> None:
        """Go the rounds until `stop`."""
        while not self._stopping:
            self._wake.clear()
            self.busy = True
            try:
                wait = await self._go()
            finally:
                self.busy = False
            # Also an alarm waits for a breath.
            await asyncio.sleep(min(wait, self.beats.breath))
            try:
                async with asyncio.timeout(wait):
                    await self._wake.wait()
            except TimeoutError:
                continue

    async def _go(self) -> float:
        """Go the rounds once; give the seconds until the next time."""
        if self._has_missed and (wait := self._caught_up_at + 2 * self.beats.look - self.now()) > 0:
            # Of a flood of deliveries many are refused, and each would have the log read once more.
            return wait
        try:
            await self._catch_up()
            async with self.store.lease(THE_APP) as lease:
                lately = await self.store.deliveries.get_log_read_until() > self.now() - self.beats.resync / 2
                if lease and (self._urgent or not lately):
                    await self._go_once()
            if self._urgent or self._has_missed:
                # Another process was just about it, or deliveries cannot be taken yet.
                return self.beats.look
        except Paused as pause:
            return max(pause.until - self.now(), self.beats.look)
        except (GitHubError, Busy, StoreUnavailable) as error:
            self._failures += 1
            if self._has_missed:
                return self._wait_for_the_database(error)
            self._complain(error)
            return min(self.beats.look * 2.0 ** min(self._failures, 10), PATIENT)
        self._failures, self._refused = 0, False
        return jittered(self.beats.resync, int(self.now()))

    async def _go_once(self) -> None:
        urgent, self._urgent = self._urgent, False
        try:
            await self._call_and_sweep()
        except BaseException:
            # What was urgent still is, also for whoever starts this loop again.
            self._urgent |= urgent
            raise

    async def _call_and_sweep(self) -> None:
        """Call the roll and sweep; that the list of installations cannot be had keeps no lost delivery waiting."""
        failure: GitHubError | None = None
        try:
            await call_the_roll(self.store, self.github, self.now() - self.beats.lag)
        except Unavailable as error:
            failure = error
        await redeliver_failed(self.store, self.github, self.now, self.beats.resync)
        if failure is not None:
            raise failure

    async def _catch_up(self) -> None:
        """Have all read again of which a delivery was refused; raises Busy or Unavailable where it is too early."""
        if not self._has_missed:
            return
        self._has_missed, places = False, self._missed.take()
        try:
            await self.store.record(places)
            answers = bool(places) or await self.store.ping()
        except (Busy, StoreUnavailable):
            self._has_missed = True
            self._missed.note(places)
            raise
        self._has_missed |= not answers
        if answers:
            self._urgent, self._caught_up_at = True, self.now()
            log.info("deliveries can be taken again; what was refused is made up for", places=len(places))

    def _wait_for_the_database(self, error: Exception) -> float:
        """Say once that deliveries are refused; give the seconds until the next try."""
        if self._failures == 1:
            log.warning("deliveries were refused, and will be made up for", error=str(error))
        return self.beats.look

    def _complain(self, error: Exception) -> None:
        if not isinstance(error, Unauthorized):
            log.warning("the rounds were cut short", error=str(error))
        elif not self._refused:
            self._refused = True
            log.error("GitHub does not accept the App's credentials", error=str(error))


async def call_the_roll(store: Store, github: GitHub, as_of: float) -> None:
    """Adopt installations that no delivery told of, end those that are gone, and note what is not granted."""
    listed = await github.list_installations()
    seen = [SeenInstallation(one.id, one.account, one.suspended, _lacking(one)) for one in listed]
    await store.installations.record_all(seen, int(as_of))


def _lacking(installation: Installation) -> str:
    return ", ".join(lacking(installation.permissions, installation.events, VITAL))
