"""Recognise commands that were mistyped, or do not stand where one is read, and tell what is wrong about them."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from enum import StrEnum
from itertools import pairwise
from typing import Final

from bot.petition.comments import word_lists
from bot.petition.comments.commands import OrganizerCommand, command_line
from bot.petition.comments.name_or_prose import goes_on_with_condition, is_condition, is_filler, looks_like_a_name
from bot.petition.untrusted_text import fold

INSTRUCTION_WORDS: Final = (
    *("goal", "deadline", "remove", "restore", "close", "reopen", "recount", "respond", "help"),
)
"""What may follow `/petition`, as `organizer_commands.INSTRUCTIONS` has it: a mistyped command is known by it."""

# `/petiton goal 80`, `\petition close`, `- /petition help`, `"/petition close"`, `/petition-goal 80`. The prose of
# `/petitions like this` is none: what follows has to be a word that organizers' commands have, or nothing.
CANDIDATE: Final = re.compile(
    r"""
    ^ [\ \ufeff\u00a0\u200b]{,3}
    (?P<typed>
        (?: (?i: hi|hello|hey|dear|all|ok|okay|yes|please|pls|now|bitte|ja|bonjour|hola ) [,!:.]? \ {1,4} ){,3}
        (?: (?: [-+*] | [0-9]{1,3}[.)] | @[A-Za-z0-9-]{1,40}[,:]? ) \ {1,4} )?
        (?P<opening> [*_"'“”„«»‘’`(\[]{,3} )
        [/\\／]{1,2} \ ? (?P<word> [^\W\d_]{6,11} ) (?P<closing> [*_]{,3} )
    )
    (?: [\ \t:,=/_-]{1,4} (?P<argument> (?P<next> [^\W\d_]{3,12} ) (?! [^\W_] ) .* ) | [^\w\n]{,6} $ )
    """,
    re.VERBOSE | re.MULTILINE,
)
"""What a line of a mistyped command begins with; `read_mistyped_organizer_command` decides whether it is one."""


def read_mistyped_organizer_command(line: str) -> OrganizerCommand | None:
    """Read a line that begins as text and holds no command; None where it is no mistyped one either."""
    found = CANDIDATE.match(line)
    if found is None:
        return None
    following, argument = found["next"], (found["argument"] or "").rstrip()
    word = found["word"].lower()
    if word in _OTHER_WORDS or not is_near(word, "petition", _MISTAKES if following else 1):
        return None
    if following is not None and not _names_instruction(following.lower()):
        return None
    if found["opening"] and not found["closing"] and argument and argument.rstrip(".,:;!?")[-1:] not in _CLOSING:
        # `"/petition close" ends it` is about the command.
        return None
    return OrganizerCommand.mistyped(found["typed"], argument)


_MISTAKES: Final = 2
_OTHER_WORDS: Final = frozenset({"edition", "partition", "position", "repetition"})
_CLOSING: Final = tuple("*_\"'“”„«»‘’`)]")
_SHORT: Final = 4


def _names_instruction(word: str) -> bool:
    return any(is_near(word, one, 1 if len(one) <= _SHORT else _MISTAKES) for one in INSTRUCTION_WORDS)


def is_near(word: str, meant: str, most: int) -> bool:
    """Return whether so many letters left out, added, replaced or exchanged with the next make one of the other."""
    if abs(len(word) - len(meant)) > most:
        return False
    before, row = [0] * (len(meant) + 1), list(range(len(meant) + 1))
    for place, letter in enumerate(word, 1):
        above, before, row = before, row, [place]
        for column, (last, other) in enumerate(pairwise(f" {meant}"), 1):
            costs = [before[column] + 1, row[-1] + 1, before[column - 1] + (letter != other)]
            if place > 1 and column > 1 and letter == last and word[place - 2] == other:
                costs.append(above[column - 2] + 1)
            row.append(min(costs))
    return row[-1] <= most


# --- /sign and /unsign: what clearly was meant as one


def is_bare_command(said: str) -> bool:
    """Return whether a folded phrase is the command without its slash, or with another mark."""
    return _BARE.fullmatch(said) is not None


def find_attempts(text: str) -> frozenset[int]:
    """Find the lines of a comment without a command, by number, that clearly were meant as one.

    What a list explains, both commands one after the other, is prose about them.
    """
    if len(text) > _LONGEST_TEXT or _HINT.search(text) is None or (_SIGN.search(text) and _UNSIGN.search(text)):
        return frozenset()
    is_whole = "\n" not in text.strip()
    return frozenset(at for at, line in enumerate(text.split("\n")) if _tries(line, is_whole=is_whole))


_LONGEST_TEXT = 65_536
_LONGEST_LINE = 200
_BARE = re.compile(r"(?:un)?sign(?:ed)?[/\\]?|[!#.](?:un)?sign")
_WORD = r"(?:(?:un|co)[-\s])?[a-zı]{3,12}(?:[-_ ](?:me|up|sign)(?![a-z]))?"
_MARK = r"[*_~\"'“”„«»‘’(\[{`]"
_HINT = re.compile(r"[/\\|／]|(?:sign|signed|unsign)[ ,:：–—-]", re.IGNORECASE)
_TRY = re.compile(
    rf"""
    \s* (?: (?:[-+*•]|[0-9]{{1,3}}[.)]|\#{{1,6}}) \s+ ){{0,3}} (?:\[[ x]\]\s+)?
    (?:<[a-z][a-z0-9]{{0,9}}(?:\s[^<>]{{0,60}})?>\s*){{0,3}}
    (?P<marks> {_MARK}{{0,4}} )
    (?P<before> (?: [^\s/\\|／]{{1,40}} \s+ ){{0,5}} )
    (?P<inner> {_MARK}{{0,3}} )
    [/\\|／]{{1,2}} \s? (?P<word> {_WORD} | 签名|簽名 )
    (?P<rest> (?![^\W_]|/|[-.](?-i:[^\WA-Z])) .* )
    """,
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)
_SIGN = re.compile(r"/sign\b", re.IGNORECASE)
_UNSIGN = re.compile(r"/unsign\b", re.IGNORECASE)
_INDENTED = re.compile(r" {4}| {0,3}\t")
_COLON = re.compile(
    r"[*_]{0,3}(?P<word>(?:un)?sign(?:ed)?)[*_]{0,3}\s?(?P<mark>[:：,]|\s[-–—])\s*(?P<rest>\S.*)", re.IGNORECASE
)
_PREFIXED = re.compile(r"[!#.](?:un)?sign\s+(\S.*)", re.IGNORECASE)
"""How other bots are commanded."""
_AFTER = re.compile(rf"{_MARK}{{0,4}}[\s.,:;!?…。，：；！？–—-]*|(?:[*_\"'“”»’)\]}}`]{{1,4}})")
_CLOSERS = re.compile(r"(?:[\s*_~\"'“”„«»‘’)\]}`.!,]|</[a-z0-9]{1,10}>|<br\s?/?>)+$", re.IGNORECASE)
_TYPOS = re.compile(
    r"""
    (?: un[-\s]?)? (?: s+[iı]+g+n+(?: e?d|s|e|ing|ature)? | sing(?: ed)?
      | sgin | isgn | sgn | sig | signin | signup )
      | usign | nusign | signed | co[-\s]?sign(?: ed)? | undersign(?: ed)?
    """,
    re.VERBOSE,
)
_COURTESIES = word_lists.COURTESIES | word_lists.FILLER | word_lists.TRAILING
_NO_FILLER_BEFORE = frozenset(["this", "it", "that"])


def _tries(line: str, *, is_whole: bool) -> bool:
    """Return whether a line was meant as a command; False where that is not clear."""
    if len(line) > _LONGEST_LINE or "~~" in line or _INDENTED.match(line):
        return False
    line = line.strip()
    if is_whole and (prefixed := _PREFIXED.fullmatch(line)):
        return looks_like_a_name(prefixed[1])
    if is_whole and (colon := _COLON.fullmatch(line)):
        is_small = colon["rest"][0].islower() and colon["mark"] == ","
        return not is_small and looks_like_a_name(colon["rest"])
    found = _TRY.fullmatch(line)
    if found is None:
        return False
    word = fold(found["word"])
    marks = found["marks"] + found["inner"]
    if not is_whole and set(marks) - set("*_("):
        # In longer texts, what stands in quotation or code marks is told about.
        return False
    if not _is_nearly(word):
        return False
    before = [fold(one).strip(" ,.!?:;*_…，！。") for one in found["before"].split()]
    if not all(one in _COURTESIES or one.startswith("@") or not any(map(str.isalpha, one)) for one in before):
        return False
    rest = _CLOSERS.sub("", found["rest"])
    rest = rest[_AFTER.match(rest).end() :].strip()  # type: ignore[union-attr]  # it may match nothing
    if rest[:1].islower() and ("`" in marks or word == "sig"):
        # Something is said about it.
        return False
    is_call = before and before[-1] in ("please", "pls") and fold(rest).split(" ")[0] in _NO_FILLER_BEFORE
    return not is_call and (not rest or is_filler(rest) or looks_like_a_name(rest))


def _is_nearly(word: str) -> bool:
    word = word.replace("-", " ").replace("_", " ")
    if word in word_lists.REAL_WORDS:
        return False
    if word in ("签名", "簽名") or _TYPOS.fullmatch(word):
        return True
    bare = word.removesuffix(" me").removesuffix(" up")
    return bare == "signme" or is_near(bare, "sign", 1) or is_near(bare, "unsign", 1)


def stands_in_marks(text: str) -> bool:
    """Return whether a comment is one line and begins with the marks of code, or with HTML."""
    return "\n" not in text and text.startswith(("`", "<")) and _HIDING_TAG.search(text.lower()) is None


_HIDING_TAG = re.compile(r"<(?:!|\?|(?:pre|code|kbd|script|style|textarea|blockquote|del|s|strike)\b)")


def is_glued(tried: Collection[int], lines: Sequence[str]) -> bool:
    """Return whether Markdown takes one of the lines for the end of a quote or HTML above, as hardly was meant."""
    is_below_quote = is_found = False
    for number, line in enumerate(lines):
        if "```" in line or "~~~" in line or _HIDING_TAG.search(line):
            return False
        is_plain = _PLAIN_LINE.match(line) is not None
        is_found |= is_below_quote and is_plain and number in tried
        is_below_quote = _QUOTE.match(line) is not None or (is_below_quote and is_plain)
    return is_found


_PLAIN_LINE = re.compile(r" {0,3}[^\s>`~#-]")
_QUOTE = re.compile(r" {0,3}(?:>\s*[^\s>]|</?(?:br|hr|p|div|span|center|b|i|em|strong|h[1-6]|sub|sup)\b)")


# --- and what is wrong about it


class Fault(StrEnum):
    """What is wrong; the values are those of the database."""

    CODE = "code"
    """It stands between the marks of code."""
    MARKS = "marks"
    """It stands between quotation marks, brackets, asterisks or tags."""
    PLACE = "place"
    """Something else stands before it on its line."""
    GLUED = "glued"
    """It stands right below a quotation or HTML, and is taken for a part of that."""
    JOINED = "joined"
    """What follows is not divided from it."""
    CONDITION = "condition"
    """What stands behind it makes a condition."""
    WORDS = "words"
    """What stands behind it does not say that somebody signs."""
    SLASH = "slash"
    """There is no `/`, or it is not right before the word."""
    SPELLING = "spelling"
    WITHDRAWAL = "withdrawal"
    """It was to be `/unsign`."""


def fault_of(text: str) -> Fault:
    """Return what is wrong about the mistyped command of which this is the comment."""
    text = text[:_LOOKED_AT]
    if _goes_on_with_quote(text.split("\n")):
        return Fault.GLUED
    if right := _RIGHT.search(text):
        return Fault.WITHDRAWAL if right["un"] else _fault_around(right, text)
    said = text.strip().strip(_MARKS_AROUND + "`")
    if _MEANT_UNSIGN.match(said):
        return Fault.WITHDRAWAL
    if _JOINED.match(said):
        return Fault.JOINED
    return Fault.SPELLING if _SPELLED_WITH_SLASH.match(said) or not _MAY_LACK_A_SLASH.match(said) else Fault.SLASH


def _fault_around(right: re.Match[str], text: str) -> Fault:
    """Return what is wrong about a command that is spelt as it should be."""
    before = right["before"].strip()
    if not before:
        following = text[right.end() :].split("\n")[:2]
        if right["before"].strip(" "):
            return Fault.PLACE
        if command_line(("sign",)).match(text[right.end("before") :]) is None:
            return Fault.JOINED
        is_conditional = is_condition(following[0].strip()) or any(map(goes_on_with_condition, following[1:]))
        return Fault.CONDITION if is_conditional else Fault.WORDS
    if "`" in before:
        return Fault.CODE
    return Fault.PLACE if before.strip(_MARKS_AROUND) and not _TAG.fullmatch(before) else Fault.MARKS


def _goes_on_with_quote(lines: list[str]) -> bool:
    """Return whether a line that may be a command goes on with a quotation, as Markdown reads it."""
    is_quoted = False
    for line in lines:
        if is_quoted and _MAY_BE_COMMAND.match(line):
            return True
        is_quoted = _BEGINS_QUOTE.match(line) is not None or (is_quoted and bool(line.strip()))
    return False


_LOOKED_AT: Final = 2_000
_MARKS_AROUND: Final = "*_\"'“”„«»‘’‹›()[]{}（）「」『』 "
_RIGHT: Final = re.compile(
    r"^(?P<before>[^\n/]{0,200}(?:</?[^\n<>/]{1,50}/?>)?)/(?P<un>(?ai:un)?)(?ai:sign)(?![A-Za-z0-9_])", re.MULTILINE
)
_TAG: Final = re.compile(r"(?:<[^<>]*>\s*)+")
_MAY_BE_COMMAND: Final = re.compile(rf"\s*[{re.escape(_MARKS_AROUND)}`]*[/\\|／]+\s?\w")
_MEANT_UNSIGN: Final = re.compile(r"[/\\|／!#.\s]*(?ai:un(?!der)|usign|nusign)")
_JOINED: Final = re.compile(r"/(?ai:sign)_")
_SPELLED_WITH_SLASH: Final = re.compile(r"/(?=\w)(?!(?ai:(?:un)?sign)\b)")
_BEGINS_QUOTE: Final = re.compile(r"\s*(?:>|</?[a-z][a-z0-9]*\b[^<>]*>\s*$)")
_MAY_LACK_A_SLASH: Final = re.compile(r"[/\\|／!#.\s]*(?ai:un)?(?ai:sign)")
