"""GitHub's rate limits: the hourly budget, and the secondary limits on points, content and concurrency.

https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from sandbox.api.responses import SECONDARY, Answer, over_primary, rate_headers, refusal
from sandbox.models import Refused

CONTENT = (
    "You have exceeded a secondary rate limit and have been temporarily blocked from content creation. "
    "Please retry your request again later."
)
HOUR = 3600
MINUTE = 60


@dataclass(frozen=True, slots=True)
class Limits:
    """What is enforced; None for a limit that is switched off. All are off by default."""

    primary: int | None = None
    """Requests an hour; GraphQL has a budget of its own of the same size."""
    points: int | None = None
    """Points a minute through REST: 1 for reading, 5 for writing."""
    graphql_points: int | None = None
    content_per_minute: int | None = None
    content_per_hour: int | None = None
    concurrent: int | None = None
    status: int = 403
    """What refusals answer with, 403 or 429; both occur."""
    edits_are_content: bool = False

    @classmethod
    def like_github(cls) -> Limits:
        """Return the limits that GitHub documents for an installation."""
        return cls(5000, 900, 2000, 80, 500, 100)


@dataclass(frozen=True, slots=True)
class Cost:
    """What one request counts: its budget, its points, and whether it creates content."""

    resource: str = "core"
    points: int = 1
    is_content: bool = False


@dataclass(slots=True)
class _Account:
    """What one caller has used of one resource."""

    window_ends: float = 0
    used: int = 0
    points: deque[tuple[float, int]] = field(default_factory=deque)
    content: deque[tuple[float, int]] = field(default_factory=deque)


class RateLimiter:
    """Counts every caller's requests and refuses those over a limit."""

    def __init__(self, now: Callable[[], float]) -> None:
        self.limits = Limits()
        self.in_flight = 0
        self._now = now
        self._accounts: dict[tuple[str, str], _Account] = {}

    def refuse(self, caller: str, cost: Cost) -> Answer | None:
        """Refuse a request that is over a limit, or count its points and let it pass."""
        account, limits, now = self._account(caller, cost.resource), self.limits, self._now()
        if limits.primary is not None and account.used >= limits.primary:
            return self._over_primary(caller, cost.resource)
        if limits.concurrent is not None and self.in_flight > limits.concurrent:
            return self._over_secondary(SECONDARY, 1)
        per_minute = limits.points if cost.resource == "core" else limits.graphql_points
        wait = _wait(account.points, per_minute, MINUTE, now, cost.points)
        if wait:
            return self._over_secondary(SECONDARY, wait)
        if cost.is_content:
            wait = _wait(account.content, limits.content_per_minute, MINUTE, now, 1)
            wait = wait or _wait(account.content, limits.content_per_hour, HOUR, now, 1)
            if wait:
                return self._over_secondary(CONTENT, wait)
            account.content.append((now, 1))
        account.points.append((now, cost.points))
        _forget(account.points, now - MINUTE)
        _forget(account.content, now - HOUR)
        return None

    def charge(self, caller: str, cost: Cost) -> None:
        """Count an answered request in the hourly budget; a 304 is never charged."""
        self._account(caller, cost.resource).used += 1

    def headers(self, caller: str, resource: str) -> Mapping[str, str]:
        """Return the headers that every answer carries; a budget that is not enforced never shrinks."""
        account = self._account(caller, resource)
        limit = 5000 if self.limits.primary is None else self.limits.primary
        used = 0 if self.limits.primary is None else min(account.used, limit)
        numbers = {"Limit": limit, "Remaining": limit - used, "Used": used, "Reset": math.ceil(account.window_ends)}
        return rate_headers(numbers, resource)

    def _account(self, caller: str, resource: str) -> _Account:
        account = self._accounts.setdefault((caller, resource), _Account())
        now = self._now()
        if now >= account.window_ends:
            account.window_ends, account.used = now + HOUR, 0
        return account

    def _over_primary(self, caller: str, resource: str) -> Answer:
        return over_primary(caller.replace("installation", "installation ID"), self.limits.status, resource, {})

    def _over_secondary(self, message: str, wait: float) -> Answer:
        return refusal(Refused(self.limits.status, message, headers={"Retry-After": str(math.ceil(wait))}))


def _wait(spent: deque[tuple[float, int]], limit: int | None, window: float, now: float, more: int) -> float:
    """Return how many seconds until `more` fits under the limit; 0 if it does now."""
    if limit is None:
        return 0.0
    recent = [(at, points) for at, points in spent if at > now - window]
    over = sum(points for _, points in recent) + more - limit
    if over <= 0:
        return 0.0
    for at, points in recent:
        over -= points
        if over <= 0:
            return max(at + window - now, 1.0)
    return window


def _forget(spent: deque[tuple[float, int]], until: float) -> None:
    while spent and spent[0][0] <= until:
        spent.popleft()
