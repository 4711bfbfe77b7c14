"""Read what a comment says to us: `/sign`, `/unsign` or a `/petition …` command."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Sequence
from functools import cache
from itertools import takewhile
from typing import Any, ClassVar, Final, Self

from msgspec import Struct
from msgspec.structs import astuple

from bot.petition.comments.own_text import lines_begun_in_text, read_own_text
from bot.petition.text import AFFILIATION_LIMIT, NAME_LIMIT, REASON_LIMIT, clean, fold, says_something

ARGUMENT_LIMIT = 1_000

GRAMMAR: Final = 2
"""The version of what `parse` makes of texts. Raise it with every change by which any text is read otherwise.

Every comment is read again then, once; what was read with 0.1.0 has no version, which is kept as 0.
"""


class Command(Struct, frozen=True):
    """What a comment says to us. Each subclass is one command, with all that is particular to it."""

    kind: ClassVar[str]
    """Its kind in the database. What signs shares `sign`, by which queries find those who may have signed."""
    codes: ClassVar[str]
    """The letters that it may begin with in the database's record of versions; no two commands share one."""
    is_renewed_by_edits: ClassVar[bool] = False
    """Whether every edit makes it anew, so that nobody else's can leave it as it was."""

    @classmethod
    def parse(cls, _details: str, _following: Sequence[str], /) -> Self:
        """Read what stands behind its word on the line, and the lines of text that follow."""
        return cls()

    @property
    def effect(self) -> Sign | Unsign | None:
        """Return the `/sign` or `/unsign` that it amounts to; None where it does nothing to a signature."""
        return self if isinstance(self, Sign | Unsign) else None

    @property
    def identity(self) -> object:
        """Return what stays equal while edits leave it the command that it was."""
        return type(self)

    def without_details(self) -> Command:
        """Return what is left of it when its details are outdated, or were taken out by somebody else."""
        return self

    def redacted(self, shown: Command | None) -> Command | None:
        """Return what is left of the author's command after somebody else has edited it into what is shown."""
        is_same = shown is not None and shown.identity == self.identity and not self.is_renewed_by_edits
        return self.without_details() if is_same else None

    def stored(self) -> list[Any]:
        """Return it as the database keeps it."""
        return [self.codes, *astuple(self)]

    @classmethod
    def restore(cls, _code: str, *values: Any) -> Self:
        """Read what `stored` returned."""
        return cls(*values)


class Sign(Command, frozen=True):
    """`/sign`, with the details the person wants shown; None where they gave none."""

    kind, codes = "sign", "s"

    name: str | None = None
    affiliation: str | None = None
    reason: str | None = None

    @classmethod
    def parse(cls, details: str, following: Sequence[str], /) -> Sign:
        """Read name and affiliation on the line, and the reason below it."""
        name, affiliation = _split(details)
        return cls(
            name=_fit(name, NAME_LIMIT),
            affiliation=_fit(affiliation, AFFILIATION_LIMIT),
            reason=_fit("\n".join(following)[:_LONGEST_DETAILS], REASON_LIMIT),
        )

    def without_details(self) -> Sign:
        """Return a bare `/sign`."""
        return Sign()


class Unsign(Command, frozen=True):
    """`/unsign`."""

    kind, codes = "unsign", "u"

    def redacted(self, _shown: Command | None) -> Unsign:
        """Return itself: whatever somebody else makes of its text, nobody is kept in against their will."""
        return self


class OrganizerCommand(Command, frozen=True):
    """`/petition WORD argument`, a command of an organizer; the word is lower case and empty if there was none."""

    kind, codes, is_renewed_by_edits = "order", "o", True

    word: str
    argument: str = ""

    @classmethod
    def parse(cls, details: str, following: Sequence[str], /) -> OrganizerCommand:
        """Read the word, and what follows it on the line; an answer may go on below."""
        word = _WORD.match(details)
        argument = _PUNCTUATION.sub("", details[word.end() :], count=1) if word else details
        name = word[0].lower()[:_LONGEST_WORD] if word else ""
        if name == "respond":
            argument = "\n".join([argument, *following])
        return cls(name, clean(argument, ARGUMENT_LIMIT))

    def without_details(self) -> OrganizerCommand:
        """Return its word alone."""
        return OrganizerCommand(self.word)


