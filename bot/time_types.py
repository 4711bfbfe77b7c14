"""Units of time, as names for type checkers and readers."""

from __future__ import annotations

from typing import TypeAlias

EpochSeconds: TypeAlias = float
"""A time as seconds since 1970-01-01 00:00 UTC, as a clock tells it."""

WholeEpochSeconds: TypeAlias = int
"""The same in whole seconds, as GitHub and the database give it."""

Seconds: TypeAlias = float
"""A length of time in seconds."""
