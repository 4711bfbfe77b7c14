"""Read the organizers' commands, and fold them with their settings into the rules in force.

They are comments like any other: deleted or hidden they were never given, and edited they are given anew. They
count as long as their author may write to the repository. So the rules follow from what GitHub shows now.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import pairwise
from typing import Final

from msgspec.structs import replace as _changed

from bot.petition.comments.commands import ARGUMENT_LIMIT, OrganizerCommand
from bot.petition.comments.comment import Author, Comment, Standing, standing
from bot.petition.i18n import Message, message, translator
from bot.petition.organizers.rules_in_force import Removal, Response, Rules
from bot.petition.organizers.settings import DEADLINE_ALLOWED, Settings, read_deadline, read_goal
from bot.petition.text import clean
from bot.units import WholeEpochSeconds


@dataclass(frozen=True, slots=True)
class SetGoal:
    """`goal 500`, `goal 100, 500, 1000` or `goal none`: the ladder of goals, ascending."""

    goals: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class SetDeadline:
    """`deadline 2026-12-31` or `deadline none`."""

    at: WholeEpochSeconds | None


@dataclass(frozen=True, slots=True)
class Remove:
    """`remove @login reason`, or `remove [login, login] reason` for several."""

    logins: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Restore:
    """`restore @login`, or `restore [login, login]` for several."""

    logins: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Respond:
    """`respond text`; an empty text removes the answer."""

    text: str


class PlainCommand(StrEnum):
    """The commands that consist of a word."""

    CLOSE = "close"
    REOPEN = "reopen"
    RECOUNT = "recount"
    HELP = "help"


Instruction = SetGoal | SetDeadline | Remove | Restore | Respond | PlainCommand


@dataclass(frozen=True, slots=True)
class NotUnderstood:
    """A command that says nothing to us; `allowed` says what would."""

    allowed: Message


USAGE: Final = {
    "goal 500": message("sets the goal, or a ladder of goals: `goal 100, 500, 1000`; `goal none` takes it away"),
    "deadline 2026-12-31": message("sets the end: the end of that day in UTC; `deadline none` takes it away"),
    "remove @login reason": message("removes a person's signature; several with `remove [login, login]`"),
    "restore @login": message("restores it"),
    "close": message("ends the petition without closing the issue"),
    "reopen": message("takes that back, and a deadline that has passed"),
    "recount": message("has the comments and the settings read again"),
    "respond text": message("shows an official answer at the top; `respond none` takes it away"),
    "help": message("shows this list"),
}
"""Each command as it is written after `/petition`, and what it does."""


@dataclass(frozen=True, slots=True)
class GivenCommand:
    """A command that stands: who gave it and when."""

    comment_id: int
    at: WholeEpochSeconds
    author: Author
    command: OrganizerCommand


class CommandStatus(StrEnum):
    """What became of a command; the values are those of the audit log."""

    APPLIED = "obeyed"
    REFUSED = "refused"
    """Its author may not write to the repository."""
    NOT_UNDERSTOOD = "misunderstood"
    WAITING = "waiting"
    """It is not known yet whether they may, or whom they mean."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A command and what became of it; `note` says why."""

    command: GivenCommand
    status: CommandStatus
    note: str = ""


@dataclass(frozen=True, slots=True)
class CommandResults:
    """The rules that commands have made, what became of each, and when the last recount was asked for."""

    rules: Rules
    outcomes: tuple[Outcome, ...] = ()
    recount_at: WholeEpochSeconds = 0

    def with_outcome(self, given: GivenCommand, status: CommandStatus, note: str = "") -> CommandResults:
        """Return the same with what became of one more command."""
        return replace(self, outcomes=(*self.outcomes, Outcome(given, status, note)))


def understand(command: OrganizerCommand) -> Instruction | NotUnderstood:
    """Read a command."""
    reader = _READERS.get(command.word)
    if reader is not None:
        return reader(command.argument.strip())
    return NotUnderstood(Message(message("the commands are {value}"), ", ".join(_READERS)))


def standing_commands(comments: Iterable[tuple[Comment, Standing]] | Iterable[Comment]) -> list[GivenCommand]:
    """Return the organizers' commands that stand, in the sequence in which they were given."""
    commands = []
    for one in comments:
        comment, stands = (one, standing(one)) if isinstance(one, Comment) else one
        if isinstance(stands.command, OrganizerCommand) and not stands.hidden and comment.author is not None:
            commands.append(GivenCommand(comment.id, stands.made_at, comment.author, stands.command))
    return sorted(commands, key=lambda given: (given.at, given.comment_id))


