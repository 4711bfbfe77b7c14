"""Decide when a body may be put right that people change again and again: at once at first, then ever later."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

PATIENT: Final = 9.0
"""How much may come together before there is a wait: nine edits of the letter, or three wiped tallies."""

EDIT: Final = 1.0
"""What an edit counts that leaves our block in the body; people do that, and are to see what comes of it."""

WIPED: Final = 3.0
"""What it counts when our block is gone."""

FIRST: Final = 15.0
"""Seconds of the first wait; each wiped tally doubles it."""

LONGEST: Final = 3600.0
"""Seconds of the longest wait."""

FORGIVEN: Final = 1200.0
"""Seconds after which an edit does not count any more."""

MOST: Final = 36.0
"""What there can be at most, so that twelve hours of peace make up for anything."""


@dataclass(frozen=True, slots=True)
class _Past:
    weight: float
    at: float

    def left(self, now: float) -> float:
        return max(0.0, self.weight - max(0.0, now - self.at) / FORGIVEN)


@dataclass(slots=True)
class Damper:
    """Remember of each body how often it was put right of late. It lives in memory: a restart forgives."""

    _pasts: dict[int, _Past] = field(default_factory=dict)

    def ready_at(self, body: int, now: float) -> float:
        """Return the time from which a body may be put right that somebody has changed; in the past for at once."""
        past = self._pasts.get(body)
        if past is None or (left := past.left(now)) < PATIENT:
            return 0.0
        return past.at + min(FIRST * 2 ** ((left - PATIENT) / WIPED), LONGEST)

    def spend(self, body: int, weight: float, now: float) -> None:
        """Record that a body was put right."""
        past = self._pasts.get(body)
        self._pasts[body] = _Past(min(weight + (past.left(now) if past else 0.0), MOST), now)
        if len(self._pasts) > 10_000:
            self._pasts = {body: past for body, past in self._pasts.items() if past.left(now) > 0.0}
