"""When a call may be sent: GitHub's rate limits, the pauses it asks for, and our own limits; pure.

https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Final

from msgspec import Struct, field

from bot.time_types import EpochSeconds, Seconds

MAX_OWN_WAIT: Final[Seconds] = 3600.0
"""The longest wait that GitHub did not name: primary limits last an hour."""

MAX_TOLD_WAIT: Final[Seconds] = 86400.0
"""The longest wait that GitHub may name; anything longer is taken for a mistake."""

SECONDARY_WAIT: Final[Seconds] = 60.0
"""The wait after a secondary limit that does not say how long; doubled each time it is hit again."""

HOUR: Final[Seconds] = 3600.0
"""How long a bucket's calls have to last."""

UNTHROTTLED_SHARE: Final = 0.5
"""The share of a bucket's calls that is spent as fast as there is work; the rest is made to last."""

LOW_PRIORITY_SHARE: Final = 0.1
"""The share of a bucket's calls that is left for reactions and for reading threads again."""

SECONDARY_RESET: Final[Seconds] = 600.0
"""How long after a secondary limit the next one counts as the first."""


class Kind(StrEnum):
    """What a call counts as towards the limits."""

    READ = "read"
    WRITE = "write"
    CONTENT = "content"
    """A write that counts as content: an issue."""
    REACTION = "reaction"
    """It counts as content too, to be safe, and can wait."""


class Limits(Struct, frozen=True):
    """Our own limits, below GitHub's 80 content writes a minute and 500 an hour.

    It is not known whether edits of a body count, so they count towards the minute; the hour is for what notifies.
    Of that, reactions leave `reserve`: until its next issue is opened, nobody can sign a petition that is full.
    """

    write_gap: Seconds = 1.0
    writes_per_minute: int = 70
    content_per_hour: int = 470
    reserve: int = 20


class Wait(Struct, frozen=True):
    """Why a call must wait, and until when (UTC epoch seconds).

    With `ours` it is our own limit, not GitHub's. Unless `whole`, only calls of this kind must wait.
    """

    until: EpochSeconds
    reason: str
    ours: bool = False
    whole: bool = True


class Bucket(Struct, frozen=True):
    """How many of `limit` calls are left, and until when that holds (UTC epoch seconds)."""

    left: int
    limit: int
    until: EpochSeconds

    def is_throttled(self, now: EpochSeconds) -> bool:
        """Return whether few calls are left, which have to last."""
        return bool(self.limit) and now < self.until and self.left <= UNTHROTTLED_SHARE * self.limit


