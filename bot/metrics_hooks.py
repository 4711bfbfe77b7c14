"""What is measured while the bot works: the calls that `bot.store` and `bot.github` make when something happens."""

from __future__ import annotations

from bot.time_types import Seconds


class Hooks:
    """Record what happens; these do nothing with it, `bot.metrics` counts it."""

    def record_call(self, kind: str, outcome: str) -> None:
        """Record a call to GitHub.

        `kind` is one of `bot.github.throttle.Kind`; `outcome` is `ok`, `unchanged`, `moved`, `limited`, `refused`,
        `failed` or `unanswered`.
        """

    def record_pause(self, reason: str) -> None:
        """Record that a call to GitHub was put off, for one of the reasons of `bot.github.throttle`."""

    def set_reachable(self, *, reachable: bool) -> None:
        """Record that GitHub cannot be reached any more, or can again."""

    def record_commit(self, facts: int, duration: Seconds) -> None:
        """Record a transaction and how many facts it holds."""

    def record_listing(self, *, changed: int, missing: int, repaired: int, doubtful: int) -> None:
        """Record how many comments a listing has changed, by what was found."""

    def record_redelivery(self) -> None:
        """Record that GitHub was asked to deliver once more."""
