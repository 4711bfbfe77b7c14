"""Read Markdown's blocks where GitHub finds them: which lines of a text are running text, code, HTML or quotes."""

from __future__ import annotations

from bisect import bisect_right
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
    for token in _BLOCKS_OF_COMMENTS.parse(limit_nesting(_TABS.sub(_expand_tabs, "\n".join(lines)))):
        first, end = token.map or (0, 0)
        match token.type:
            case "blockquote_open":
                quotes += 1
            case "blockquote_close":
                quotes -= 1
            case "fence" | "html_block":
                foreign[first:end] = b"\1" * (end - first)
                shown = _COMMENT.sub("", token.content) if token.type == "html_block" else ""
                for closing in _HTML_QUOTE.findall(shown):
                    html_quotes = max(0, html_quotes + (-1 if closing else 1))
            case "inline" if not quotes and not html_quotes:
                text = range(first + _count_defining_lines(token.content), end)
                own += [text] if text else []
            case _:
                pass
    return own, foreign


# A table's cells are running text, as other lines.
_BLOCKS_OF_COMMENTS: Final = github_parser("inline", "text_join").disable("table")

# The parser miscounts the columns of tabs in quotes in one another.
_TABS = re.compile(r"^(?=[^\t\n]*\t)[ \t>*+.)0-9-]+", re.MULTILINE)

_COMMENT = re.compile(r"\A\s*<!--.*?(?:-->|\Z)", re.DOTALL)
_HTML_QUOTE = re.compile(r"<(/?)(?i:blockquote|pre|code)\b")


def _expand_tabs(marks: re.Match[str]) -> str:
    return str(marks[0].expandtabs(_CODE))


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
    begin = end_of(_GAP, text, label.end())
    target = target_end(text, begin)
    if target == begin:
        return start
    gap = end_of(_GAP, text, target)
    title = end_of(TITLE, text, gap) if gap > target else gap
    ended = (_LINE_END.match(text, title) if title > gap else None) or _LINE_END.match(text, target)
    return ended.end() if ended else start


_LABEL = re.compile(r"[ \t]*+\[((?:[^\[\]\\]|\\.){1,999}+)\]:", re.DOTALL)
_GAP = re.compile(r"[ \t]*+\n?[ \t]*+")
_LINE_END = re.compile(r"[ \t]*+(?:\n|\Z)")


def target_end(text: str, start: int) -> int:
    """Return where a link's target ends that starts there; the start where there is none."""
    if text.startswith("<", start):
        return end_of(_POINTED, text, start)
    level = 0
    for part in islice(_TARGET_PART.finditer(text, start), _MOST_PARENTHESES):
        if part[1] == "(":
            level += 1
        elif part[1] == ")" and level:
            level -= 1
        else:
            return int(part.end()) - len(part[1])
    return start


def end_of(pattern: re.Pattern[str], text: str, start: int) -> int:
    """Return where what a pattern matches here ends; the start where it does not match."""
    found = pattern.match(text, start)
    return start if found is None else found.end()


# The quantifiers with a plus give nothing back, so that no text is tried in more than one way.
_BLANK = r"[ \t-\r]"
_VALUE = r"""(?:[^"'=<>`\x00-\x20]++|'[^']*+'|"[^"]*+")"""
_ATTRIBUTE = rf"{_BLANK}++[a-zA-Z_:][a-zA-Z0-9:._-]*+(?:{_BLANK}*+={_BLANK}*+{_VALUE})?+"
OPEN_TAG = rf"<[A-Za-z][A-Za-z0-9-]*+(?:{_ATTRIBUTE})*+{_BLANK}*+/?>"
CLOSE_TAG = rf"</[A-Za-z][A-Za-z0-9-]*+{_BLANK}*+>"
_POINTED = re.compile(r"<(?:[^<>\n\\]|\\.)*+>")
_TARGET_PART = re.compile(r"[^\x00-\x20\x7f\\()]*+(?:\\[^\x00-\x20\x7f]?[^\x00-\x20\x7f\\()]*+)*+([()]?)")
_MOST_PARENTHESES = 16
"""In a target; they are counted anew for each target that may begin before them."""
TITLE = re.compile(r""""(?:[^"\\]|\\.)*+"|'(?:[^'\\]|\\.)*+'|\((?:[^()\\]|\\.)*+\)""", re.DOTALL)
