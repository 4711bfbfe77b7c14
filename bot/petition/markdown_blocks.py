"""Read Markdown as GitHub does, as far as we need it: which lines of a text are running text, code, HTML or quotes.

Each line is read once, as GitHub's own parser does it, and the time is in proportion to the length of the text.
https://spec.commonmark.org/0.31.2/#appendix-a-parsing-strategy
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from enum import Enum, auto
from functools import cache
from itertools import islice
from typing import Final

import regex as re
from markdown_it.common.html_blocks import block_names

DEEPEST = 3
"""Quotes in one another that are told apart where it only matters what is quoted and what is not."""


def limit_nesting(text: str, deepest: int = DEEPEST) -> str:
    """Leave out the marks of quotes that lie deeper, and of lists between them; the lines stay as many.

    The Markdown parser reads what follows quotes in quotes once for each of them.
    """
    return str(_too_deep(deepest).sub(r"\1", text))


def read_blocks(lines: Sequence[str]) -> tuple[list[range], bytearray]:
    """Find the lines of running text that nobody is quoted with, and mark those of code and HTML.

    Lines that are code only because they are indented are marked as `INDENTED`.
    """
    reader = _BlockReader(len(lines))
    for number, line in enumerate(lines):
        reader.read(number, line)
    reader.close()
    return reader.own, reader.foreign


def target_end(text: str, start: int) -> int:
    """Return where a link's target ends that starts there; -1 where there is none."""
    if text.startswith("<", start):
        pointed = _POINTED.match(text, start)
        return pointed.end() if pointed else -1
    level = 0
    for part in islice(_TARGET_PART.finditer(text, start), _MOST_PARENTHESES):
        if part[1] == "(":
            level += 1
        elif part[1] == ")" and level:
            level -= 1
        else:
            end = part.end() - len(part[1])
            return end if end > start else -1
    return -1


def title_end(text: str, start: int) -> int:
    """Return where a link's title ends that starts there; -1 where there is none."""
    title = _TITLE.match(text, start)
    return title.end() if title else -1


def end_of(pattern: re.Pattern[str], text: str, start: int) -> int:
    """Return where what a pattern matches here ends; the start where it does not match."""
    found = pattern.match(text, start)
    return start if found is None else found.end()


# The quantifiers with a plus give nothing back, so that no text is tried in more than one way.
_ATTRIBUTE = r"""\s++[a-zA-Z_:][a-zA-Z0-9:._-]*+(?:\s*+=\s*+(?:[^"'=<>`\x00-\x20]++|'[^']*+'|"[^"]*+"))?+"""
OPEN_TAG = rf"<[A-Za-z][A-Za-z0-9-]*+(?:{_ATTRIBUTE})*+\s*+/?>"
CLOSE_TAG = r"</[A-Za-z][A-Za-z0-9-]*+\s*+>"
_POINTED = re.compile(r"<(?:[^<>\n\\]|\\.)*+>")
_TARGET_PART = re.compile(r"[^\x00-\x20\x7f\\()]*+(?:\\[^\x00-\x20\x7f]?[^\x00-\x20\x7f\\()]*+)*+([()]?)")
_MOST_PARENTHESES = 16
"""In a target; they are counted anew for each target that may begin before them."""
_TITLE = re.compile(r""""(?:[^"\\]|\\.)*+"|'(?:[^'\\]|\\.)*+'|\((?:[^()\\]|\\.)*+\)""", re.DOTALL)

_HEADING = re.compile(r"#{1,6}+(?:[ \t]|$)")
_FENCE = re.compile(r"(`{3,}+)[^`]*+$|(~{3,}+)")
_MARKER = re.compile(r"(?:[-+*]|([0-9]{1,9}+)[.)])(?:(?=[ \t])|$)")
_MARKUP = re.compile(
    rf"""<(?:
        (?P<raw> (?ai:script|pre|style|textarea) (?:[\s>]|$) ) | (?P<comment> !-- ) | (?P<instruction> \? )
      | (?P<declaration> ![A-Za-z] ) | (?P<data> !\[CDATA\[ )
      | (?P<block> /? (?ai:{"|".join(block_names)}) (?: \s | /?> | $ ) )
    )""",
    re.VERBOSE,
)
_LONE_TAG = re.compile(rf"(?:{OPEN_TAG}|{CLOSE_TAG})\s*+$")
_ENDS: Final = {
    "raw": re.compile(r"</(?ai:script|pre|style|textarea)>"),
    "comment": re.compile(r"-->"),
    "instruction": re.compile(r"\?>"),
    "declaration": re.compile(r">"),
    "data": re.compile(r"\]\]>"),
}
"""What ends HTML of each kind; all others end on an empty line."""
_HTML_QUOTE = re.compile(r"<(/?)(?i:blockquote|pre|code)\b")

_LABEL = re.compile(r"\[(?:[^\[\]\\]|\\.){1,999}+\]:", re.DOTALL)
_GAP = re.compile(r"[ \t]*+\n?[ \t]*+")
_LINE_END = re.compile(r"[ \t]*+(?:\n|\Z)")

