"""Decide when a petition's bodies may be written again: rarely in a storm."""

from __future__ import annotations

from typing import Final

from msgspec import Struct, field

from bot.time_types import EpochSeconds, Seconds

MOST_KEPT: Final = 10_000
"""Petitions or bodies that are remembered before those are dropped that need not be."""


class WriteRate(Struct, frozen=True):
    """At most `burst` writes at once and one per `period` afterwards; `gap` between two reads of the issues.

    In any minute that makes `burst + 60 / period` writes: eight, so that the issue's edit history stays readable
    and GitHub's limits are far away; and the last signature of a storm is shown after one `period` at the most.
    """

    burst: int = 2
    period: Seconds = 10.0
    gap: Seconds = 0.5


class WriteLimiter(Struct):
    """Remember for each petition when its allowance is full again (the generic cell rate algorithm)."""

    rate: WriteRate = field(default_factory=WriteRate)
    _full_at: dict[int, EpochSeconds] = field(default_factory=dict)
    _read_at: dict[int, EpochSeconds] = field(default_factory=dict)

    def ready_at(self, petition_id: int) -> EpochSeconds:
        """Return the time from which the petition may be read and written."""
        may_write = self._full_at.get(petition_id, 0.0) - (self.rate.burst - 1) * self.rate.period
        return max(may_write, self._read_at.get(petition_id, -self.rate.gap) + self.rate.gap)

    def record_read(self, petition_id: int, now: EpochSeconds) -> None:
        """Record that a petition's issues are read, whether they are written then or not."""
        self._read_at[petition_id] = now
        if len(self._read_at) > MOST_KEPT:
            recent = now - self.rate.gap
            self._read_at = {petition: at for petition, at in self._read_at.items() if at > recent}

    def record_write(self, petition_id: int, now: EpochSeconds) -> None:
        """Record a write, and forget petitions whose allowance is full again."""
        self._full_at[petition_id] = max(now, self._full_at.get(petition_id, 0.0)) + self.rate.period
        if len(self._full_at) > MOST_KEPT:
            self._full_at = {petition: full for petition, full in self._full_at.items() if full > now}
