"""Close what a letter leaves open, so that the block below it is seen: code, raw HTML, and elements."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from bot.petition.github_markdown import BLOCKS, github_parser, limit_nesting

CLOSING_LINE: Final = r"""(?: `{3,} | ~{3,} | <!--[ ](?:\?|\]\]|"')>[ ]--> | </[a-z0-9]+> )"""
"""Any line of `closing_lines`, as a verbose pattern."""


def closing_lines(text: str, marker: str) -> tuple[str, ...]:
    """Return the lines that close what is open after a text and a marker in the line below it; mostly none.

    `marker` is an HTML comment. What GitHub does not show as HTML, such as `<script>`, needs no closing tag.
    """
    lines: list[str] = []
    # Code or one kind of HTML is open, and whatever closes it opens nothing.
    if (last := _last_block(text, marker, lines)) is not None:
        lines.append(last)
    elements = _OpenElements()
    elements.read(_markdown.render(_end(limit_nesting(text), marker, lines)))
    return (*lines, *elements.missing())


_PROBE: Final = "the end"

_DEEPEST: Final = 50
"""Elements of one name in one another; GitHub's own reader of HTML gives up on a few hundred of all."""

# Of what is in the blocks only the HTML matters, and where it is none.
_markdown = github_parser("emphasis", "link", "image", "entity")


def _end(text: str, marker: str, lines: Sequence[str]) -> str:
    return "\n".join([text, marker, *lines, "", _PROBE])


def _last_block(text: str, marker: str, lines: Sequence[str]) -> str | None:
    """Return the line that ends the block which is open at the end; None where none is."""
    tokens = BLOCKS.parse(_end(limit_nesting(text, 1), marker, lines))
    last = next(token for token in reversed(tokens) if token.map)
    match last.type:
        case "fence":
            return last.markup
        case "html_block" if last.content.startswith("<?", len(last.content) - len(last.content.lstrip())):
            return "<!-- ?> -->"
        case "html_block" if last.content.lstrip().startswith("<![CDATA["):
            return "<!-- ]]> -->"
        case "html_block":
            return "</pre>"
        case _:
            return None


class _OpenElements:
    """The elements that are open, by the rules of HTML as far as they matter here.

    https://html.spec.whatwg.org/multipage/parsing.html#parsing-main-inbody
    """

    def __init__(self) -> None:
        self._stack: list[str] = []
        self._formatting: list[str] = []
        self._is_open_ended = False

    def read(self, html: str) -> None:
        """Read a whole text."""
        for tag in _TAG.finditer(html):
            name = (tag["name"] or "").lower()
            self._is_open_ended = any(tag[kind] is not None for kind in _OPEN_ENDED)
            if name in _BLOCKS and not tag["slash"]:
                self._close("p")
            if name in _KNOWN:
                (self._close if tag["slash"] else self._open)(name)

    def missing(self) -> Iterator[str]:
        """Yield the lines that close everything, the innermost first."""
        if self._is_open_ended:
            yield """<!-- "'> -->"""
        inside = [name for name in reversed(self._stack) if name in _FORMATTING or name in _OTHERS]
        # What was closed around an element such as <b> does not close that, which then goes on below.
        ended = [] if "table" in inside else inside
        going_on = Counter(self._formatting) - Counter(ended)
        for name in [*inside, *(name for name in going_on.elements() if name in _FORMATTING)]:
            yield f"</{name}>"

    def _open(self, name: str) -> None:
        if self._stack.count(name) >= _DEEPEST or (name in _CELLS and "table" not in self._stack):
            return
        self._stack.append(name)
        if name in _FORMATTING or name in _CELLS:
            self._formatting.append(name)

    def _close(self, name: str) -> None:
        at = _last(self._stack, name)
        # What ends in a table cannot have begun outside of it.
        within = set(self._stack[at + 1 :])
        if "table" in within or (name != "table" and name not in _CELLS and not _CELLS.isdisjoint(within)):
            return
        if (mark := _last(self._formatting, name)) >= 0:
            # The end of a cell ends what was open in it; elsewhere such an element goes on in the next paragraph.
            del self._formatting[mark : len(self._formatting) if name in _CELLS else mark + 1]
        if at >= 0:
            del self._stack[at : at + 1 if name in _FORMATTING else len(self._stack)]


def _last(names: list[str], name: str) -> int:
    """Return the last place of a name; -1 where there is none."""
    return len(names) - 1 - names[::-1].index(name) if name in names else -1


# GitHub shows some tags as text: https://github.github.com/gfm/#disallowed-raw-html-extension-.
# A comment or a tag that does not end here goes on: nothing in a pattern that always matches is looked at twice.
_TAG = re.compile(
    r"""
    <!-- .*? (?: --> | (?P<comment>\Z) )
    | < [!?] [^>]* (?: > | (?P<declaration>\Z) )
    | < (?P<slash>/?)
      (?! (?: iframe | noembed | noframes | plaintext | script | style | textarea | title | xmp ) [\s/>] )
      (?P<name> [a-z][^\s/>]* )
      (?: = \s* "[^"]* (?: " | (?P<double>\Z) ) | = \s* '[^']* (?: ' | (?P<single>\Z) ) | [^>] )*
      (?: > | \Z )
    """,
    re.IGNORECASE | re.DOTALL | re.VERBOSE,
)

_OPEN_ENDED: Final = ("comment", "declaration", "double", "single")
"""What of the pattern swallows all tags up to its own end."""

_FORMATTING: Final = frozenset("a b big code em font i s small strike strong tt u".split())  # noqa: SIM905 - words
"""Elements that go on after the paragraph in which they were not closed."""

_OTHERS: Final = frozenset(
    """
    abbr bdo blockquote cite dd del details dfn div dl dt figcaption figure h1 h2 h3 h4 h5 h6 ins kbd li
    mark ol pre q rp rt ruby samp span sub summary sup table time ul var
    """.split()  # noqa: SIM905 - words, not lines
)
"""Other elements that GitHub shows and whose end tag must not be left out.

https://github.com/gjtorikian/html-pipeline/blob/main/lib/html_pipeline/sanitization_filter.rb
"""

_BLOCKS: Final = frozenset(
    """
    address article aside blockquote center dd details dialog dir div dl dt fieldset figcaption figure footer form
    h1 h2 h3 h4 h5 h6 header hgroup hr li listing main menu nav ol p pre search section summary table ul
    """.split()  # noqa: SIM905 - words, not lines
)
"""Elements that end a paragraph in which they begin, also those that GitHub does not show."""

_CELLS: Final = frozenset({"caption", "td", "th"})

_KNOWN: Final = _FORMATTING | _OTHERS | _CELLS | {"p"}
