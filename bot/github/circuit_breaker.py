"""Whether GitHub can be reached, known once for all calls: while it cannot, one probe replaces them.

A call that fails proves little: GitHub may fail at one endpoint, or for one large account. Only when a cheap probe
fails as well is GitHub taken to be down. The probe is repeated at growing intervals, and no other call is made.
"""

from __future__ import annotations

import asyncio
import http
import random
from collections.abc import Awaitable, Callable
from typing import Final

import aiohttp
import structlog

from bot.github.errors import Unavailable, Unreachable
from bot.github.http_exchange import HttpResponse, exchange
from bot.metrics_hooks import Hooks
from bot.time_types import EpochSeconds, Seconds

log = structlog.get_logger("github")

FIRST_WAIT: Final[Seconds] = 2.0
"""The wait before the second probe; doubled each time."""

MAX_WAIT: Final[Seconds] = 60.0
"""The longest wait between two probes: people wait for their signatures to be shown."""

TRUST: Final[Seconds] = 5.0
"""How long a good probe holds, whatever fails meanwhile; doubled each time in a row."""

LOG_INTERVAL: Final[Seconds] = 600.0
"""The time between two lines of the log while GitHub is down."""

PROBE_TIMEOUT: Final[Seconds] = 5.0

Probe = Callable[[], Awaitable[str]]
"""Make a cheap call to GitHub; return why it fails, or an empty text."""


def make_probe(session: aiohttp.ClientSession, api_url: str) -> Probe:
    """Return a call that checks whether a server can be reached; it returns why not, or an empty text."""

    async def probe() -> str:
        try:
            status = (await get_meta(session, api_url, PROBE_TIMEOUT)).status
        except Unavailable as error:
            return str(error)
        # A refusal shows that it can be reached.
        return str(status) if status >= http.HTTPStatus.INTERNAL_SERVER_ERROR else ""

    return probe


async def get_meta(session: aiohttp.ClientSession, api_url: str, limit: Seconds) -> HttpResponse:
    """Call what needs no token and costs nothing; raises Unavailable.

    https://docs.github.com/en/rest/meta/meta#get-github-meta-information
    """
    url = f"{api_url.rstrip('/')}/meta"
    return await exchange(session, "GET", url, call="GET /meta", timeout=limit, max_body=None)


class CircuitBreaker:
    """Whether GitHub can be reached, as far as is known."""

    def __init__(self, probe: Probe, now: Callable[[], EpochSeconds], hooks: Hooks | None = None) -> None:
        self._probe = probe
        self._now = now
        self._hooks = hooks or Hooks()
        self._probing = asyncio.Lock()
        self._since: EpochSeconds | None = None
        self._next = 0.0
        """When to probe again: always while GitHub is down, otherwise only after a failed call."""
        self._probes = 0
        """How many in a row had the same result."""
        self._logged_at = 0.0

    async def until(self) -> EpochSeconds | None:
        """Return when to probe next while GitHub cannot be reached, else None; probes when it is time to."""
        if self._since is not None and self._is_time():
            await self._probe_again()
        return None if self._since is None else self._next

    async def check(self) -> None:
        """Raise Unreachable while GitHub cannot be reached."""
        if (until := await self.until()) is not None:
            raise Unreachable(until)

    async def record_failure(self) -> None:
        """Probe after a failed call, and raise Unreachable if GitHub cannot be reached."""
        if self._is_time():
            await self._probe_again()
        if self._since is not None:
            raise Unreachable(self._next)

    def _is_time(self) -> bool:
        # Farther ahead than ever planned means that the clock was set back.
        return not self._now() < self._next <= self._now() + 2 * MAX_WAIT

    async def _probe_again(self) -> None:
        async with self._probing:
            if not self._is_time():
                # Another call has probed while we waited.
                return
            why = await self._probe()
            self._record_down(why) if why else self._record_up()

    def _record_down(self, why: str) -> None:
        now = self._now()
        if self._since is None:
            self._since, self._probes, self._logged_at = now, 0, now
            self._hooks.set_reachable(reachable=False)
            log.warning("GitHub cannot be reached; its work is postponed", why=why)
        elif now >= self._logged_at + LOG_INTERVAL:
            self._logged_at = now
            log.warning("GitHub still cannot be reached", why=why, minutes=self._minutes(), probes=self._probes)
        self._schedule(FIRST_WAIT)

    def _record_up(self) -> None:
        if self._since is not None:
            log.warning("GitHub can be reached again", minutes=self._minutes(), probes=self._probes)
            self._since, self._probes = None, 0
            self._hooks.set_reachable(reachable=True)
        elif self._now() > self._next + LOG_INTERVAL:
            self._probes = 0
        self._schedule(TRUST)

    def _schedule(self, first: Seconds) -> None:
        # Not all processes at the same moment.
        spread = 0.8 + 0.4 * random.random()  # noqa: S311 - spread, not secret
        self._next = self._now() + min(first * 2.0 ** min(self._probes, 10), MAX_WAIT) * spread
        self._probes += 1

    def _minutes(self) -> float:
        return round(max(self._now() - (self._since or 0.0), 0.0) / 60, 1)
