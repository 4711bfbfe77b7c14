"""How long it takes to read comments that were made to take long."""

from __future__ import annotations

import random
import time

from benchmarks.report import Goal, Options, Report, Table, percentile
from bot.petition.comments.command_and_phrase_parser import parse
from tests.petition.long_texts import KNOWN, family

LONG = 64_000
"""Characters of a long text. GitHub allows 65,536; some families end with a few more than they were asked for."""

FAMILIES, QUICK_FAMILIES = 600, 3
TIMES = 3
"""How often each text is read; the shortest time counts."""


def measure(options: Options) -> Report:
    """Read texts of all families, as long as GitHub allows and half as long; none is cut, that would be another."""
    number, times = (QUICK_FAMILIES, 1) if options.quick else (FAMILIES, TIMES)
    made = KNOWN | {f"chance {seed}": family(random.Random(seed)) for seed in range(number)}  # noqa: S311
    taken = {name: (_seconds(make(LONG // 2), times), _seconds(make(LONG), times)) for name, make in made.items()}
    worst = sorted(taken, key=lambda name: taken[name][1])[-5:]
    # What takes no time at all has no ratio worth telling.
    ratios = [long / short for short, long in taken.values() if long > 0.005]
    return Report(
        [Table(["the slowest families", "ms"], [[name, f"{taken[name][1] * 1000:,.0f}"] for name in worst])],
        [
            Goal("twice the length costs, 99 of 100 families", percentile(ratios, 0.99), 2.3, " times"),
            Goal("the longest comment", max(long for _, long in taken.values()) * 1000, 500, " ms"),
        ],
    )


def _seconds(text: str, times: int) -> float:
    def once() -> float:
        before = time.thread_time()
        parse(text)
        return time.thread_time() - before

    return min(once() for _ in range(times))
