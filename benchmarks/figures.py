"""The arithmetic of measurements: middles, tails, and ratios of what was measured side by side; pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from statistics import median


def percentile(values: Sequence[float], share: float) -> float:
    """Give the smallest value that at least this share (0 to 1) of all values do not exceed."""
    ordered = sorted(values)
    return ordered[max(math.ceil(share * len(ordered)) - 1, 0)]


def paired_ratio(ones: Sequence[float], others: Sequence[float]) -> float:
    """Give the median of the ratios of what was measured in the same round.

    A machine that is busy with something else slows down both halves of a round, so their ratio stays.
    """
    return median(one / other for one, other in zip(ones, others, strict=True))


def busiest(times: Sequence[float], seconds: float) -> int:
    """Count the most events within any so many seconds; `times` ascend."""
    most = first = 0
    for last, at in enumerate(times):
        while times[first] <= at - seconds:
            first += 1
        most = max(most, last - first + 1)
    return most


def stairs(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Draw a value that stays what it is until the next point."""
    steps = list(points[:1])
    for (_, before), (at, after) in pairwise(points):
        steps += [(at, before), (at, after)]
    return steps


def thinned(points: Sequence[tuple[float, float]], number: int) -> list[tuple[float, float]]:
    """Keep about so many of the points, the first and the last among them."""
    step = max(1, len(points) // number)
    return [*points[: len(points) - 1 : step], *points[-1:]]
