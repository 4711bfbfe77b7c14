"""Read the organizers' commands, and fold them with their settings into the rules in force.

They are comments like any other: deleted or hidden they were never given, and edited they are given anew. They
count as long as their author may write to the repository. So the rules follow from what GitHub shows now.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from operator import attrgetter
from typing import ClassVar, Final, Self

from msgspec import Struct
from msgspec.structs import replace

from bot.petition.comments.commands import (
    ARGUMENT_LIMIT,
    COMMANDS,
    MOST_COMMANDS,
    TOO_MANY,
    OrganizerCommand,
    command_among_words,
    organizer_commands,
)
from bot.petition.comments.comment import Author, Comment, standing
from bot.petition.i18n import Message, message, translator
from bot.petition.rules_in_force import Removal, Response, Rules
from bot.petition.settings import (
    DEADLINE_ALLOWED,
    NONE,
    PERSON,
    Settings,
    read_deadline,
    read_goals,
    read_people,
)
from bot.petition.untrusted_text import clean
from bot.time_types import WholeEpochSeconds


class GivenCommand(Struct, frozen=True):
    """A command that stands: who gave it and when."""

    comment_id: int
    at: WholeEpochSeconds
    author: Author
    command: OrganizerCommand
    position: int = 0
    """Where it stands among the commands of its comment."""


class CommandStatus(StrEnum):
    """What became of a command; the values are those of the audit log."""

    APPLIED = "obeyed"
    REFUSED = "refused"
    """Its author may not write to the repository."""
    NOT_UNDERSTOOD = "misunderstood"
    WAITING = "waiting"
    """It is not known yet whether they may, or whom they mean."""


class Outcome(Struct, frozen=True):
    """A command and what became of it; `note` says why."""

    command: GivenCommand
    status: CommandStatus
    note: str = ""


class CommandResults(Struct, frozen=True):
    """The rules that commands have made, and what became of each."""

    rules: Rules
    outcomes: tuple[Outcome, ...] = ()

    @property
    def recount_at(self) -> WholeEpochSeconds:
        """Return when the last recount was asked for; 0 for never."""
        applied = (one.command for one in self.outcomes if one.status is CommandStatus.APPLIED)
        return max((one.at for one in applied if INSTRUCTIONS.get(one.command.word) is Recount), default=0)


Named = Mapping[tuple[int, str], Author | None]
"""Whom a command means, by its comment's id and the login in lower case; None for nobody."""


class NotUnderstood(Exception):
    """A command says nothing to us; `allowed` says what would."""

    def __init__(self, allowed: str, value: str = "") -> None:
        self.allowed = Message(allowed, value)
        super().__init__(str(self.allowed))


class NotAsked(Exception):
    """GitHub was not asked yet what has to be known for a command."""


class Instruction(Struct, frozen=True):
    """What an organizer's command means. Each subclass is one command, with all that is particular to it."""

    usage: ClassVar[str]
    """How it is written after `/petition`."""
    purpose: ClassVar[str]
    """What it does, as the block's help says it."""

    @classmethod
    def parse(cls, argument: str, /) -> Self:
        """Read what stands behind its word; raises NotUnderstood."""
        if command_among_words(tuple(COMMANDS)).search(argument):
            raise NotUnderstood(message("write each command on a line of its own"))
        return cls()

    def _change(self, rules: Rules, _given: GivenCommand, /) -> Rules:
        """Return the rules that it makes of those before it; raises NotUnderstood."""
        return rules

    def apply(self, rules: Rules, given: GivenCommand, _named: Named, /) -> tuple[Rules, str]:
        """Return the rules with it, and what to know of it; raises NotUnderstood and NotAsked."""
        return self._change(rules, given), ""


class SetGoal(Instruction, frozen=True):
    """`goal 500`, `goal 100, 500, 1000` or `goal none`: the ladder of goals, ascending."""

    usage = "goal 500"
    purpose = message("sets one goal or several: `goal 100, 500, 1000`; `goal none` removes them")

    goals: tuple[int, ...]

    @classmethod
    def parse(cls, argument: str, /) -> SetGoal:
        """Read the goals."""
        try:
            return cls(read_goals(argument.rstrip(".!")))
        except ValueError as error:
            allowed = message("write a whole number from 1 to 999999999, or several in ascending order")
            raise NotUnderstood(allowed) from error

    def _change(self, rules: Rules, _given: GivenCommand, /) -> Rules:
        return replace(rules, settings=replace(rules.settings, goals=self.goals))


