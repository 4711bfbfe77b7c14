"""Sanitize strangers' text: `clean` it on the way in, `inline` it on the way into Markdown."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable

import regex

NAME_LIMIT = 80
AFFILIATION_LIMIT = 120
REASON_LIMIT = 500

JOINER = "\u2060"
"""WORD JOINER, without width; `clean` never lets it in, so where it stands in our Markdown, we put it."""


def clean(text: str, limit: int) -> str:
    """Remove what cannot be seen and shorten to `limit` code points after NFC, at a grapheme, with an ellipsis.

    Line feeds stay, white space around the text goes. Repeating changes nothing. Of what is many times as long,
    only the beginning is looked at.
    """
    if len(text) <= limit and text.isascii() and text.isprintable():
        return text.strip()
    return _until_stable(_shorten(_until_stable(text[: _TIMES_THE_LIMIT * limit], _tidy), limit), _tidy)


def inline(text: str) -> str:
    """Write text so that GitHub's Markdown shows exactly this text on one line, and nothing in it is live.

    It may stand in a paragraph, in a table cell, in bold or in a link's text. Two things need different remedies.
    Markdown's own marks take a backslash. But mentions, references, commit ids, addresses and emoji codes are
    recognised after rendering, in the text of the HTML, where neither a backslash nor an entity can be seen any
    more; those are broken by a word joiner, which also holds when somebody copies or quotes the line.
    https://docs.github.com/en/get-started/writing-on-github/working-with-advanced-formatting/autolinked-references-and-urls
    """
    line = " ".join(_until_stable(text, _remove_invisible).split("\n"))
    line = _COMMIT_ID.sub(_break_up, _JOINTS.sub(JOINER, line))
    line = _LINE_START.sub(r"\1\\\2", _MARKS.sub(r"\\\g<0>", line))
    # A backslash does not stop formulas, this does:
    # https://docs.github.com/en/get-started/writing-on-github/working-with-advanced-formatting/writing-mathematical-expressions
    line = line.replace("$", "<span>$</span>")
    # Markdown drops blanks at the edge of a cell, and does not take `** Ada**` for bold.
    inner = line.strip()
    before, _, after = line.partition(inner) if inner else (line, "", "")
    return _as_entities(before) + inner + _as_entities(after)


def links_apart(text: str) -> list[tuple[str, str]]:
    """Divide text at Markdown's links to web pages: what is to be read, and the address or nothing."""
    parts, end = [], 0
    for link in _LINK.finditer(text):
        parts += [(text[end : link.start()], ""), (link[1], link[2])]
        end = link.end()
    return [(words, url) for words, url in [*parts, (text[end:], "")] if words]


def unify_newlines(text: str) -> str:
    """Turn CRLF and lone CR into LF."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def text_digest(text: str) -> str:
    """Return a short checksum of a text."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def says_something(text: str) -> bool:
    """Return whether there is more in the text than punctuation and blanks; an emoji is more."""
    return _SAYS_SOMETHING.search(text) is not None


def fold(text: str) -> str:
    """Reduce text to what counts when people type a phrase: no case, no invisible characters, single spaces."""
    if text.isascii() and text.isprintable():
        return " ".join(text.casefold().split())
    visible = _UNSEEN.sub("", _ODD_SPACES.sub(" ", unicodedata.normalize("NFC", text)))
    return " ".join(unicodedata.normalize("NFC", visible.casefold()).split())


# A name may not be made of invisible characters, hide others, or turn the line around it. But the two joiners and
# the selectors are letters' helpers in the right place: without ZWNJ many Persian words are misspelt, without ZWJ
# Sinhala, Malayalam and Bengali names are, and a family of emoji falls apart. So they stay exactly where they
# change how their neighbours look, after the rules for identifiers (https://www.unicode.org/reports/tr31/ 2.3),
# and go everywhere else.
_HELPERS = r"""
    (?<= \p{ccc=Virama} ) [\u200c\u200d]
  | (?<= \p{L} ) \u200d (?= \p{ccc=Virama} )
  | (?<= [\p{Arabic}\p{Syriac}\p{Nko}\p{Mandaic}\p{Mongolian}\p{Adlam}\p{Hanifi_Rohingya}] \p{Mn}{0,6} )
    \u200c (?= [\p{Arabic}\p{Syriac}\p{Nko}\p{Mandaic}\p{Mongolian}\p{Adlam}\p{Hanifi_Rohingya}] )
  | (?<= \p{Extended_Pictographic} \ufe0f? | [\U0001f3fb-\U0001f3ff] ) \u200d (?= \p{Extended_Pictographic} )
  | (?<= \p{Extended_Pictographic} ) [\ufe0e\ufe0f]
  | (?<= [0-9#*] ) \ufe0f (?= \u20e3 )
  | (?<= \p{Han} ) [\ufe00-\ufe02\U000e0100-\U000e01ef]
  | (?<= \p{Mongolian} ) [\u180b-\u180d\u180f]
  | (?<= \U0001f3f4 ) [\U000e0030-\U000e0039\U000e0061-\U000e007a]{3,6} \U000e007f
"""
_NEVER_SEEN = r"(?![\n]) [\p{Cc}\p{Cs}\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}\ufff9-\ufffb]"
_UNSEEN = regex.compile(_NEVER_SEEN, regex.VERBOSE)
_UNSEEN_ALONE = regex.compile(rf"(?:{_HELPERS}) (*SKIP)(*FAIL) | {_NEVER_SEEN}", regex.VERBOSE)
_ODD_SPACES = regex.compile(r"[\t\v\f\x1c-\x1f\x85\u2028\u2029]")

