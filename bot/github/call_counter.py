"""How many calls of GitHub's API a run makes."""

from __future__ import annotations

from dataclasses import dataclass

from bot.github.throttle import Kind
from bot.metrics_hooks import Hooks


@dataclass(slots=True)
class CallCounter(Hooks):
    """Counts the calls of a run that count for GitHub's limits."""

    calls: int = 0
    written: int = 0

    def record_call(self, kind: str, outcome: str) -> None:
        """Count a call."""
        self.calls += outcome != "unchanged"
        self.written += kind == Kind.WRITE and outcome == "ok"
