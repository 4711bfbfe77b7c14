"""What a comment says to us: `/sign`, `/unsign`, `/petition …` commands or a phrase, and how each is kept."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Sequence
from functools import cache
from typing import Any, ClassVar, Final, Self

from msgspec import Struct
from msgspec.structs import astuple, replace

from bot.petition.comments.signature_details import COMMAS, read_details
from bot.petition.comments.word_lists import UNLISTED
from bot.petition.untrusted_text import clean

ARGUMENT_LIMIT = 1_000
RESPONSE_LIMIT = 4_000
"""Characters of an official response; other arguments are shorter."""

MOST_COMMANDS: Final = 20
"""Organizers' commands that are read in one comment; one more is kept as `TOO_MANY`."""
TOO_MANY: Final = "…"
RESPOND: Final = "respond"
"""The organizers' command that goes on in the lines below."""


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
    """`/sign`, with the details the person wants shown; None where they gave none, or do not want to be listed."""

    kind, codes = "sign", "sn"

    name: str | None = None
    affiliation: str | None = None
    reason: str | None = None
    unlisted: bool = False
    """Whether it counts and is shown nowhere; its details are not kept."""

    @classmethod
    def parse(cls, details: str, following: Sequence[str], /) -> Command:
        """Read name and affiliation on the line or below it, or the reason; what refuses does not sign."""
        if _AGAIN.search(details):
            details = without_punctuation(_AGAIN.split(details)[-1])
        unlisted, details, following = _asks_to_be_unlisted(details, following)
        read = read_details(details, following)
        if read is None:
            return ATTEMPT
        return cls(unlisted=True) if unlisted else cls(read.name, read.affiliation, read.reason)

    def without_details(self) -> Sign:
        """Return a bare `/sign`, unlisted if it is."""
        return Sign(unlisted=self.unlisted)

    def redacted(self, shown: Command | None) -> Sign | None:
        """Return a bare `/sign`, unlisted where either asks for that: an edit can take away what is shown."""
        shows = None if shown is None else shown.own_part
        return Sign(unlisted=self.unlisted or shows.unlisted) if isinstance(shows, Sign) else None

    def stored(self) -> list[str | None]:
        """Return it as the database keeps it."""
        return ["n"] if self.unlisted else ["s", self.name, self.affiliation, self.reason]

    @classmethod
    def restore(cls, code: str, *details: Any) -> Sign:
        """Read what `stored` returned."""
        return cls(unlisted=True) if code == "n" else cls(*details)


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

    kind, codes = "phrase", "pawbqc"

    digest: str
    is_attempt: bool = False
    signs: bool = False
    """Whether it says in words that somebody signs, and nothing else."""
    is_cut_off: bool = False
    """Whether there is a command, but only below what looks like the beginning of a quoted mail."""
    fault: str = ""
    """What is wrong about an attempt, a value of `mistyped_commands.Fault`; empty where that was not looked for."""

    @property
    def identity(self) -> Phrase:
        """Return itself: other words are another phrase."""
        return self

    def stored(self) -> list[str | None]:
        """Return it as the database keeps it."""
        code = _PHRASE_CODES[self.is_attempt, self.signs, self.is_cut_off]
        return [code, self.digest, *filter(None, [self.fault])]

    @classmethod
    def restore(cls, code: str, digest: str, fault: str = "") -> Phrase:
        """Read what `stored` returned."""
        flags = next(flags for flags, kept in _PHRASE_CODES.items() if kept == code)
        return cls(digest, *flags, fault=fault)


class Several(Command, frozen=True):
    """Organizers' commands of one comment, in their order, and what the comment does to its author's signature."""

    kind, codes, is_renewed_by_edits = "order", "m", True

    commands: tuple[OrganizerCommand, ...]
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
        return Several(
            tuple(one.without_details() for one in self.commands), self.own and self.own.without_details()
        )

    def without_personal_details(self) -> Several:
        """Return it with what it says to the organizers' petition whole."""
        return Several(self.commands, self.own and self.own.without_details())

    def redacted(self, shown: Command | None) -> Command | None:
        """Return what is left of its `/sign` or `/unsign`; organizers' commands are nobody else's to write."""
        return None if self.own is None else self.own.redacted(shown)

    def stored(self) -> list[str | None]:
        """Return it as the database keeps it."""
        own = None if self.own is None else json.dumps(self.own.stored(), ensure_ascii=False)
        return [self.codes, own, *(text for one in self.commands for text in (one.word, one.argument))]

    @classmethod
    def restore(cls, _code: str, own: str | None, *commands: str) -> Several:
        """Read what `stored` returned."""
        given = tuple(map(OrganizerCommand, commands[::2], commands[1::2]))
        return cls(given, None if own is None else restore(json.loads(own)))


