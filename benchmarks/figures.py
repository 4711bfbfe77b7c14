"""The arithmetic of measurements: middles, tails, and ratios of what was measured side by side; pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import median


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
