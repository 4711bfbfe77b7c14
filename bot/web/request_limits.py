"""How often an address may send requests, and how many of them are handled at once."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Final

from cachetools import LRUCache
from msgspec import Struct, field

from bot.time_types import Seconds
from bot.web.client_address import ClientOrigin
from bot.web.route_policies import Pool

MAX_ADDRESSES: Final = 20_000
"""Addresses that a limiter remembers; the one that called longest ago is forgotten first."""

SHARED_FACTOR: Final = 20
"""As many times an address's limits hold for all clients of a peer that may or may not be a proxy."""


class Rate(Struct, frozen=True):
    """So many requests at once, and so many a second afterwards."""

    burst: int
    per_second: float


PAGES: Final = Rate(burst=200, per_second=5.0)
"""For pages, exports, pictures and health checks."""

FAILURES: Final = Rate(burst=20, per_second=0.5)
"""For deliveries with a wrong signature."""


PLACES: Final[Mapping[Pool, tuple[int, float]]] = {
    Pool.PAGES: (16, 64),
    Pool.LIVE: (32, math.inf),
    # Slow requests, of which one address may take a quarter.
    Pool.EXPORTS: (4, 16),
    Pool.SEARCHES: (4, 16),
    Pool.ORGANIZERS: (4, 16),
}
"""How many requests of a pool are handled at once: for one address, and for all."""


class RequestLimits(Struct, frozen=True):
    """The limits of requests; `proxies` of ours are in front of the server, None where that is not configured."""

    proxies: int | None = None
    pages: Rate = PAGES
    places: Mapping[Pool, tuple[int, float]] = field(default_factory=lambda: PLACES)


class RateLimiter:
    """A limit for each address, and a larger one for all clients of a peer (the generic cell rate algorithm)."""

    def __init__(self, rate: Rate, clock: Callable[[], Seconds] = time.monotonic) -> None:
        self._rate = rate
        self._clock = clock
        self._full_at: LRUCache[str, Seconds] = LRUCache(MAX_ADDRESSES)
        """When each address or peer may send a whole burst again."""

    def acquire(self, address: str, via: str = "") -> Seconds:
        """Count a request; returns 0, or how long to wait where a limit is reached."""
        now, burst = self._clock(), self._rate.burst / self._rate.per_second
        # The address first: its refused requests do not count for others of the same peer.
        for key, period in self._periods(address, via):
            full_at = max(self._full_at.get(key, 0.0), now) + period
            # A refused request does not count: after the wait the next one is accepted.
            if (wait := full_at - now - burst) > 0:
                return wait
            self._full_at[key] = full_at
        return 0.0

    def charge(self, number: int, address: str, via: str = "") -> None:
        """Count more requests for one that was handled already."""
        now = self._clock()
        for key, period in self._periods(address, via):
            self._full_at[key] = max(self._full_at.get(key, 0.0), now) + number * period

    def _periods(self, address: str, via: str) -> list[tuple[str, Seconds]]:
        period = 1.0 / self._rate.per_second
        return [(address, period), (via, period / SHARED_FACTOR)] if via else [(address, period)]


class ConcurrencyLimiter:
    """A limit of the requests that are handled at once, for each address and for all."""

    def __init__(self, each: int, all_: float) -> None:
        self._each = each
        self._all = all_
        self._active = Counter[str]()
        self._total = 0

    def acquire(self, origin: ClientOrigin) -> bool:
        """Take a place; returns whether one was free."""
        is_free = (
            self._total < self._all
            and self._active[origin.address] < self._each
            and (not origin.via or self._active[origin.via] < self._each * SHARED_FACTOR)
        )
        if is_free:
            self._total += 1
            self._active.update(_keys(origin))
        return is_free

    def release(self, origin: ClientOrigin) -> None:
        """Free a place."""
        self._total -= 1
        for key in _keys(origin):
            self._active[key] -= 1
            if not self._active[key]:
                del self._active[key]


def _keys(origin: ClientOrigin) -> tuple[str, ...]:
    return (origin.address, origin.via) if origin.via else (origin.address,)
