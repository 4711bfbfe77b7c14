"""Read what a comment says to us: its commands, or a phrase where it has none."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Sequence
from itertools import zip_longest
from typing import Final

from msgspec.structs import replace

from bot.petition.comments import mistyped_organizer_command
from bot.petition.comments.command_lines import (
    ORDER_BEHIND,
    RESPONDS_LINE,
    asks,
    command_line,
    lines_below,
    lines_with_commands,
    read_details,
    worth_reading,
)
from bot.petition.comments.commands import (
    ATTEMPT,
    COMMANDS,
    MOST_COMMANDS,
    TOO_MANY,
    Command,
    Doubtful,
    OrganizerCommand,
    Phrase,
    Several,
    Sign,
    organizer_commands,
)
from bot.petition.comments.mail_tail import MARKS
from bot.petition.comments.mistyped_sign import fault_of
from bot.petition.comments.name_or_prose import says_something_unusual
from bot.petition.comments.own_text import read_own_text
from bot.petition.comments.signing_sentences import signs_in_words
from bot.petition.comments.without_command import (
    KnownLines,
    fold_phrase,
    is_bare_command,
    tries_to_command,
    whole_phrase,
)

GRAMMAR: Final = 4
"""The version of what `parse` makes of texts. Raise it with every change by which any text is read otherwise.

