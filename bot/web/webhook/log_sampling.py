"""A log line for every delivery while it is calm; in a storm so many a second, and a sum of the others."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from typing import Final

import structlog

LINES: Final = 10
"""How many lines a second are readable, and worth the disk that a flood of them would fill."""

PERIOD: Final = 1.0
"""Seconds that a sum is of."""


class Journal:
    """Decides who gets a line of their own, and counts the others by outcome."""

    def __init__(self, log: structlog.typing.FilteringBoundLogger, event: str) -> None:
        self._log = log
        self._event = event
        self._period_ends = 0.0
        self._lines = 0
        self._left_out: Counter[str] = Counter()

    def has_line_for(self, outcome: str) -> bool:
        """Return whether the caller may write a line; if not, the outcome is counted for the sum."""
        now = time.monotonic()
        if now >= self._period_ends:
            self._period_ends, self._lines = now + PERIOD, 0
        self._lines += 1
        if self._lines <= LINES:
            return True
        if not self._left_out:
            asyncio.get_running_loop().call_later(PERIOD, self._sum_up)
        self._left_out[outcome] += 1
        return False

    def _sum_up(self) -> None:
        # First of all: where the line fails, the next sum must come all the same.
        left_out, self._left_out = self._left_out, Counter()
        self._log.info(self._event, **left_out)