class Doubtful(Command, frozen=True):
    """Two readings of a text in which something may be the tail of a mail; GitHub knows whether it came by mail."""

    kind, codes = "doubtful", "d"

    mailed: Command | None
    typed: Command | None

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

    def without_personal_details(self) -> Doubtful:
        """Return both readings without what their author said of themselves."""
        return Doubtful(*(one and one.without_personal_details() for one in (self.mailed, self.typed)))

    def stored(self) -> list[Any]:
        """Return both readings as the database keeps them."""
        return [self.codes, *(one and one.stored() for one in (self.mailed, self.typed))]

    @classmethod
    def restore(cls, _code: str, *readings: Any) -> Doubtful:
        """Read what `stored` returned."""
        return cls(*(one and restore(one) for one in readings))


def resolve(command: Command | None, *, by_mail: bool | None) -> Command | None:
    """Return the reading that holds; until that is known, nothing below the doubtful line counts."""
    if not isinstance(command, Doubtful):
        return command
    mailed = command.mailed
    if by_mail is None and isinstance(mailed, Phrase) and mailed.is_cut_off:
        return replace(mailed, is_cut_off=False) if mailed.digest else None
    return command.typed if by_mail is False else mailed


def organizer_commands(command: Command | None) -> tuple[OrganizerCommand, ...]:
    """Return the organizers' commands in what a comment says, in their order."""
    if isinstance(command, Several):
        return command.commands
    return (command,) if isinstance(command, OrganizerCommand) else ()


_PHRASE_CODES: Final = {
    (False, False, False): "p",
    (True, False, False): "a",
    (False, True, False): "w",
    (True, True, False): "b",
    (False, False, True): "q",
    (False, True, True): "c",
}


ATTEMPT: Final = Phrase("", is_attempt=True)
"""What clearly was meant as a command, and is none; no phrase that anybody accepts."""

COMMANDS: Final[dict[str, type[Command]]] = {"sign": Sign, "unsign": Unsign, "petition": OrganizerCommand}
"""The commands by the word that follows the slash. A new one is an entry here."""


def restore(stored: Sequence[Any]) -> Command:
    """Return the command that `Command.stored` made this of; raises ValueError where none did."""
    commands: Sequence[type[Command]] = (*COMMANDS.values(), Phrase, Several, Doubtful)
    for command in commands:
        if stored[0] in command.codes:
            return command.restore(*stored)
    raise ValueError(f"no command is kept as {stored!r}")


# --- how a command is written on its line


@cache
def command_line(words: Collection[str]) -> re.Pattern[str]:
    """Return what a line begins with that holds one of the commands."""
    beginning = rf"^(?:[{_PASTED}]* ){{0,3}}[{_PASTED}]*"
    return re.compile(
        rf"{beginning}/(?ai:({'|'.join(words)}))[{_PASTED}]*(?![^\s{_MARKS}{_UNSPACED}])", re.MULTILINE
    )


@cache
def command_among_words(words: Collection[str]) -> re.Pattern[str]:
    """Return what finds one of the commands in the middle of a line."""
    return re.compile(rf"(?:^|\s)/(?ai:{'|'.join(words)})(?![\w/-])")


def without_punctuation(details: str) -> str:
    """Return details without the marks that come right behind a command."""
    return _PUNCTUATION.sub("", details, count=1).strip()


def _asks_to_be_unlisted(details: str, following: Sequence[str]) -> tuple[bool, str, Sequence[str]]:
    """Return whether the first word asks not to be listed, and the details and the lines below without it."""
    if not details and following and _UNLISTED.fullmatch(following[0]):
        return True, "", following[1:]
    found = _UNLISTED.match(details)
    return (True, without_punctuation(details[found.end() :]), following) if found else (False, details, following)


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
_AROUND = rf"""[*_`"'“”„«»<>()\[\]{_PASTED}]{{0,3}}"""
_UNLISTED = re.compile(rf"{_AROUND}(?ai:{UNLISTED}){_AROUND}(?![^\s{_MARKS}{_UNSPACED}(（–—])[{_MARKS}]*")
# `/sign!`, `/sign: Ada`, and as it is typed in French `/sign : Ada` or as a list would have it `/sign - Ada`.
_PUNCTUATION = re.compile(rf"[{_MARKS}]*\s*(?:(?:[{_STOPS}]+|[-–—=]{{1,2}}>?|[→|｜])(?:\s+|$))?")
_BEFORE = rf"(?:^|(?<=[\s(（{_MARKS}]))"
WITHDRAWS: Final = re.compile(rf"{_BEFORE}/(?ai:unsign)(?![\w/-])")
"""Finds an `/unsign` in the details of a command that signs."""
_AGAIN = re.compile(rf"{_BEFORE}/(?ai:sign)(?![\w/-])")
_WORD = re.compile(r"[\w-]+")
_LONGEST_WORD = 40
