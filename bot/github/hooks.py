"""What the calls to GitHub tell to whoever measures them."""

from __future__ import annotations

from bot.github.throttle import Kind


class Watch:
    """Hears what became of calls; this one does nothing with it."""

    def called(self, kind: Kind, outcome: str) -> None:
        """Hear what became of a call.

        It is `ok`, `unchanged`, `moved`, `limited`, `refused`, `failed` or `unanswered`.
        """

    def reachable(self, *, is_reachable: bool) -> None:
        """Hear that GitHub cannot be reached any more, or can again."""

    def paused(self, reason: str) -> None:
        """Hear that a call was put off, for one of the reasons of `bot.github.throttle`."""
