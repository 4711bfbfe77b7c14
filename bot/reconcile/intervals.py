"""How often the loops look: at the database, at GitHub, and at the log of deliveries."""

from __future__ import annotations

import random
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Intervals:
    """Seconds between two looks.

    `look` is the longest time between two looks at the database: another process may have recorded something.
    `breath` is the shortest, so that a storm of deliveries does not become a storm of looks. `resync` is the beat
    of surveys and of the sweep of failed deliveries. `lag` is how far GitHub's answers may be behind deliveries.
    """

    look: float = 5.0
    breath: float = 0.1
    resync: float = 600.0
    lag: float = 5.0


def jittered(seconds: float, *seeds: int) -> float:
    """Return a time up to a tenth longer or shorter, so that not all happens at once; same seeds, same time."""
    return seconds * (0.9 + 0.2 * random.Random(hash(seeds)).random())  # noqa: S311 - spread, not secret
