"""Read Markdown as GitHub does: blocks of running text, code, HTML and quotes, and the spans within text."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from itertools import islice
from typing import Final

import regex as re
from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock, blockquote, html_block, lheading, list_block, paragraph, table
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline

_Rule = Callable[[StateBlock, int, int, bool], bool]

DEEPEST = 3
"""Quotes in one another that are told apart where it only matters what is quoted and what is not."""

MOST_NESTED: Final = 100
"""Lists and their items in one another; of what lies deeper, and of what follows, nothing is read."""


def limit_nesting(text: str, deepest: int = DEEPEST) -> str:
    """Leave out the marks of quotes that lie deeper, and of lists between them; the lines stay as many.

    The Markdown parser reads what follows quotes in quotes once for each of them.
    """
    return str(_too_deep(deepest).sub(r"\1", text))


# What a line may begin with: a quote's mark, with those of the lists that it is in.
_MARK = r"[ \t]*(?:(?:[-+*]|[0-9]{1,9}[.)])[ \t]+)*>"


@cache
def _too_deep(deepest: int) -> re.Pattern[str]:
    return re.compile(rf"(?<![^\r\n])((?:{_MARK}){{{deepest}}})(?:{_MARK})+")


def github_parser(*without: str) -> MarkdownIt:
    """Return a parser without some rules.

    A link's definition is part of its paragraph for GitHub, which not all HTML can interrupt.
    """
    parser = MarkdownIt("commonmark", {"maxNesting": MOST_NESTED}).disable([*without, "reference"])
    parser.block.ruler.at("table", _table, {"alt": ["paragraph", "reference"]})
    parser.block.ruler.at("html_block", _html_block, {"alt": ["paragraph", "reference", "blockquote"]})
    parser.block.ruler.at("blockquote", _quote, {"alt": ["paragraph", "reference", "blockquote", "list"]})
    parser.block.ruler.at("lheading", _underlined)
    parser.block.ruler.at("list", _list, {"alt": ["paragraph", "reference", "blockquote"]})
    for rule in parser.block.ruler.__rules__:
        if rule.name in _BEGINNINGS:
            rule.fn = _unless_lazy(rule.fn, _BEGINNINGS[rule.name])
    parser.core.ruler.after("normalize", "last_line", end_last_line)
    parser.inline.ruler.before("html_inline", "declaration", _read_newer_declaration)
    return parser.enable("table")


_BEGINNINGS: Final = {
    "fence": ("`", "~"),
    "blockquote": (">",),
    "hr": ("-", "*", "_"),
    "list": ("-", "+", "*", *"0123456789"),
    "html_block": ("<",),
    "heading": ("#",),
}
"""What lines begin with that may end a text; of most lines, no rule need be asked."""


def end_last_line(state: StateCore) -> None:
    """End the last line: the parser fails where HTML in a list in a quote stays open up to a line without end."""
    if not state.src.endswith("\n"):
        state.src += "\n"


def _unless_lazy(rule: _Rule, beginnings: tuple[str, ...]) -> _Rule:
    """Return a rule that ends no text where GitHub reads on: what is indented as code is, and begins nothing.

    In a quote in a quote, that is what did not end the outer one.
    """
    return lambda state, start, end, silent: (
        state.src.startswith(beginnings, state.bMarks[start] + state.tShift[start])
        and not (silent and _goes_on(state, start))
        and rule(state, start, end, silent)
    )


def _goes_on(state: StateBlock, line: int) -> bool:
    """Return whether a line is indented as code in the innermost list item that it is indented enough for."""
    indent = state.sCount[line]
    if indent < 0 or indent >= state.blkIndent:
        return indent < 0
    around: list[int] = state.env["indents"]
    # In a quote, columns are counted from its mark.
    outermost = len(around) - 1 - around[::-1].index(0)
    return indent - around[bisect_right(around, indent, outermost) - 1] >= _CODE


def _quote(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Read a quote, which no `>` goes on that is indented as code."""
    if silent or state.is_code_block(start) or not _has_indented_marks(state):
        return blockquote(state, start, end, silent)
    shifts = {line: state.tShift[line] for line in _indented_marks(state, start, end)}
    for line in shifts:
        # The parser sees the white space, and no mark.
        state.tShift[line] = 0
    blockquote(state, start, end, silent)
    for line, shift in shifts.items():
        state.tShift[line] = shift
    return True


def _has_indented_marks(state: StateBlock) -> bool:
    """Return whether a text may have such marks anywhere."""
    if "indented_marks" not in state.env:
        state.env["indented_marks"] = _INDENTED_MARK.search(state.src) is not None
    return bool(state.env["indented_marks"])


_INDENTED_MARK = re.compile(r"(?: {4}|\t)[ \t]*+>")


