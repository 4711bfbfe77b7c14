"""How often an address may call, and how many of its requests are worked on at once.

GitHub's webhook is apart. There an address says nothing about who sends: everybody can have GitHub itself deliver
wrongly signed things to us, and whoever was refused by address then would be GitHub.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Middleware
from cachetools import LRUCache

from bot.web.client_address import Origin, origin_of
from bot.web.context import is_search
from bot.web.security_headers import Handler, is_delivery

REMEMBERED: Final = 20_000
"""Addresses that are remembered; of more, those that have not called for the longest are forgotten."""

COST_OF_A_WRONG_KEY: Final = 20
"""As many requests a wrong token or key counts for, so that nobody guesses one."""

BODY_TIME: Final = 8.0
"""Seconds that the body of a form may take to arrive."""

SHARED: Final = 20
"""As many times an address's limits hold for all of a peer that nobody has told us to be a proxy."""

STAYS: Final = "/events"
"""How the address of what is answered for as long as somebody watches ends."""

LONG: Final = ".csv"
"""How the address of what is answered at whatever pace somebody takes it ends."""

ORGANIZERS: Final = "/organizers"
"""What is in the address of what GitHub is asked about."""

Told = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Rate:
    """So many at once, and so many a second afterwards."""

    burst: int
    per_second: float


PAGES: Final = Rate(burst=200, per_second=5.0)
"""For pages, exports and pictures, and for the probes of whoever operates us."""

FAILURES: Final = Rate(burst=20, per_second=0.5)
"""For deliveries with a wrong signature."""


@dataclass(frozen=True, slots=True)
class RateLimits:
    """How callers are told apart and limited.

    `proxies` is how many proxies of ours stand before us, None where nobody has told. Of requests for pages
    `at_once` are worked on at once, `each` for one address, which may besides have so many pages open that are told
    of news. What takes long is apart, so that nobody waits in the place of others, and one address has a quarter of
    its places: tables of all who signed have `rosters`, searches, which wait for each other, `searches`, and what
    waits for GitHub to tell who somebody is `organizers`.
    """

    proxies: int | None = None
    pages: Rate = PAGES
    failures: Rate = FAILURES
    at_once: int = 64
    each: int = 16
    watching: int = 32
    rosters: int = 16
    searches: int = 16
    organizers: int = 16


