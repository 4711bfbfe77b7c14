"""Read what a comment says to us: its commands, or a phrase where it has none."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Sequence
from functools import cache, lru_cache
from importlib.resources import files
from itertools import islice, takewhile, zip_longest
from typing import Final

from msgspec.structs import replace

from bot.petition.comments import word_lists
from bot.petition.comments.commands import (
    ATTEMPT,
    COMMANDS,
    MOST_COMMANDS,
    RESPOND,
    TOO_MANY,
    WITHDRAWS,
    Command,
    Doubtful,
    OrganizerCommand,
    Phrase,
    Several,
    Sign,
    Unsign,
    command_among_words,
    command_line,
    organizer_commands,
    without_punctuation,
)
from bot.petition.comments.mail_tail import MARKS, Tail, find_tail
from bot.petition.comments.mistyped_commands import (
    CANDIDATE,
    fault_of,
    find_attempts,
    is_bare_command,
    is_glued,
    read_mistyped_organizer_command,
    stands_in_marks,
)
from bot.petition.comments.name_or_prose import looks_like_a_name, says_something_unusual
from bot.petition.comments.signature_details import ends_letter, is_footer
from bot.petition.github_markdown import lines_begun_in_text, read_blocks
from bot.petition.untrusted_text import fold, text_digest, unify_newlines

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
    text = unify_newlines(body).removeprefix("\ufeff")
    line = command_line(tuple(COMMANDS))
    if line.search(text) or CANDIDATE.search(text):
        return _read_lines(text, tuple(_worth_reading(text, line).split("\n")), line)
    return _without_command(text)


@lru_cache(1_000)
def phrases(also_accept: tuple[str, ...]) -> frozenset[str]:
    """Return the digests of the phrases that sign; one that says nothing is left out."""
    return frozenset(text_digest(said) for phrase in also_accept if (said := _fold_phrase(phrase)))


# What most people type, and what can mean only one thing: the rules below would come to the same, a hundred times
# slower. It is read while a delivery waits for its answer.
_WORDS = r"[A-Za-z]{1,20}\.?(?:[ '-][A-Za-z]{1,18}){,3}"
_PLAIN = re.compile(rf"/sign(?: (?P<name>{_WORDS})(?:, (?P<affiliation>{_WORDS}))?)? *(?:\r?\n)?")


def _read_lines(text: str, lines: tuple[str, ...], line: re.Pattern[str]) -> Command | None:
    """Read the lines that are worth it of a text, without the tail of a mail."""
    own, tail = read_own_text(lines)
    whole = _commands(lines, own, line)
    if whole is None:
        return _without_command(text)
    end = len(lines)
    readings = {at: _explained(whole, text) if at == end else _read_above(lines[:at], whole, line) for at in tail}
    return _either(readings[tail.doubtful], readings[tail.certain])


def _read_above(lines: tuple[str, ...], whole: Command, line: re.Pattern[str]) -> Command | None:
    """Read what stands above the tail of a mail; that a command stands only in the `whole` is told."""
    above = "\n".join(lines)
    command = _explained(_commands(lines, read_own_text(lines)[0], line), above)
    if command is not None:
        return command
    said = _phrase(above, by_mail=False)
    if whole.effect is None and all(one.is_mistyped for one in organizer_commands(whole)):
        return said
    return Phrase("", is_cut_off=True) if said is None else Phrase(said.digest, signs=said.signs, is_cut_off=True)


def _without_command(text: str) -> Command | None:
    """Read a comment that holds no command; above the tail of a mail there may be a phrase."""
    typed = _phrase(text, by_mail=False)
    return _either(_phrase(text, by_mail=True), typed) if "\n" in text and MARKS.search(text) else typed


def _either(mailed: Command | None, typed: Command | None) -> Command | None:
    return typed if mailed == typed else Doubtful(mailed, typed)


def _explained(command: Command | None, text: str) -> Command | None:
    """Return an attempt with what is wrong about it; anything else as it is."""
    if isinstance(command, Phrase) and command.is_attempt:
        return replace(command, fault=fault_of(text).value)
    if isinstance(command, Several) and command.own == ATTEMPT:
        return replace(command, own=_explained(ATTEMPT, text))
    return command


# --- commands


def _worth_reading(text: str, line: re.Pattern[str]) -> str:
    """Leave out what follows the last command and its reason, and the middle of what is longer than GitHub says.

    GitHub says a comment has 65,536 characters at most, but lets up to four times as many pass. To read them all
    takes seconds; the beginning and what leads up to the last command say whose words this is.
    """
    starts = [found.start() for pattern in (line, CANDIDATE) for found in pattern.finditer(text)]
    last = max(starts, default=0)
    # A response goes on after an empty line, and nothing else does.
    responds = any(_RESPONDS.match(text, start) for start in starts)
    empty_line = None if responds else _EMPTY_LINE.search(text, last)
    text = text[: min(empty_line.start() if empty_line else len(text), last + _LONGEST // 4)]
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST // 2]} … {text[-_LONGEST // 2 :]}"


def _commands(lines: Sequence[str], own: Sequence[range], line: re.Pattern[str]) -> Command | None:
    """Return what the commands of a comment come to: of those that sign or withdraw the last one counts."""
    begun = [number for passage in own for number in _lines_with_commands(passage, lines, line)]
    organizer_commands: list[OrganizerCommand] = []
    personal: tuple[re.Match[str], str, range] | None = None
    for number, following in zip_longest(begun, begun[1:], fillvalue=len(lines)):
        found = line.match(lines[number])
        details = without_punctuation(lines[number][found.end() :])[:_LONGEST_DETAILS] if found else ""
        if found and not issubclass(COMMANDS[found[1].lower()], OrganizerCommand):
            # An organizers' command on the line of another one is not read there.
            if behind := command_among_words(("petition",)).search(details):
                organizer_commands.append(OrganizerCommand.mistyped(behind[0].strip(), details[behind.end() :]))
                details = details[: behind.start()]
            personal = found, details, range(number + 1, following)
        elif len(organizer_commands) > MOST_COMMANDS:
            continue
        elif found:
            below = lines[number + 1 : following] if _RESPONDS.match(lines[number]) else ()
            organizer_commands.append(OrganizerCommand.parse(details, below))
        elif mistyped := read_mistyped_organizer_command(lines[number]):
            organizer_commands.append(mistyped)
    last = personal and _command(*personal[:2], _lines_below(personal[2], lines, own))
    return _joined(organizer_commands, last)


def _lines_with_commands(passage: range, lines: Sequence[str], line: re.Pattern[str]) -> Iterable[int]:
    """Return the lines of a passage that begin as text and hold a command, or one that may be mistyped."""
    candidates = (one for one in passage if CANDIDATE.match(lines[one]))
    commands = {one for one in passage if line.match(lines[one])}.union(islice(candidates, _MOST_CANDIDATES))
    if commands <= {passage.start}:
        return commands
    return sorted(commands & lines_begun_in_text(passage, lines))


def _command(found: re.Match[str], details: str, following: Sequence[str]) -> Command:
    command = COMMANDS[found[1].lower()]
    if command.kind == Sign.kind:
        # Whoever asks does not sign, and who takes it back on the same line does not either.
        if _ASKS.match(found.string[found.end() :][:_LONGEST_DETAILS]):
            return ATTEMPT
        if WITHDRAWS.search(details):
            return Unsign()
    return command.parse(details, following)


def _lines_below(following: range, lines: Sequence[str], own: Sequence[range]) -> list[str]:
    """Return the lines of running text among those that follow a command, up to an empty one."""
    end = following.start
    for passage in own:
        if passage.start <= end < passage.stop:
            end = passage.stop
    below = lines[following.start : min(end, following.stop)]
    return [line.strip() for line in takewhile(lambda line: line.strip() and not _RULE.fullmatch(line), below)]


def _joined(organizer_commands: Sequence[OrganizerCommand], own: Command | None) -> Command | None:
    if not organizer_commands:
        return own
    if own is None and len(organizer_commands) == 1:
        return organizer_commands[0]
    kept = tuple(organizer_commands[:MOST_COMMANDS])
    return Several(kept if len(organizer_commands) == len(kept) else (*kept, OrganizerCommand(TOO_MANY)), own)


_LONGEST = 65_536
_LONGEST_DETAILS = 16_000
"""Characters that are looked at of what is shortened to far fewer."""
_MOST_CANDIDATES = 100
"""Lines of a comment that are looked at because a command may be mistyped there."""
_EMPTY_LINE = re.compile(r"\n[ \t]*\n")
_RULE = re.compile(r" {0,3}(?:=+|-+|[-_*](?:[ \t]*[-_*]){2,})[ \t]*")
"""A line that underlines or divides; it belongs to no text."""
_ASKS = re.compile(
    r"(?:\s+[?？؟]|[?？؟]\s*(?ai:what|why|how|who|where|when|which|really|is|are|does|do|can)\b)(?=.*\w)", re.DOTALL
)
_RESPONDS = re.compile(rf"[^\w/]*/(?ai:petition)[^\w\n]*(?ai:{RESPOND})\b")


# --- the author's own text


@lru_cache(2)
def read_own_text(lines: tuple[str, ...]) -> tuple[Sequence[range], Tail]:
    """Return the ranges of lines that are the author's own text, in order: paragraphs, list items, headings.

    Left out are quotes (with the lines Markdown adds to a quote), code, HTML and link definitions. Where a mail's
    tail begins is returned beside it.
    """
    if _STRUCTURE.search("\n".join(lines)) is None:
        return [range(len(lines))], find_tail(lines, bytes(len(lines)))
    own, foreign = read_blocks(lines)
    return own, find_tail(lines, foreign)


def _own_passages(lines: tuple[str, ...], *, by_mail: bool) -> list[range]:
    """Return the author's own text above the tail of a mail; where one may begin, it does in what came by mail."""
    own, tail = read_own_text(lines)
    end = tail.doubtful if by_mail else tail.certain
    return [range(passage.start, min(passage.stop, end)) for passage in own if passage.start < end]


