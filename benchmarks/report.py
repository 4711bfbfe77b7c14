"""What a benchmark found: medians and ratios of what was measured side by side, and tables in Markdown."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median


@dataclass(frozen=True, slots=True)
class Options:
    """How to measure; `against` is another checkout, whose bot takes turns with ours."""

    quick: bool = False
    rounds: int | None = None
    against: Path | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under headings; the first column is text, the others are numbers."""

    headings: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class Goal:
    """A figure that is to stay at most at its limit, or at least."""

    what: str
    measured: float
    limit: float
    unit: str = ""
    at_least: bool = False

    @property
    def is_met(self) -> bool:
        """Check whether the figure keeps the limit."""
        return self.measured >= self.limit if self.at_least else self.measured <= self.limit


@dataclass(frozen=True, slots=True)
class Report:
    """Tables, and figures with their goals."""

    tables: Sequence[Table]
    goals: Sequence[Goal]


def percentile(values: Sequence[float], share: float) -> float:
    """Return the smallest value that at least this share (0 to 1) of all values do not exceed."""
    ordered = sorted(values)
    return ordered[max(math.ceil(share * len(ordered)) - 1, 0)]


def paired_ratio(ones: Sequence[float], others: Sequence[float]) -> float:
    """Return the median of the ratios of what was measured in the same round.

    A machine that is busy with something else slows down both halves of a round, so their ratio stays.
    """
    return median(one / other for one, other in zip(ones, others, strict=True))


def spread(ones: Sequence[float], others: Sequence[float]) -> str:
    """Write the median of the ratios, and between which half of them lie."""
    found = [one / other for one, other in zip(ones, others, strict=True)]
    return f"{median(found):.3f} ({percentile(found, 0.25):.3f} to {percentile(found, 0.75):.3f})"


def markdown(name: str, report: Report) -> str:
    """Write a report as a part of a page."""
    rows = [
        [
            goal.what,
            f"{'≥' if goal.at_least else '≤'} {number(goal.limit)}{goal.unit}",
            f"{number(goal.measured)}{goal.unit}",
            "met" if goal.is_met else "**missed**",
        ]
        for goal in report.goals
    ]
    tables = [*report.tables, Table(["goal", "wanted", "measured", ""], rows)]
    return "\n\n".join([f"## {name}", *("\n".join(_lines(table)) for table in tables)]) + "\n"


def number(value: float) -> str:
    """Write a number with three figures, a large one in full."""
    return f"{value:,.0f}" if value == int(value) or abs(value) >= 100 else f"{value:.3g}"


def _lines(table: Table) -> Iterator[str]:
    yield f"| {' | '.join(table.headings)} |"
    yield f"| --- |{' ---: |' * (len(table.headings) - 1)}"
    for row in table.rows:
        yield f"| {' | '.join(row)} |"
