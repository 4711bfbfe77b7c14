"""The lines of a comment that begin with a command: the details behind each, and the text below."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from functools import cache
from itertools import islice, takewhile
from typing import Final

from bot.petition.comments import mistyped_organizer_command, prose_words
from bot.petition.comments.name_or_prose import COMMAS
from bot.petition.comments.own_text import lines_begun_in_text

LONGEST_DETAILS: Final = 16_000
"""Characters that are looked at of what is shortened to far fewer."""

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
def command_line(words: Collection[str]) -> re.Pattern[str]:
    """Return what a line begins with that holds one of the commands."""
    beginning = rf"^(?:[{_PASTED}]* ){{0,3}}[{_PASTED}]*"
    return re.compile(
        rf"{beginning}/(?ai:({'|'.join(words)}))[{_PASTED}]*(?![^\s{_MARKS}{_UNSPACED}])", re.MULTILINE
    )


def worth_reading(text: str, line: re.Pattern[str]) -> str:
    """Leave out what follows the last command and its reason, and the middle of what is longer than GitHub says.

    GitHub says a comment has 65,536 characters at most, but lets up to four times as many pass. To read them all
    takes seconds; the beginning and what leads up to the last command say whose words this is.
    """
    starts = [
        found.start()
        for pattern in (line, mistyped_organizer_command.CANDIDATE)
        for found in pattern.finditer(text)
    ]
    last = max(starts, default=0)
    # A response goes on after an empty line, and nothing else does.
    responds = any(RESPONDS_LINE.match(text, start) for start in starts)
    empty_line = None if responds else _EMPTY_LINE.search(text, last)
    text = text[: min(empty_line.start() if empty_line else len(text), last + _LONGEST // 4)]
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST // 2]} … {text[-_LONGEST // 2 :]}"


_LONGEST = 65_536
_EMPTY_LINE = re.compile(r"\n[ \t]*\n")


def lines_with_commands(passage: range, lines: Sequence[str], line: re.Pattern[str]) -> Iterable[int]:
    """Return the lines of a passage that begin as text and hold a command, or one that may be mistyped."""
    candidates = (one for one in passage if mistyped_organizer_command.CANDIDATE.match(lines[one]))
    commands = {one for one in passage if line.match(lines[one])}.union(islice(candidates, _MOST_CANDIDATES))
    if commands <= {passage.start}:
        return commands
    begun = {passage.start + one for one in lines_begun_in_text(lines[passage.start : passage.stop])}
    return sorted(commands & begun)


_MOST_CANDIDATES: Final = 100
"""Lines of a comment that are looked at because a command may be mistyped there."""


def lines_below(following: range, lines: Sequence[str], own: Sequence[range]) -> list[str]:
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


def read_details(found: re.Match[str]) -> str:
    """Return what stands behind a command on its line."""
    return without_punctuation(found.string[found.end() :])[:LONGEST_DETAILS]


def asks(found: re.Match[str]) -> bool:
    """Return whether a question stands behind a command."""
    return _ASKS.match(found.string[found.end() :][:LONGEST_DETAILS]) is not None


def without_punctuation(details: str) -> str:
    """Return details without the marks that come right behind a command."""
    return PUNCTUATION.sub("", details, count=1).strip()


def asks_to_be_unlisted(details: str, following: Sequence[str]) -> tuple[bool, str, Sequence[str]]:
    """Return whether the first word asks not to be listed, and the details and the lines below without it."""
    if not details and following and _UNLISTED.fullmatch(following[0]):
        return True, "", following[1:]
    found = _UNLISTED.match(details)
    return (True, without_punctuation(details[found.end() :]), following) if found else (False, details, following)


_AROUND = rf"""[*_`"'“”„«»<>()\[\]{_PASTED}]{{0,3}}"""
_UNLISTED = re.compile(
    rf"{_AROUND}(?ai:{prose_words.UNLISTED}){_AROUND}(?![^\s{_MARKS}{_UNSPACED}(（–—])[{_MARKS}]*"
)

# `/sign!`, `/sign: Ada`, and as it is typed in French `/sign : Ada` or as a list would have it `/sign - Ada`.
PUNCTUATION: Final = re.compile(rf"[{_MARKS}]*\s*(?:(?:[{_STOPS}]+|[-–—=]{{1,2}}>?|[→|｜])(?:\s+|$))?")
_BEFORE = rf"(?:^|(?<=[\s(（{_MARKS}]))"
WITHDRAWS: Final = re.compile(rf"{_BEFORE}/(?ai:unsign)(?![\w/-])")
AGAIN: Final = re.compile(rf"{_BEFORE}/(?ai:sign)(?![\w/-])")
ORDER_BEHIND: Final = re.compile(r"(?:^|\s)/(?ai:petition)(?![\w/-])\s*")
_ASKS = re.compile(
    r"(?:\s+[?？؟]|[?？؟]\s*(?ai:what|why|how|who|where|when|which|really|is|are|does|do|can)\b)(?=.*\w)", re.DOTALL
)
RESPOND: Final = "respond"
RESPONDS_LINE: Final = re.compile(rf"[^\w/]*/(?ai:petition)[^\w\n]*(?ai:{RESPOND})\b")
