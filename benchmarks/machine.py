"""Where and when something was measured, and what else the machine was doing."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What to know of a measurement; `load` is how many processes wanted to run in the minutes before it."""

    at: datetime
    commit: str
    machine: str
    cores: int
    load: float

    @property
    def is_shared(self) -> bool:
        """Tell whether other work was running, which then most likely went on."""
        return self.load > 0.1 * self.cores


def circumstances() -> Circumstances:
    """Look around, before anything of ours runs."""
    return Circumstances(datetime.now(UTC), _commit(), _machine(), cores(), os.getloadavg()[1])


def cores() -> int:
    """Give the number of cores that we may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _machine() -> str:
    model = next(
        (line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")),
        platform.processor() or platform.machine(),
    )
    memory = next((int(line.split()[1]) for line in _lines("/proc/meminfo") if line.startswith("MemTotal")), 0)
    return (
        f"{cores()} cores of {model}, {memory / 2**20:.0f} GB of memory, {platform.system()} "
        f"{platform.release().partition('-')[0]}, Python {platform.python_version()}"
    )


def _commit() -> str:
    git = ["git", "describe", "--always", "--dirty", "--abbrev=10", "--exclude=*"]
    try:
        found = subprocess.run(git, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 - constant
    except FileNotFoundError:
        return "unknown"
    return found.stdout.strip() or "unknown"


def _lines(path: str) -> Iterator[str]:
    if Path(path).exists():
        yield from Path(path).read_text(encoding="utf-8").splitlines()
