"""What the doctor says: a finding, with what it is, why it matters, and what to do."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum


class Level(StrEnum):
    """How bad it is: only a problem keeps petitions from being kept."""

    FINE = "fine"
    NOTE = "note"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that the doctor found: what it is, why it matters, and what to do."""

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
        """Return it for machines."""
        return asdict(self)


def are_fine(findings: list[Finding]) -> bool:
    """Return whether there is no problem."""
    return all(one.level is not Level.PROBLEM for one in findings)


def fine(topic: str, what: str) -> Finding:
    """Say that nothing is wrong with a topic."""
    return Finding(topic, Level.FINE, what)


def problem(topic: str, what: str, why: str, do: str) -> Finding:
    """Return what keeps petitions from being kept."""
    return Finding(topic, Level.PROBLEM, what, why, do)


def note(topic: str, what: str, why: str, do: str) -> Finding:
    """Return what somebody may want to change."""
    return Finding(topic, Level.NOTE, what, why, do)
