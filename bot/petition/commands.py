"""Read what a comment says to us: `/sign`, `/unsign` or a `/petition …` order."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sign:
    """`/sign`, with the details the person wants shown; None where they gave none."""

    name: str | None = None
    affiliation: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Unsign:
    """`/unsign`."""


@dataclass(frozen=True, slots=True)
class Order:
    """`/petition WORD argument`, an organizer's order; the word is lower case, the argument as typed."""

    word: str
    argument: str = ""


Command = Sign | Unsign | Order
