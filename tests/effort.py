"""How much work something is, told so that a busy machine does not matter."""

from __future__ import annotations

import cProfile
import pstats
import time
from collections.abc import Callable


def effort(work: Callable[[], object]) -> int:
    """Count the calls that it makes."""
    profile = cProfile.Profile()
    profile.runcall(work)
    return sum(calls for _, calls, *_ in pstats.Stats(profile).stats.values())  # type: ignore[attr-defined]  # typeshed lacks it


def growth(work: Callable[[int], object], size: int) -> float:
    """Tell how many times as long it takes for eight times the size: about 8, or 64 where that is squared.

    A pattern's search is one call, whatever it does. So this compares the processor's time, which does not go on
    while others work, and takes the shortest of some runs.
    """
    return _seconds(lambda: work(8 * size)) / _seconds(lambda: work(size))


def _seconds(work: Callable[[], object]) -> float:
    def once() -> float:
        before = time.thread_time()
        work()
        return time.thread_time() - before

    return min(once() for _ in range(5))
