"""Read the details of a signature: the name and affiliation behind the command, and the lines of text below it.

What people type there is not always a name. A condition or a refusal does not sign, words that say nothing but that
somebody signs are no name, and neither is what only stands in its place, such as `Your Name`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from msgspec import Struct

from bot.petition.comments import word_lists
from bot.petition.comments.name_or_prose import (
    AROUND_WORDS,
    FEW_WORDS,
    LONGEST_LOOK,
    MOST_WORDS,
    are_all,
    declines,
    ends_sentence,
    goes_on_with_condition,
    is_filler,
    is_prose,
    refuses,
    words_of,
)
from bot.petition.untrusted_text import AFFILIATION_LIMIT, NAME_LIMIT, REASON_LIMIT, clean, fold, says_something


class Details(Struct, frozen=True):
    """What somebody wants shown; None where they gave none."""

    name: str | None = None
    affiliation: str | None = None
    reason: str | None = None


def read_details(line: str, following: Sequence[str]) -> Details | None:
    """Read what stands behind the command, and the lines below; None where that is a refusal or a condition."""
    line = _without_courtesies(_without_addresses(line))
    if refuses(line):
        return None
    line, is_introduced = _introduced(line)
    prose = ""
    if not is_introduced and is_prose(line) and not is_filler(line):
        line, prose = "", line
    name, affiliation = _read_line(line)
    if (name is not None and declines(affiliation or "")) or goes_on_with_condition(next(iter(following), "")):
        return None
    below = _read_below(following, has_name=name is not None)
    return Details(
        name or below.name,
        affiliation or below.affiliation,
        _fit("\n".join(filter(None, [prose, below.reason])), REASON_LIMIT),
    )


# --- the line behind the command


def _without_courtesies(text: str) -> str:
    """Leave out `please` and the like at the end, where something stands before it."""
    text = text.strip()
    while (parted := _LAST_WORD.fullmatch(text)) and fold(parted[2]) in word_lists.TRAILING:
        text = parted[1].rstrip(" ,，、")
    return text


def _without_addresses(text: str) -> str:
    """Leave out mail addresses: nobody wants theirs shown, and none is a name."""
    return _ADDRESS.sub("", text).strip() if "@" in text else text


def _introduced(text: str) -> tuple[str, bool]:
    """Leave out what a name follows on, such as `as` or `my name is`, and say whether it was there."""
    start = 0
    # Words that say nothing may stand before it: `me up as Nora Quill`.
    for word in _WORD.finditer(text[:_LONGEST_NAME]):
        for introduction in (_INTRODUCTION, _WEAK_INTRODUCTION, _INTRODUCTION_UNSPACED):
            found = introduction.match(text, start)
            if found and _may_begin_a_name(text[found.end() :], introduction is _WEAK_INTRODUCTION):
                return _AFTER_NAME.sub("", text[found.end() :]), True
        said = fold(word[0]).strip(AROUND_WORDS)
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


def _read_line(text: str) -> tuple[str | None, str | None]:
    """Return the name and affiliation on a line."""
    name, affiliation = _split(text)
    for _ in range(_FILLERS_AT_MOST):
        if affiliation and (is_filler(name) or fold(name).strip() in word_lists.ONESELF):
            name, affiliation = _split(affiliation.strip())
    if is_filler(name):
        name = ""
    return _shown_name(name), _shown_affiliation(affiliation)


def _shown_name(text: str) -> str | None:
    """Return a name as it is shown; None where it only stands for one."""
    field, value = _labelled(text)
    text = value if field == "name" else text
    return None if _stands_for_another(text) else _fit(text, NAME_LIMIT)


def _shown_affiliation(text: str) -> str | None:
    """Return an affiliation as it is shown; None where it says that there is none."""
    field, value = _labelled(text)
    text = _without_courtesies(value if field == "affiliation" else text)
    words = words_of(text)
    is_none = words != ("no",) and are_all(words, [*word_lists.NO_AFFILIATION, "no"], word_lists.PLACEHOLDERS)
    return None if is_none or is_filler(text) or _stands_for_another(text) else _fit(text, AFFILIATION_LIMIT)


def _fit(text: str, limit: int) -> str | None:
    """Return text as it is shown, a link as its words; None where nothing is left but punctuation."""
    fitting = clean(_LINKS.sub(r"\g<text>", text), limit)
    return fitting if says_something(fitting) else None


def _stands_for_another(text: str) -> bool:
    """Return whether this is what stands for a name or an affiliation in an example."""
    words = words_of(text)
    return are_all(words, word_lists.PLACEHOLDERS, word_lists.PLACEHOLDERS_BETWEEN) or words == ("first", "last")


def _split(details: str) -> tuple[str, str]:
    """Divide name from affiliation: at the first separator outside of parentheses, or before these.

    Pronouns and what follows a name, such as `Jr.` or `(he/him)`, belong to it.
    """
    details = details.rstrip(f" \t{COMMAS}").strip(" \t|｜")
    if not _ENTITY_AT_END.search(details[-_LONGEST_ENTITY:]):
        details = details.rstrip(";； ")
    ending = _LAST_PARENTHESES.search(details[-LONGEST_LOOK:])
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


def _is_pronouns(text: str) -> bool:
    said = fold(text).strip()
    if said in word_lists.PRONOUNS_ALONE:
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


_LINK = r"""
    (?<! [!\\] ) \[ (?P<text> [^\[\]\\]* (?: (?: \\. | \[ [^\[\]]* \] ) [^\[\]\\]* )* ) \]
    \( \s* (?! \s ) (?: < [^<>\n]* > | [^\s()<>]* (?: \( [^\s()]* \) [^\s()]* )* )
       (?: \s+ (?: "[^"]*" | '[^']*' | \( [^()]* \) ) )? \s* \)
"""
_LINKS = re.compile(_LINK, re.VERBOSE)
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
_LONGEST_NAME = 200
_LONGEST_ENTITY = 40
_LETTERS_OF_A_PART = 2
_FILLERS_AT_MOST = 3
_LAST_WORD = re.compile(r"(.*[\s,，、])(\w+)[.!]*", re.DOTALL)
# It begins where no letter stands before it, so that each word is tried once.
_ONE_ADDRESS = r"(?:mailto:)?(?:(?<![\w@.+/-])[\w.+-]{1,64}@(?:[\w-]{1,63}\.){1,8}[\w-]{1,63}|\*{3}@\*{3}\.\*{3})"
_ADDRESS = re.compile(rf"<{_ONE_ADDRESS}>|(?<!\])[(（]{_ONE_ADDRESS}[)）]|{_ONE_ADDRESS}")
_NO_NAMES = word_lists.FILLER | word_lists.FILLER_BETWEEN | word_lists.VERBS
_WORD = re.compile(r"\S+\s*")
_INTRODUCTION = re.compile(rf"(?:{word_lists.INTRODUCTIONS})(?:\s*[:：]\s*|\s+)(?=\S)", re.VERBOSE | re.IGNORECASE)
_WEAK_INTRODUCTION = re.compile(
    rf"(?:{word_lists.WEAK_INTRODUCTIONS})(?:\s*[:：]\s*|\s+)(?=\S)", re.VERBOSE | re.IGNORECASE
)
_INTRODUCTION_UNSPACED = re.compile(word_lists.INTRODUCTIONS_UNSPACED)
_AFTER_NAME = re.compile(word_lists.AFTER_NAMES_UNSPACED)
_LAST_PARENTHESES = re.compile(r"\s*[(（\[]([^()（）\[\]]{1,40})[)）\]]$")
_UP_TO_COMMA = re.compile(rf"[^{COMMAS}(（;；|｜]{{1,40}}?(?=\s*(?:[{COMMAS}(（;；|｜]|\s[-–—]\s|--|—|$))")
_PRONOUNS = re.compile(r"[^\W\d_]{1,6}(?:\s?/\s?[^\W\d_]{1,6}){1,3}|any pronouns|all pronouns")
_ENTITY_AT_END = re.compile(r"&#?[0-9A-Za-z]{1,31};$")


# --- the lines below ---------------------------------------------------------------------------------------------


def _read_below(lines: Sequence[str], *, has_name: bool) -> Details:
    """Read the text below the command: what is labelled, a card with name and affiliation, or the reason."""
    text, after_closing = _without_footer(lines[:_MOST_LINES])
    if not text and not has_name:
        text = after_closing
    if len(lines) > _MOST_LINES and len(text) == _MOST_LINES:
        return Details(reason="\n".join(lines)[:_LONGEST_REASON])
    # A link may go on from one line to the next.
    text = _without_addresses(_LINKS.sub(r"\g<text>", "\n".join(text)[:_LONGEST_REASON])).split("\n")
    if any(_labelled(line)[0] for line in text):
        return _read_labels(text)
    card = [line for line in (_BULLET.sub("", line) for line in text) if line]
    if card and not has_name:
        card[0], _ = _introduced(card[0])
        if _is_card(card):
            name, affiliation = _read_line(card[0])
            if name is not None:
                return Details(name, _shown_affiliation(", ".join(filter(None, [affiliation, *card[1:]]))))
    return Details(reason="\n".join(text)[:_LONGEST_REASON])


def _is_card(lines: Sequence[str]) -> bool:
    if not 0 < len(lines) <= _LINES_OF_A_CARD or _URL.match(lines[0]) or not any(map(str.isalpha, lines[0])):
        return False
    if lines[0].endswith((":", "：")):
        # It announces something, such as a quotation.
        return False
    return not any(_is_long(line) or ends_sentence(line) or is_prose(line) for line in lines) and not (
        is_filler(lines[0]) or refuses(lines[0])
    )


def _is_long(line: str) -> bool:
    if len(line) > AFFILIATION_LIMIT:
        return True
    unspaced = sum("\u3040" <= letter <= "\u30ff" or "\u3400" <= letter <= "\u9fff" for letter in line)
    return len(line.split()) + unspaced // _LETTERS_OF_A_WORD > MOST_WORDS


def _without_footer(lines: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the lines above what a letter or a mail ends with, and those below its closing words."""
    for number, line in enumerate(lines):
        if len(line) <= _LONGEST_FOOTER:
            if ends_letter(line):
                return list(lines[:number]), [one for one in lines[number + 1 :] if not is_footer(one)]
            if is_footer(line):
                return list(lines[:number]), []
    return list(lines), []


def ends_letter(line: str) -> bool:
    """Return whether a line is nothing but the closing words of a letter."""
    if line.endswith((",", "，")) and fold(line).rstrip(" ,，") in word_lists.TRAILING | _THANKS:
        return True
    return len(line) <= _LONGEST_FOOTER and _CLOSING.fullmatch(fold(line).strip(" ,.!，。！、-–—*_")) is not None


def is_footer(line: str) -> bool:
    """Return whether a line says with what device or program a mail was sent."""
    said = fold(line[:_LONGEST_FOOTER])
    return len(said.split()) <= MOST_WORDS + 2 and bool(_DEVICE.search(said) and _SENT.search(said))


def _read_labels(lines: Sequence[str]) -> Details:
    given: dict[str, list[str]] = {"name": [], "affiliation": [], "reason": [], "nothing": []}
    goes_on = "reason"
    for line in lines:
        field, value = _labelled(line)
        if field:
            goes_on = field
        elif ends_sentence(line) or _is_long(line) or is_prose(line):
            goes_on = "reason"
        elif goes_on in ("name", "nothing") and given[goes_on]:
            # One line is enough for these.
            goes_on = "affiliation"
        if value:
            given[goes_on].append(value)
    affiliation = (_shown_affiliation(one) for one in given["affiliation"])
    return Details(
        _shown_name(" ".join(given["name"])),
        _fit(", ".join(filter(None, affiliation)), AFFILIATION_LIMIT),
        "\n".join(given["reason"]) or None,
    )


def _labelled(line: str) -> tuple[str, str]:
    """Return what a line's label says it gives, or nothing, and what stands behind the label."""
    found = _LABEL.match(line)
    words = words_of(found[1].replace("/", " / ")) if found else []
    if found and 0 < len(words) <= FEW_WORDS:
        for field, labels in word_lists.LABELS.items():
            is_label = words[-1] in labels or words[0] in labels
            if is_label and are_all(words, labels, word_lists.LABELS_BETWEEN):
                return field, found[2].strip(" *_")
    return "", line


_THANKS = frozenset(["thank you", "many thanks", "vielen dank", "dank u", "muchas gracias"])
_MOST_LINES = 20
_LINES_OF_A_CARD = 6
_LETTERS_OF_A_WORD = 3
_LONGEST_FOOTER = 80
_LONGEST_REASON = 16_000
_URL = re.compile(r"<?(?:https?://|www\.)")
_BULLET = re.compile(r"^(?:[-+*•·]|[0-9]{1,2}[.)]|#{1,6})\s+")
_CLOSING = re.compile(word_lists.CLOSINGS, re.VERBOSE)
_DEVICE = re.compile(word_lists.DEVICES, re.VERBOSE)
_SENT = re.compile(word_lists.SENT, re.VERBOSE)
_LABEL = re.compile(r"(?:[-+*•>#]\s+)?[*_]*([^:：=*_]{1,40})[*_]*\s?[:：=]\s*[*_]*(.*)", re.DOTALL)