class Phrase(Command, frozen=True):
    """A comment of a few words and no command; it signs where the organizers accept it.

    What people merely say is not kept: `digest` only tells whether it is one of the phrases that are accepted. An
    attempt is a command that was mistyped, such as `/sing`. One that is cut off stands only below the beginning of
    a mail's tail, where nothing counts.
    """

    kind, codes = "phrase", "paq"

    digest: str
    is_attempt: bool = False
    is_cut_off: bool = False

    @property
    def identity(self) -> Phrase:
        """Return itself: other words are another phrase."""
        return self

    def stored(self) -> list[Any]:
        """Return it as the database keeps it."""
        return ["q" if self.is_cut_off else "a" if self.is_attempt else "p", self.digest]

    @classmethod
    def restore(cls, code: str, digest: str) -> Phrase:
        """Read what `stored` returned."""
        return cls(digest, is_attempt=code == "a", is_cut_off=code == "q")


class Doubtful(Command, frozen=True):
    """Two readings of a text in which something may be the tail of a mail; GitHub knows whether it came by mail."""

    kind, codes = "doubtful", "d"

    mailed: Command | None
    typed: Command | None

    def resolve(self, *, by_mail: bool | None) -> Command | None:
        """Return the reading that holds; until it is known, nothing below the doubtful line counts."""
        if by_mail is None and isinstance(self.mailed, Phrase) and self.mailed.is_cut_off:
            return Phrase(self.mailed.digest) if self.mailed.digest else None
        return self.typed if by_mail is False else self.mailed

    @property
    def effect(self) -> Sign | Unsign | None:
        """Return what one of the readings does to a signature."""
        effects = [one.effect for one in (self.mailed, self.typed) if one is not None]
        return next((one for one in effects if one is not None), None)

    @property
    def identity(self) -> object:
        """Return what stays equal while edits leave both readings what they were."""
        return tuple(one and one.identity for one in (self.mailed, self.typed))

    def without_details(self) -> Doubtful:
        """Return both readings without details."""
        return Doubtful(*(one and one.without_details() for one in (self.mailed, self.typed)))

    def stored(self) -> list[Any]:
        """Return both readings as the database keeps them."""
        return [self.codes, *(one and one.stored() for one in (self.mailed, self.typed))]

    @classmethod
    def restore(cls, _code: str, *readings: Any) -> Doubtful:
        """Read what `stored` returned."""
        return cls(*(one and restore(one) for one in readings))


def resolve(command: Command | None, *, by_mail: bool | None) -> Command | None:
    """Return what a text says, where it is known whether it came by mail, or for the time being."""
    return command.resolve(by_mail=by_mail) if isinstance(command, Doubtful) else command


COMMANDS: Final[dict[str, type[Command]]] = {"sign": Sign, "unsign": Unsign, "petition": OrganizerCommand}
"""The commands by the word that follows the slash. A new one is an entry here."""


def parse(body: str) -> Command | None:
    """Read a comment; of several commands the last one decides.

    A command goes before a phrase, so that no phrase can turn an `/unsign` into a signature.
    """
    if plain := _PLAIN.fullmatch(body):
        return Sign(plain["name"], plain["affiliation"])
    text = body.replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff")
    line = _command_line(tuple(COMMANDS))
    if not line.search(text):
        return _phrase(text)
    return _read_lines(text, _worth_reading(text, line).split("\n"), line)


def _read_lines(text: str, lines: Sequence[str], command_line: re.Pattern[str]) -> Command | None:
    """Read the lines that are worth it of a text, without the tail of a mail."""
    own, tail = read_own_text(lines)
    whole = _last_command(lines, own, command_line)
    if min(tail) == len(lines):
        return whole or _phrase(text)
    readings = {end: whole if end == len(lines) else _read_above(lines[:end], whole, command_line) for end in tail}
    typed, mailed = readings[tail.certain], readings[tail.doubtful]
    return typed if mailed == typed else Doubtful(mailed, typed)