# No living script stacks more; what does, climbs over the lines above ("zalgo"). Compare
# https://www.unicode.org/reports/tr39/ 5.4, which allows four, too few for Burmese.
_TALL_STACK = regex.compile(r"([\p{Mn}\p{Me}]{6}) [\p{Mn}\p{Me}]+", regex.VERBOSE)
_LOOSE_START = regex.compile(r"[\p{M}\s]+")

_SAYS_SOMETHING = regex.compile(r"(?! [!-/:-@\[-`{-~\u2800] ) [^\p{P}\p{Z}\p{M}\p{Cc}\p{Cf}\p{Cs}]", regex.VERBOSE)

_LINK = re.compile(r"(?<!!)\[([^\[\]\n]{1,200})\]\((https?://[^\s()<>]{1,500})\)")

_MARKS = re.compile(r"[\\`*_\[\]<|~]|&(?=#|[A-Za-z][0-9A-Za-z]*;)")
_LINE_START = re.compile(r"^([0-9]{1,9}(?=[.)](?:\s|$))|(?=[-+](?:\s|$)|-[-:]|=|>|#+(?:\s|$)|:-))(.)")
_ELLIPSIS = "…"

_TIMES_THE_LIMIT = 8
_ROUNDS = 12
"""After which the helpers go, whatever they help: real words take two or three."""

_JOINTS = regex.compile(
    r"""
    (?<= @ ) (?! \p{M} )                        # @ada, @org/team, ada@example.org, owner/repo@commit
  | (?<= \# ) (?= \w | $ )                      # #1, owner/repo#1
  | (?<= [A-Za-z] - ) (?= [0-9] )               # GH-1, CVE-2026-1, and most prefixes a repository defines
  | (?<= (?i: GHSA ) - )                        # GHSA-xxxx-xxxx-xxxx
  | (?<= : ) (?= // | [\w+-]+ : )               # https://…, :tada:
  | (?<= (?i: www ) ) (?= \. )                  # www.example.org
    """,
    regex.VERBOSE,
)
_COMMIT_ID = re.compile(r"(?<![0-9A-Za-z])[0-9A-Fa-f]{7,}(?![0-9A-Za-z])")
_LONGEST_NO_COMMIT_ID = re.compile(r".{6}(?=.)")


def _break_up(commit_id: re.Match[str]) -> str:
    return _LONGEST_NO_COMMIT_ID.sub(rf"\g<0>{JOINER}", commit_id[0])


def _as_entities(spaces: str) -> str:
    return "".join(f"&#{ord(space)};" for space in spaces)


def _tidy(text: str) -> str:
    text = _remove_invisible(text).strip()
    loose = _LOOSE_START.match(text)
    return text[loose.end() :] if loose else text


def _remove_invisible(text: str) -> str:
    if text.isascii() and text.isprintable():
        return text
    text = unicodedata.normalize("NFC", unify_newlines(text))
    text = _UNSEEN_ALONE.sub("", _ODD_SPACES.sub(" ", text))
    return unicodedata.normalize("NFC", _TALL_STACK.sub(r"\1", text))


def _until_stable(text: str, step: Callable[[str], str]) -> str:
    """Repeat until nothing changes: what has gone may have been the reason for its neighbour to stay."""
    for _ in range(_ROUNDS):
        before, text = text, step(text)
        if text == before:
            return text
    return _until_stable(_UNSEEN.sub("", text), step)


def _shorten(text: str, limit: int) -> str:
    if len(text) <= limit:
        return text
    room, length = limit - len(_ELLIPSIS), 0
    # To find a character's end takes the square of its length.
    for grapheme in regex.finditer(r"\X", text[:limit]):
        if grapheme.end() > room:
            break
        length = grapheme.end()
    # A single grapheme may be longer than the limit: chains of emoji and joiners have no end.
    return text[: length or room].rstrip() + _ELLIPSIS


def drop_non_xml(text: str) -> str:
    """Drop the characters that are none in XML 1.0, escaped or not: https://www.w3.org/TR/xml/#charsets ."""
    return _NO_XML.sub("", text)


_NO_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
