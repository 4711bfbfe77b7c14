"""What was to be reached, for each benchmark."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Goal:
    """A figure that is to stay at most at its limit, or at least."""

    what: str
    limit: float
    unit: str = ""
    at_least: bool = False

    def is_met(self, measured: float) -> bool:
        """Return whether a figure keeps the limit."""
        return measured >= self.limit if self.at_least else measured <= self.limit


GOALS: Final[Mapping[str, Sequence[Goal]]] = {
    "accept": (
        Goal("SQLite, share of bare aiohttp", 0.5, at_least=True),
        Goal("SQLite, times a typical gidgethub bot", 1.4, at_least=True),
        Goal("PostgreSQL, share of bare aiohttp", 0.45, at_least=True),
        Goal("deliveries answered with 200 and not counted", 0),
    ),
    "storm": (
        Goal("burst: API calls, acknowledgements apart", 6),
        Goal("burst: from the last comment to the right body", 3, " s"),
        Goal("burst: first signature shown after", 2, " s"),
        Goal("minute: API writes per signature", 0.02),
        Goal("minute: from the last comment to the right body", 30, " s"),
        Goal("signatures lost", 0),
    ),
    "pages": (
        Goal("views a second, share of bare aiohttp", 0.30, at_least=True),
        Goal("views a second while 100 sign a second, share of bare aiohttp", 0.15, at_least=True),
        Goal("a delivery while 32 read, p99", 25, " ms"),
        Goal("a delivery behind a full resync, at worst", 25, " ms"),
        Goal("the page, SQLite, p50", 200, " ms"),
        Goal("the page, PostgreSQL, p50", 200, " ms"),
        Goal("any page, sorted and searched too, p50", 1_000, " ms"),
    ),
    "sizes": (
        Goal("record, SQLite, times that of the small petition", 1.3),
        Goal("publish, SQLite, times that of the small petition", 1.3),
        Goal("record, PostgreSQL, times that of the small petition", 1.3),
        Goal("publish, PostgreSQL, times that of the small petition", 1.3),
    ),
    "start": (
        Goal("start to the first 200, times a bare aiohttp server's", 2),
        Goal("memory when idle, SQLite", 72, " MB"),
        Goal("memory when idle, PostgreSQL", 72, " MB"),
    ),
    "reading": (
        Goal("twice the length costs, 99 of 100 families", 2.3, " times"),
        Goal("the longest comment", 500, " ms"),
    ),
    "reliability": (
        Goal("signatures lost", 0),
        Goal("slope of the memory", 100, " kB a minute"),
        Goal("tasks afterwards", 30),
        Goal("errors, crashes and things not closed, in the log", 0),
    ),
}
