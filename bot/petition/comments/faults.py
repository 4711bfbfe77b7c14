"""Explain what is wrong about a `/sign` or `/unsign` that was mistyped, for whoever asks why it does not count."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final


class Fault(StrEnum):
    """What is wrong; the values are those of the database."""

    CODE = "code"
    """It stands between the marks of code."""
    MARKS = "marks"
    """It stands between quotation marks, brackets, asterisks or tags."""
    PLACE = "place"
    """Something else stands before it on its line."""
    WORDS = "words"
    """What stands behind it does not say that somebody signs."""
    SLASH = "slash"
    """There is no `/`, or it is not right before the word."""
    SPELLING = "spelling"


def fault_of(text: str) -> Fault:
    """Return what is wrong about the mistyped command of which this is the comment."""
    text = text[:_LOOKED_AT]
    if right := _RIGHT.search(text):
        before = right["before"].strip()
        if not before:
            return Fault.WORDS
        if "`" in before:
            return Fault.CODE
        return Fault.PLACE if before.strip(_MARKS) and not _TAG.fullmatch(before) else Fault.MARKS
    said = text.strip().strip(_MARKS + "`")
    return Fault.SPELLING if _SPELLED_WITH_SLASH.match(said) or not _BARE.match(said) else Fault.SLASH


_LOOKED_AT: Final = 2_000
_MARKS: Final = "*_\"'“”„«»‘’‹›()[]{}（）「」『』 "
_RIGHT: Final = re.compile(
    r"^(?P<before>[^\n/]{0,200}(?:</?[^\n<>/]{1,50}/?>)?)/(?ai:un)?(?ai:sign)\b", re.MULTILINE
)
_TAG: Final = re.compile(r"(?:<[^<>]*>\s*)+")
_SPELLED_WITH_SLASH: Final = re.compile(r"/(?=\w)(?!(?ai:(?:un)?sign)\b)")
_BARE: Final = re.compile(r"[/\\|／\s]*(?ai:un)?(?ai:sign)")
