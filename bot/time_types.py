"""Types of times: points in time, lengths of time, and a clock."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
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