Every comment is read again then, once; what was read with 0.1.0 has no version, which is kept as 0.
"""


def parse(body: str) -> Command | None:
    """Read a comment; of several commands that sign or withdraw the last one decides, organizers' all count.

    A command goes before a phrase, so that no phrase can turn an `/unsign` into a signature.
    """
    if (plain := _PLAIN.fullmatch(body)) and not says_something_unusual(body[len("/sign") :]):
        return Sign(plain["name"], plain["affiliation"])
    text = body.replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff")
    line = command_line(tuple(COMMANDS))
    if line.search(text) or mistyped_organizer_command.CANDIDATE.search(text):
        return _read_lines(text, worth_reading(text, line).split("\n"), line)
    return _without_command(text)


def _read_lines(text: str, lines: Sequence[str], line: re.Pattern[str]) -> Command | None:
    """Read the lines that are worth it of a text, without the tail of a mail."""
    own, tail = read_own_text(lines)
    whole = _commands(lines, own, line)
    if whole is None:
        return _without_command(text)
    end = len(lines)
    readings = {at: _explained(whole, text) if at == end else _read_above(lines[:at], whole, line) for at in tail}
    return _either(readings[tail.doubtful], readings[tail.certain])


def _read_above(lines: Sequence[str], whole: Command, line: re.Pattern[str]) -> Command | None:
    """Read what stands above the tail of a mail; that a command stands only in the `whole` is told."""
    above = "\n".join(lines)
    command = _explained(_commands(lines, read_own_text(lines)[0], line), above)
    if command is not None:
        return command
    said = _phrase(above, {}, by_mail=False)
    if whole.effect is None and all(one.is_mistyped for one in organizer_commands(whole)):
        return said
    return Phrase("", is_cut_off=True) if said is None else Phrase(said.digest, signs=said.signs, is_cut_off=True)


def _without_command(text: str) -> Command | None:
    """Read a comment that holds no command; above the tail of a mail there may be a phrase."""
    known: KnownLines = {}
    typed = _phrase(text, known, by_mail=False)
    return _either(_phrase(text, known, by_mail=True), typed) if "\n" in text and MARKS.search(text) else typed


def _either(mailed: Command | None, typed: Command | None) -> Command | None:
    return typed if mailed == typed else Doubtful(mailed, typed)


def _explained(command: Command | None, text: str) -> Command | None:
    """Return an attempt with what is wrong about it; anything else as it is."""
    if isinstance(command, Phrase) and command.is_attempt:
        return replace(command, fault=fault_of(text).value)
    if isinstance(command, Several) and command.own == ATTEMPT:
        return replace(command, own=_explained(ATTEMPT, text))
    return command


def phrases(also_accept: Collection[str]) -> frozenset[str]:
    """Return the digests of the phrases that sign; one that says nothing is left out."""
    return frozenset(digest for phrase in also_accept if (digest := _digest_of(fold_phrase(phrase))))


# What most people type, and what can mean only one thing: the rules below would come to the same, a hundred times
# slower. It is read while a delivery waits for its answer.
_WORDS = r"[A-Za-z]{1,20}\.?(?:[ '-][A-Za-z]{1,18}){,3}"
_PLAIN = re.compile(rf"/sign(?: (?P<name>{_WORDS})(?:, (?P<affiliation>{_WORDS}))?)? *(?:\r?\n)?")


def _commands(lines: Sequence[str], own: Sequence[range], line: re.Pattern[str]) -> Command | None:
    """Return what the commands of a comment come to: of those that sign or withdraw the last one counts."""
    begun = [number for passage in own for number in lines_with_commands(passage, lines, line)]
    organizer_commands: list[OrganizerCommand] = []
    personal: tuple[re.Match[str], str, range] | None = None
    for number, following in zip_longest(begun, begun[1:], fillvalue=len(lines)):
        found = line.match(lines[number])
        if found and not issubclass(COMMANDS[found[1].lower()], OrganizerCommand):
            details, behind, rest = _divide(read_details(found))
            personal = found, details, range(number + 1, following)
            organizer_commands += [OrganizerCommand.mistyped(behind, rest)] if behind else []
        elif len(organizer_commands) > MOST_COMMANDS:
            continue
        elif found:
            below = lines[number + 1 : following] if RESPONDS_LINE.match(lines[number]) else ()
            organizer_commands.append(OrganizerCommand.parse(read_details(found), below))
        elif typed := mistyped_organizer_command.read(lines[number]):
            organizer_commands.append(OrganizerCommand.mistyped(*typed))
    last = personal and _command(*personal[:2], lines_below(personal[2], lines, own))
    return _joined(organizer_commands, last)


def _joined(organizer_commands: Sequence[OrganizerCommand], own: Command | None) -> Command | None:
    if not organizer_commands:
        return own
    if own is None and len(organizer_commands) == 1:
        return organizer_commands[0]
    kept = tuple(organizer_commands[:MOST_COMMANDS])
    return Several(kept if len(organizer_commands) == len(kept) else (*kept, OrganizerCommand(TOO_MANY)), own)


def _divide(details: str) -> tuple[str, str, str]:
    """Divide what stands behind `/sign` from a command of organizers on the same line, and what follows that."""
    behind = ORDER_BEHIND.search(details)
    if behind is None:
        return details, "", ""
    return details[: behind.start()], behind[0].strip(), details[behind.end() :]


def _command(found: re.Match[str], details: str, following: Sequence[str]) -> Command:
    command = COMMANDS[found[1].lower()]
    return ATTEMPT if command is Sign and asks(found) else command.parse(details, following)


def _phrase(text: str, known: KnownLines, *, by_mail: bool) -> Phrase | None:
    phrase = whole_phrase(text, known, by_mail=by_mail)
    said = fold_phrase(phrase)
    is_attempt = is_bare_command(said) or tries_to_command(text, known, by_mail=by_mail)
    fault = fault_of(text).value if is_attempt else ""
    if not 0 < len(said) <= _LONGEST_PHRASE:
        return replace(ATTEMPT, fault=fault) if is_attempt else None
    signs = signs_in_words(said) and not phrase.endswith(_QUESTION_MARKS)
    return Phrase(_digest_of(said), is_attempt, signs, fault=fault)


_LONGEST_PHRASE = 60
_QUESTION_MARKS = ("?", "？", "؟")


def _digest_of(said: str) -> str:
    return hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()[:16] if said else ""
