"""Everything that the block shows."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from bot.petition.goals import Milestone
from bot.petition.i18n import ENGLISH
from bot.petition.machine_readable_lines import Counter, Coverage, MachineLine
from bot.petition.rules_in_force import Removal, Response
from bot.petition.settings import Detail
from bot.petition.tally import Signature
from bot.time_types import WholeEpochSeconds

_MOST_REMOVALS = 500
"""Removals that the line for machines explains; it is there for those whose name has changed since."""


class TranslationLink(Struct, frozen=True):
    """Where the letter can be read in another language."""

    language: str
    url: str
    is_older: bool = False
    """Whether the letter was changed after it was translated."""


class BlockContent(Struct, frozen=True):
    """Everything that the block shows. `newest` comes newest first; `first` stand above them, and are not there."""

    count: int
    digest: str
    as_of: WholeEpochSeconds
    newest: Sequence[Signature] = ()
    first: Sequence[Signature] = ()
    unlisted: int = 0
    """How many who have signed asked not to be listed, where others are."""
    goal: int | None = None
    labelled: bool = True
    label: str = "petition"
    closed_at: WholeEpochSeconds | None = None
    deadline: WholeEpochSeconds | None = None
    coverage: Coverage | None = None
    """Which comments are counted, where that is known."""
    letter_changed: tuple[int, int] | None = None
    """When the letter was last changed, and how many signed an earlier text."""
    versions_url: str | None = None
    """Where the letter's versions are shown."""
    roster_url: str | None = None
    search_url: str | None = None
    """Where people find out whether they are counted, unless it is shown to nobody who has signed."""
    csv_url: str | None = None
    json_url: str | None = None
    organizers_url: str | None = None
    """Where organizers read what they are to be told; without it the block tells them."""
    verify_url: str | None = None
    """Where it is told how to recount."""
    site_url: str = "https://github.com"
    threads: tuple[str, ...] = ()
    """The names, `owner/repo#number`, of all issues of the petition where there is more than one, in order."""
    position: int = 1
    """Which of the threads this block stands in."""
    language: str = ENGLISH
    show: frozenset[Detail] = frozenset(Detail)
    days: Sequence[tuple[int, int]] = ()
    """How many signed on which day, in days since 1970, ascending, where a chart is wanted."""
    milestones: Sequence[Milestone] = ()
    """The goals that are reached."""
    final_count: int | None = None
    """How many had signed when signing ended."""
    response: Response | None = None
    remarks: Sequence[str] = ()
    """What the organizers are to be told."""
    anonymised_at: WholeEpochSeconds | None = None
    """When names were erased because the petition had ended long ago."""
    removals: Sequence[Removal] = ()
    """Whose signatures commands remove."""
    helps: bool = False
    """Whether the commands of organizers are explained."""
    by: Counter = Counter.APP
    """What writes the block."""
    translations: Sequence[TranslationLink] = ()
    """The letter in other languages."""

    @property
    def ended_at(self) -> WholeEpochSeconds | None:
        """Return the time from which on signing does not count, where that time has come."""
        deadline = self.deadline if self.deadline is not None and self.deadline < self.as_of else None
        return min((end for end in (self.closed_at, deadline) if end is not None), default=None)

    @property
    def is_signed_here(self) -> bool:
        """Return whether this is the issue in which one signs now, and one still does."""
        return self.ended_at is None and self.position >= len(self.threads)

    @property
    def machine_line(self) -> MachineLine:
        """Return the line of the block for machines."""
        return MachineLine(
            self.count,
            self.digest,
            self.as_of,
            threads=self.threads,
            removals=tuple((one.comment_id, one.user_id) for one in self.removals[:_MOST_REMOVALS]),
            anonymised=self.anonymised_at is not None,
            coverage=self.coverage,
            by=self.by,
        )