# What else there is in Markdown cannot change what a line is. Without any of these, the parser need not be asked.
_STRUCTURE = re.compile(r"[`<>\[]|~~~")


# --- phrases


def _phrase(text: str, *, by_mail: bool) -> Phrase | None:
    phrase = _whole_phrase(text, by_mail=by_mail)
    said = _fold_phrase(phrase)
    is_attempt = is_bare_command(said) or _tries_to_command(text, by_mail=by_mail)
    fault = fault_of(text).value if is_attempt else ""
    if not 0 < len(said) <= _LONGEST_PHRASE:
        return replace(ATTEMPT, fault=fault) if is_attempt else None
    signs = _signs_in_words(said) and not phrase.endswith(("?", "？", "؟"))
    return Phrase(text_digest(said), is_attempt, signs, fault=fault)


def _tries_to_command(text: str, *, by_mail: bool) -> bool:
    """Return whether what was meant as a command begins in the author's own text, or is glued to a quote."""
    tried = find_attempts(text)
    if not tried or stands_in_marks(text.strip()):
        return bool(tried)
    lines = tuple(text.split("\n"))
    own = (passage for passage in _own_passages(lines, by_mail=by_mail) if not tried.isdisjoint(passage))
    return any(tried & lines_begun_in_text(passage, lines) for passage in own) or is_glued(tried, lines)


