"""What the bot has acknowledged."""

from __future__ import annotations

from collections.abc import Callable

from sandbox.deliveries import Attempt, DeliveryLog


class TellingLog(DeliveryLog):
    """A log of deliveries that tells of each attempt."""

    tell: Callable[[Attempt], None]

    def add(self, attempt: Attempt) -> None:
        super().add(attempt)
        self.tell(attempt)
