"""The report of a run of `sync`: what it came to for each petition, what is left, and what somebody must mend."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from bot.petition.i18n import counted
from bot.petition.machine_readable_tally import Counter
from bot.store import State

MISTAKE: Final = (
    "The bot made a mistake of its own, so not everything is counted. The log has where: please report it."
)


class SyncedPetition(Struct, frozen=True):
    """What a run has come to for one petition; `before` is the count of the run before, None for a new one."""

    name: str
    count: int
    state: State
    before: int | None = None
    by: Counter = Counter.APP

    @property
    def advice(self) -> str:
        """Return what its state means and what to do, in a workflow's words where a workflow counts."""
        if self.by is Counter.WORKFLOW and self.state in _FOR_WORKFLOWS:
            return _FOR_WORKFLOWS[self.state]
        return self.state.advice

    @property
    def line(self) -> str:
        """Return it as a line for people."""
        signatures = counted(self.count, "signature")
        was = "" if self.before in (None, self.count) else f" ({self.before:,} before)"
        return f"{self.name}: {signatures}{was}." + (f" {self.advice}" if self.state else "")


class SyncReport(Struct, frozen=True):
    """What a run has done, and what is left to the next one."""

    repository: str
    petitions: tuple[SyncedPetition, ...]
    calls: int
    written: int
    reactions: int
    left: str = ""
    """Why something is left to the next run; empty where nothing is."""
    label: str = "petition"
    """The label that makes an issue a petition."""
    mistakes: int = 0

    @property
    def failures(self) -> list[SyncedPetition]:
        """Return the petitions that somebody must mend something for: it does not pass by itself."""
        return [one for one in self.petitions if one.state in TO_MEND]

    @property
    def is_complete(self) -> bool:
        """Return whether all is counted, and by the settings, which may hide people: then pages may be made."""
        return not self.left and not any(one.state in _NOT_COUNTED for one in self.petitions)

    def lines(self) -> Iterator[str]:
        """Return its lines for people."""
        for one in self.petitions:
            yield one.line
        if not self.petitions and not self.left:
            yield f"{self.repository} has no petition yet: give an issue the label `{self.label}`."
        bodies = counted(self.written, "issue")
        yield f"{bodies} updated, {counted(self.reactions, 'reaction')}, {counted(self.calls, 'call')} to GitHub."
        if self.left:
            yield f"Some work is left: {self.left}. The next run continues."
        if self.mistakes:
            yield MISTAKE


_FOR_WORKFLOWS: Final = {
    State.NOT_ALLOWED: "The workflow cannot edit the issue. Add `issues: write` under `permissions:` in its file.",
    State.SETTINGS_UNREADABLE: "The workflow cannot read .github/petition.yml. The last settings that it read, or"
    " the defaults, stay in force. Add `contents: read` under `permissions:` in its file.",
}

TO_MEND: Final = (
    State.NOT_ALLOWED,
    State.ISSUES_DISABLED,
    State.NOT_GRANTED,
    State.SETTINGS_UNREADABLE,
    State.NO_ROOM,
    State.REFUSED,
    State.STUMBLED,
)
"""The states of a petition that do not pass by themselves."""

_NOT_COUNTED: Final = (State.SETTINGS_UNREADABLE, State.STUMBLED)
