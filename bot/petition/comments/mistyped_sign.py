"""Explain what is wrong about a `/sign` or `/unsign` that was mistyped, for whoever asks why it does not count."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final

from bot.petition.comments.command_lines import command_line
from bot.petition.comments.name_or_prose import goes_on_with_condition, is_condition


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
    if _is_glued(text.split("\n")):
        return Fault.GLUED
    if right := _RIGHT.search(text):
        return Fault.WITHDRAWAL if right["un"] else _fault_around(right, text)
    said = text.strip().strip(_MARKS + "`")
    if _WITHDRAWS.match(said):
        return Fault.WITHDRAWAL
    if _JOINED.match(said):
        return Fault.JOINED
    return Fault.SPELLING if _SPELLED_WITH_SLASH.match(said) or not _BARE.match(said) else Fault.SLASH


def _fault_around(right: re.Match[str], text: str) -> Fault:
    """Return what is wrong about a command that is spelt as it should be."""
    before = right["before"].strip()
    if not before:
        following = text[right.end() :].split("\n")[:2]
        if right["before"].strip(" ") != "" and not right["before"].strip():
            return Fault.PLACE
        if command_line(("sign",)).match(text[right.end("before") :]) is None:
            return Fault.JOINED
        is_conditional = is_condition(following[0].strip()) or any(map(goes_on_with_condition, following[1:]))
        return Fault.CONDITION if is_conditional else Fault.WORDS
    if "`" in before:
        return Fault.CODE
    return Fault.PLACE if before.strip(_MARKS) and not _TAG.fullmatch(before) else Fault.MARKS


def _is_glued(lines: list[str]) -> bool:
    """Return whether a line that may be a command goes on with a quotation, as Markdown reads it."""
    is_quoted = False
    for line in lines:
        if is_quoted and _COMMAND.match(line):
            return True
        is_quoted = _QUOTES.match(line) is not None or (is_quoted and bool(line.strip()))
    return False


_LOOKED_AT: Final = 2_000
_MARKS: Final = "*_\"'“”„«»‘’‹›()[]{}（）「」『』 "
_RIGHT: Final = re.compile(
    r"^(?P<before>[^\n/]{0,200}(?:</?[^\n<>/]{1,50}/?>)?)/(?P<un>(?ai:un)?)(?ai:sign)(?![A-Za-z0-9_])", re.MULTILINE
)
_TAG: Final = re.compile(r"(?:<[^<>]*>\s*)+")
_COMMAND: Final = re.compile(rf"\s*[{re.escape(_MARKS)}`]*[/\\|／]+\s?\w")
_WITHDRAWS: Final = re.compile(r"[/\\|／!#.\s]*(?ai:un(?!der)|usign|nusign)")
_JOINED: Final = re.compile(r"/(?ai:sign)_")
_SPELLED_WITH_SLASH: Final = re.compile(r"/(?=\w)(?!(?ai:(?:un)?sign)\b)")
_QUOTES: Final = re.compile(r"\s*(?:>|</?[a-z][a-z0-9]*\b[^<>]*>\s*$)")
_BARE: Final = re.compile(r"[/\\|／!#.\s]*(?ai:un)?(?ai:sign)")