class RateLimiter:
    """Remember for each address when its allowance is full again (the generic cell rate algorithm)."""

    def __init__(self, rate: Rate, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._clock = clock
        self._full_at: LRUCache[str, float] = LRUCache(REMEMBERED)

    def spend(self, address: str) -> float:
        """Take one from an address's allowance, or give the seconds to wait where nothing is left."""
        now, period = self._clock(), 1.0 / self._rate.per_second
        full_at = max(self._full_at.get(address, 0.0), now) + period
        wait = full_at - now - self._rate.burst * period
        # What is refused is not counted: whoever waits as long as told gets on.
        if wait <= 0:
            self._full_at[address] = full_at
        return max(wait, 0.0)

    def charge(self, address: str, number: int) -> None:
        """Take so many more for something that was done already."""
        now = self._clock()
        self._full_at[address] = max(self._full_at.get(address, 0.0), now) + number / self._rate.per_second


class Allowances:
    """An allowance for each address, and a larger one for all that come via a peer which may be no proxy."""

    def __init__(self, rate: Rate) -> None:
        self._each = RateLimiter(rate)
        self._shared = RateLimiter(Rate(rate.burst * SHARED, rate.per_second * SHARED))

    def spend(self, origin: Origin) -> float:
        """Take one, or give the seconds to wait where nothing is left."""
        # The address first: what it asks for too much is not counted for those who share the peer with it.
        wait = self._each.spend(origin.address)
        return wait if wait or not origin.via else self._shared.spend(origin.via)

    def charge(self, origin: Origin, number: int) -> None:
        """Take so many more for something that was done already."""
        self._each.charge(origin.address, number)
        if origin.via:
            self._shared.charge(origin.via, number)


class _Seats:
    """So many of a kind of request are worked on at once, and so many for each address."""

    def __init__(self, each: int, all_: float = math.inf) -> None:
        self._each = each
        self._all = all_
        self._taken = Counter[str]()
        self._total = 0

    def take(self, origin: Origin) -> bool:
        """Take a seat; False where there is none."""
        is_free = (
            self._total < self._all
            and self._taken[origin.address] < self._each
            and (not origin.via or self._taken[origin.via] < self._each * SHARED)
        )
        if is_free:
            self._total += 1
            self._taken.update(_names(origin))
        return is_free

    def leave(self, origin: Origin) -> None:
        """Leave it to others."""
        self._total -= 1
        for name in _names(origin):
            self._taken[name] -= 1
            if not self._taken[name]:
                del self._taken[name]


class _Places:
    """The seats for each kind of request."""

    def __init__(self, rules: RateLimits) -> None:
        self._pages = _Seats(rules.each, rules.at_once)
        self._watching = _Seats(rules.watching)
        self._rosters, self._searches, self._organizers = (
            _Seats(max(number // 4, 1), number) for number in (rules.rosters, rules.searches, rules.organizers)
        )

    def of(self, request: web.Request) -> _Seats:
        """Return those that a request has to sit on."""
        path = request.path
        if path.endswith(STAYS):
            return self._watching
        if path.endswith(LONG):
            return self._rosters
        if ORGANIZERS in path:
            return self._organizers
        return self._searches if is_search(request) else self._pages


def _names(origin: Origin) -> tuple[str, ...]:
    return (origin.address, origin.via) if origin.via else (origin.address,)


def limiting(rules: RateLimits, turned_away: Told = lambda _reason: None) -> Middleware:
    """Make the middleware that keeps limits for everything but deliveries."""
    allowance, places = Allowances(rules.pages), _Places(rules)

    @web.middleware
    async def limit(request: web.Request, handler: Handler) -> web.StreamResponse:
        if is_delivery(request):
            return await handler(request)
        origin = origin_of(request, rules.proxies)
        if wait := allowance.spend(origin):
            turned_away("too often")
            return _refuse(HTTPStatus.TOO_MANY_REQUESTS, "Too many requests come from your address.", wait)
        if not _came_to_an_address(request):
            return _refuse(HTTPStatus.BAD_REQUEST, "The header Host is not the address of anything.")
        seats = places.of(request)
        if not seats.take(origin):
            turned_away("too many at once")
            return _refuse(HTTPStatus.SERVICE_UNAVAILABLE, "Too much is asked for at once.", 1.0)
        try:
            response = await _in_time(request, handler)
        except web.HTTPException as refusal:
            _charge(allowance, origin, refusal.status)
            raise
        finally:
            seats.leave(origin)
        _charge(allowance, origin, response.status)
        return response

    return limit


async def _in_time(request: web.Request, handler: Handler) -> web.StreamResponse:
    if not request.can_read_body:
        return await handler(request)
    try:
        async with asyncio.timeout(BODY_TIME):
            return await handler(request)
    except TimeoutError:
        return _refuse(HTTPStatus.REQUEST_TIMEOUT, "What you sent did not arrive in time.", 1.0)
    except (ConnectionError, web.RequestPayloadError):
        # Whoever sent half of it has left, or cannot spell the rest.
        return _refuse(HTTPStatus.BAD_REQUEST, "What you sent broke off.", 1.0)


def _charge(allowance: Allowances, origin: Origin, status: int) -> None:
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        allowance.charge(origin, COST_OF_A_WRONG_KEY)


def _came_to_an_address(request: web.Request) -> bool:
    """Return whether `Host` makes an address; https://www.rfc-editor.org/rfc/rfc9112#section-3.2."""
    try:
        # Written as it came, and as it is understood: the one is not always fit for the other's readers.
        return all(urlsplit(where).netloc for where in (f"//{request.host}", str(request.url.origin())))
    except ValueError:
        return False


def _refuse(status: HTTPStatus, reason: str, wait: float | None = None) -> web.Response:
    response = web.Response(status=status, text=f"{reason}\n")
    if wait is not None:
        seconds = math.ceil(wait)
        response.text = f"{reason} Please try again in {seconds} s.\n"
        response.headers["Retry-After"] = str(seconds)
    return response