def _whole_phrase(text: str, *, by_mail: bool) -> str:
    """Return the line that is all a comment says, apart from a mail's tail; empty where there is more, or code."""
    if _NO_PHRASE.match(text):
        return ""
    first, _, rest = text.strip().partition("\n")
    if len(first) > _LONGEST_LINE or len(rest) > _LONGEST:
        return ""
    return first.strip() if not rest.strip() or _is_tail(tuple(rest.split("\n")), by_mail=by_mail) else ""


def _is_tail(lines: tuple[str, ...], *, by_mail: bool) -> bool:
    """Return whether lines are the end of a letter or a mail: its closing words, its footer, or what it answers."""
    at = 0
    while at < len(lines):
        line = lines[at].strip()
        if not line or is_footer(line):
            at += 1
        elif ends_letter(line) or _FOOTER_MARK.fullmatch(line):
            at += 1
            while at < len(lines) and lines[at].strip() and looks_like_a_name(lines[at].strip()):
                at += 1
        else:
            break
    if at == len(lines):
        return True
    # Below a line that is running text for Markdown, only a mail's tail is none of the author's own.
    return _MARKUP.match(lines[at]) is None and not _own_passages(lines[at:], by_mail=by_mail)


def _fold_phrase(text: str) -> str:
    """Reduce a phrase to what counts: no case, no marks around it, no full stop, one spelling of an emoji."""
    said = _SKIN_TONES.sub("", fold(text))
    said = _SHORT_CODES.sub(lambda code: word_lists.SHORT_CODES.get(code[1], code[0]), said).strip(" \t\ufe0f")
    for _ in range(_MOST_MARKS):
        emphasis = _EMPHASIS.fullmatch(said)
        if emphasis is None:
            break
        said = emphasis[2].strip()
    return said.rstrip(_ENDS)


