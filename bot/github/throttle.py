"""When GitHub may be asked again: its limits, the pauses it asks for, and our own pace; pure.

https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

LONGEST = 3600.0
"""Seconds that we wait without being told to: primary limits last an hour."""

LONGEST_WORD = 86400.0
"""Seconds that we wait because GitHub says so; anything longer is taken for a mistake."""

SECONDARY = 60.0
"""Seconds to wait after a secondary limit that does not say how long; doubled each time it is hit again."""

HOUR = 3600.0
"""Seconds for which a bucket's calls are."""

RUSH = 0.5
"""The share of a bucket's calls that is spent as fast as there is work; what is left is made to last."""

RESERVE = 0.1
"""The share of a bucket's calls that is left for reactions and for reading threads again."""

FORGIVEN = 600.0
"""Seconds without a secondary limit after which the next one counts as the first."""


class Kind(StrEnum):
    """How a call weighs on the limits."""

    READ = "read"
    WRITE = "write"
    CONTENT = "content"
    """A write that counts as content: an issue."""
    REACTION = "reaction"
    """It counts as content too, to be safe, and can wait."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Our own limits, below GitHub's 80 content writes a minute and 500 an hour.

    It is not known whether edits of a body count, so they count towards the minute; the hour is for what notifies.
    Of that, reactions leave `reserve`: until its next issue is opened, nobody can sign a petition that is full.
    """

    write_gap: float = 1.0
    writes_per_minute: int = 70
    content_per_hour: int = 470
    reserve: int = 20


@dataclass(frozen=True, slots=True)
class Wait:
    """Why a call must wait, and until when (UTC epoch seconds).

    `ours` tells our own pace from GitHub's word. Unless `whole`, only calls of this kind must wait.
    """

    until: float
    reason: str
    ours: bool = False
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Bucket:
    """How many of `limit` calls are left, and until when that holds (UTC epoch seconds)."""

    left: int
    limit: int
    until: float

    def spacing(self, calls: int, now: float) -> float:
        """Return the seconds between two pieces of work of so many calls; 0 while there is plenty."""
        if self._is_plenty(now):
            return 0.0
        seconds = self.until - now
        pieces = (self.left - RESERVE * self.limit * seconds / HOUR) / max(calls, 1)
        return seconds / max(pieces, 1.0)

    def trickle(self, now: float) -> float:
        """Return the seconds between two calls of what can wait, so that the reserve lasts; 0 in plenty."""
        return 0.0 if self._is_plenty(now) else HOUR / (RESERVE * self.limit)

    def _is_plenty(self, now: float) -> bool:
        return not self.limit or now >= self.until or self.left > RUSH * self.limit


