"""The words of many languages by which comments are read, as `words.toml` lists and explains them."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from importlib.resources import files
from typing import Any, Final

_FILE: Final[dict[str, Any]] = tomllib.loads(files(__package__).joinpath("words.toml").read_text("utf-8"))


def _split(text: str) -> frozenset[str]:
    return frozenset(word.replace("_", " ") for word in text.split())


def _words(name: str) -> frozenset[str]:
    return _split(_FILE[name])


def any_of(words: Iterable[str]) -> str:
    """Return a pattern that matches one of words, and the longest where several would match."""
    return "|".join(re.escape(word) for word in sorted(words, key=lambda word: (-len(word), word)))


FILLER: Final = _words("filler")
FILLER_BETWEEN: Final = _words("filler_between")
FILLER_UNSPACED: Final = _words("filler_unspaced")
TRAILING: Final = _words("trailing")
ONESELF: Final = _words("oneself")
PLACEHOLDERS: Final = _words("placeholders")
PLACEHOLDERS_BETWEEN: Final = _words("placeholders_between")
NO_AFFILIATION: Final = _words("no_affiliation")
NEVER: Final = _words("never")
NEGATIONS: Final = NEVER | _words("negations")
WITH_NEGATIONS: Final = _words("with_negations")
PRONOUNS: Final = _words("pronouns")
PRONOUNS_ALONE: Final = _words("pronouns_alone")
VERBS: Final = _words("verbs")
STARTERS: Final = _words("starters")
REASONS: Final = _words("reasons")
CONDITIONS: Final = _words("conditions")
REASONABLE: Final = _words("reasonable")
CONDITIONAL_WORDS: Final = _words("conditional_words")
CONDITIONAL_STARTS: Final = _words("conditional_starts")
CONDITIONAL_BETWEEN: Final = _words("conditional_between")
QUESTION_WORDS: Final = _words("question_words")
DOUBTS: Final = _words("doubts")
ABBREVIATED: Final = _words("abbreviated")
DEGREES: Final = _words("degrees")
DEGREES_DOTTED: Final = _words("degrees_dotted")
ABBREVIATIONS: Final = DEGREES | _words("abbreviations")
LABELS: Final = {field: _split(labels) for field, labels in _FILE["labels"].items()}
LABELS_BETWEEN: Final = _words("labels_between")
REAL_WORDS: Final = _words("real_words")
COURTESIES: Final = _words("courtesies")
UNLISTED: Final = "unlisted"
"""The first word behind the command of whoever wants to be counted and not to be listed."""
SHORT_CODES: Final = {code: emoji for emoji, codes in _FILE["short_codes"].items() for code in codes.split()}

CONDITIONS_UNSPACED: Final[str] = _FILE["conditions_unspaced"]
REFUSALS_UNSPACED: Final[str] = _FILE["refusals_unspaced"]
INTRODUCTIONS: Final[str] = _FILE["introductions"]
WEAK_INTRODUCTIONS: Final[str] = _FILE["weak_introductions"]
INTRODUCTIONS_UNSPACED: Final[str] = _FILE["introductions_unspaced"]
AFTER_NAMES_UNSPACED: Final[str] = _FILE["after_names_unspaced"]
DEVICES: Final[str] = _FILE["devices"]
SENT: Final[str] = _FILE["sent"]
CLOSINGS: Final[str] = _FILE["closings"]

HEADER_FIELDS: Final = {name: field for field, names in _FILE["header_fields"].items() for name in _split(names)}
CARD: Final = _words("card")
MESSAGE: Final = re.compile(any_of(_words("message")))
ORIGINAL: Final = re.compile(any_of(_words("original")))
REPLY: Final = re.compile(rf"(?:{any_of(_words('reply'))})\s?(?:\[\d+\])?\s?[:：]")
LEADS: Final = re.compile(rf"(?:{any_of(_words('leads'))})\b")
PROSE: Final = re.compile(rf"\b(?:{any_of(_words('prose'))})\b")
WROTE: Final = re.compile(
    rf"(?<![^\W\d_])(?:{any_of(_words('wrote'))})(?![^\W\d_])|(?:{any_of(_words('wrote_unspaced'))})"
)
