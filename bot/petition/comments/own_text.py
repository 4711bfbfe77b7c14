"""Find a comment's own words among what it quotes, shows as code, hides, or drags along as the tail of a mail.

The time is in proportion to the length of the text, whatever it says: no part is read again for each of the marks
before it, and a search that has failed once is not repeated.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from functools import lru_cache

import regex

from bot.petition.comments.mail_tail import Tail, find_tail
from bot.petition.markdown_blocks import CLOSE_TAG, OPEN_TAG, TITLE, end_of, read_blocks, target_end


@lru_cache(2)
def read_own_text(lines: tuple[str, ...]) -> tuple[Sequence[range], Tail]:
    """Return the ranges of lines that are the author's own text, in order: paragraphs, list items, headings.

    Left out are quotes (with the lines Markdown adds to a quote), code, HTML and link definitions. Where a mail's
    tail begins is returned beside it.
    """
    if _STRUCTURE.search("\n".join(lines)) is None:
        return [range(len(lines))], find_tail(lines, bytes(len(lines)))
    own, foreign = read_blocks(lines)
    return own, find_tail(lines, foreign)


def own_passages(lines: tuple[str, ...], *, by_mail: bool) -> list[range]:
    """Return the author's own text above the tail of a mail; where one may begin, it does in what came by mail."""
    own, tail = read_own_text(lines)
    end = tail.doubtful if by_mail else tail.certain
    return [range(passage.start, min(passage.stop, end)) for passage in own if passage.start < end]


def lines_begun_in_text(passage: range, lines: Sequence[str]) -> set[int]:
    """Find the lines of a passage, by number, that begin as text: not in a code span, a tag or a link's target."""
    begun, first = set(passage), passage.start
    text = "\n".join(lines[first : passage.stop])
    if _SPANS.search(text) is None:
        return begun
    beginnings, offset = [], 0
    for line in lines[first : passage.stop]:
        beginnings.append(offset + len(line) - len(line.lstrip(" \t")))
        offset += len(line) + 1
    for start, end in _Scanner(text).swallowed():
        swallowed = bisect_left(beginnings, start + 1), bisect_left(beginnings, end)
        begun.difference_update(range(first + swallowed[0], first + swallowed[1]))
    # The first line of a passage can only begin as text.
    return begun | {first}


# What else there is in Markdown cannot change what a line is. Without any of these, the parser need not be asked.
_STRUCTURE = re.compile(r"[`<>\[]|~~~")


# Possessive quantifiers give nothing back, so that no text is tried in more than one way.
_SPANS = regex.compile(r"[`<\[]")
_SPECIAL = regex.compile(r"!?\[|`++|[\]<\\]")
_BACKTICKS = regex.compile(r"`++")
_SPACE = regex.compile(r"[ \t\n]*+")
_TAG = regex.compile(rf"{OPEN_TAG}|{CLOSE_TAG}")
_LONGEST_TAG = 4_096
_AUTOLINK = regex.compile(
    r"<(?:[a-zA-Z][a-zA-Z0-9+.-]{1,31}+:[^<>\x00-\x20]*+|[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]++@[a-zA-Z0-9.-]++)>"
)
_TERMINATORS = {"<!--": "-->", "<?": "?>", "<![CDATA[": "]]>", "<!": ">"}
_ENCLOSING = regex.compile(r"<!--|<\?|<!\[CDATA\[|<!(?=[A-Za-z])")


class _Scanner:
    """Reads a paragraph once, from its beginning to its end."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._lacking: set[str] = set()
        """Terminators that do not come any more."""
        self._runs: defaultdict[int, deque[int]] = defaultdict(deque)
        for run in _BACKTICKS.finditer(text):
            self._runs[len(run[0])].append(run.start())

    def swallowed(self) -> Iterator[tuple[int, int]]:
        """Return the ranges that are no text: from the first character of each up to its end."""
        text, at = self._text, 0
        openers: list[int] = []
        # A link's words hold no other link: openers before it open images only.
        links_from = 0
        while special := _SPECIAL.search(text, at):
            start, mark, at = special.start(), special[0][-1], special.end()
            if mark == "\\":
                at += 1
            elif mark in "`<":
                end = self._code_end(start, at) if mark == "`" else self._markup_end(start)
                if end >= 0:
                    yield start, end
                    at = end
            elif mark == "[":
                openers.append(start)
            elif openers:
                opener = openers.pop()
                is_image = text[opener] == "!"
                end = self._link_end(at) if is_image or len(openers) >= links_from else -1
                if end >= 0:
                    yield (opener if is_image else start), end
                    at = end
                is_link = end >= 0 and not is_image
                links_from = len(openers) if is_link else min(links_from, len(openers))

    def _code_end(self, start: int, end: int) -> int:
        """Return where the code span ends that these backticks open; -1 where nothing closes it."""
        closers = self._runs[end - start]
        while closers and closers[0] < end:
            closers.popleft()
        return closers[0] + end - start if closers else -1

    def _markup_end(self, start: int) -> int:
        """Return where HTML or an address in `<>` ends that starts there; -1 where there is none."""
        opening = _ENCLOSING.match(self._text, start)
        if opening is None:
            tag = _TAG.match(self._text, start, start + _LONGEST_TAG) or _AUTOLINK.match(self._text, start)
            return tag.end() if tag else -1
        terminator = _TERMINATORS[opening[0]]
        # `<!-->` and `<!--->` are comments too.
        end = -1 if terminator in self._lacking else self._text.find(terminator, start + len("<!"))
        if end < 0:
            self._lacking.add(terminator)
            return -1
        return end + len(terminator)

    def _link_end(self, start: int) -> int:
        """Return where `(target "title")` ends that starts there; -1 where there is none."""
        text = self._text
        if not text.startswith("(", start):
            return -1
        target = target_end(text, end_of(_SPACE, text, start + 1))
        gap = end_of(_SPACE, text, target)
        title = end_of(TITLE, text, gap) if gap > target else gap
        end = end_of(_SPACE, text, title)
        return end + 1 if text.startswith(")", end) else -1
