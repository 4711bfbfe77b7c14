"""How soon a block that somebody changes or wipes again and again is put right."""

from __future__ import annotations

from typing import Final

from msgspec import Struct, field

from bot.reconcile.write_limiter import MOST_KEPT
from bot.time_types import EpochSeconds, Seconds

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
        self._repairs[issue_id] = _Repairs(
            min(weight + (before.weight_left(now) if before else 0.0), MOST_WEIGHT), now
        )
        if len(self._repairs) > MOST_KEPT:
            self._repairs = {one: repairs for one, repairs in self._repairs.items() if repairs.weight_left(now)}
