"""A Markdown parser that finds blocks and raw HTML where GitHub finds them, in place of newer CommonMark."""

from __future__ import annotations

import re
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock, html_block, table
from markdown_it.rules_inline import StateInline

MOST_NESTED: Final = 100
"""Lists and their items in one another; of what lies deeper, and of what follows, nothing is read."""


def github_parser(*without: str) -> MarkdownIt:
    """Return a parser without some rules.

    A link's definition is part of its paragraph for GitHub, which not all HTML can interrupt.
    """
    parser = MarkdownIt("commonmark", {"maxNesting": MOST_NESTED}).disable([*without, "reference"])
    parser.block.ruler.at("table", _table, {"alt": ["paragraph", "reference"]})
    parser.block.ruler.at("html_block", _html_block, {"alt": ["paragraph", "reference", "blockquote"]})
    parser.inline.ruler.before("html_inline", "declaration", _read_newer_declaration)
    return parser.enable("table")


def _table(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Read a table, but where the line below its head is a heading's: that one goes first for GitHub."""
    if start + 1 < end and not state.getLines(start + 1, start + 2, 0, keepLastLF=False).strip(" -"):
        return False
    return table(state, start, end, silent)


def _html_block(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Read HTML, but no declaration that only newer CommonMark reads."""
    at = state.bMarks[start] + state.tShift[start]
    return not _LOWER_DECLARATION.match(state.src, at) and html_block(state, start, end, silent)


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

_LOWER_DECLARATION = re.compile(r"<![a-z]")

BLOCKS: Final = github_parser("inline", "text_join")
"""Finds the blocks of a text, and reads nothing of what is in them."""
