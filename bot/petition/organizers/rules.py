"""What a petition goes by: the organizers' settings, and what their orders have made of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from bot.petition.comments.commands import phrases
from bot.petition.organizers.settings import DEFAULTS as STANDARD
from bot.petition.organizers.settings import Settings


@dataclass(frozen=True, slots=True)
class Withheld:
    """A person whose signature an order withholds; `comment_id` is the order's."""

    user_id: int
    login: str
    comment_id: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Response:
    """An official answer to the petition; `at` is when it was given, in UTC epoch seconds."""

    text: str
    login: str
    at: int


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules in force. `settings` hold the goals and the deadline that orders have set, if they have.

    `closed_at` is when an order closed the petition, in UTC epoch seconds; None while none does.
    """

    settings: Settings = STANDARD
    closed_at: int | None = None
    withheld: tuple[Withheld, ...] = ()
    response: Response | None = None
    helps: bool = False
    """Whether the block explains the orders, because an organizer asked for help."""
    remarks: tuple[str, ...] = ()
    """What the organizers are to be told: mistakes in the settings, orders that were not understood."""

    @property
    def phrases(self) -> frozenset[str]:
        """Return the digests of the phrases that sign."""
        return _phrases(self.settings.also_accept)

    @property
    def withheld_ids(self) -> frozenset[int]:
        """Return the people whose signatures are withheld."""
        return _ids(self.withheld)

    @property
    def asks_for_age(self) -> bool:
        """Return whether an account must have existed for some time when it signs."""
        return self.settings.minimum_account_age > 0

    def old_enough_at(self, born: int | None) -> int:
        """Return the time from which an account may sign, by when it was opened; not known, it may at no time."""
        if not self.asks_for_age:
            return 0
        return _NEVER if born is None else born + self.settings.minimum_account_age * 86_400

    def ends_at(self, issue_closed_at: int | None) -> int | None:
        """Return the last moment at which a `/sign` counts; None where no end is known."""
        ends = [end for end in (issue_closed_at, self.closed_at, self.settings.deadline) if end is not None]
        return min(ends) if ends else None


DEFAULTS = Rules()

_NEVER = 2**62


@lru_cache(1_000)
def _phrases(also_accept: tuple[str, ...]) -> frozenset[str]:
    return phrases(also_accept)


@lru_cache(1_000)
def _ids(withheld: tuple[Withheld, ...]) -> frozenset[int]:
    return frozenset(one.user_id for one in withheld)