def _indented_marks(state: StateBlock, start: int, end: int) -> Iterator[int]:
    """Find the lines that may go on with a quote, and have a `>` that is indented as code."""
    rules = state.md.block.ruler.getRules("blockquote")
    for line in range(start + 1, end):
        if state.isEmpty(line):
            return
        if state.src[state.bMarks[line] + state.tShift[line]] != ">":
            if any(rule(state, line, end, True) for rule in rules):
                return
        elif state.is_code_block(line):
            yield line


def _list(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Read a list, and keep how far what is around it is indented."""
    if silent:
        return list_block(state, start, end, silent)
    indents: list[int] = state.env.setdefault("indents", [])
    indents.append(state.blkIndent)
    found = list_block(state, start, end, silent)
    indents.pop()
    return found


_CODE = 4
"""Columns of white space before what is shown as code."""


def _underlined(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Read a heading; below link definitions and nothing else, what would underline it is text."""
    if not lheading(state, start, end, silent):
        return False
    text = state.tokens[-2]
    first, underline = text.map or (start, state.line)
    if _count_defining_lines(text.content) < underline - first:
        return True
    del state.tokens[-3:]
    return lheading(state, underline, end, silent) or paragraph(state, underline, end, silent)


def _table(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Read a table, but where the line below its head is a heading's: that one goes first for GitHub."""
    if start + 1 < end and not state.getLines(start + 1, start + 2, 0, keepLastLF=False).strip(" -"):
        return False
    return table(state, start, end, silent)


def _html_block(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Read HTML, but no declaration that only newer CommonMark reads, and no tag with blanks beyond ASCII."""
    at = state.bMarks[start] + state.tShift[start]
    return not _NO_HTML.match(state.src, at) and html_block(state, start, end, silent)


def _read_newer_declaration(state: StateInline, silent: bool) -> bool:
    """Take the `<` as text where only newer CommonMark reads a declaration: a tag behind it counts for GitHub."""
    if not _NEWER_DECLARATION.match(state.src, state.pos):
        return False
    if not silent:
        state.pending += "<"
    state.pos += 1
    return True


# https://github.github.com/gfm/#declaration
_NEWER_DECLARATION = re.compile(r"<!(?![A-Z]+\s)[A-Za-z]")

_NO_HTML = re.compile(r"<(?:![a-z]|/?[A-Za-z][A-Za-z0-9-]*+[^\x00-\x1b\x20-\x7f])")

BLOCKS: Final = github_parser("inline", "text_join")
"""Finds the blocks of a text, and reads nothing of what is in them."""


def read_blocks(lines: Sequence[str]) -> tuple[list[range], bytearray]:
    """Find the lines of running text that nobody is quoted with, and mark those of HTML and of fenced code.

    Mail programs indent what they write around a quotation, so indented code is not marked.
    """
    own: list[range] = []
    foreign = bytearray(len(lines))
    quotes = html_quotes = 0
    for token in _BLOCKS_OF_COMMENTS.parse(
        limit_nesting(_TABS.sub(lambda marks: marks[0].expandtabs(_CODE), "\n".join(lines)))
    ):
        first, end = token.map or (0, 0)
        if token.type in ("blockquote_open", "blockquote_close"):
            quotes += token.nesting
        elif token.type in ("fence", "html_block"):
            foreign[first:end] = b"\1" * (end - first)
            shown = _COMMENT.sub("", token.content) if token.type == "html_block" else ""
            for closing in _HTML_QUOTE.findall(shown):
                html_quotes = max(0, html_quotes + (-1 if closing else 1))
        elif token.type == "inline" and not quotes and not html_quotes:
            text = range(first + _count_defining_lines(token.content), end)
            own += [text] if text else []
    return own, foreign


# A table's cells are running text, as other lines.
_BLOCKS_OF_COMMENTS: Final = github_parser("inline", "text_join").disable("table")

# The parser miscounts the columns of tabs in quotes in one another.
_TABS = re.compile(r"^(?=[^\t\n]*\t)[ \t>*+.)0-9-]+", re.MULTILINE)

_COMMENT = re.compile(r"\A\s*<!--.*?(?:-->|\Z)", re.DOTALL)
_HTML_QUOTE = re.compile(r"<(/?)(?i:blockquote|pre|code)\b")


def _count_defining_lines(text: str) -> int:
    """Count the lines of the link definitions that a text begins with."""
    end = 0
    while (after := _definition_end(text, end)) > end:
        end = after
    return text.count("\n", 0, end) + (0 < end == len(text))


def _definition_end(text: str, start: int) -> int:
    """Return where the line ends on which a link definition ends that starts there; the start if there is none."""
    label = _LABEL.match(text, start)
    if label is None or not label[1].strip():
        return start
    begin = _end_of(_GAP, text, label.end())
    target = _target_end(text, begin)
    if target == begin:
        return start
    gap = _end_of(_GAP, text, target)
    title = _end_of(_TITLE, text, gap) if gap > target else gap
    ended = (_LINE_END.match(text, title) if title > gap else None) or _LINE_END.match(text, target)
    return ended.end() if ended else start


_LABEL = re.compile(r"[ \t]*+\[((?:[^\[\]\\]|\\.){1,999}+)\]:", re.DOTALL)
_GAP = re.compile(r"[ \t]*+\n?[ \t]*+")
_LINE_END = re.compile(r"[ \t]*+(?:\n|\Z)")


def lines_begun_in_text(passage: range, lines: Sequence[str]) -> set[int]:
    """Find the lines of a passage, by number, that begin as text: not in a code span, a tag or a link's target."""
    begun, first = set(passage), passage.start
    text = "\n".join(lines[first : passage.stop])
    beginnings, offset = [], 0
    for line in lines[first : passage.stop]:
        beginnings.append(offset + len(line) - len(line.lstrip(" \t")))
        offset += len(line) + 1
    for start, end in _SpanScanner(text).swallowed():
        swallowed = bisect_left(beginnings, start + 1), bisect_left(beginnings, end)
        begun.difference_update(range(first + swallowed[0], first + swallowed[1]))
    # The first line of a passage can only begin as text.
    return begun | {first}


class _SpanScanner:
    """Reads a paragraph once, from its beginning to its end.

    The time is in proportion to its length: no part is read again for each of the marks before it, and a search
    that has failed once is not repeated.
    """

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
        target = _target_end(text, _end_of(_SPACE, text, start + 1))
        gap = _end_of(_SPACE, text, target)
        title = _end_of(_TITLE, text, gap) if gap > target else gap
        end = _end_of(_SPACE, text, title)
        return end + 1 if text.startswith(")", end) else -1


def _target_end(text: str, start: int) -> int:
    """Return where a link's target ends that starts there; the start where there is none."""
    if text.startswith("<", start):
        return _end_of(_POINTED, text, start)
    level = 0
    for part in islice(_TARGET_PART.finditer(text, start), _MOST_PARENTHESES):
        if part[1] == "(":
            level += 1
        elif part[1] == ")" and level:
            level -= 1
        else:
            return int(part.end()) - len(part[1])
    return start


def _end_of(pattern: re.Pattern[str], text: str, start: int) -> int:
    """Return where what a pattern matches here ends; the start where it does not match."""
    found = pattern.match(text, start)
    return start if found is None else found.end()


# The quantifiers with a plus give nothing back, so that no text is tried in more than one way.
_BLANK = r"[ \t-\r]"
_VALUE = r"""(?:[^"'=<>`\x00-\x20]++|'[^']*+'|"[^"]*+")"""
_ATTRIBUTE = rf"{_BLANK}++[a-zA-Z_:][a-zA-Z0-9:._-]*+(?:{_BLANK}*+={_BLANK}*+{_VALUE})?+"
_OPEN_TAG = rf"<[A-Za-z][A-Za-z0-9-]*+(?:{_ATTRIBUTE})*+{_BLANK}*+/?>"
_CLOSE_TAG = rf"</[A-Za-z][A-Za-z0-9-]*+{_BLANK}*+>"
_TAG = re.compile(rf"{_OPEN_TAG}|{_CLOSE_TAG}")
_POINTED = re.compile(r"<(?:[^<>\n\\]|\\.)*+>")
_TARGET_PART = re.compile(r"[^\x00-\x20\x7f\\()]*+(?:\\[^\x00-\x20\x7f]?[^\x00-\x20\x7f\\()]*+)*+([()]?)")
_MOST_PARENTHESES = 16
"""In a target; they are counted anew for each target that may begin before them."""
_TITLE = re.compile(r""""(?:[^"\\]|\\.)*+"|'(?:[^'\\]|\\.)*+'|\((?:[^()\\]|\\.)*+\)""", re.DOTALL)
_SPECIAL = re.compile(r"!?\[|`++|[\]<\\]")
_BACKTICKS = re.compile(r"`++")
_SPACE = re.compile(r"[ \t\n]*+")
_LONGEST_TAG = 4_096
_AUTOLINK = re.compile(
    r"<(?:[a-zA-Z][a-zA-Z0-9+.-]{1,31}+:[^<>\x00-\x20]*+|[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]++@[a-zA-Z0-9.-]++)>"
)
_TERMINATORS = {"<!--": "-->", "<?": "?>", "<![CDATA[": "]]>", "<!": ">"}
_ENCLOSING = re.compile(r"<!--|<\?|<!\[CDATA\[|<!(?=[A-Za-z])")
