"""When a petition's bodies may be written again: rarely in a storm, and later where others keep changing them."""

from __future__ import annotations

from typing import Final

from msgspec import Struct, field

from bot.time_types import EpochSeconds, Seconds

MOST_KEPT: Final = 10_000
"""Petitions or bodies that are remembered before those are dropped that need not be."""

EDIT: Final = 1.0
"""The weight of an edit that leaves our block in the body; people edit, and are to see what comes of it."""

WIPED: Final = 3.0
"""The weight of an edit that removes our block."""

FREE_WEIGHT: Final = 9.0
"""The weight that may come together before there is a wait: nine edits of the letter, or three wiped tallies."""

MOST_WEIGHT: Final = 36.0
"""The weight that there can be at most, so that twelve hours without edits make up for anything."""

FORGIVEN_AFTER: Final[Seconds] = 1200.0
"""Time after which a weight of 1 does not count any more."""

FIRST_WAIT: Final[Seconds] = 15.0
"""The first wait; each wiped tally doubles it."""

LONGEST_WAIT: Final[Seconds] = 3600.0


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


class _Repairs(Struct, frozen=True):
    weight: float
    at: EpochSeconds

    def weight_left(self, now: EpochSeconds) -> float:
        return max(0.0, self.weight - max(0.0, now - self.at) / FORGIVEN_AFTER)


class RepairLimiter(Struct):
    """Remember of each body how often it was restored of late. It lives in memory: a restart forgives."""

    _repairs: dict[int, _Repairs] = field(default_factory=dict)

    def ready_at(self, issue_id: int, now: EpochSeconds) -> EpochSeconds:
        """Return the time from which a body may be restored that somebody has changed; in the past for at once."""
        repairs = self._repairs.get(issue_id)
        if repairs is None or (weight := repairs.weight_left(now)) < FREE_WEIGHT:
            return 0.0
        return repairs.at + min(FIRST_WAIT * 2 ** ((weight - FREE_WEIGHT) / WIPED), LONGEST_WAIT)

    def record_repair(self, issue_id: int, weight: float, now: EpochSeconds) -> None:
        """Record that a body was restored."""
        before = self._repairs.get(issue_id)
        left = before.weight_left(now) if before else 0.0
        self._repairs[issue_id] = _Repairs(min(weight + left, MOST_WEIGHT), now)
        if len(self._repairs) > MOST_KEPT:
            self._repairs = {one: repairs for one, repairs in self._repairs.items() if repairs.weight_left(now)}
