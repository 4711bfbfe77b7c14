"""What a petition goes by: the organizers' settings, and what their commands have made of them."""

from __future__ import annotations

from functools import cached_property, lru_cache

import msgspec
from msgspec import Struct, field

from bot.petition.comments.command_and_phrase_parser import phrases
from bot.petition.comments.commands import Phrase
from bot.petition.settings import DEFAULTS as STANDARD
from bot.petition.settings import Settings
from bot.time_types import EpochSeconds, WholeEpochSeconds


class Removal(Struct, frozen=True):
    """A person whose signature a command removes; `comment_id` is the command's."""

    user_id: int
    login: str
    comment_id: int
    reason: str = ""


class Response(Struct, frozen=True):
    """An official answer to the petition, and when it was given; `login` is the organizer who gave it.

    `addressee` is the name of whose answer it is; empty where it is the organizer's own.
    """

    text: str
    login: str
    at: WholeEpochSeconds
    addressee: str = ""


class Rules(Struct, frozen=True, dict=True):
    """The rules in force, as the database keeps them. `settings` hold the goals and the deadline of commands too.

    `closed_at` is when a command closed the petition; None while none does.
    """

    settings: Settings = STANDARD
    closed_at: WholeEpochSeconds | None = None
    removals: tuple[Removal, ...] = field(default=(), name="withheld")
    response: Response | None = None
    helps: bool = False
    """Whether the block explains the commands, because an organizer asked for help."""
    remarks: tuple[str, ...] = ()
    """What the organizers should know: mistakes in the settings, commands that were not understood."""

    def accepts(self, phrase: Phrase) -> bool:
        """Return whether a phrase signs, because it says so in words or is one that the organizers accept."""
        also_accept = self.settings.also_accept
        return also_accept is not None and (phrase.signs or phrase.digest in phrases(also_accept))

    @cached_property
    def removed_ids(self) -> frozenset[int]:
        """Return the people whose signatures are removed."""
        return frozenset(one.user_id for one in self.removals)

    @property
    def asks_for_age(self) -> bool:
        """Return whether an account must have existed for some time when it signs."""
        return self.settings.minimum_account_age > 0

    def old_enough_at(self, born: WholeEpochSeconds | None) -> WholeEpochSeconds:
        """Return the time from which an account may sign, by when it was opened; not known, it may at no time."""
        if not self.asks_for_age:
            return 0
        return _NEVER if born is None else born + self.settings.minimum_account_age * 86_400

    def ends_at(self, issue_closed_at: WholeEpochSeconds | None) -> WholeEpochSeconds | None:
        """Return the last moment at which a `/sign` counts; None where no end is known."""
        ends = [end for end in (issue_closed_at, self.closed_at, self.settings.deadline) if end is not None]
        return min(ends) if ends else None

    def ended_at(self, issue_closed_at: WholeEpochSeconds | None, now: EpochSeconds) -> WholeEpochSeconds | None:
        """Return when signing ended; None while it goes on, on a deadline to the end of its second."""
        end = self.ends_at(issue_closed_at)
        is_closed = end in (issue_closed_at, self.closed_at)
        return end if end is not None and (is_closed or end < int(now)) else None


DEFAULTS = Rules()

_NEVER = 2**62


@lru_cache(1_000)
def read_rules(text: str) -> Rules:
    """Read a petition's rules; the text is empty while nothing has been set or ordered."""
    return msgspec.json.decode(text, type=Rules) if text else DEFAULTS


def write_rules(rules: Rules) -> str:
    """Return rules as JSON."""
    return "" if rules == DEFAULTS else msgspec.json.encode(rules, order="sorted").decode()
