"""Show Markdown as an issue on GitHub would: GitHub's flavour, its sanitizer, its mentions and references."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from html import escape
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Final

import nh3
from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from markupsafe import Markup

from sandbox.autolinks import autolinks

if TYPE_CHECKING:
    from markdown_it.renderer import RendererHTML
    from markdown_it.utils import EnvType, OptionsDict

GITHUB = "https://github.com/"


@lru_cache(maxsize=4096)
def render(text: str, repository: str) -> Markup:
    """Render a body as safe HTML; `#1` in it means an issue of `repository` (`owner/name`).

    Links to GitHub lead to the same place in the sandbox, and a picture from elsewhere becomes a link to it.
    """
    marks = _Marks(repository)
    marks.feed(_SANITIZER.clean(_MARKDOWN.render(text)))
    marks.close()
    return Markup("".join(marks.html))  # noqa: S704 - sanitized just above


# What GitHub lets through, less what only matters to forms, scripts and very old browsers:
# https://github.com/github/markup#github-markup and the allow-list in html-pipeline, which it names.
_ELEMENTS: Final = """
    a abbr b bdo blockquote br caption cite code dd del details dfn div dl dt em figcaption figure h1 h2 h3 h4 h5 h6
    hr i img input ins kbd li mark ol p pre q rp rt ruby s samp small span strike strong sub summary sup
    table tbody td tfoot th thead time tr tt ul var wbr
"""
_ANYWHERE: Final = "align aria-hidden aria-label dir height lang open title valign width"
_ATTRIBUTES: Final[dict[str, frozenset[str]]] = {
    "*": frozenset(_ANYWHERE.split()),
    "a": frozenset({"href"}),
    "img": frozenset({"src", "alt"}),
    "input": frozenset({"checked"}),
    "ol": frozenset({"start"}),
    "td": frozenset({"colspan", "rowspan"}),
    "th": frozenset({"colspan", "rowspan", "scope"}),
    "time": frozenset({"datetime"}),
}
_CLASSES: Final[dict[str, frozenset[str]]] = {
    "div": frozenset(f"markdown-alert-{kind}" for kind in ("note", "tip", "important", "warning", "caution")),
    "p": frozenset({"markdown-alert-title"}),
    "ul": frozenset({"contains-task-list"}),
    "ol": frozenset({"contains-task-list"}),
}
# A checkbox is a task, and only shows: GitHub lets nobody but the organizers tick it.
_TASK: Final = {"type": "checkbox", "disabled": ""}


def _stay_here(element: str, attribute: str, value: str) -> str | None:
    """Keep links to github.com in the sandbox: the people here are invented, their namesakes there are not."""
    if element == "a" and attribute == "href" and value.startswith(GITHUB):
        return "/" + value.removeprefix(GITHUB)
    return value


_SANITIZER: Final = nh3.Cleaner(
    tags=frozenset(_ELEMENTS.split()),
    attributes=_ATTRIBUTES,
    allowed_classes=_CLASSES,
    attribute_filter=_stay_here,
    set_tag_attribute_values={"input": _TASK},
    url_schemes={"ftp", "http", "https", "mailto"},
)

# https://github.github.com/gfm/#disallowed-raw-html-extension-
_SHOWN_AS_TEXT: Final = re.compile(
    r"<(?=/?(?:title|textarea|style|xmp|iframe|noembed|noframes|script|plaintext)\b)", re.IGNORECASE
)


def _markdown() -> MarkdownIt:
    # In issues and comments, unlike in files, the end of a line breaks it.
    markdown = MarkdownIt("gfm-like2", {"breaks": True, "linkify": False})
    markdown.use(autolinks)
    markdown.core.ruler.push("align", _align)
    markdown.add_render_rule("html_inline", _filter_tags)
    markdown.add_render_rule("html_block", _filter_tags)
    return markdown


def _align(state: StateCore) -> None:
    """Say a table cell's alignment as GitHub does, which keeps inline styles out of the page."""
    for token in state.tokens:
        if token.type in ("th_open", "td_open") and (style := token.attrs.pop("style", None)):
            token.attrSet("align", str(style).removeprefix("text-align:"))


def _filter_tags(_: RendererHTML, tokens: Sequence[Token], index: int, _options: OptionsDict, _env: EnvType) -> str:
    return _SHOWN_AS_TEXT.sub("&lt;", tokens[index].content)


_MARKDOWN: Final = _markdown()

_LOGIN: Final = r"[A-Za-z0-9](?:[A-Za-z0-9]|-(?=[A-Za-z0-9])){0,38}"
_MARK: Final = re.compile(
    rf"(?<![\w@/.`])@(?P<login>{_LOGIN})(?:/(?P<team>[\w.-]+))?(?![\w-])"
    r"|(?<![\w#/&-])(?P<repository>[\w-]+/[\w.-]+)?#(?P<number>\d{1,9})\b"
    r"|\bGH-(?P<gh>\d{1,9})\b"
    r"|(?<![\w-])(?P<commit>[0-9a-f]{40})(?![\w-])"
)


class _Marks(HTMLParser):
    """Copy sanitized HTML, turning mentions and references into links, as GitHub does outside links and code."""

    def __init__(self, repository: str) -> None:
        super().__init__(convert_charrefs=True)
        self.html: list[str] = []
        self._repository = repository
        self._inside = {"a": 0, "code": 0, "pre": 0, "tt": 0}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in self._inside:
            self._inside[tag] += 1
        given = {name: value or "" for name, value in attrs}
        if tag == "img" and not given.get("src", "").startswith("/"):
            self.html.append(self._picture(given))
            return
        if tag == "input":
            given["aria-label"] = "Done" if "checked" in given else "To do"
        self.html.append(_tag(tag, given))

    def handle_endtag(self, tag: str) -> None:
        if tag in self._inside:
            self._inside[tag] -= 1
        self.html.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        if any(self._inside.values()):
            self.html.append(escape(data))
            return
        at = 0
        for found in _MARK.finditer(data):
            self.html += [escape(data[at : found.start()]), self._mark(found)]
            at = found.end()
        self.html.append(escape(data[at:]))

    def _mark(self, found: re.Match[str]) -> str:
        if login := found["login"]:
            team = f"/{found['team']}" if found["team"] else ""
            return _link(found[0], {"class": "mention", "href": f"/{login}{team}"})
        if commit := found["commit"]:
            return _link(found[0], {"class": "reference", "href": f"/{self._repository}/commit/{commit}"})
        repository, number = found["repository"] or self._repository, found["number"] or found["gh"]
        return _link(found[0], {"class": "reference", "href": f"/{repository}/issues/{number}"})

    def _picture(self, given: dict[str, str]) -> str:
        """Link to a picture instead of loading it: the sandbox's page asks nobody outside for anything."""
        name = f"🖼 {given.get('alt') or 'picture'}"
        if self._inside["a"]:
            return escape(name)
        return _link(name, {"class": "picture", "href": given.get("src", ""), "rel": "noopener noreferrer"})


def _link(text: str, attributes: dict[str, str]) -> str:
    return f"{_tag('a', attributes)}{escape(text)}</a>"


def _tag(name: str, attributes: dict[str, str]) -> str:
    return f"<{name}" + "".join(f' {key}="{escape(value)}"' for key, value in attributes.items()) + ">"
