"""When people signed real letters; only the times, in seconds after the first of them."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib.resources import files
from typing import Final

LETTERS: Final = {"2018": datetime(2018, 6, 20, 12, tzinfo=UTC)}
"""The letters that can be replayed, and about when each began."""


def arrivals(letter: str) -> tuple[float, ...]:
    """Give the times, in UTC epoch seconds, ascending."""
    began = LETTERS[letter].timestamp()
    text = (files(__package__) / f"{letter}.txt").read_text(encoding="ascii")
    return tuple(began + int(seconds) for seconds in text.split())
