"""Tell names and affiliations from what else people type in their place.

A refusal, a condition, a question and a sentence are no names, nor are words that say nothing but that somebody
signs.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from functools import lru_cache

from bot.petition.comments import word_lists
from bot.petition.untrusted_text import fold

MOST_WORDS = 8
FEW_WORDS = 3


def says_something_unusual(text: str) -> bool:
    """Return whether a plain text of ASCII letters has a word that these rules look at."""
    text = text.lower()
    # A degree may be written in parts, such as `Ph. D.` or `J-D`.
    joined = text.rpartition(",")[2].translate(_NO_MARKS)
    return joined in _UNUSUAL or not _UNUSUAL.isdisjoint(_PLAIN_WORD.findall(text))


def is_filler(text: str) -> bool:
    """Return whether a text says nothing but that somebody signs."""
    words = words_of(text)
    if are_all(words, word_lists.FILLER, word_lists.FILLER_BETWEEN):
        return True
    return bool(words) and _FILLER_UNSPACED.fullmatch("".join(words)) is not None


def is_prose(text: str) -> bool:
    """Return whether a text is a sentence, by how it begins or ends, and so no name."""
    words = text.split(maxsplit=MOST_WORDS)
    if len(words) < 2:
        return False
    first = fold(words[0]).rstrip(",:").replace("’", "'")
    if first in word_lists.REASONS or (first in word_lists.STARTERS and words[1][0].islower()):
        return True
    return text.rstrip()[-1] in "!！" and any(word.islower() for word in words[1:])


def ends_sentence(line: str) -> bool:
    """Return whether a line ends as a sentence does, and not with an abbreviation."""
    line = line.rstrip(" \"'”’»)）」』*_")
    if not line.endswith(_SENTENCE_ENDS):
        return False
    last = line.split()[-1].strip("(（[\"'“")
    bare = last.rstrip(".")
    is_abbreviation = _DOTTED.fullmatch(bare) is not None or fold(bare) in word_lists.ABBREVIATIONS
    return not (line.endswith(".") and bare and not line.endswith("..") and is_abbreviation)


def looks_like_a_name(text: str) -> bool:
    """Return whether a text may be a name and no sentence about something: short, and begun with a capital."""
    words = text.split(maxsplit=MOST_WORDS)
    if not 0 < len(words) <= MOST_WORDS or refuses(text) or is_prose(text) or ends_sentence(text):
        return False
    return not words[0][0].islower() or (
        len(words) <= FEW_WORDS and not word_lists.VERBS.intersection(map(fold, words))
    )


def refuses(text: str) -> bool:
    """Return whether a text takes back that somebody signs, asks something, or depends on something."""
    look = text[:LONGEST_LOOK]
    words = words_of(look)
    if not words:
        return False
    if _QUESTION.search(text[-LONGEST_LOOK:]) or declines(look):
        return True
    rest = look.split(maxsplit=1)[1:]
    goes_on_small = bool(rest) and rest[0][0].islower()
    if goes_on_small and look[0].islower() and words[0] in word_lists.QUESTION_WORDS:
        return True
    if words[0] in word_lists.NEVER:
        is_short = all(one in word_lists.NEGATIONS or one in word_lists.WITH_NEGATIONS for one in words)
        return is_short or goes_on_small or text.rstrip()[-1] in "!！"
    if goes_on_small and (
        words[0] in word_lists.NEGATIONS or (look[0].islower() and words[0] in word_lists.VERBS - _ARTICLES)
    ):
        # `/sign does not work` speaks of the command.
        return True
    is_sentence = words[0] in word_lists.STARTERS or (goes_on_small and words[0] in word_lists.FILLER_BETWEEN)
    return is_sentence and any(one in word_lists.NEGATIONS for one in words)


def declines(text: str) -> bool:
    """Return whether a text says by its words alone, wherever they stand, that nobody signs, or not yet."""
    words = words_of(text)
    is_doubt = are_all(words, word_lists.DOUBTS, word_lists.FILLER | word_lists.FILLER_BETWEEN)
    return is_doubt or is_condition(text) or _REFUSALS_UNSPACED.search(" ".join(words)) is not None


def is_condition(text: str) -> bool:
    """Return whether a text makes something depend on something else."""
    look = text[:LONGEST_LOOK]
    said = " ".join(words_of(look))
    if _CONDITIONS.search(said):
        return True
    words = look.split()
    start = next(
        (at for at, word in enumerate(words) if fold(word).strip(AROUND_WORDS) not in word_lists.FILLER), 0
    )
    begins = start < len(words) and fold(words[start]) in word_lists.CONDITIONAL_STARTS
    return (begins and _is_followed(words, start)) or any(_makes_condition(words, at) for at in range(len(words)))


def _makes_condition(words: Sequence[str], at: int) -> bool:
    said, is_small = fold(words[at]).strip(AROUND_WORDS), not words[at].strip(AROUND_WORDS)[:1].isupper()
    if said in word_lists.CONDITIONAL_WORDS:
        return is_small or _is_followed(words, at)
    return said in word_lists.CONDITIONAL_BETWEEN and is_small and at + 1 < len(words)


def _is_followed(words: Sequence[str], at: int) -> bool:
    """Return whether a word is no name or abbreviation, such as `MA student`, but goes on as a condition does."""
    following = words[at + 1].lstrip(AROUND_WORDS) if at + 1 < len(words) else ""
    bare = words[at].strip(AROUND_WORDS)
    if not following or (bare.isupper() and fold(bare) in word_lists.ABBREVIATED):
        return False
    return not following[0].isupper() or fold(following) in word_lists.STARTERS


def goes_on_with_condition(line: str) -> bool:
    """Return whether the line below a command goes on with a condition, and begins no sentence of its own."""
    said = words_of(line)
    if not line[:1].islower() or not said:
        return False
    found = _CONDITIONS.match(" ".join(said))
    return said[0] in word_lists.CONDITIONAL_WORDS or bool(found and found[0] not in word_lists.REASONABLE)


def words_of(text: str) -> Sequence[str]:
    """Return the folded words of a text's beginning, without the punctuation around them."""
    return _words(text[:LONGEST_LOOK])


