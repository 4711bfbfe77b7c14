"""What the doctor finds: a topic, how severe it is, why it matters, and what to do."""

from __future__ import annotations

from enum import StrEnum

import msgspec
from msgspec import Struct


class Level(StrEnum):
    """The severity: only a problem stops petitions from being updated."""

    FINE = "fine"
    NOTE = "note"
    PROBLEM = "problem"


class Finding(Struct, frozen=True):
    """A finding: what it is, why it matters, and what to do."""

    topic: str
    level: Level
    what: str
    why: str = ""
    do: str = ""

    def __str__(self) -> str:
        """Format it in one line."""
        sign = {Level.FINE: "✓", Level.NOTE: "·", Level.PROBLEM: "✗"}[self.level]
        return " ".join(part for part in (f"{sign} {self.topic}: {self.what}", self.why, self.do) if part)

    def fields(self) -> dict[str, str]:
        """Return it as JSON has it."""
        found: dict[str, str] = msgspec.to_builtins(self)
        return found


def are_fine(findings: list[Finding]) -> bool:
    """Return whether there is no problem."""
    return all(one.level is not Level.PROBLEM for one in findings)


def fine(topic: str, what: str) -> Finding:
    """Return that a topic has no problem."""
    return Finding(topic, Level.FINE, what)


def problem(topic: str, what: str, why: str, do: str) -> Finding:
    """Return what stops petitions from being updated."""
    return Finding(topic, Level.PROBLEM, what, why, do)


def advice(topic: str, what: str, why: str, do: str) -> Finding:
    """Return what could be improved."""
    return Finding(topic, Level.NOTE, what, why, do)
