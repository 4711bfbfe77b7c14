"""What the store tells of its work to whoever measures it."""

from __future__ import annotations

from dataclasses import dataclass

from bot.store.recording.listings import ListingOutcome


class Watch:
    """Hears what the store has done; this one does nothing with it."""

    def committed(self, facts: int, seconds: float) -> None:
        """Hear that so many facts went into one transaction, which took so long."""

    def listed(self, outcome: ListingOutcome) -> None:
        """Hear what a listing of comments has changed."""

    def asked_for_delivery(self) -> None:
        """Hear that a delivery was asked for once more."""


@dataclass(frozen=True, slots=True)
class Backlog:
    """Petitions whose body does not yet say what our rows say; `since` is when the oldest became so."""

    petitions: int
    since: int | None
