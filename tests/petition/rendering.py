"""How GitHub shows an issue's body: its own Markdown renderer, and a sanitizer that reads HTML as browsers do."""

from __future__ import annotations

from html.parser import HTMLParser

import cmarkgfm
import nh3
from cmarkgfm.cmark import Options

SHOWN = frozenset(
    """
    a abbr b bdo blockquote br cite code dd del details dfn div dl dt em figcaption figure h1 h2 h3 h4
    h5 h6 hr i ins kbd li mark ol p pre q rp rt ruby s samp small span strike strong sub summary sup
    table tbody td tfoot th thead time tr tt ul var
    """.split()  # noqa: SIM905 - words, not lines
)


def shown_in(body: str, words: str) -> list[tuple[str, ...]]:
    """Return the elements around each place where a body shows some words, the outermost first."""
    html = cmarkgfm.github_flavored_markdown_to_html(body, Options.CMARK_OPT_UNSAFE)
    finder = _Finder(words)
    finder.feed(nh3.clean(html, tags=set(SHOWN), strip_comments=True))
    finder.close()
    return finder.found


class _Finder(HTMLParser):
    def __init__(self, words: str) -> None:
        super().__init__()
        self._words = words
        self._open: list[str] = []
        self.found: list[tuple[str, ...]] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag not in ("br", "hr"):
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if self._words in data:
            self.found.append(tuple(self._open))