def _read_above(lines: Sequence[str], whole: Command | None, command_line: re.Pattern[str]) -> Command | None:
    """Read what stands above the tail of a mail; that a command stands only in the `whole` is told."""
    command = _last_command(lines, read_own_text(lines)[0], command_line)
    if command is not None:
        return command
    said = _phrase("\n".join(lines))
    return said if whole is None else Phrase("" if said is None else said.digest, is_cut_off=True)


def restore(stored: Sequence[Any]) -> Command:
    """Return the command that `Command.stored` made this of; raises ValueError where none did."""
    commands: Sequence[type[Command]] = (*COMMANDS.values(), Phrase, Doubtful)
    for command in commands:
        if stored[0] in command.codes:
            return command.restore(*stored)
    raise ValueError(f"no command is kept as {stored!r}")


def phrases(also_accept: Collection[str]) -> frozenset[str]:
    """Return the digests of the phrases that sign; one that says nothing is left out."""
    return frozenset(digest for phrase in also_accept if (digest := _digest_of(_fold(phrase))))


# What most people type, and what can mean only one thing: the rules below would come to the same, a hundred times
# slower. It is read while a delivery waits for its answer.
_WORDS = r"[A-Za-z]{1,20}\.?(?:[ '-][A-Za-z]{1,18}){,3}"
_PLAIN = re.compile(rf"/sign(?: (?P<name>{_WORDS})(?:, (?P<affiliation>{_WORDS}))?)? *(?:\r?\n)?")

# People paste commands with a byte-order mark, a zero-width or a no-break space in front.
_PASTED = "\ufeff\u00a0\u2007\u202f\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069"


@cache
def _command_line(words: Collection[str]) -> re.Pattern[str]:
    beginning = rf"^(?:[{_PASTED}]* ){{0,3}}[{_PASTED}]*"
    return re.compile(rf"{beginning}/(?ai:({'|'.join(words)}))[{_PASTED}]*(?![^\s.,:;!?])", re.MULTILINE)