class Throttle(Struct):
    """The calls of the last hour, and GitHub's limits as its responses show them."""

    limits: Limits = field(default_factory=Limits)
    _pause: Wait = Wait(0.0, "")
    _secondary_limits: int = 0
    _spent: dict[str, float] = field(default_factory=dict)
    """When each used-up bucket (`core`, `graphql`) is full again."""
    _buckets: dict[str, Bucket] = field(default_factory=dict)
    _writes: deque[EpochSeconds] = field(default_factory=deque)
    _content: deque[EpochSeconds] = field(default_factory=deque)

    def wait(self, kind: Kind, resource: str, now: EpochSeconds) -> Wait | None:
        """Return why a call must wait, the longest wait first; None when it may go."""
        waits = [self._pause, self._primary(resource), *self._ours(kind, now)]
        longest = max(waits, key=lambda wait: wait.until)
        return longest if longest.until > now else None

    def record_call(self, kind: Kind, now: EpochSeconds) -> None:
        """Record that a call is being sent."""
        if kind is not Kind.READ:
            self._writes.append(now)
        if kind in (Kind.CONTENT, Kind.REACTION):
            self._content.append(now)
        _keep(self._writes, self.limits.writes_per_minute)
        _keep(self._content, self.limits.content_per_hour)

    def record_headers(self, headers: Mapping[str, str], now: EpochSeconds) -> None:
        """Record how many calls are left, from a response's headers."""
        remaining, reset = _number(headers.get("x-ratelimit-remaining")), _number(headers.get("x-ratelimit-reset"))
        if remaining is None or reset is None:
            return
        resource = headers.get("x-ratelimit-resource", "core")
        limit = _number(headers.get("x-ratelimit-limit")) or 0
        # A second more, because GitHub's clock and ours differ.
        self._spent[resource] = 0.0 if remaining else min(reset + 1, now + MAX_OWN_WAIT)
        self._buckets[resource] = Bucket(remaining, limit, reset)

    def remaining(self, now: EpochSeconds) -> dict[str, int]:
        """Return how many calls each bucket has left, as GitHub last showed it."""
        return {resource: bucket.left for resource, bucket in self._buckets.items() if bucket.until > now}

    def spacing(self, calls: int, now: EpochSeconds) -> Seconds:
        """Return the seconds to leave after a piece of work of so many calls; 0 while most of the hour's are left.

        Without it, ten busy petitions use them up in forty minutes and wait for the other twenty.
        """
        bucket = self._buckets.get("core")
        if bucket is None or not bucket.is_throttled(now):
            return 0.0
        seconds = bucket.until - now
        pieces = (bucket.left - LOW_PRIORITY_SHARE * bucket.limit * seconds / HOUR) / max(calls, 1)
        return seconds / max(pieces, 1.0)

    def low_priority_spacing(self, now: EpochSeconds, resource: str = "core") -> Seconds:
        """Return the seconds to leave after a call of low priority, such as a reaction; 0 likewise."""
        bucket = self._buckets.get(resource)
        if bucket is None or not bucket.is_throttled(now):
            return 0.0
        return HOUR / (LOW_PRIORITY_SHARE * bucket.limit)

    def record_limit(self, resource: str, headers: Mapping[str, str], now: EpochSeconds) -> Wait:
        """Record that GitHub refused a call because of a limit; return how long to wait.

        As documented: `retry-after` if given, else the reset of a bucket that is used up, else at least a minute,
        and longer each time. `headers` must have been passed to `record_headers` before.
        """
        retry_after = _number(headers.get("retry-after"))
        primary = self._primary(resource)
        if retry_after is None and primary.until > now:
            return primary
        self._secondary_limits = self._secondary_limits + 1 if now - self._pause.until < SECONDARY_RESET else 1
        longer = min((retry_after or SECONDARY_WAIT) * 2 ** min(self._secondary_limits - 1, 10), MAX_OWN_WAIT)
        self._pause = Wait(now + min(max(longer, retry_after or 0), MAX_TOLD_WAIT), "secondary rate limit")
        return self._pause

    def _primary(self, resource: str) -> Wait:
        return Wait(self._spent.get(resource, 0.0), "primary rate limit", whole=resource == "core")

    def _ours(self, kind: Kind, now: EpochSeconds) -> Iterator[Wait]:
        if kind is Kind.READ:
            return
        limits = self.limits
        reason = "our own pace"
        yield Wait(_free_at(self._writes, 1, limits.write_gap, now), reason, ours=True, whole=False)
        yield Wait(_free_at(self._writes, limits.writes_per_minute, 60, now), reason, ours=True, whole=False)
        if kind in (Kind.CONTENT, Kind.REACTION):
            budget = "our hourly budget for reactions and issues"
            reserve = limits.reserve if kind is Kind.REACTION else 0
            free_at = _free_at(self._content, max(limits.content_per_hour - reserve, 1), 3600, now)
            yield Wait(free_at, budget, ours=True, whole=False)


def kind_of(method: str, path: str) -> Kind:
    """Return what a call counts as towards the limits."""
    if method == "GET" or path.endswith(("/graphql", "/access_tokens", "/attempts")):
        return Kind.READ
    if method != "POST":
        return Kind.WRITE
    return Kind.REACTION if path.endswith("/reactions") else Kind.CONTENT


def resource_of(path: str) -> str:
    """Return the bucket of GitHub's primary limit that a call counts towards."""
    return "graphql" if path.endswith("/graphql") else "core"


def is_limit(status: int, headers: Mapping[str, str], message: str) -> bool:
    """Return whether GitHub refused a call because of a limit, which it shows in many ways.

    https://docs.github.com/en/rest/using-the-rest-api/troubleshooting-the-rest-api#rate-limit-errors
    """
    if status == 429:
        return True
    text = message.lower()
    if status == 403:
        named = "retry-after" in headers or headers.get("x-ratelimit-remaining") == "0"
        return named or any(words in text for words in ("rate limit", "abuse detection", "blocked from content"))
    # GraphQL does so with status 200.
    return status in (200, 422) and any(w in text for w in ("submitted too quickly", "rate limit", "rate_limited"))


def _free_at(times: deque[EpochSeconds], limit: int, seconds: Seconds, now: EpochSeconds) -> EpochSeconds:
    """Return from when on fewer than `limit` of the times lie within the last `seconds`."""
    if len(times) < limit or times[-limit] > now:
        # A time to come means that the clock was set back.
        return 0.0
    return times[-limit] + seconds


def _keep(times: deque[EpochSeconds], number: int) -> None:
    while len(times) > max(number, 1):
        times.popleft()


def _number(text: str | None) -> int | None:
    """Return a header's number; None for anything else."""
    return int(text) if text is not None and text.isascii() and text.isdigit() and len(text) < 12 else None