class SetDeadline(Instruction, frozen=True):
    """`deadline 2026-12-31` or `deadline none`."""

    usage = "deadline 2026-12-31"
    purpose = message("sets the deadline: the end of that day in UTC; `deadline none` removes it")

    at: WholeEpochSeconds | None

    @classmethod
    def parse(cls, argument: str, /) -> SetDeadline:
        """Read the time."""
        try:
            argument = argument.rstrip(".!")
            return cls(None if argument.lower() in NONE else read_deadline(argument))
        except ValueError as error:
            raise NotUnderstood(DEADLINE_ALLOWED) from error

    def _change(self, rules: Rules, given: GivenCommand, /) -> Rules:
        if self.at is not None and self.at < given.at:
            raise NotUnderstood(message("the deadline must be in the future"))
        return replace(rules, settings=replace(rules.settings, deadline=self.at))


class AboutPeople(Instruction, frozen=True):
    """A command about people; where nobody has one of several logins, the others are found all the same."""

    allowed: ClassVar[str]
    """What to write instead, where it is not clear whom it is about."""
    removes: ClassVar[bool] = False
    """Whether it removes their signatures; else it restores them."""

    logins: tuple[str, ...]
    reason: str = ""

    @classmethod
    def parse(cls, argument: str, /) -> Self:
        """Read whom, and why."""
        logins, reason = read_people(argument)
        if not logins:
            raise NotUnderstood(cls.allowed)
        return cls(logins, reason if cls.removes else "")

    def apply(self, rules: Rules, given: GivenCommand, named: Named, /) -> tuple[Rules, str]:
        """Remove or restore the signatures of those whom the logins mean."""
        for login in self.logins:
            if (given.comment_id, login) not in named:
                raise NotAsked(f"GitHub was not asked yet who {login} is")
        people = {person.id: person for login in self.logins if (person := named[given.comment_id, login])}
        unknown = ", ".join(login for login in self.logins if named[given.comment_id, login] is None)
        nobody = NotUnderstood(message("GitHub has no account {value}"), unknown)
        if not people:
            raise nobody
        removals = [one for one in rules.removals if one.user_id not in people]
        if self.removes:
            removals += [Removal(one.id, one.login, given.comment_id, self.reason) for one in people.values()]
        note = str(nobody) if unknown else ""
        if len(self.logins) == 1 and PERSON.match(self.reason):
            note = f"only {self.logins[0]} is meant; for several write remove [login, login] reason"
        return replace(rules, removals=tuple(sorted(removals, key=attrgetter("user_id")))), note


class Remove(AboutPeople, frozen=True):
    """`remove @login reason`, or `remove [login, login] reason` for several."""

    usage = "remove @login reason"
    purpose = message("removes a person's signature; several with `remove [login, login]`")
    allowed = message("write whom, and why: remove @login reason, or remove [login, login] reason")
    removes = True


class Restore(AboutPeople, frozen=True):
    """`restore @login`, or `restore [login, login]` for several."""

    usage = "restore @login"
    purpose = message("restores a removed signature")
    allowed = message("write whom: restore @login")


class Close(Instruction, frozen=True):
    """`close`."""

    usage = "close"
    purpose = message("ends the petition without closing the issue")

    def _change(self, rules: Rules, given: GivenCommand, /) -> Rules:
        return replace(rules, closed_at=given.at if rules.closed_at is None else rules.closed_at)


class Reopen(Instruction, frozen=True):
    """`reopen`."""

    usage = "reopen"
    purpose = message("opens the petition again, also after its deadline")

    def _change(self, rules: Rules, given: GivenCommand, /) -> Rules:
        settings = rules.settings
        if settings.deadline is not None and settings.deadline < given.at:
            settings = replace(settings, deadline=None)
        return replace(rules, closed_at=None, settings=settings)


class Recount(Instruction, frozen=True):
    """`recount`."""

    usage = "recount"
    purpose = message("reads the comments and the settings again")


class Respond(Instruction, frozen=True):
    """`respond text` or `respond from ACME: text`; an empty text removes the answer."""

    usage = "respond text"
    purpose = message(
        "shows an official response at the top; `respond from ACME: text` names who gave it;"
        " `respond none` removes it"
    )

    text: str
    addressee: str = ""

    @classmethod
    def parse(cls, argument: str, /) -> Respond:
        """Read the answer, and whose it is: a short name between `from` and a colon, else there is none."""
        if not argument:
            raise NotUnderstood(message("write the response after the word respond"))
        if (named := _ADDRESSEE.match(argument)) is None:
            return cls("" if argument.lower() in NONE else argument)
        if not (text := argument[named.end() :].strip()):
            raise NotUnderstood(message("write the response after the colon"))
        return cls(text, " ".join(named[1].split()))

    def _change(self, rules: Rules, given: GivenCommand, /) -> Rules:
        response = Response(self.text, given.author.login, given.at, self.addressee) if self.text else None
        return replace(rules, response=response)


