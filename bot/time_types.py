"""Types of times, with a clock, and times in ISO 8601."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TypeAlias

from msgspec import Struct

EpochSeconds: TypeAlias = float
"""A time as seconds since 1970-01-01 00:00 UTC, as a clock tells it."""

WholeEpochSeconds: TypeAlias = int
"""The same in whole seconds, as GitHub and the database give it."""

Seconds: TypeAlias = float
"""A length of time in seconds."""


class Clock(Struct, frozen=True):
    """What time it is, and how to wait."""

    now: Callable[[], EpochSeconds]
    sleep: Callable[[Seconds], Awaitable[None]]


_ISO = "%Y-%m-%dT%H:%M:%SZ"


def iso(at: WholeEpochSeconds) -> str:
    """Format a time as ISO 8601."""
    return datetime.fromtimestamp(at, UTC).strftime(_ISO)


def read_iso(text: str) -> WholeEpochSeconds:
    """Read a time as `iso` writes it; raises ValueError for anything else."""
    return int(datetime.strptime(text, _ISO).replace(tzinfo=UTC).timestamp())
