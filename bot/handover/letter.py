"""A letter's Markdown as a tree that the paper can be set from: what it says, and none of its HTML."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markdown_it.tree import SyntaxTreeNode

Node = dict[str, Any]
"""`kind`, and either `text` or `inside`."""


DEEPEST: Final = 16
"""Emphasis and links in one another that are set; of what lies deeper, the words. Blocks are 20 deep at most."""


def tree(text: str) -> list[Node]:
    """Read a letter into nodes."""
    tokens: Sequence[Token] = _MARKDOWN.parse(text)
    for token in tokens:
        token.children = [one for one in token.children or () if not one.nesting or one.level < DEEPEST]
    return list(_nodes(SyntaxTreeNode(tokens)))


def _nodes(parent: SyntaxTreeNode) -> Iterator[Node]:
    for child in parent.children:
        yield from _node(child)


def _node(node: SyntaxTreeNode) -> Iterator[Node]:
    kind = _KINDS.get(node.type)
    if node.type in ("text", "code_inline", "fence", "code_block"):
        yield {"kind": kind, "text": node.content}
    elif node.type in ("softbreak", "hardbreak", "hr"):
        yield {"kind": kind}
    elif node.type == "image":
        yield {"kind": "text", "text": f"[{node.content or 'picture'}]"}
    elif node.type == "heading":
        yield {"kind": kind, "level": int(node.tag[1:]), "inside": list(_nodes(node))}
    elif node.type == "link":
        yield {"kind": kind, "to": str(node.attrs.get("href", "")), "inside": list(_nodes(node))}
    elif kind is not None:
        yield {"kind": kind, "inside": list(_nodes(node))}
    elif node.type not in ("html_inline", "html_block"):
        yield from _nodes(node)


_KINDS: Final = {
    "text": "text",
    "code_inline": "code",
    "fence": "listing",
    "code_block": "listing",
    "softbreak": "break",
    "hardbreak": "break",
    "hr": "line",
    "paragraph": "paragraph",
    "heading": "heading",
    "blockquote": "quote",
    "bullet_list": "bullets",
    "ordered_list": "numbers",
    "list_item": "item",
    "strong": "strong",
    "em": "emphasis",
    "s": "struck",
    "link": "link",
    "table": "table",
    "tr": "row",
    "td": "cell",
    "th": "cell",
}

_MARKDOWN: Final = MarkdownIt("gfm-like2", {"breaks": True, "linkify": False})
