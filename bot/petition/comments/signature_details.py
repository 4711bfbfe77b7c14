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
    LINKS,
    MOST_WORDS,
    declines,
    ends_sentence,
    fit,
    goes_on_with_condition,
    introduced,
    is_filler,
    is_prose,
    is_unspaced,
    labelled,
    read_line,
    refuses,
    shown_affiliation,
    shown_name,
    without_addresses,
    without_courtesies,
)
from bot.petition.untrusted_text import AFFILIATION_LIMIT, REASON_LIMIT, fold


class Details(Struct, frozen=True):
    """What somebody wants shown; None where they gave none."""

    name: str | None = None
    affiliation: str | None = None
    reason: str | None = None


def read_details(line: str, following: Sequence[str]) -> Details | None:
    """Read what stands behind the command, and the lines below; None where that is a refusal or a condition."""
    line = without_courtesies(without_addresses(line))
    if refuses(line):
        return None
    line, is_introduced = introduced(line)
    prose = ""
    if not is_introduced and is_prose(line) and not is_filler(line):
        line, prose = "", line
    name, affiliation = read_line(line)
    if (name is not None and declines(affiliation or "")) or goes_on_with_condition(next(iter(following), "")):
        return None
    below = _read_below(following, has_name=name is not None)
    return Details(
        name or below.name,
        affiliation or below.affiliation,
        fit("\n".join(filter(None, [prose, below.reason])), REASON_LIMIT),
    )


# --- the lines below ---------------------------------------------------------------------------------------------


def _read_below(lines: Sequence[str], *, has_name: bool) -> Details:
    """Read the text below the command: what is labelled, a card with name and affiliation, or the reason."""
    text, after_closing = _without_footer(lines[:_MOST_LINES])
    if not text and not has_name:
        text = after_closing
    if len(lines) > _MOST_LINES and len(text) == _MOST_LINES:
        return Details(reason="\n".join(lines)[:_LONGEST_REASON])
    # A link may go on from one line to the next.
    text = without_addresses(LINKS.sub(r"\g<text>", "\n".join(text)[:_LONGEST_REASON])).split("\n")
    if any(labelled(line)[0] for line in text):
        return _read_labels(text)
    card = [line for line in (_BULLET.sub("", line) for line in text) if line]
    if card and not has_name:
        card[0], _ = introduced(card[0])
        if _is_card(card):
            name, affiliation = read_line(card[0])
            if name is not None:
                return Details(name, shown_affiliation(", ".join(filter(None, [affiliation, *card[1:]]))))
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
    unspaced = sum(map(is_unspaced, line))
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
        field, value = labelled(line)
        if field:
            goes_on = field
        elif ends_sentence(line) or _is_long(line) or is_prose(line):
            goes_on = "reason"
        elif goes_on in ("name", "nothing") and given[goes_on]:
            # One line is enough for these.
            goes_on = "affiliation"
        if value:
            given[goes_on].append(value)
    affiliation = (shown_affiliation(one) for one in given["affiliation"])
    return Details(
        shown_name(" ".join(given["name"])),
        fit(", ".join(filter(None, affiliation)), AFFILIATION_LIMIT),
        "\n".join(given["reason"]) or None,
    )


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
