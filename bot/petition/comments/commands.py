"""Read what a comment says to us: `/sign`, `/unsign` or a `/petition …` command."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Iterable, Sequence
from functools import cache
from itertools import islice, takewhile, zip_longest
from typing import Any, ClassVar, Final, Self

from msgspec import Struct
from msgspec.structs import astuple, replace

from bot.petition.comments import mistyped
from bot.petition.comments.details import read_details
from bot.petition.comments.faults import fault_of
from bot.petition.comments.names import COMMAS, says_something_unusual
from bot.petition.comments.own_text import end_of_own_text, lines_begun_in_text, passages
from bot.petition.comments.phrases import fold_phrase, is_bare_command, tries_to_command, whole_phrase
from bot.petition.comments.words import signs_in_words
from bot.petition.text import clean

ARGUMENT_LIMIT = 1_000
RESPONSE_LIMIT = 4_000
"""Characters of an official response; other arguments are shorter."""

MOST_COMMANDS: Final = 20
"""Organizers' commands that are read in one comment; one more is kept as `TOO_MANY`."""
TOO_MANY: Final = "…"

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
    def own_part(self) -> Command:
        """Return what it says about its author's signature, where it says more than that."""
        return self

    @property
    def identity(self) -> object:
        """Return what stays equal while edits leave it the command that it was."""
        return type(self)

    def without_details(self) -> Command:
        """Return what is left of it when its details are outdated, or were taken out by somebody else."""
        return self

    def redacted(self, shown: Command | None) -> Command | None:
        """Return what is left of the author's command after somebody else has edited it into what is shown."""
        shows = None if shown is None else shown.own_part
        is_same = shows is not None and shows.identity == self.identity and not self.is_renewed_by_edits
        return self.without_details() if is_same else None

    def without_personal_details(self) -> Command:
        """Return what is left of it when what its author said of themselves is erased."""
        return self if self.effect is None else self.without_details()

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
        if name == RESPOND:
            return cls(name, clean("\n".join([argument, *following]), RESPONSE_LIMIT))
        return cls(name, clean(argument, ARGUMENT_LIMIT))

    @classmethod
    def mistyped(cls, typed: str, argument: str) -> OrganizerCommand:
        """Return a command of which `/petition` itself was mistyped, or is not where a command is read."""
        return cls(f"?{clean(typed, _LONGEST_WORD)}", clean(argument, ARGUMENT_LIMIT))

    @property
    def is_mistyped(self) -> bool:
        """Return whether `/petition` itself was mistyped; the word is what was typed for it then."""
        return self.word.startswith("?")

    def __str__(self) -> str:
        return f"{self.word[1:] if self.is_mistyped else f'/petition {self.word}'} {self.argument}".strip()

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
    fault: str = ""
    """What is wrong about an attempt, a value of `faults.Fault`; empty where that was not looked for."""

    @property
    def identity(self) -> Phrase:
        """Return itself: other words are another phrase."""
        return self

    def stored(self) -> list[str | None]:
        """Return it as the database keeps it."""
        return [_PHRASE_CODES[self.is_attempt, self.signs], self.digest, *filter(None, [self.fault])]

    @classmethod
    def restore(cls, code: str, digest: str, fault: str = "") -> Phrase:
        """Read what `stored` returned."""
        return cls(digest, *next(flags for flags, kept in _PHRASE_CODES.items() if kept == code), fault)


class Several(Command, frozen=True):
    """Organizers' commands of one comment, in their order, and what the comment does to its author's signature."""

    kind, codes, is_renewed_by_edits = "order", "m", True

    orders: tuple[OrganizerCommand, ...]
    own: Command | None = None

    @property
    def effect(self) -> Sign | Unsign | None:
        """Return the `/sign` or `/unsign` in it."""
        return None if self.own is None else self.own.effect

    @property
    def own_part(self) -> Command:
        """Return the command that signs or withdraws."""
        return self.own or self

    def without_details(self) -> Several:
        """Return the words of its commands."""
        return Several(tuple(one.without_details() for one in self.orders), self.own and self.own.without_details())

    def without_personal_details(self) -> Several:
        """Return it with what it says to the organizers' petition whole."""
        return Several(self.orders, self.own and self.own.without_details())

    def redacted(self, shown: Command | None) -> Command | None:
        """Return what is left of its `/sign` or `/unsign`; organizers' commands are nobody else's to write."""
        return None if self.own is None else self.own.redacted(shown)

    def stored(self) -> list[str | None]:
        """Return it as the database keeps it."""
        own = None if self.own is None else json.dumps(self.own.stored(), ensure_ascii=False)
        return [self.codes, own, *(text for one in self.orders for text in (one.word, one.argument))]

    @classmethod
    def restore(cls, _code: str, own: str | None, *orders: str) -> Several:
        """Read what `stored` returned."""
        commands = tuple(map(OrganizerCommand, orders[::2], orders[1::2]))
        return cls(commands, None if own is None else restore(json.loads(own)))


def organizer_commands(command: Command | None) -> tuple[OrganizerCommand, ...]:
    """Return the organizers' commands in what a comment says, in their order."""
    if isinstance(command, Several):
        return command.orders
    return (command,) if isinstance(command, OrganizerCommand) else ()


_PHRASE_CODES: Final = {(False, False): "p", (True, False): "a", (False, True): "w", (True, True): "b"}


ATTEMPT: Final = Phrase("", is_attempt=True)
"""What clearly was meant as a command, and is none; no phrase that anybody accepts."""