def logins_in(command: OrganizerCommand) -> tuple[str, ...]:
    """Return the logins that a command names, in lower case."""
    instruction = understand(command)
    return instruction.logins if isinstance(instruction, Remove | Restore) else ()


def write_removals(logins: Iterable[str]) -> Iterator[str]:
    """Write the commands that remove the signatures of people, each no longer than what is read of it."""
    listed = ""
    for login in logins:
        if listed and len(listed) + len(login) > ARGUMENT_LIMIT - _ROOM_FOR_A_REASON:
            yield f"/petition remove [{listed}] REASON"
            listed = ""
        listed = f"{listed}, {login}" if listed else login
    if listed:
        yield f"/petition remove [{listed}] REASON"


Named = Mapping[tuple[int, str], Author | None]
"""Whom a command means, by its comment's id and the login in lower case; None for nobody."""


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
    results = CommandResults(Rules(settings, remarks=tuple(remarks)))
    for given in commands:
        results = _apply(results, given, organizers, named)
    rules = results.rules
    return replace(results, rules=_changed(rules, removals=tuple(sorted(rules.removals, key=lambda r: r.user_id))))


def _apply(
    results: CommandResults, given: GivenCommand, organizers: Mapping[int, bool], named: Named
) -> CommandResults:
    match organizers.get(given.author.id):
        case None:
            return results.with_outcome(given, CommandStatus.WAITING, "GitHub was not asked yet who gave it")
        case False:
            note = "whoever gave it may not write to the repository"
            return results.with_outcome(given, CommandStatus.REFUSED, note)
    instruction = understand(given.command)
    if isinstance(instruction, SetDeadline) and instruction.at is not None and instruction.at < given.at:
        instruction = NotUnderstood(Message(message("the deadline must lie ahead")))
    match instruction:
        case NotUnderstood(allowed=allowed):
            return _not_understood(results, given, allowed)
        case Remove() | Restore():
            return _apply_to_people(results, given, instruction, named)
        case PlainCommand.RECOUNT:
            results = replace(results, recount_at=max(results.recount_at, given.at))
        case _:
            results = replace(results, rules=_change(results.rules, instruction, given))
    return results.with_outcome(given, CommandStatus.APPLIED)


def _apply_to_people(
    results: CommandResults, given: GivenCommand, instruction: Remove | Restore, named: Named
) -> CommandResults:
    """Remove or restore signatures; where nobody has one of several logins, the others are found all the same."""
    logins = instruction.logins
    for login in logins:
        if (given.comment_id, login) not in named:
            return results.with_outcome(given, CommandStatus.WAITING, f"GitHub was not asked yet who {login} is")
    people = {login: person for login in logins if (person := named[given.comment_id, login]) is not None}
    nobody = Message(message("nobody is called {value}"), ", ".join(one for one in logins if one not in people))
    if not people:
        return _not_understood(results, given, nobody)
    removals = {removal.user_id: removal for removal in results.rules.removals}
    for person in people.values():
        removals.pop(person.id, None)
        if isinstance(instruction, Remove):
            removals[person.id] = Removal(person.id, person.login, given.comment_id, instruction.reason)
    note = str(nobody) if len(people) < len(logins) else ""
    if isinstance(instruction, Remove) and len(logins) == 1 and _PERSON.match(instruction.reason):
        note = f"only {logins[0]} is meant; for several write remove [login, login] reason"
    results = replace(results, rules=_changed(results.rules, removals=tuple(removals.values())))
    return results.with_outcome(given, CommandStatus.APPLIED, note)


def _change(rules: Rules, instruction: Instruction, given: GivenCommand) -> Rules:
    settings = rules.settings
    match instruction:
        case SetGoal(goals=goals):
            return _changed(rules, settings=replace(settings, goals=goals))
        case SetDeadline(at=at):
            return _changed(rules, settings=replace(settings, deadline=at))
        case Respond(text=text):
            return _changed(rules, response=Response(text, given.author.login, given.at) if text else None)
        case PlainCommand.CLOSE:
            return _changed(rules, closed_at=given.at if rules.closed_at is None else rules.closed_at)
        case PlainCommand.REOPEN:
            has_passed = settings.deadline is not None and settings.deadline < given.at
            settings = replace(settings, deadline=None) if has_passed else settings
            return _changed(rules, closed_at=None, settings=settings)
        case PlainCommand.HELP:
            return _changed(rules, helps=True)
        case _:
            return rules


