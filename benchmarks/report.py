"""What a benchmark found: medians and ratios of what was measured side by side, and tables in Markdown."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.goals import Goal


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
class Report:
    """Tables, and the figure for each goal by what it is about."""

    tables: Sequence[Table]
    figures: Mapping[str, float]


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


def markdown(name: str, report: Report, goals: Sequence[Goal]) -> str:
    """Write a report as a part of a page."""
    rows = [
        [
            goal.what,
            f"{'≥' if goal.at_least else '≤'} {number(goal.limit)}{goal.unit}",
            f"{number(report.figures[goal.what])}{goal.unit}",
            "met" if goal.is_met(report.figures[goal.what]) else "**missed**",
        ]
        for goal in goals
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