_BLANKS = re.compile(r"[ \t]*+")
_CODE: Final = 4
"""Columns of white space before what is shown as code."""
INDENTED: Final = 2
"""The mark of a line that is code only because it is indented."""


class _Line:
    """A line while it is read: its text goes on `at`, after `indent` columns of white space."""

    __slots__ = ("_column", "_tails", "at", "indent", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = self.indent = self._column = 0
        self._tails: dict[str, int] = {}
        self.skip(0)

    def skip(self, length: int) -> None:
        """Skip a mark of this length, and the white space behind it."""
        start = self.at + length
        before = self._column = self._column + length
        blanks = _BLANKS.match(self.text, start)
        self.at = start if blanks is None else blanks.end()
        if self.text.find("\t", start, self.at) < 0:
            self._column += self.at - start
        else:
            for place in range(start, self.at):
                self._column += 4 - self._column % 4 if self.text[place] == "\t" else 1
        self.indent = self._column - before

    @property
    def blank(self) -> bool:
        """Return whether nothing follows."""
        return self.at == len(self.text)

    def divides(self) -> bool:
        """Return whether all that follows are three or more of the same mark."""
        mark = self.text[self.at]
        if mark not in "*-_":
            return False
        if mark not in self._tails:
            self._tails[mark] = len(self.text.rstrip(f"{mark} \t"))
        return self.at >= self._tails[mark] and self.text.count(mark, self.at) > 2

    def underlines(self) -> bool:
        """Return whether what follows makes a heading of the text above."""
        mark = self.text[self.at]
        return mark in "=-" and not self.text[self.at :].rstrip(" \t").strip(mark)


class _Leaf(Enum):
    """What the innermost block holds."""

    NOTHING = auto()
    TEXT = auto()
    CODE = auto()
    FENCE = auto()
    HTML = auto()


_QUOTE: Final = -1
"""Stands for a quote among the open blocks; a list item is the columns that what is in it is indented by."""


class _BlockReader:
    """What is open between two lines."""

    def __init__(self, length: int) -> None:
        self.own: list[range] = []
        self.foreign = bytearray(length)
        self._open: list[int] = []
        self._quotes: list[int] = []
        """Where among the open blocks the quotes are."""
        self._html_quotes = 0
        self._empty_item = -1
        """The last line that began an item and has nothing else."""
        self._leaf = _Leaf.NOTHING
        self._start = 0
        self._texts: list[str] = []
        self._fence = ""
        self._markup = ""

    def read(self, number: int, text: str) -> None:
        """Read the next line."""
        line = _Line(text)
        depth = self._going_on(number, line)
        if depth == len(self._open) and self._goes_on(number, line):
            return
        goes_on = self._leaf is _Leaf.TEXT
        while not line.blank and not (goes_on and line.indent >= _CODE):
            if self._is_leaf(number, line, depth, goes_on=goes_on):
                return
            if not self._enter(number, line, depth, in_text=goes_on and depth == len(self._open)):
                break
            depth, goes_on = depth + 1, False
        if line.blank:
            if depth < len(self._open) or self._leaf is _Leaf.TEXT:
                self._close(depth)
            return
        if not goes_on:
            self._close(depth)
            self._leaf, self._start, self._texts = _Leaf.TEXT, number, []
        self._texts.append(text[line.at :])

    def close(self) -> None:
        """End what is open."""
        self._close(0)

    def _going_on(self, number: int, line: _Line) -> int:
        """Return how many of the open blocks go on, and go over their marks."""
        depth, deepest = 0, len(self._open)
        while depth < deepest and not line.blank:
            needed = self._open[depth]
            if needed == _QUOTE:
                if line.indent >= _CODE or line.text[line.at] != ">":
                    return depth
                _enter_quote(line)
            elif line.indent >= needed:
                line.indent -= needed
            else:
                return depth
            depth += 1
        if line.blank:
            # Empty lines end quotes, and of items only those that are empty themselves.
            quote = bisect_left(self._quotes, depth)
            depth = self._quotes[quote] if quote < len(self._quotes) else deepest
            depth -= depth == deepest and number == self._empty_item + 1
        return depth

    def _goes_on(self, number: int, line: _Line) -> bool:
        """Return whether the line belongs to open code or HTML, and note it."""
        if self._leaf is _Leaf.FENCE:
            self.foreign[number] = 1
            rest = line.text[line.at :].rstrip(" \t")
            if line.indent < _CODE and rest.startswith(self._fence) and not rest.strip(self._fence[0]):
                self._leaf = _Leaf.NOTHING
            return True
        if self._leaf is _Leaf.HTML and not (line.blank and self._markup not in _ENDS):
            self._note_html(number, line)
            return True
        if self._leaf is _Leaf.HTML:
            self._leaf = _Leaf.NOTHING
        return False

    def _is_leaf(self, number: int, line: _Line, depth: int, *, goes_on: bool) -> bool:
        """Return whether the line is a heading, divides, or begins code or HTML, and note it."""
        text, at = line.text, line.at
        if line.indent >= _CODE:
            self._begin(_Leaf.CODE, number, depth)
            # Mail programs indent what they write around a quotation, too.
            self.foreign[number] = INDENTED
        elif _HEADING.match(text, at):
            self._close(depth)
            if not self._quotes and not self._html_quotes:
                self.own.append(range(number, number + 1))
        elif fence := _FENCE.match(text, at):
            self._begin(_Leaf.FENCE, number, depth)
            self._fence = fence[1] or fence[2]
        elif markup := _MARKUP.match(text, at) or (not goes_on and _LONE_TAG.match(text, at)):
            self._begin(_Leaf.HTML, number, depth)
            self._markup = markup.lastgroup or ""
            self._note_html(number, line)
        elif goes_on and depth == len(self._open) and line.underlines():
            if _defined(self._texts) < len(self._texts):
                self._close(depth)
            else:
                self._start, self._texts = number, [text[at:]]
        elif line.divides():
            self._close(depth)
        else:
            return False
        return True

    def _enter(self, number: int, line: _Line, depth: int, *, in_text: bool) -> bool:
        """Return whether a quote or a list item begins, and go over its mark."""
        if line.text[line.at] == ">":
            self._close(depth)
            self._quotes.append(depth)
            self._open.append(_QUOTE)
            _enter_quote(line)
            return True
        indent = _enter_item(line, in_text=in_text)
        if indent:
            self._close(depth)
            self._open.append(indent)
            self._empty_item = number if line.blank else self._empty_item
        return indent > 0

    def _begin(self, leaf: _Leaf, number: int, depth: int) -> None:
        self._close(depth)
        self._leaf = leaf
        self.foreign[number] = 1

    def _close(self, depth: int) -> None:
        """End the innermost block and all open ones but the first; running text is noted."""
        if self._leaf is _Leaf.TEXT and not self._quotes and not self._html_quotes:
            text = range(self._start + _defined(self._texts), self._start + len(self._texts))
            self.own += [text] if text else []
        self._leaf = _Leaf.NOTHING
        del self._open[depth:]
        while self._quotes and self._quotes[-1] >= depth:
            self._quotes.pop()

    def _note_html(self, number: int, line: _Line) -> None:
        """Record a line of HTML, and which quotes it begins and ends."""
        self.foreign[number] = 1
        said = line.text[line.at :]
        ending = _ENDS.get(self._markup)
        end = ending.search(said) if ending else None
        if end:
            self._leaf = _Leaf.NOTHING
        if self._markup == "comment":
            said = said[end.end() :] if end else ""
        for closing in _HTML_QUOTE.findall(said):
            self._html_quotes = max(0, self._html_quotes + (-1 if closing else 1))


def _enter_quote(line: _Line) -> None:
    line.skip(1)
    line.indent -= line.indent > 0


def _enter_item(line: _Line, *, in_text: bool) -> int:
    """Skip the mark of a list item, and return how far what is in it is indented; 0 where there is none."""
    marker = _MARKER.match(line.text, line.at)
    # In the middle of a text, a number is likely to be one, and a lone dash too.
    if marker is None or (in_text and (int(marker[1] or 1) != 1 or not line.text[marker.end() :].strip(" \t"))):
        return 0
    before, length = line.indent, len(marker[0])
    line.skip(length)
    padding = 1 if line.blank or line.indent > _CODE else line.indent
    line.indent = max(0, line.indent - padding)
    return before + length + padding


def _defined(texts: Sequence[str]) -> int:
    """Count the lines of the link definitions that a text begins with."""
    if not texts[0].startswith("["):
        return 0
    text, end = "\n".join(texts), 0
    while (after := _definition_end(text, end)) > end:
        end = after
    return text.count("\n", 0, end) + (end == len(text))


def _definition_end(text: str, start: int) -> int:
    """Return where the line ends on which a link definition ends that starts there; the start if there is none."""
    label = _LABEL.match(text, start)
    if label is None or not label[0][1:-2].strip():
        return start
    target = target_end(text, end_of(_GAP, text, label.end()))
    if target < 0:
        return start
    gap = end_of(_GAP, text, target)
    title = title_end(text, gap) if gap > target else -1
    ended = _LINE_END.match(text, title) if title >= 0 else None
    ended = ended or _LINE_END.match(text, target)
    return ended.end() if ended else start


# What a line may begin with: a quote's mark, with those of the lists that it is in.
_MARK = r"[ \t]*(?:(?:[-+*]|[0-9]{1,9}[.)])[ \t]+)*>"


@cache
def _too_deep(deepest: int) -> re.Pattern[str]:
    return re.compile(rf"(?<![^\r\n])((?:{_MARK}){{{deepest}}})(?:{_MARK})+")
