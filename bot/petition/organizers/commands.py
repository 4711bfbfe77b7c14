"""Read the organizers' orders, and fold them with their settings into the rules in force.

Orders are comments like any other: deleted or hidden they were never given, and edited they are given anew. They
count as long as whoever gave them may write to the repository. So the rules follow from what GitHub shows now.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import pairwise
from typing import Final

from bot.petition.comments.commands import ARGUMENT_LIMIT, OrganizerCommand
from bot.petition.comments.comment import Author, Comment, Standing, standing
from bot.petition.i18n import Message, message, wording
from bot.petition.organizers.rules import Response, Rules, Withheld
from bot.petition.organizers.settings import DEADLINE_ALLOWED, Settings, read_deadline, read_goal
from bot.petition.text import clean


@dataclass(frozen=True, slots=True)
class SetGoal:
    """`goal 500`, `goal 100, 500, 1000` or `goal none`: the ladder of goals, ascending."""

    goals: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class SetDeadline:
    """`deadline 2026-12-31` or `deadline none`; in UTC epoch seconds."""

    at: int | None


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
    """`respond text`; an empty text takes the answer back."""

    text: str


class Act(StrEnum):
    """The orders that consist of a word."""

    CLOSE = "close"
    REOPEN = "reopen"
    RECOUNT = "recount"
    HELP = "help"


Instruction = SetGoal | SetDeadline | Remove | Restore | Respond | Act


@dataclass(frozen=True, slots=True)
class Misunderstood:
    """An order that says nothing to us; `allowed` says what would."""

    allowed: Message


USAGE: Final = {
    "goal 500": message("sets the goal, or a ladder of goals: `goal 100, 500, 1000`; `goal none` takes it away"),
    "deadline 2026-12-31": message("sets the end: the end of that day in UTC; `deadline none` takes it away"),
    "remove @login reason": message("withholds a person's signature; several with `remove [login, login]`"),
    "restore @login": message("gives it back"),
    "close": message("ends the petition without closing the issue"),
    "reopen": message("takes that back, and a deadline that has passed"),
    "recount": message("has the comments and the settings read again"),
    "respond text": message("shows an official answer at the top; `respond none` takes it away"),
    "help": message("shows this list"),
}
"""Each order as it is written after `/petition`, and what it does."""


@dataclass(frozen=True, slots=True)
class Given:
    """An order that stands: who gave it and when, in UTC epoch seconds."""

    comment_id: int
    at: int
    author: Author
    order: OrganizerCommand


class Answer(StrEnum):
    """What becomes of an order."""

    OBEYED = "obeyed"
    REFUSED = "refused"
    """Whoever gave it may not write to the repository."""
    MISUNDERSTOOD = "misunderstood"
    WAITING = "waiting"
    """It is not known yet whether they may, or whom they mean."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """An order and what became of it; `note` says why."""

    given: Given
    answer: Answer
    note: str = ""


@dataclass(frozen=True, slots=True)
class Ruling:
    """The rules that orders have made, what became of each, and the last time at which a recount was ordered."""

    rules: Rules
    outcomes: tuple[Outcome, ...] = ()
    recount_at: int = 0


def understand(order: OrganizerCommand) -> Instruction | Misunderstood:
    """Read an order."""
    reader = _READERS.get(order.word)
    if reader is not None:
        return reader(order.argument.strip())
    return Misunderstood(Message(message("the orders are {value}"), ", ".join(_READERS)))


def standing_orders(comments: Iterable[tuple[Comment, Standing]] | Iterable[Comment]) -> list[Given]:
    """Return the orders that stand, in the order in which they were given."""
    given = []
    for one in comments:
        comment, stands = (one, standing(one)) if isinstance(one, Comment) else one
        if isinstance(stands.command, OrganizerCommand) and not stands.hidden and comment.author is not None:
            given.append(Given(comment.id, stands.made_at, comment.author, stands.command))
    return sorted(given, key=lambda one: (one.at, one.comment_id))


def names_of(order: OrganizerCommand) -> tuple[str, ...]:
    """Return the logins that an order names, in lower case."""
    instruction = understand(order)
    return instruction.logins if isinstance(instruction, Remove | Restore) else ()


def removals(logins: Iterable[str]) -> Iterator[str]:
    """Write the orders that withhold the signatures of people, each no longer than what is read of it."""
    listed = ""
    for login in logins:
        if listed and len(listed) + len(login) > ARGUMENT_LIMIT - _ROOM_FOR_A_REASON:
            yield f"/petition remove [{listed}] REASON"
            listed = ""
        listed = f"{listed}, {login}" if listed else login
    if listed:
        yield f"/petition remove [{listed}] REASON"


def rule(
    settings: Settings,
    orders: Sequence[Given],
    *,
    organizers: Mapping[int, bool],
    named: Mapping[tuple[int, str], Author | None],
    remarks: Iterable[str] = (),
) -> Ruling:
    """Fold settings and orders into rules; orders go before settings.

    `organizers` tells of people by id whether they may give orders, `named` whom an order means, by its comment's
    id and the login in lower case, None for nobody. Who or what is in neither waits.
    """
    ruling = Ruling(Rules(settings, remarks=tuple(remarks)))
    for one in orders:
        ruling = _obey(ruling, one, organizers, named)
    rules = ruling.rules
    return replace(ruling, rules=replace(rules, withheld=tuple(sorted(rules.withheld, key=lambda w: w.user_id))))


def _obey(
    ruling: Ruling, one: Given, organizers: Mapping[int, bool], named: Mapping[tuple[int, str], Author | None]
) -> Ruling:
    match organizers.get(one.author.id):
        case None:
            return _note(ruling, one, Answer.WAITING, "GitHub was not asked yet who gave it")
        case False:
            return _note(ruling, one, Answer.REFUSED, "whoever gave it may not write to the repository")
    instruction = understand(one.order)
    if isinstance(instruction, SetDeadline) and instruction.at is not None and instruction.at < one.at:
        instruction = Misunderstood(Message(message("the deadline must lie ahead")))
    match instruction:
        case Misunderstood(allowed=allowed):
            return _misunderstood(ruling, one, allowed)
        case Remove(logins=logins) | Restore(logins=logins):
            return _obey_about(
                ruling, one, instruction, {login: (one.comment_id, login) for login in logins}, named
            )
    ruling = _note(ruling, one, Answer.OBEYED)
    if instruction is Act.RECOUNT:
        return replace(ruling, recount_at=max(ruling.recount_at, one.at))
    return replace(ruling, rules=_carry_out(ruling.rules, instruction, one))


def _obey_about(
    ruling: Ruling,
    one: Given,
    instruction: Remove | Restore,
    keys: Mapping[str, tuple[int, str]],
    named: Mapping[tuple[int, str], Author | None],
) -> Ruling:
    """Carry out an order about people; of several, those whom nobody is called do not keep it from the others."""
    for login, key in keys.items():
        if key not in named:
            return _note(ruling, one, Answer.WAITING, f"GitHub was not asked yet who {login} is")
    people = {login: person for login, key in keys.items() if (person := named[key]) is not None}
    nobody = Message(message("nobody is called {value}"), ", ".join(login for login in keys if login not in people))
    if not people:
        return _misunderstood(ruling, one, nobody)
    rules = ruling.rules
    for person in people.values():
        withheld = tuple(other for other in rules.withheld if other.user_id != person.id)
        if isinstance(instruction, Remove):
            withheld = (*withheld, Withheld(person.id, person.login, one.comment_id, instruction.reason))
        rules = replace(rules, withheld=withheld)
    note = str(nobody) if len(people) < len(keys) else ""
    if isinstance(instruction, Remove) and len(keys) == 1 and _PERSON.match(instruction.reason):
        note = f"only {instruction.logins[0]} is meant; for several write remove [login, login] reason"
    return _note(replace(ruling, rules=rules), one, Answer.OBEYED, note)


def _carry_out(rules: Rules, instruction: Instruction, one: Given) -> Rules:
    settings = rules.settings
    match instruction:
        case SetGoal(goals=goals):
            return replace(rules, settings=replace(settings, goals=goals))
        case SetDeadline(at=at):
            return replace(rules, settings=replace(settings, deadline=at))
        case Respond(text=text):
            return replace(rules, response=Response(text, one.author.login, one.at) if text else None)
        case Act.CLOSE:
            return replace(rules, closed_at=one.at if rules.closed_at is None else rules.closed_at)
        case Act.REOPEN:
            has_passed = settings.deadline is not None and settings.deadline < one.at
            settings = replace(settings, deadline=None) if has_passed else settings
            return replace(rules, closed_at=None, settings=settings)
        case Act.HELP:
            return replace(rules, helps=True)
        case _:
            return rules


def _misunderstood(ruling: Ruling, one: Given, allowed: Message) -> Ruling:
    """Note an order that could not be carried out, and have it explained to the organizers."""
    said = clean(f"/petition {one.order.word} {one.order.argument}", _SAID)
    language = ruling.rules.settings.language
    say, advice = wording(language), allowed.said_in(language)
    who, said = say.name(one.author.login), say.name(said)
    remark = say.say("{who} ordered “{said}”: {allowed}", who=who, said=said, allowed=advice)
    ruling = replace(ruling, rules=replace(ruling.rules, remarks=(*ruling.rules.remarks, remark)))
    return _note(ruling, one, Answer.MISUNDERSTOOD, str(allowed))


def _note(ruling: Ruling, one: Given, answer: Answer, note: str = "") -> Ruling:
    return replace(ruling, outcomes=(*ruling.outcomes, Outcome(one, answer, note)))


_SAID: Final = 80
_ROOM_FOR_A_REASON: Final = 200
_NONE: Final = ("none", "off", "-")
_LIST = re.compile(r"[,;]\s+")
_PEOPLE = re.compile(r"\[([^\[\]]*(?:\[bot\][^\[\]]*)*)\][,.:;!?]*")
_BETWEEN = re.compile(r"\s*[,;]\s*|\s+(?=@)")
_PERSON = re.compile(
    r"@([A-Za-z0-9](?:[A-Za-z0-9_-]{0,38}[A-Za-z0-9_])?(?:\[bot\])?)(?=[\s,.:;!?]|$)[,.:;!?]*", re.ASCII
)


def _read_goal(argument: str) -> Instruction | Misunderstood:
    if argument.lower() in _NONE:
        return SetGoal(())
    try:
        goals = _goals(argument.strip(" []"))
    except ValueError:
        goals = ()
    if not goals or any(lower >= higher for lower, higher in pairwise(goals)):
        allowed = message("write a whole number from 1 to 999999999, or several in ascending order")
        return Misunderstood(Message(allowed))
    return SetGoal(goals)


def _goals(text: str) -> tuple[int, ...]:
    try:
        return (read_goal(text),)
    except ValueError:
        return tuple(read_goal(each) for each in _LIST.split(text))


def _read_deadline(argument: str) -> Instruction | Misunderstood:
    if argument.lower() in _NONE:
        return SetDeadline(None)
    try:
        return SetDeadline(read_deadline(argument.rstrip(".")))
    except ValueError:
        return Misunderstood(DEADLINE_ALLOWED)


def _read_remove(argument: str) -> Instruction | Misunderstood:
    logins, reason = _read_people(argument)
    allowed = message("write whom, and why: remove @login reason, or remove [login, login] reason")
    return Remove(logins, reason) if logins else Misunderstood(Message(allowed))


def _read_restore(argument: str) -> Instruction | Misunderstood:
    logins, _ = _read_people(argument)
    return Restore(logins) if logins else Misunderstood(Message(message("write whom: restore @login")))


def _read_people(argument: str) -> tuple[tuple[str, ...], str]:
    """Read whom an order is about, in lower case, and what follows; nobody where that is not clear.

    Between brackets no `@` is needed: a mention is mail for whoever is mentioned.
    """
    if several := _PEOPLE.match(argument):
        listed = [_PERSON.fullmatch(f"@{one.removeprefix('@')}") for one in _BETWEEN.split(several[1].strip(" ,;"))]
        logins = [person[1].lower() for person in listed if person is not None]
        known = tuple(dict.fromkeys(logins)) if len(logins) == len(listed) else ()
        return known, argument[several.end() :].strip()
    person = _PERSON.match(argument)
    return ((person[1].lower(),), argument[person.end() :].strip()) if person else ((), "")


def _read_respond(argument: str) -> Instruction | Misunderstood:
    if not argument:
        return Misunderstood(Message(message("write the answer after the word respond")))
    return Respond("" if argument.lower() in _NONE else argument)


def _act(act: Act) -> Callable[[str], Instruction | Misunderstood]:
    return lambda _: act


_READERS: Final[Mapping[str, Callable[[str], Instruction | Misunderstood]]] = {
    "goal": _read_goal,
    "deadline": _read_deadline,
    "remove": _read_remove,
    "restore": _read_restore,
    **{act.value: _act(act) for act in Act if act is not Act.HELP},
    "respond": _read_respond,
    "help": _act(Act.HELP),
}
