"""When people signed real letters; only the times, in seconds after the first of them."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.resources import files
from typing import Final

LETTERS: Final = {"2018": datetime(2018, 6, 20, 12, tzinfo=UTC)}
"""The letters that can be replayed, and about when each began."""


@dataclass(slots=True)
class Calendar:
    """The time in a replay: real seconds, and what was replayed of the letter's."""

    ahead: float

    @classmethod
    def opened_at(cls, moment: float) -> Calendar:
        """Begin at a moment, in UTC epoch seconds."""
        return cls(moment - time.time())

    def __call__(self) -> float:
        """Return the time, in UTC epoch seconds."""
        return time.time() + self.ahead

    def turn_to(self, moment: float) -> None:
        """Move the clock to a moment; it never goes back."""
        self.ahead = max(self.ahead, moment - time.time())


def arrivals(letter: str) -> tuple[float, ...]:
    """Return the times, in UTC epoch seconds, ascending."""
    began = LETTERS[letter].timestamp()
    text = (files(__package__) / f"{letter}.txt").read_text(encoding="ascii")
    return tuple(began + int(seconds) for seconds in text.split())