@lru_cache(64)
def _words(text: str) -> Sequence[str]:
    # The rules look at the same words one after the other.
    text = fold(text).replace("’", "'").strip(AROUND_WORDS)
    return tuple(word for one in re.split(r"[\s_]+", text) if (word := one.strip(AROUND_WORDS)))


def are_all(words: Sequence[str], core: Collection[str], between: Collection[str]) -> bool:
    """Return whether words are all from two lists, and one at least from the first."""
    return any(word in core for word in words) and all(word in core or word in between for word in words)


LONGEST_LOOK = 400
AROUND_WORDS = " \t.,:;!?()[]{}<>\"'“”„«»‘’*_`…。，！？、：；（）「」『』-–—/"
_ARTICLES = frozenset(["the", "of", "to"])
_QUESTION = re.compile(r"""(?:^|\s)[?？؟¿]|[?？؟][\s"'”’»)）.!?？！]*$""")
_CONDITIONS = re.compile(
    rf"(?<!\w)(?:{'|'.join(sorted(map(fold, word_lists.CONDITIONS)))})(?!\w)|{word_lists.CONDITIONS_UNSPACED}"
)
_REFUSALS_UNSPACED = re.compile(word_lists.REFUSALS_UNSPACED)
_FILLER_UNSPACED = re.compile(
    rf"(?:{'|'.join(sorted(word_lists.FILLER_UNSPACED, key=len, reverse=True))}|[，、。！,.!])+"
)
_SENTENCE_ENDS = (".", "!", "?", "…", "。", "！", "？", "؟", "।", "．", "。", "።", "။")
_DOTTED = re.compile(r"[^\W\d_](?:\.[^\W\d_]{1,4})*|[^\W\d_]{1,4}(?:\.[^\W\d_]{1,4})+")
# The words by which plain Latin text can be anything but names.
_PLAIN_WORD = re.compile(r"[a-z']+")
_NO_MARKS = dict.fromkeys(map(ord, " .'-\r\n"))
_UNUSUAL = frozenset().union(
    word_lists.FILLER,
    word_lists.TRAILING,
    word_lists.PLACEHOLDERS,
    ["first", "last", word_lists.UNLISTED],
    word_lists.NO_AFFILIATION,
    word_lists.NEGATIONS,
    word_lists.STARTERS,
    word_lists.REASONS,
    word_lists.CONDITIONAL_STARTS,
    word_lists.CONDITIONAL_BETWEEN,
    word_lists.DOUBTS,
    word_lists.QUESTION_WORDS,
    word_lists.VERBS,
    word_lists.PRONOUNS_ALONE,
    word_lists.ONESELF,
    word_lists.DEGREES,
    word_lists.DEGREES_DOTTED,
    *(re.findall(r"[a-z']+", one) for one in (*word_lists.CONDITIONS, *word_lists.CONDITIONAL_WORDS)),
    re.findall(r"[a-z']+", word_lists.INTRODUCTIONS + word_lists.WEAK_INTRODUCTIONS),
) - {"s"}