def _signs_in_words(said: str) -> bool:
    """Return whether a folded comment says that somebody signs, and nothing else."""
    plain = _EMOJI_AND_VOWELS.sub("", said.replace("’", "'")).translate(_ARABIC_LETTERS)
    plain = " ".join(_PAUSES.sub(" ", plain).split())
    return 0 < len(plain) <= _LONGEST_SENTENCE and _signing_sentences().fullmatch(plain) is not None


@cache
def _signing_sentences() -> re.Pattern[str]:
    """Return what matches a sentence of any language; made when it is first needed, because that takes a while."""
    languages = tomllib.loads(files(__package__).joinpath("signing_sentences.toml").read_text("utf-8"))
    return re.compile("|".join(f"(?:{_pattern(**language)})" for language in languages.values()))


def _pattern(says: str, **parts: str) -> str:
    for name, part in parts.items():
        says = says.replace(f"{{{name}}}", part)
    return "".join(_INDENTS.sub(lambda found: "|" if "|" in found[0] else "", line) for line in says.split("\n"))


_LONGEST_LINE = 200
_LONGEST_PHRASE = 60
_LONGEST_SENTENCE = 80
_MOST_MARKS = 3
_ENDS = " .,:;!?…。，！？؟۔।、"
_NO_PHRASE = re.compile(r"(?:[ \t]*\n)*(?: {4}| {0,3}(?:\t|[>`<~]))")
_MARKUP = re.compile(r" {4}| {0,3}(?:\t|[>`<~\[])")
_FOOTER_MARK = re.compile(r"--|[-_]{2,}")
_EMPHASIS = re.compile(r"([*_]{1,3})(?=\S)(.*[^\s*_].*)(?<=\S)\1[ .!]*", re.DOTALL)
_INDENTS = re.compile(r"^\s*\| | \| |^\s+|\s+$")
_PAUSES = re.compile(r"[,.!;:…。，！、；：،؛~–—-]+(?!\w)")
# Emoji and the marks that Arabic may be written with.
_EMOJI_AND_VOWELS = re.compile(r"[\u2190-\u2bff\ufe0f\u200d\U0001f000-\U0001faff\u0640\u064b-\u0652\u0670]")
_ARABIC_LETTERS = str.maketrans("أإآ", "ااا")
_SKIN_TONES = re.compile("[\U0001f3fb-\U0001f3ff\ufe0f]")
_SHORT_CODES = re.compile(r":([a-z0-9_+-]{1,32}):")
