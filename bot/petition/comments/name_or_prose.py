"""Names and affiliations: divide them, and tell them from what else people type in their place.

A refusal, a condition, a question and a sentence are no names, nor are words that say nothing but that somebody
signs, what only stands for a name, such as `Your Name`, and mail addresses.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from functools import lru_cache

from bot.petition.comments import word_lists
from bot.petition.untrusted_text import AFFILIATION_LIMIT, NAME_LIMIT, clean, fold, says_something


def says_something_unusual(text: str) -> bool:
    """Return whether a plain text of ASCII letters has a word that these rules look at."""
    text = text.lower()
    # A degree may be written in parts, such as `Ph. D.` or `J-D`.
    joined = text.rpartition(",")[2].translate(_NO_MARKS)
    return joined in _UNUSUAL or not _UNUSUAL.isdisjoint(_PLAIN_WORD.findall(text))


def is_filler(text: str) -> bool:
    """Return whether a text says nothing but that somebody signs."""
    words = words_of(text)
    if _are(words, word_lists.FILLER, word_lists.FILLER_BETWEEN):
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


def looks_like_a_name(text: str) -> bool:
    """Return whether a text may be a name and no sentence about something: short, and begun with a capital."""
    words = text.split(maxsplit=MOST_WORDS)
    if not 0 < len(words) <= MOST_WORDS or refuses(text) or is_prose(text) or ends_sentence(text):
        return False
    return not words[0][0].islower() or (len(words) <= FEW_WORDS and not _VERBS.intersection(map(fold, words)))


def without_courtesies(text: str) -> str:
    """Leave out `please` and the like at the end, where something stands before it."""
    text = text.strip()
    while (parted := _LAST_WORD.fullmatch(text)) and fold(parted[2]) in word_lists.TRAILING:
        text = parted[1].rstrip(" ,，、")
    return text


# --- the line ----------------------------------------------------------------------------------------------------

_LINK = r"""
    (?<! [!\\] ) \[ (?P<text> [^\[\]\\]* (?: (?: \\. | \[ [^\[\]]* \] ) [^\[\]\\]* )* ) \]
    \( \s* (?! \s ) (?: < [^<>\n]* > | [^\s()<>]* (?: \( [^\s()]* \) [^\s()]* )* )
       (?: \s+ (?: "[^"]*" | '[^']*' | \( [^()]* \) ) )? \s* \)
"""
LINKS = re.compile(_LINK, re.VERBOSE)
COMMAS = ",，،、၊፣､﹐"
_PARTS = re.compile(
    rf"""
    {_LINK}
  | (?P<parentheses> [(（] [^()（）]* (?: [(（] [^()（）]* [)）] [^()（）]* )* [)）] )
  | (?P<separator> [{COMMAS}] | (?<=\s) [-–—] (?= \s | $ ) )
  | (?P<url> https?://[^\s,;|]+ )
  | (?P<entity> & \#? [0-9A-Za-z]{{1,31}} ; )
  | (?P<rarer> [;；|｜／] | -- -? (?! -) | —+ | (?<=\s) (?: @ | [·•・/] ) (?= \s ) )
    """,
    re.VERBOSE,
)

_LONGEST_LOOK = 400
_LONGEST_NAME = 200
MOST_WORDS = 8
FEW_WORDS = 3
_VERBS = frozenset([
    *["is", "are", "was", "does", "did", "doesn't", "didn't", "has", "to", "should", "means", "works"],
    *["adds", "seems", "command", "not", "the", "of"],
])  # fmt: skip
_ARTICLES = frozenset(["the", "of", "to"])
_LAST_WORD = re.compile(r"(.*[\s,，、])(\w+)[.!]*", re.DOTALL)

# It begins where no letter stands before it, so that each word is tried once.
_ONE_ADDRESS = r"(?:mailto:)?(?:(?<![\w@.+/-])[\w.+-]{1,64}@(?:[\w-]{1,63}\.){1,8}[\w-]{1,63}|\*{3}@\*{3}\.\*{3})"
_ADDRESS = re.compile(rf"<{_ONE_ADDRESS}>|(?<!\])[(（]{_ONE_ADDRESS}[)）]|{_ONE_ADDRESS}")


def without_addresses(text: str) -> str:
    """Leave out mail addresses: nobody wants theirs shown, and none is a name."""
    return _ADDRESS.sub("", text).strip() if "@" in text else text


def words_of(text: str) -> Sequence[str]:
    """Return the folded words of a text's beginning, without the punctuation around them."""
    return _words(text[:_LONGEST_LOOK])


@lru_cache(64)
def _words(text: str) -> Sequence[str]:
    # The rules look at the same words one after the other.
    text = fold(text).replace("’", "'").strip(_AROUND_WORDS)
    return tuple(word for one in re.split(r"[\s_]+", text) if (word := one.strip(_AROUND_WORDS)))


_AROUND_WORDS = " \t.,:;!?()[]{}<>\"'“”„«»‘’*_`…。，！？、：；（）「」『』-–—/"


def _are(words: Sequence[str], core: Collection[str], between: Collection[str]) -> bool:
    """Return whether words are all from two lists, and one at least from the first."""
    return any(word in core for word in words) and all(word in core or word in between for word in words)


def refuses(text: str) -> bool:
    """Return whether a text takes back that somebody signs, asks something, or depends on something."""
    look = text[:_LONGEST_LOOK]
    words = words_of(look)
    if not words:
        return False
    if _QUESTION.search(text[-_LONGEST_LOOK:]) or declines(look):
        return True
    rest = look.split(maxsplit=1)[1:]
    goes_on_small = bool(rest) and rest[0][0].islower()
    if goes_on_small and look[0].islower() and words[0] in word_lists.QUESTION_WORDS:
        return True
    if words[0] in word_lists.NEVER:
        is_short = all(one in word_lists.NEGATIONS or one in word_lists.WITH_NEGATIONS for one in words)
        return is_short or goes_on_small or text.rstrip()[-1] in "!！"
    if goes_on_small and (
        words[0] in word_lists.NEGATIONS or (look[0].islower() and words[0] in _VERBS - _ARTICLES)
    ):
        # `/sign does not work` speaks of the command.
        return True
    is_sentence = words[0] in word_lists.STARTERS or (goes_on_small and words[0] in word_lists.FILLER_BETWEEN)
    return is_sentence and any(one in word_lists.NEGATIONS for one in words)


def declines(text: str) -> bool:
    """Return whether a text says by its words alone, wherever they stand, that nobody signs, or not yet."""
    words = words_of(text)
    is_doubt = _are(words, word_lists.DOUBTS, word_lists.FILLER | word_lists.FILLER_BETWEEN)
    return is_doubt or is_condition(text) or _REFUSALS_UNSPACED.search(" ".join(words)) is not None


def is_condition(text: str) -> bool:
    """Return whether a text makes something depend on something else."""
    look = text[:_LONGEST_LOOK]
    said = " ".join(words_of(look))
    if _CONDITIONS.search(said):
        return True
    words = look.split()
    start = next(
        (at for at, word in enumerate(words) if fold(word).strip(_AROUND_WORDS) not in word_lists.FILLER), 0
    )
    begins = start < len(words) and fold(words[start]) in word_lists.CONDITIONAL_STARTS
    return (begins and _is_followed(words, start)) or any(_makes_condition(words, at) for at in range(len(words)))


def _makes_condition(words: Sequence[str], at: int) -> bool:
    said, is_small = fold(words[at]).strip(_AROUND_WORDS), not words[at].strip(_AROUND_WORDS)[:1].isupper()
    if said in word_lists.CONDITIONAL_WORDS:
        return is_small or _is_followed(words, at)
    return said in word_lists.CONDITIONAL_BETWEEN and is_small and at + 1 < len(words)


def _is_followed(words: Sequence[str], at: int) -> bool:
    """Return whether a word is no name or abbreviation, such as `MA student`, but goes on as a condition does."""
    following = words[at + 1].lstrip(_AROUND_WORDS) if at + 1 < len(words) else ""
    bare = words[at].strip(_AROUND_WORDS)
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


_QUESTION = re.compile(r"""(?:^|\s)[?？؟¿]|[?？؟][\s"'”’»)）.!?？！]*$""")
_CONDITIONS = re.compile(
    rf"(?<!\w)(?:{'|'.join(sorted(map(fold, word_lists.CONDITIONS)))})(?!\w)|{word_lists.CONDITIONS_UNSPACED}"
)
_REFUSALS_UNSPACED = re.compile(word_lists.REFUSALS_UNSPACED)
_FILLER_UNSPACED = re.compile(
    rf"(?:{'|'.join(sorted(word_lists.FILLER_UNSPACED, key=len, reverse=True))}|[，、。！,.!])+"
)


def introduced(text: str) -> tuple[str, bool]:
    """Leave out what a name follows on, such as `as` or `my name is`, and say whether it was there."""
    start = 0
    # Words that say nothing may stand before it: `me up as Nora Quill`.
    for word in _WORD.finditer(text[:_LONGEST_NAME]):
        for introduction in (_INTRODUCTION, _WEAK_INTRODUCTION, _INTRODUCTION_UNSPACED):
            found = introduction.match(text, start)
            if found and _may_begin_a_name(text[found.end() :], introduction is _WEAK_INTRODUCTION):
                return _AFTER_NAME.sub("", text[found.end() :]), True
        said = fold(word[0]).strip(_AROUND_WORDS)
        if said not in word_lists.FILLER and said not in word_lists.FILLER_BETWEEN:
            break
        start = word.end()
    after = _AFTER_NAME.search(text[-_LONGEST_NAME:])
    return (text[: -len(after[0])], True) if after else (text, False)


def _may_begin_a_name(text: str, is_weak: bool) -> bool:
    if not text or is_filler(text):
        return False
    if not text[0].islower():
        return True
    words = words_of(text)
    return not is_weak and len(words) <= FEW_WORDS and _NO_NAMES.isdisjoint(words)


_NO_NAMES = word_lists.FILLER | word_lists.FILLER_BETWEEN | _VERBS
_WORD = re.compile(r"\S+\s*")
_INTRODUCTION = re.compile(rf"(?:{word_lists.INTRODUCTIONS})(?:\s*[:：]\s*|\s+)(?=\S)", re.VERBOSE | re.IGNORECASE)
_WEAK_INTRODUCTION = re.compile(
    rf"(?:{word_lists.WEAK_INTRODUCTIONS})(?:\s*[:：]\s*|\s+)(?=\S)", re.VERBOSE | re.IGNORECASE
)
_INTRODUCTION_UNSPACED = re.compile(word_lists.INTRODUCTIONS_UNSPACED)
_AFTER_NAME = re.compile(word_lists.AFTER_NAMES_UNSPACED)


def read_line(text: str) -> tuple[str | None, str | None]:
    """Return the name and affiliation on a line."""
    name, affiliation = _split(text)
    for _ in range(_FILLERS_AT_MOST):
        if affiliation and (is_filler(name) or fold(name).strip() in word_lists.ONESELF):
            name, affiliation = _split(affiliation.strip())
    if is_filler(name):
        name = ""
    return shown_name(name), shown_affiliation(affiliation)


_FILLERS_AT_MOST = 3


def shown_name(text: str) -> str | None:
    """Return a name as it is shown; None where it only stands for one."""
    field, value = labelled(text)
    text = value if field == "name" else text
    return None if _stands_for_another(text) else fit(text, NAME_LIMIT)


def shown_affiliation(text: str) -> str | None:
    """Return an affiliation as it is shown; None where it says that there is none."""
    field, value = labelled(text)
    text = without_courtesies(value if field == "affiliation" else text)
    words = words_of(text)
    is_none = words != ("no",) and _are(words, [*word_lists.NO_AFFILIATION, "no"], word_lists.PLACEHOLDERS)
    return None if is_none or is_filler(text) or _stands_for_another(text) else fit(text, AFFILIATION_LIMIT)


def _stands_for_another(text: str) -> bool:
    """Return whether this is what stands for a name or an affiliation in an example."""
    words = words_of(text)
    return _are(words, word_lists.PLACEHOLDERS, word_lists.PLACEHOLDERS_BETWEEN) or words == ("first", "last")


def _split(details: str) -> tuple[str, str]:
    """Divide name from affiliation: at the first separator outside of parentheses, or before these.

    Pronouns and what follows a name, such as `Jr.` or `(he/him)`, belong to it.
    """
    details = details.rstrip(f" \t{COMMAS}").strip(" \t|｜")
    if not _ENTITY_AT_END.search(details[-_LONGEST_ENTITY:]):
        details = details.rstrip(";； ")
    ending = _LAST_PARENTHESES.search(details[-_LONGEST_LOOK:])
    if ending and (_is_pronouns(ending[1]) or _is_degree(ending[1])):
        name, affiliation = _split(details[: -len(ending[0])])
        return (name.rstrip() + ending[0] if name else ""), affiliation
    part = None
    for part in _PARTS.finditer(details):
        if part["separator"] or (part["rarer"] and _are_sensible(details, part)):
            following = _UP_TO_COMMA.match(details, part.end())
            is_part = following is not None and part[0] in COMMAS and _is_degree(following[0])
            if is_part or (following is not None and _is_pronouns(following[0])):
                continue
            return details[: part.start()], details[part.end() :]
    if part and part["parentheses"] and not details[part.end() :].strip(" .,:;!?。，！？"):
        name, inner = details[: part.start()], part["parentheses"][1:-1]
        # Full-width ones bring their blank along; what begins as the name does is another way to write it.
        is_apart = not name or name[-1].isspace() or (part[0][0] == "（" and name[0] != inner.lstrip()[:1])
        if is_apart:
            return name, inner
    return details, ""


_LAST_PARENTHESES = re.compile(r"\s*[(（\[]([^()（）\[\]]{1,40})[)）\]]$")
_UP_TO_COMMA = re.compile(rf"[^{COMMAS}(（;；|｜]{{1,40}}?(?=\s*(?:[{COMMAS}(（;；|｜]|\s[-–—]\s|--|—|$))")
_PRONOUNS = re.compile(r"[^\W\d_]{1,6}(?:\s?/\s?[^\W\d_]{1,6}){1,3}|any pronouns|all pronouns")
_PRONOUNS_ALONE = frozenset(["他", "她", "ta", "彼", "彼女"])
_ENTITY_AT_END = re.compile(r"&#?[0-9A-Za-z]{1,31};$")
_LONGEST_ENTITY = 40
_LETTERS_OF_A_PART = 2


def _is_pronouns(text: str) -> bool:
    said = fold(text).strip()
    if said in _PRONOUNS_ALONE:
        return True
    return _PRONOUNS.fullmatch(said) is not None and not word_lists.PRONOUNS.isdisjoint(re.split(r"\W+", said))


def _is_degree(text: str) -> bool:
    words = text.split()
    # `Ph. D.` too.
    return bool(words) and (all(map(_is_part_of_degree, words)) or _is_part_of_degree("".join(words)))


def _is_part_of_degree(word: str) -> bool:
    bare = fold(word).replace(".", "").replace("-", "")
    return bare in word_lists.DEGREES or ("." in word and bare in word_lists.DEGREES_DOTTED)


def _are_sensible(details: str, part: re.Match[str]) -> bool:
    before = details[max(0, part.start() - _LONGEST_NAME) : part.start()]
    after = details[part.end() : part.end() + _LONGEST_NAME]
    return all(sum(map(str.isalpha, side)) >= _LETTERS_OF_A_PART for side in (before, after))


def fit(text: str, limit: int) -> str | None:
    """Return text as it is shown, a link as its words; None where nothing is left but punctuation."""
    fitting = clean(LINKS.sub(r"\g<text>", text), limit)
    return fitting if says_something(fitting) else None


def ends_sentence(line: str) -> bool:
    """Return whether a line ends as a sentence does, and not with an abbreviation."""
    line = line.rstrip(" \"'”’»)）」』*_")
    if not line.endswith(_SENTENCE_ENDS):
        return False
    last = line.split()[-1].strip("(（[\"'“")
    bare = last.rstrip(".")
    is_abbreviation = _DOTTED.fullmatch(bare) is not None or fold(bare) in word_lists.ABBREVIATIONS
    return not (line.endswith(".") and bare and not line.endswith("..") and is_abbreviation)


def labelled(line: str) -> tuple[str, str]:
    """Return what a line's label says it gives, or nothing, and what stands behind the label."""
    found = _LABEL.match(line)
    words = words_of(found[1].replace("/", " / ")) if found else []
    if found and 0 < len(words) <= FEW_WORDS:
        for field, labels in word_lists.LABELS.items():
            if words[-1] in labels or words[0] in labels:
                others = all(word in labels or word in word_lists.LABELS_BETWEEN for word in words)
                if others:
                    return field, found[2].strip(" *_")
    return "", line


def is_unspaced(letter: str) -> bool:
    """Return whether a letter is of a script without blanks."""
    return "\u3040" <= letter <= "\u30ff" or "\u3400" <= letter <= "\u9fff"


_SENTENCE_ENDS = (".", "!", "?", "…", "。", "！", "？", "؟", "।", "．", "。", "።", "။")
_DOTTED = re.compile(r"[^\W\d_](?:\.[^\W\d_]{1,4})*|[^\W\d_]{1,4}(?:\.[^\W\d_]{1,4})+")
_LABEL = re.compile(r"(?:[-+*•>#]\s+)?[*_]*([^:：=*_]{1,40})[*_]*\s?[:：=]\s*[*_]*(.*)", re.DOTALL)

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
    _VERBS,
    _PRONOUNS_ALONE,
    word_lists.ONESELF,
    word_lists.DEGREES,
    word_lists.DEGREES_DOTTED,
    *(re.findall(r"[a-z']+", one) for one in (*word_lists.CONDITIONS, *word_lists.CONDITIONAL_WORDS)),
    re.findall(r"[a-z']+", word_lists.INTRODUCTIONS + word_lists.WEAK_INTRODUCTIONS),
) - {"s"}
