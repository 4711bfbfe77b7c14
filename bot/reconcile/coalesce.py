"""Decide when a petition's body may be written again: at once after quiet, rarely in a storm."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `burst` writes at once and one per `period` seconds afterwards.

    In any minute that makes `burst + 60 / period` writes: eight, so that the issue's edit history stays readable
    and GitHub's limits are far away; and the last signature of a storm is shown after one `period` at the most.
    """

    burst: int = 4
    period: float = 15.0


@dataclass(slots=True)
class Coalescer:
    """Remember for each petition when its allowance is full again (the generic cell rate algorithm)."""

    rate: Rate = field(default_factory=Rate)
    _full_at: dict[int, float] = field(default_factory=dict)

    def ready_at(self, petition_id: int) -> float:
        """Give the time from which the petition may be written."""
        return self._full_at.get(petition_id, 0.0) - (self.rate.burst - 1) * self.rate.period

    def spend(self, petition_id: int, now: float) -> None:
        """Note a write, and forget petitions whose allowance is full again."""
        self._full_at[petition_id] = max(now, self._full_at.get(petition_id, 0.0)) + self.rate.period
        if len(self._full_at) > 10_000:
            self._full_at = {petition: full for petition, full in self._full_at.items() if full > now}