@dataclass(slots=True)
class Throttle:
    """Remember what was sent and what GitHub said of its limits."""

    limits: Limits = field(default_factory=Limits)
    _pause: Wait = Wait(0.0, "")
    _strikes: int = 0
    _spent: dict[str, float] = field(default_factory=dict)
    """When each used-up bucket (`core`, `graphql`) is full again."""
    _buckets: dict[str, Bucket] = field(default_factory=dict)
    _writes: deque[float] = field(default_factory=deque)
    _content: deque[float] = field(default_factory=deque)

    def hold(self, kind: Kind, resource: str, now: float) -> Wait | None:
        """Return why a call must wait, the longest wait first; None when it may go."""
        holds = [self._pause, self._primary(resource), *self._ours(kind, now)]
        longest = max(holds, key=lambda hold: hold.until)
        return longest if longest.until > now else None

    def sent(self, kind: Kind, now: float) -> None:
        """Record that a call is being sent."""
        if kind is not Kind.READ:
            self._writes.append(now)
        if kind in (Kind.CONTENT, Kind.REACTION):
            self._content.append(now)
        _keep(self._writes, self.limits.writes_per_minute)
        _keep(self._content, self.limits.content_per_hour)

    def answered(self, headers: Mapping[str, str], now: float) -> None:
        """Read from an answer's headers how many requests are left."""
        remaining, reset = _number(headers.get("x-ratelimit-remaining")), _number(headers.get("x-ratelimit-reset"))
        if remaining is None or reset is None:
            return
        resource = headers.get("x-ratelimit-resource", "core")
        limit = _number(headers.get("x-ratelimit-limit")) or 0
        # A second more, because GitHub's clock and ours differ.
        self._spent[resource] = 0.0 if remaining else min(reset + 1, now + LONGEST)
        self._buckets[resource] = Bucket(remaining, limit, reset)

    def left(self, now: float) -> dict[str, int]:
        """Return how many calls each bucket has left, as GitHub said last."""
        return {resource: bucket.left for resource, bucket in self._buckets.items() if bucket.until > now}

    def spacing(self, calls: int, now: float) -> float:
        """Return the seconds to leave after a piece of work of so many calls, so that the hour's calls last.

        Without it, ten petitions in a storm spend them in forty minutes and stand still for the other twenty.
        """
        bucket = self._buckets.get("core")
        return 0.0 if bucket is None else bucket.spacing(calls, now)

    def trickle(self, now: float) -> float:
        """Return the seconds to leave after a call of what can wait."""
        bucket = self._buckets.get("core")
        return 0.0 if bucket is None else bucket.trickle(now)

    def limited(self, resource: str, headers: Mapping[str, str], now: float) -> Wait:
        """Note that GitHub refused a call because of a limit, and say how long to wait.

        As documented: `retry-after` if given, else the reset of a bucket that is used up, else at least a minute,
        and longer each time. `headers` must have been shown to `answered` before.
        """
        retry_after = _number(headers.get("retry-after"))
        primary = self._primary(resource)
        if retry_after is None and primary.until > now:
            return primary
        self._strikes = self._strikes + 1 if now - self._pause.until < FORGIVEN else 1
        longer = min((retry_after or SECONDARY) * 2 ** min(self._strikes - 1, 10), LONGEST)
        self._pause = Wait(now + min(max(longer, retry_after or 0), LONGEST_WORD), "secondary rate limit")
        return self._pause

    def _primary(self, resource: str) -> Wait:
        return Wait(self._spent.get(resource, 0.0), "primary rate limit", whole=resource == "core")

    def _ours(self, kind: Kind, now: float) -> Iterator[Wait]:
        if kind is Kind.READ:
            return
        limits = self.limits
        pace = "our own pace"
        yield Wait(_free_at(self._writes, 1, limits.write_gap, now), pace, ours=True, whole=False)
        yield Wait(_free_at(self._writes, limits.writes_per_minute, 60, now), pace, ours=True, whole=False)
        if kind in (Kind.CONTENT, Kind.REACTION):
            budget = "our hourly budget for reactions and issues"
            reserve = limits.reserve if kind is Kind.REACTION else 0
            free_at = _free_at(self._content, max(limits.content_per_hour - reserve, 1), 3600, now)
            yield Wait(free_at, budget, ours=True, whole=False)


def kind_of(method: str, path: str) -> Kind:
    """Return how a call weighs on the limits."""
    if method == "GET" or path.endswith(("/graphql", "/access_tokens", "/attempts")):
        return Kind.READ
    if method != "POST":
        return Kind.WRITE
    return Kind.REACTION if path.endswith("/reactions") else Kind.CONTENT


def resource_of(path: str) -> str:
    """Name the bucket of GitHub's primary limit that a call draws from."""
    return "graphql" if path.endswith("/graphql") else "core"


def is_limit(status: int, headers: Mapping[str, str], message: str) -> bool:
    """Return whether GitHub refused a call for a limit; it says so in many ways.

    https://docs.github.com/en/rest/using-the-rest-api/troubleshooting-the-rest-api#rate-limit-errors
    """
    if status == 429:
        return True
    said = message.lower()
    if status == 403:
        named = "retry-after" in headers or headers.get("x-ratelimit-remaining") == "0"
        return named or any(words in said for words in ("rate limit", "abuse detection", "blocked from content"))
    # GraphQL says so with status 200.
    return status in (200, 422) and any(w in said for w in ("submitted too quickly", "rate limit", "rate_limited"))


def _free_at(times: deque[float], limit: int, seconds: float, now: float) -> float:
    """Return from when on fewer than `limit` of the times lie within the last `seconds`."""
    if len(times) < limit or times[-limit] > now:
        # A time to come means that the clock was set back.
        return 0.0
    return times[-limit] + seconds


def _keep(times: deque[float], number: int) -> None:
    while len(times) > max(number, 1):
        times.popleft()


def _number(text: str | None) -> int | None:
    """Read a header; anything but a plain number is as good as nothing."""
    return int(text) if text is not None and text.isascii() and text.isdigit() and len(text) < 12 else None
