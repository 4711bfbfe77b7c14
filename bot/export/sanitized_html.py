"""Letters and official responses, which are untrusted Markdown, as sanitized HTML."""

from __future__ import annotations

import re
import threading
from collections import Counter
from typing import Final

import nh3
from cachetools import LRUCache, cached
from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from markupsafe import Markup

from bot.petition.github_markdown import end_last_line, limit_nesting
from bot.petition.untrusted_text import drop_non_xml

REMEMBERED: Final = 8 * 1024 * 1024
"""Characters of rendered letters that are cached; a longer one is rendered each time."""

QUOTES: Final = 5
"""Quotes in one another that are shown as such."""

REPEATED: Final = 100_000
"""Elements that a browser may have to open again because a letter does not close them."""


@cached(LRUCache[object, Markup](REMEMBERED, getsizeof=len), lock=threading.Lock())
def render(text: str) -> Markup:
    """Return a letter as HTML; its headings go below the page's own, and its pictures become links to them.

    A picture from elsewhere would show its owner who reads the letter. Rendering may take a second.
    """
    text = limit_nesting(text, QUOTES)
    html = _MARKDOWN.render(text)
    if _repeats(html) > REPEATED:
        html = _MARKDOWN_ALONE.render(text)
    return Markup(_SANITIZER.clean(html))  # noqa: S704 - sanitized just here


@cached(LRUCache[object, Markup](REMEMBERED // 8, getsizeof=len), lock=threading.Lock())
def render_response(text: str) -> Markup:
    """Return an official response as HTML, as a letter; HTML in it is shown as the text that it is."""
    return Markup(_SANITIZER.clean(_MARKDOWN_ALONE.render(limit_nesting(drop_non_xml(text), QUOTES))))  # noqa: S704 - sanitized


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


# What stays open, as `<p><b>` does, is opened again in each paragraph that follows; so 64 kB can become 150 MB.
# Of tags that are the same in all, only three are: https://html.spec.whatwg.org/multipage/parsing.html#noahs-ark
_OPENED_AGAIN: Final = re.compile(r"(?i)<(?:b|big|code|em|font|i|nobr|s|small|strike|strong|tt|u)(?:>|(?=[\s/]))")
_THREE: Final = 3


def _repeats(html: str) -> int:
    """Return how many elements there can be more than tags, at worst."""
    opened = Counter(_OPENED_AGAIN.findall(html.lower()))
    at_once = sum(min(count, _THREE) if tag.endswith(">") else count for tag, count in opened.items())
    return at_once * html.count("<")


def _markdown(*, html: bool) -> MarkdownIt:
    # In issues, unlike in files, the end of a line breaks it.
    markdown = MarkdownIt("gfm-like2", {"breaks": True, "linkify": False, "html": html})
    markdown.core.ruler.after("normalize", "last_line", end_last_line)
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
            is_linked = any(child.type == "link_open" for child in token.children)
            token.children = [each for child in token.children for each in _without_picture(child, is_linked)]


def _without_picture(token: Token, is_linked: bool) -> list[Token]:
    if token.type != "image":
        return [token]
    text = Token("text", "", 0, content=f"🖼 {token.content or 'picture'}")
    if is_linked:
        return [text]
    link = Token("link_open", "a", 1, attrs={"href": str(token.attrs.get("src", ""))})
    return [link, text, Token("link_close", "a", -1)]


_MARKDOWN: Final = _markdown(html=True)
_MARKDOWN_ALONE: Final = _markdown(html=False)
"""Shows HTML as the text that it is."""
