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

from bot.petition.comments.details import read_details
from bot.petition.comments.names import COMMAS, says_something_unusual
from bot.petition.comments.own_text import lines_begun_in_text, passages
from bot.petition.comments.phrases import fold_phrase, is_bare_command, tries_to_command, whole_phrase
from bot.petition.comments.words import signs_in_words
from bot.petition.text import clean

ARGUMENT_LIMIT = 1_000

GRAMMAR: Final = 3
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
    def parse(cls, _details: str, _following: Sequence[str], /) -> Command:
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

    def stored(self) -> list[str | None]:
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
    def parse(cls, details: str, following: Sequence[str], /) -> Command:
        """Read name and affiliation on the line or below it, or the reason; what refuses or asks does not sign."""
        if _WITHDRAWS.search(details):
            return Unsign()
        if _AGAIN.search(details):
            details = _without_punctuation(_AGAIN.split(details)[-1])
        read = read_details(details, following)
        return ATTEMPT if read is None else cls(read.name, read.affiliation, read.reason)

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
    attempt is a command that was mistyped, such as `/sing`. What signs in words
    counts unless the organizers say no.
    """

    kind, codes = "phrase", "pawb"

    digest: str
    is_attempt: bool = False
    signs: bool = False
    """Whether it says in words that somebody signs, and nothing else."""

    @property
    def identity(self) -> Phrase:
        """Return itself: other words are another phrase."""
        return self

    def stored(self) -> list[str | None]:
        """Return it as the database keeps it."""
        return [_PHRASE_CODES[self.is_attempt, self.signs], self.digest]

    @classmethod
    def restore(cls, code: str, digest: str) -> Phrase:
        """Read what `stored` returned."""
        return cls(digest, *next(flags for flags, kept in _PHRASE_CODES.items() if kept == code))


_PHRASE_CODES: Final = {(False, False): "p", (True, False): "a", (False, True): "w", (True, True): "b"}


ATTEMPT: Final = Phrase("", is_attempt=True)
"""What clearly was meant as a command, and is none; no phrase that anybody accepts."""

COMMANDS: Final[dict[str, type[Command]]] = {"sign": Sign, "unsign": Unsign, "petition": OrganizerCommand}
"""The commands by the word that follows the slash. A new one is an entry here."""


def parse(body: str) -> Command | None:
    """Read a comment; of several commands the last one decides.

    A command goes before a phrase, so that no phrase can turn an `/unsign` into a signature.
    """
    if (plain := _PLAIN.fullmatch(body)) and not says_something_unusual(body[len("/sign") :]):
        return Sign(plain["name"], plain["affiliation"])
    text = body.replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff")
    line = _command_line(tuple(COMMANDS))
    if line.search(text):
        command = _last_command(_worth_reading(text, line), line)
        if command is not None:
            return command
    return _phrase(text)


def restore(stored: Sequence[Any]) -> Command:
    """Return the command that `Command.stored` made this of; raises ValueError where none did."""
    commands: Sequence[type[Command]] = (*COMMANDS.values(), Phrase)
    for command in commands:
        if stored[0] in command.codes:
            return command.restore(*stored)
    raise ValueError(f"no command is kept as {stored!r}")


def phrases(also_accept: Collection[str]) -> frozenset[str]:
    """Return the digests of the phrases that sign; one that says nothing is left out."""
    return frozenset(digest for phrase in also_accept if (digest := _digest_of(fold_phrase(phrase))))


# What most people type, and what can mean only one thing: the rules below would come to the same, a hundred times
# slower. It is read while a delivery waits for its answer.
_WORDS = r"[A-Za-z]{1,20}\.?(?:[ '-][A-Za-z]{1,18}){,3}"
_PLAIN = re.compile(rf"/sign(?: (?P<name>{_WORDS})(?:, (?P<affiliation>{_WORDS}))?)? *(?:\r?\n)?")

# People paste commands with a byte-order mark, a zero-width or a no-break space in front.
_PASTED = "\ufeff\u00a0\u00ad\u061c\u2000-\u200f\u202a-\u202f\u205f\u2060-\u2064\u2066-\u2069\u3000"
# Punctuation that may follow a command, of all scripts.
_STOPS = ".:;!?。：；！？．｡؛؟।။።፤፥፧"
_MARKS = f"{_STOPS}{COMMAS}"
# Scripts that are written without blanks: Thai, Lao, Burmese, Khmer, Chinese, Japanese, Korean.
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u312f\u3400-\u9fff\uac00-\ud7a3\uf900-\ufaff"
    "\U00020000-\U0003ffff"
)


@cache
def _command_line(words: Collection[str]) -> re.Pattern[str]:
    beginning = rf"^(?:[{_PASTED}]* ){{0,3}}[{_PASTED}]*"
    return re.compile(
        rf"{beginning}/(?ai:({'|'.join(words)}))[{_PASTED}]*(?![^\s{_MARKS}{_UNSPACED}])", re.MULTILINE
    )


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


def _last_command(text: str, command_line: re.Pattern[str]) -> Command | None:
    lines = text.split("\n")
    own = passages(lines)
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
    command = COMMANDS[found[1].lower()]
    details = found.string[found.end() :][:_LONGEST_DETAILS]
    if command is Sign and _ASKS.match(details):
        return ATTEMPT
    return command.parse(_without_punctuation(details), following)


def _without_punctuation(details: str) -> str:
    return _PUNCTUATION.sub("", details, count=1).strip()


# `/sign!`, `/sign: Ada`, and as it is typed in French `/sign : Ada` or as a list would have it `/sign - Ada`.
_PUNCTUATION = re.compile(rf"[{_MARKS}]*\s*(?:(?:[{_STOPS}]+|[-–—])(?:\s+|$))?")
_BEFORE = rf"(?:^|(?<=[\s(（{_MARKS}]))"
_WITHDRAWS = re.compile(rf"{_BEFORE}/(?ai:unsign)(?![\w/-])")
_AGAIN = re.compile(rf"{_BEFORE}/(?ai:sign)(?![\w/-])")
_ASKS = re.compile(
    r"(?:\s+[?？؟]|[?？؟]\s*(?ai:what|why|how|who|where|when|which|really|is|are|does|do|can)\b)(?=.*\w)", re.DOTALL
)
_WORD = re.compile(r"[\w-]+")
_LONGEST_DETAILS = 16 * ARGUMENT_LIMIT
"""Characters that are looked at of what is shortened to far fewer."""
_LONGEST_WORD = 40


def _phrase(text: str) -> Phrase | None:
    phrase = whole_phrase(text)
    said = fold_phrase(phrase)
    is_attempt = is_bare_command(said) or tries_to_command(text)
    if not 0 < len(said) <= _LONGEST_PHRASE:
        return ATTEMPT if is_attempt else None
    return Phrase(_digest_of(said), is_attempt, signs_in_words(said) and not phrase.endswith(_QUESTION_MARKS))


_LONGEST_PHRASE = 60
_QUESTION_MARKS = ("?", "？", "؟")


def _digest_of(said: str) -> str:
    return hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()[:16] if said else ""
