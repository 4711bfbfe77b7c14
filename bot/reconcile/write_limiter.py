"""Decide when a petition's body may be written again: at once after quiet, rarely in a storm."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class WriteRate:
    """At most `burst` writes at once and one per `period` seconds afterwards; `gap` seconds between two looks.

    In any minute that makes `burst + 60 / period` writes: eight, so that the issue's edit history stays readable
    and GitHub's limits are far away; and the last signature of a storm is shown after one `period` at the most.
    """

    burst: int = 2
    period: float = 10.0
    gap: float = 0.5


@dataclass(slots=True)
class WriteLimiter:
    """Remember for each petition when its allowance is full again (the generic cell rate algorithm)."""

    rate: WriteRate = field(default_factory=WriteRate)
    _full_at: dict[int, float] = field(default_factory=dict)
    _looked_at: dict[int, float] = field(default_factory=dict)

    def ready_at(self, petition_id: int) -> float:
        """Return the time from which the petition may be looked at and written."""
        may_write = self._full_at.get(petition_id, 0.0) - (self.rate.burst - 1) * self.rate.period
        return max(may_write, self._looked_at.get(petition_id, -self.rate.gap) + self.rate.gap)

    def look(self, petition_id: int, now: float) -> None:
        """Record a look at a petition's issues, written or not."""
        self._looked_at[petition_id] = now
        if len(self._looked_at) > 10_000:
            recent = now - self.rate.gap
            self._looked_at = {petition: at for petition, at in self._looked_at.items() if at > recent}

    def spend(self, petition_id: int, now: float) -> None:
        """Record a write, and forget petitions whose allowance is full again."""
        self._full_at[petition_id] = max(now, self._full_at.get(petition_id, 0.0)) + self.rate.period
        if len(self._full_at) > 10_000:
            self._full_at = {petition: full for petition, full in self._full_at.items() if full > now}
