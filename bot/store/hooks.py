"""What the store reports of its work to whoever measures it."""

from __future__ import annotations

from bot.store.recording.listings import ListingOutcome
from bot.units import Seconds


class StoreHooks:
    """Called when the store has done something; this one does nothing with it."""

    def committed(self, facts: int, seconds: Seconds) -> None:
        """Record that so many facts went into one transaction, and how long it took."""

    def listed(self, outcome: ListingOutcome) -> None:
        """Record what a listing of comments has changed."""

    def asked_for_delivery(self) -> None:
        """Record that a delivery was asked for once more."""
