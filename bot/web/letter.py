"""Show a letter, which is somebody's Markdown, as HTML that can do nothing."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import nh3
from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from markupsafe import Markup


@lru_cache(maxsize=256)
def show(text: str) -> Markup:
    """Render a letter; its headings go below the page's own, and its pictures become links to them.

    A picture from elsewhere would tell its owner who reads the letter.
    """
    return Markup(_SANITIZER.clean(_MARKDOWN.render(text)))  # noqa: S704 - sanitized just here


# What GitHub shows in an issue: https://github.com/github/markup#github-markup
_ELEMENTS: Final = """
    a abbr b bdo blockquote br caption cite code dd del details dfn div dl dt em figcaption figure h2 h3 h4 h5 h6
    hr i ins kbd li mark ol p pre q rp rt ruby s samp small span strike strong sub summary sup
    table tbody td tfoot th thead tr tt u ul var wbr
"""
_ATTRIBUTES: Final = {
    "*": {"dir", "lang", "title"},
    "a": {"href"},
    "details": {"open"},
    "ol": {"start"},
    "td": {"align", "colspan", "rowspan"},
    "th": {"align", "colspan", "rowspan", "scope"},
}
_SANITIZER: Final = nh3.Cleaner(
    tags=set(_ELEMENTS.split()),
    attributes=_ATTRIBUTES,
    link_rel="noopener noreferrer nofollow ugc",
    url_schemes={"http", "https", "mailto"},
    # What it would be relative to is on GitHub, and not here.
    url_relative="deny",
)


def _markdown() -> MarkdownIt:
    # In issues, unlike in files, the end of a line breaks it.
    markdown = MarkdownIt("gfm-like2", {"breaks": True, "linkify": False})
    markdown.core.ruler.push("adapt", _adapt)
    return markdown


def _adapt(state: StateCore) -> None:
    task = ""
    for token in state.tokens:
        if token.type == "list_item_open" and "checked" in token.meta:
            # A form's field would be an odd thing in a letter.
            task = "☑ " if token.meta["checked"] else "☐ "
            token.meta = {}
        elif token.type == "inline" and task:
            token.children = [Token("text", "", 0, content=task), *(token.children or [])]
            task = ""
        if token.type in ("heading_open", "heading_close"):
            # The page's title is its only first heading, "The letter" is a second one.
            token.tag = f"h{min(int(token.tag[1:]) + 2, 6)}"
        elif token.type in ("th_open", "td_open") and (style := token.attrs.pop("style", None)):
            token.attrSet("align", str(style).removeprefix("text-align:"))
        elif token.children:
            token.children = [each for child in token.children for each in _without_picture(child, token.children)]


def _without_picture(token: Token, siblings: list[Token]) -> list[Token]:
    if token.type != "image":
        return [token]
    text = Token("text", "", 0, content=f"🖼 {token.content or 'picture'}")
    if any(sibling.type == "link_open" for sibling in siblings):
        return [text]
    link = Token("link_open", "a", 1, attrs={"href": str(token.attrs.get("src", ""))})
    return [link, text, Token("link_close", "a", -1)]


_MARKDOWN: Final = _markdown()
