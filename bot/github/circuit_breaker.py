"""Whether GitHub can be reached, known once for all who call it: while it cannot, one probe asks for everybody.

A call that fails says little: GitHub may be unwell at one endpoint, or for one large account. Only when a cheap
question that concerns nobody fails as well is GitHub taken to be down. It is asked again after a while, each time
later than before, and by nobody else.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Final

import aiohttp
import structlog

from bot.github.errors import Unreachable
from bot.hooks import Hooks
from bot.version import user_agent

log = structlog.get_logger("github")

FIRST: Final = 2.0
"""Seconds after which GitHub is asked again; doubled each time."""

LONGEST: Final = 60.0
"""Seconds between two probes at the most: people wait for their signatures to be shown."""

TRUST: Final = 5.0
"""Seconds for which a good answer to a probe holds, whatever fails meanwhile; doubled each time in a row."""

SUMMARY: Final = 600.0
"""Seconds between two lines of the log while it lasts."""

PATIENCE: Final = 5.0
"""Seconds that a probe may take."""

DOWN: Final = 500
"""The lowest status that says nothing but that GitHub is unwell."""

Probe = Callable[[], Awaitable[str]]
"""Ask GitHub something cheap; gives why it fails, and nothing where there is an answer."""


class CircuitBreaker:
    """What is known about GitHub's being reachable; `now` tells UTC epoch seconds."""

    def __init__(self, probe: Probe, now: Callable[[], float], hooks: Hooks | None = None) -> None:
        self._probe = probe
        self._now = now
        self._hooks = hooks or Hooks()
        self._asking = asyncio.Lock()
        self._since: float | None = None
        self._next = 0.0
        """When to ask again: while it lasts, and before that if a call should fail."""
        self._probes = 0
        """How many in a row had the same result although something failed."""
        self._told = 0.0

    async def until(self) -> float | None:
        """Return the time of the next probe while GitHub cannot be reached, else None; asks when it is time to."""
        if self._since is not None and self._is_time():
            await self._ask()
        return None if self._since is None else self._next

    async def enter(self) -> None:
        """Let a call begin; raises Unreachable while GitHub cannot be reached."""
        if (until := await self.until()) is not None:
            raise Unreachable(until)

    async def doubt(self) -> None:
        """Find out whether a call has failed because GitHub cannot be reached, and raise Unreachable if so."""
        if self._is_time():
            await self._ask()
        if self._since is not None:
            raise Unreachable(self._next)

    def _is_time(self) -> bool:
        # Farther ahead than ever planned means that the clock was set back.
        return not self._now() < self._next <= self._now() + 2 * LONGEST

    async def _ask(self) -> None:
        async with self._asking:
            if not self._is_time():
                # Somebody else has asked while we waited.
                return
            why = await self._probe()
            self._note_down(why) if why else self._note_up()

    def _note_down(self, why: str) -> None:
        now = self._now()
        if self._since is None:
            self._since, self._probes, self._told = now, 0, now
            self._hooks.set_reachable(reachable=False)
            log.warning("GitHub cannot be reached; all work there waits until it can", why=why)
        elif now >= self._told + SUMMARY:
            self._told = now
            log.warning("GitHub still cannot be reached", why=why, minutes=self._minutes(), probes=self._probes)
        self._wait(FIRST)

    def _note_up(self) -> None:
        if self._since is not None:
            log.warning("GitHub can be reached again", minutes=self._minutes(), probes=self._probes)
            self._since, self._probes = None, 0
            self._hooks.set_reachable(reachable=True)
        elif self._now() > self._next + SUMMARY:
            self._probes = 0
        self._wait(TRUST)

    def _wait(self, first: float) -> None:
        # Not all processes at the same moment.
        spread = 0.8 + 0.4 * random.random()  # noqa: S311 - spread, not secret
        self._next = self._now() + min(first * 2.0 ** min(self._probes, 10), LONGEST) * spread
        self._probes += 1

    def _minutes(self) -> float:
        return round(max(self._now() - (self._since or 0.0), 0.0) / 60, 1)


def probe_of(session: aiohttp.ClientSession, api_url: str) -> Probe:
    """Make the probe of a server: a question that needs no token. A refusal is an answer as well.

    https://docs.github.com/en/rest/meta/meta#get-github-meta-information
    """
    url, timeout = f"{api_url.rstrip('/')}/meta", aiohttp.ClientTimeout(total=PATIENCE)

    async def ask() -> str:
        try:
            async with session.get(
                url, headers={"User-Agent": user_agent()}, timeout=timeout, allow_redirects=False
            ) as answer:
                return str(answer.status) if answer.status >= DOWN else ""
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            return type(error).__name__

    return ask