class Help(Instruction, frozen=True):
    """`help`."""

    usage = "help"
    purpose = message("shows this list")

    def _change(self, rules: Rules, _given: GivenCommand, /) -> Rules:
        return replace(rules, helps=True)


INSTRUCTIONS: Final = {
    one.usage.split()[0]: one
    for one in (SetGoal, SetDeadline, Remove, Restore, Close, Reopen, Recount, Respond, Help)
}
"""The commands by the word that follows `/petition`. A new one is an entry here."""


def understand(command: OrganizerCommand) -> Instruction:
    """Read a command; raises NotUnderstood."""
    instruction = INSTRUCTIONS.get(command.word)
    if instruction is not None:
        return instruction.parse(command.argument.strip())
    if command.word == TOO_MANY:
        raise NotUnderstood(message("only the first {value} commands of a comment are read"), str(MOST_COMMANDS))
    if command.is_mistyped:
        raise NotUnderstood(message("begin a line with {value}"), "/petition")
    raise NotUnderstood(message("the commands are {value}"), ", ".join(INSTRUCTIONS))


def standing_commands(comments: Iterable[Comment]) -> list[GivenCommand]:
    """Return the organizers' commands that stand, in the sequence in which they were given."""
    commands = []
    for comment in comments:
        stands = standing(comment)
        if not stands.hidden and comment.author is not None:
            commands += [
                GivenCommand(comment.id, stands.made_at, comment.author, command, position)
                for position, command in enumerate(organizer_commands(stands.command))
            ]
    return sorted(commands, key=lambda given: (given.at, given.comment_id, given.position))


def logins_in(command: OrganizerCommand) -> tuple[str, ...]:
    """Return the logins that a command names, in lower case."""
    try:
        instruction = understand(command)
    except NotUnderstood:
        return ()
    return instruction.logins if isinstance(instruction, AboutPeople) else ()


def write_removals(logins: Iterable[str]) -> list[str]:
    """Write the commands that remove the signatures of people, each no longer than what is read of it."""
    room = ARGUMENT_LIMIT - _ROOM_FOR_A_REASON
    lists = textwrap.wrap(", ".join(logins), room, break_long_words=False, break_on_hyphens=False)
    return [f"/petition remove [{people.rstrip(',')}] REASON" for people in lists]


def apply_commands(
    settings: Settings,
    commands: Sequence[GivenCommand],
    *,
    organizers: Mapping[int, bool],
    named: Named,
    remarks: Iterable[str] = (),
) -> CommandResults:
    """Fold settings and commands into rules; commands take precedence over settings.

    `organizers` tells of people by id whether they may give commands. Who or what is in neither mapping waits.
    """
    rules = Rules(settings, remarks=tuple(remarks))
    outcomes: list[Outcome] = []
    for given in commands:
        status, note = CommandStatus.APPLIED, ""
        try:
            if _may_give(given, organizers):
                rules, note = understand(given.command).apply(rules, given, named)
            else:
                status, note = CommandStatus.REFUSED, "whoever gave it may not write to the repository"
        except NotAsked as error:
            status, note = CommandStatus.WAITING, str(error)
        except NotUnderstood as error:
            status, note = CommandStatus.NOT_UNDERSTOOD, str(error)
            allowed = error.allowed.in_language(settings.language)
            remark = write_remark(given.author.login, str(given.command), allowed, settings.language)
            rules = replace(rules, remarks=(*rules.remarks, remark))
        outcomes.append(Outcome(given, status, note))
    return CommandResults(rules, tuple(outcomes))


def _may_give(given: GivenCommand, organizers: Mapping[int, bool]) -> bool:
    if given.author.id not in organizers:
        raise NotAsked("GitHub was not asked yet who gave it")
    return organizers[given.author.id]


def write_remark(login: str, text: str, allowed: str, language: str) -> str:
    """Write in a language that somebody commented a command that was not understood, and what is allowed."""
    tr = translator(language)
    return tr.translate(
        "{who} commented “{text}”: {allowed}",
        who=tr.name(login),
        text=tr.name(clean(text, _SHOWN)),
        allowed=allowed,
    )


_SHOWN: Final = 80
_ROOM_FOR_A_REASON: Final = 200
# A colon inside of a time or an address ends no name: there is no blank behind it.
_ADDRESSEE = re.compile(r"(?i)from[ \t]+(?=[^:：\n]*\w)([^:：\n]{1,60}?)[ \t]*(?:：|:(?=\s|$))")