COMMANDS: Final[dict[str, type[Command]]] = {"sign": Sign, "unsign": Unsign, "petition": OrganizerCommand}
"""The commands by the word that follows the slash. A new one is an entry here."""


def parse(body: str) -> Command | None:
    """Read a comment; of several commands that sign or withdraw the last one decides, organizers' all count.

    A command goes before a phrase, so that no phrase can turn an `/unsign` into a signature.
    """
    if (plain := _PLAIN.fullmatch(body)) and not says_something_unusual(body[len("/sign") :]):
        return Sign(plain["name"], plain["affiliation"])
    text = body.replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff")
    line = _command_line(tuple(COMMANDS))
    if line.search(text) or mistyped.CANDIDATE.search(text):
        command = _commands(_worth_reading(text, line), line)
        if command is not None:
            return _explained(command, text)
    return _explained(_phrase(text), text)


def _explained(command: Command | None, text: str) -> Command | None:
    """Return an attempt with what is wrong about it; anything else as it is."""
    return (
        replace(command, fault=fault_of(text).value)
        if isinstance(command, Phrase) and command.is_attempt
        else command
    )


def restore(stored: Sequence[Any]) -> Command:
    """Return the command that `Command.stored` made this of; raises ValueError where none did."""
    commands: Sequence[type[Command]] = (*COMMANDS.values(), Phrase, Several)
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
    starts = [found.start() for pattern in (command_line, mistyped.CANDIDATE) for found in pattern.finditer(text)]
    last = max(starts, default=0)
    # A response goes on after an empty line, and nothing else does.
    responds = any(_RESPONDS_LINE.match(text, start) for start in starts)
    empty_line = None if responds else _EMPTY_LINE.search(text, last)
    text = text[: min(empty_line.start() if empty_line else len(text), last + _LONGEST // 4)]
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST // 2]} … {text[-_LONGEST // 2 :]}"


_LONGEST = 65_536
_EMPTY_LINE = re.compile(r"\n[ \t]*\n")


def _commands(text: str, command_line: re.Pattern[str]) -> Command | None:
    """Return what the commands of a comment come to: of those that sign or withdraw the last one counts."""
    lines = text.split("\n")
    own = passages(lines)
    begun = [number for passage in own for number in _begun(passage, lines, command_line)]
    own_end = end_of_own_text(lines) if any(_RESPONDS_LINE.match(lines[one]) for one in begun) else 0
    orders: list[OrganizerCommand] = []
    personal: tuple[re.Match[str], range] | None = None
    for number, following in zip_longest(begun, begun[1:], fillvalue=len(lines)):
        found = command_line.match(lines[number])
        if found and not issubclass(COMMANDS[found[1].lower()], OrganizerCommand):
            personal = found, range(number + 1, following)
        elif len(orders) > MOST_COMMANDS:
            continue
        elif found:
            below = lines[number + 1 : min(following, own_end)] if _RESPONDS_LINE.match(lines[number]) else ()
            orders.append(OrganizerCommand.parse(_details(found), below))
        elif typed := mistyped.read(lines[number]):
            orders.append(OrganizerCommand.mistyped(*typed))
    last = personal and _command(personal[0], _lines_in(personal[1], lines, own))
    return _joined(orders, last)


_MOST_CANDIDATES: Final = 100
"""Lines of a comment that are looked at because a command may be mistyped there."""


def _begun(passage: range, lines: Sequence[str], command_line: re.Pattern[str]) -> Iterable[int]:
    """Return the lines of a passage that begin as text and hold a command, or one that may be mistyped."""
    candidates = (one for one in passage if mistyped.CANDIDATE.match(lines[one]))
    commands = {one for one in passage if command_line.match(lines[one])}.union(
        islice(candidates, _MOST_CANDIDATES)
    )
    if commands <= {passage.start}:
        return commands
    begun = {passage.start + one for one in lines_begun_in_text(lines[passage.start : passage.stop])}
    return sorted(commands & begun)


def _joined(orders: Sequence[OrganizerCommand], own: Command | None) -> Command | None:
    if not orders:
        return own
    if own is None and len(orders) == 1:
        return orders[0]
    kept = tuple(orders[:MOST_COMMANDS])
    return Several(kept if len(orders) == len(kept) else (*kept, OrganizerCommand(TOO_MANY)), own)


def _lines_in(following: range, lines: Sequence[str], own: Sequence[range]) -> list[str]:
    """Return the lines of running text among those that follow a command, up to an empty one."""
    end = following.start
    for passage in own:
        if passage.start <= end < passage.stop:
            end = passage.stop
    return [line.strip() for line in takewhile(_goes_on, lines[following.start : min(end, following.stop)])]


def _goes_on(line: str) -> bool:
    return bool(line.strip()) and not _RULE.fullmatch(line)


_RULE = re.compile(r" {0,3}(?:=+|-+|[-_*](?:[ \t]*[-_*]){2,})[ \t]*")
"""A line that underlines or divides; it belongs to no text."""


def _command(found: re.Match[str], following: Sequence[str]) -> Command:
    command = COMMANDS[found[1].lower()]
    details = found.string[found.end() :][:_LONGEST_DETAILS]
    if command is Sign and _ASKS.match(details):
        return ATTEMPT
    return command.parse(_details(found), following)


def _details(found: re.Match[str]) -> str:
    return _without_punctuation(found.string[found.end() :])[:_LONGEST_DETAILS]


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

RESPOND: Final = "respond"
_RESPONDS_LINE = re.compile(rf"[^\w/]*/(?ai:petition)[^\w\n]*(?ai:{RESPOND})\b")


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
