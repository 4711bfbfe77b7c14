"""What is done for the whole App, by one process at a time: call the roll of installations, sweep deliveries."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import structlog

from bot.github.answers import Installation
from bot.github.client import GitHub
from bot.github.errors import GitHubError, Paused, Unauthorized
from bot.github.needs import VITAL, lacking
from bot.reconcile.backoff import PATIENT
from bot.reconcile.beats import Beats, jittered
from bot.reconcile.sweep import sweep
from bot.store import SeenInstallation, Store
from bot.store import Unavailable as StoreUnavailable

log = structlog.get_logger("rounds")

THE_APP: Final = 0
"""What is leased in the place of an installation."""


@dataclass(slots=True)
class Rounds:
    """Go the rounds at start, on the beat, and when somebody raises the alarm."""

    store: Store
    github: GitHub
    beats: Beats = field(default_factory=Beats)
    now: Callable[[], float] = time.time
    _wake: asyncio.Event = field(default_factory=asyncio.Event)
    _stopping: bool = False
    _urgent: bool = True
    """Whether the rounds are to be gone although another process has just done so: at start, and after an alarm."""
    busy: bool = False
    _failures: int = 0
    _refused: bool = False

    def alarm(self) -> None:
        """Go the rounds soon: an installation turned out to be unusable."""
        self._urgent = True
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
        try:
            async with self.store.lease(THE_APP) as lease:
                lately = await self.store.upkeep.swept_until() > self.now() - self.beats.resync / 2
                if lease and (self._urgent or not lately):
                    await self._go_once()
        except Paused as pause:
            return max(pause.until - self.now(), self.beats.look)
        except (GitHubError, StoreUnavailable) as error:
            self._failures += 1
            self._complain(error)
            return min(self.beats.look * 2.0 ** min(self._failures, 10), PATIENT)
        self._failures, self._refused = 0, False
        return jittered(self.beats.resync, int(self.now()))

    async def _go_once(self) -> None:
        urgent, self._urgent = self._urgent, False
        try:
            await call_the_roll(self.store, self.github, self.now() - self.beats.lag)
            await sweep(self.store, self.github, self.now, self.beats.resync)
        except BaseException:
            # What was urgent still is, also for whoever starts this loop again.
            self._urgent |= urgent
            raise

    def _complain(self, error: Exception) -> None:
        if not isinstance(error, Unauthorized):
            log.warning("the rounds were cut short", error=str(error))
        elif not self._refused:
            self._refused = True
            log.error("GitHub does not accept the App's credentials", error=str(error))


async def call_the_roll(store: Store, github: GitHub, as_of: float) -> None:
    """Adopt installations that no delivery told of, end those that are gone, and note what is not granted."""
    listed = await github.installations()
    seen = [SeenInstallation(one.id, one.account, one.suspended, _lacking(one)) for one in listed]
    await store.upkeep.roll_call(seen, int(as_of))


def _lacking(installation: Installation) -> str:
    return ", ".join(lacking(installation.permissions, installation.events, VITAL))
