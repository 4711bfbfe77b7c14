"""Numbers with the noun that they count, in the English of commands and logs."""

from __future__ import annotations


def counted(number: int, noun: str) -> str:
    """Return a number with its noun, which takes an s: `1 comment`, `2,000 comments`."""
    return f"1 {noun}" if number == 1 else f"{number:,} {noun}s"