def _not_understood(results: CommandResults, given: GivenCommand, allowed: Message) -> CommandResults:
    """Record that a command could not be applied, and explain it to the organizers."""
    written = clean(f"/petition {given.command.word} {given.command.argument}", _SHOWN)
    tr = translator(results.rules.settings.language)
    remark = tr.translate(
        "{who} commented “{text}”: {allowed}",
        who=tr.name(given.author.login),
        text=tr.name(written),
        allowed=allowed.in_language(results.rules.settings.language),
    )
    results = replace(results, rules=_changed(results.rules, remarks=(*results.rules.remarks, remark)))
    return results.with_outcome(given, CommandStatus.NOT_UNDERSTOOD, str(allowed))


_SHOWN: Final = 80
_ROOM_FOR_A_REASON: Final = 200
_NONE: Final = ("none", "off", "-")
_LIST = re.compile(r"[,;]\s+")
_PEOPLE = re.compile(r"\[([^\[\]]*(?:\[bot\][^\[\]]*)*)\][,.:;!?]*")
_BETWEEN = re.compile(r"\s*[,;]\s*|\s+(?=@)")
_PERSON = re.compile(
    r"@([A-Za-z0-9](?:[A-Za-z0-9_-]{0,38}[A-Za-z0-9_])?(?:\[bot\])?)(?=[\s,.:;!?]|$)[,.:;!?]*", re.ASCII
)


def _read_goal(argument: str) -> Instruction | NotUnderstood:
    if argument.lower() in _NONE:
        return SetGoal(())
    try:
        goals = _goals(argument.strip(" []"))
    except ValueError:
        goals = ()
    if not goals or any(lower >= higher for lower, higher in pairwise(goals)):
        allowed = message("write a whole number from 1 to 999999999, or several in ascending order")
        return NotUnderstood(Message(allowed))
    return SetGoal(goals)


def _goals(text: str) -> tuple[int, ...]:
    try:
        return (read_goal(text),)
    except ValueError:
        return tuple(read_goal(each) for each in _LIST.split(text))


def _read_deadline(argument: str) -> Instruction | NotUnderstood:
    if argument.lower() in _NONE:
        return SetDeadline(None)
    try:
        return SetDeadline(read_deadline(argument.rstrip(".")))
    except ValueError:
        return NotUnderstood(DEADLINE_ALLOWED)


def _read_remove(argument: str) -> Instruction | NotUnderstood:
    logins, reason = _read_people(argument)
    allowed = message("write whom, and why: remove @login reason, or remove [login, login] reason")
    return Remove(logins, reason) if logins else NotUnderstood(Message(allowed))


def _read_restore(argument: str) -> Instruction | NotUnderstood:
    logins, _ = _read_people(argument)
    return Restore(logins) if logins else NotUnderstood(Message(message("write whom: restore @login")))


def _read_people(argument: str) -> tuple[tuple[str, ...], str]:
    """Read whom a command is about, in lower case, and what follows; nobody where that is not clear.

    Between brackets no `@` is needed: a mention is mail for whoever is mentioned.
    """
    if several := _PEOPLE.match(argument):
        listed = [_PERSON.fullmatch(f"@{one.removeprefix('@')}") for one in _BETWEEN.split(several[1].strip(" ,;"))]
        logins = [person[1].lower() for person in listed if person is not None]
        known = tuple(dict.fromkeys(logins)) if len(logins) == len(listed) else ()
        return known, argument[several.end() :].strip()
    person = _PERSON.match(argument)
    return ((person[1].lower(),), argument[person.end() :].strip()) if person else ((), "")


def _read_respond(argument: str) -> Instruction | NotUnderstood:
    if not argument:
        return NotUnderstood(Message(message("write the answer after the word respond")))
    return Respond("" if argument.lower() in _NONE else argument)


def _plain(act: PlainCommand) -> Callable[[str], Instruction | NotUnderstood]:
    return lambda _: act


_READERS: Final[Mapping[str, Callable[[str], Instruction | NotUnderstood]]] = {
    "goal": _read_goal,
    "deadline": _read_deadline,
    "remove": _read_remove,
    "restore": _read_restore,
    **{act.value: _plain(act) for act in PlainCommand if act is not PlainCommand.HELP},
    "respond": _read_respond,
    "help": _plain(PlainCommand.HELP),
}