def _worth_reading(text: str, command_line: re.Pattern[str]) -> str:
    """Leave out what follows the last command and its reason, and the middle of what is longer than GitHub says.

    GitHub says a comment has 65,536 characters at most, but lets up to four times as many pass. To read them all
    takes seconds; the beginning and what leads up to the last command say whose words this is.
    """
    last = max((command.end() for command in command_line.finditer(text)), default=0)
    empty_line = _EMPTY_LINE.search(text, last)
    text = text[: min(empty_line.start() if empty_line else len(text), last + _LONGEST // 4)]
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST // 2]} … {text[-_LONGEST // 2 :]}"


_LONGEST = 65_536
_EMPTY_LINE = re.compile(r"\n[ \t]*\n")


def _last_command(lines: Sequence[str], own: Sequence[range], command_line: re.Pattern[str]) -> Command | None:
    for passage in reversed(own):
        commands = {number: found for number in passage if (found := command_line.match(lines[number]))}
        if commands.keys() <= {passage.start}:
            begun = {passage.start}
        else:
            begun = {passage.start + number for number in lines_begun_in_text(lines[passage.start : passage.stop])}
        for number in sorted(commands.keys() & begun, reverse=True):
            return _command(commands[number], _lines_after(number, lines, own))
    return None


def _lines_after(number: int, lines: Sequence[str], own: Sequence[range]) -> list[str]:
    """Return the lines of running text that follow a line, up to an empty one."""
    end = number + 1
    for passage in own:
        if passage.start <= end < passage.stop:
            end = passage.stop
    return [line.strip() for line in takewhile(_goes_on, lines[number + 1 : end])]


def _goes_on(line: str) -> bool:
    return bool(line.strip()) and not _RULE.fullmatch(line)


_RULE = re.compile(r" {0,3}(?:=+|-+|[-_*](?:[ \t]*[-_*]){2,})[ \t]*")
"""A line that underlines or divides; it belongs to no text."""


def _command(found: re.Match[str], following: Sequence[str]) -> Command:
    details = _PUNCTUATION.sub("", found.string[found.end() :], count=1).strip()[:_LONGEST_DETAILS]
    return COMMANDS[found[1].lower()].parse(details, following)


# `/sign!`, `/sign: Ada`, and as it is typed in French `/sign : Ada` or as a list would have it `/sign - Ada`.
_PUNCTUATION = re.compile(r"[.,:;!?]*\s*(?:(?:[.:;!?]+|[-–—])(?:\s+|$))?")
_WORD = re.compile(r"[\w-]+")
_LONGEST_DETAILS = 16 * ARGUMENT_LIMIT
"""Characters that are looked at of what is shortened to far fewer."""
_LONGEST_WORD = 40

_LINK = r"""
    (?<! [!\\] ) \[ (?P<text> [^\[\]\\]* (?: (?: \\. | \[ [^\[\]]* \] ) [^\[\]\\]* )* ) \]
    \( \s* (?! \s ) (?: < [^<>\n]* > | [^\s()<>]* (?: \( [^\s()]* \) [^\s()]* )* )
       (?: \s+ (?: "[^"]*" | '[^']*' | \( [^()]* \) ) )? \s* \)
"""
_LINKS = re.compile(_LINK, re.VERBOSE)
_PARTS = re.compile(
    rf"""
    {_LINK}
  | (?P<parentheses> [(（] [^()（）]* (?: [(（] [^()（）]* [)）] [^()（）]* )* [)）] )
  | (?P<separator> [,，،、] | (?<=\s) [-–—] (?= \s | $ ) )
    """,
    re.VERBOSE,
)


def _split(details: str) -> tuple[str, str]:
    """Divide name from affiliation: at the first comma or dash outside of parentheses, or before these."""
    details = details.rstrip(" \t,，،、")
    part = None
    for part in _PARTS.finditer(details):
        if part["separator"]:
            return details[: part.start()], details[part.end() :]
    if part and part["parentheses"] and not details[part.end() :].strip(" .,:;!?"):
        name = details[: part.start()]
        if not name or name[-1].isspace():
            return name, part["parentheses"][1:-1]
    return details, ""


def _fit(text: str, limit: int) -> str | None:
    """Return text as it is shown, a link as its words; None where nothing is left but punctuation."""
    fitting = clean(_LINKS.sub(r"\g<text>", text), limit)
    return fitting if says_something(fitting) else None


def _phrase(text: str) -> Phrase | None:
    if _ATTEMPT_IN_CODE.fullmatch(text.strip()):
        # Copied with the marks of the code that it was shown as; code is no phrase that anybody accepts.
        return Phrase("", is_attempt=True)
    if len(text) > _LONGEST_COMMENT or _NO_PHRASE.match(text) or "\n" in text.strip():
        return None
    said = _fold(text)
    if _ATTEMPT.fullmatch(said):
        return Phrase(_digest_of(said), is_attempt=True)
    return Phrase(_digest_of(said)) if 0 < len(said) <= _LONGEST_PHRASE else None


_LONGEST_COMMENT = 200
_LONGEST_PHRASE = 60
_NO_PHRASE = re.compile(r"(?:[ \t]*\n)*(?: {4}| {0,3}(?:\t|[>`<~]))")

# Only what cannot mean anything else: the bare word, or a mark and a word that is nearly one of ours.
_ATTEMPT = re.compile(
    r"""
    (?: un)?sign(?: ed)?
  | [/\\|／]{1,2} \s? (?:
        (?: un-?)? (?: s+[iı]+g+n+(?: e?d|s|e|ing|ature)? | sing(?: ed)? | sgin | isgn | sgn | sig | signin )
      | un \s sign | usign | nusign
    ) (?: [\s:,] .* )?
  | (?: sign|unsign) [/\\]
  | [*_"'“”„«»‘’\[(]{1,3} [/\\] (?: un)?sign [*_"'“”„«»‘’\])]{1,3}
    """,
    re.VERBOSE,
)
_ATTEMPT_IN_CODE = re.compile(r"(`{1,3}) ?/(?ai:un)?(?ai:sign)\b[^`\n]{0,100}\1")


def _digest_of(said: str) -> str:
    return hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()[:16] if said else ""


def _fold(text: str) -> str:
    return fold(text).rstrip(" .,:;!?…。，！？؟")
