"""Markdown as an issue on GitHub shows it: GitHub's own parser, its sanitizer, its mentions and references."""

from __future__ import annotations

import re
from functools import lru_cache
from html import escape
from html.parser import HTMLParser
from typing import Final

import nh3
from cmarkgfm import github_flavored_markdown_to_html
from cmarkgfm.cmark import Options
from markupsafe import Markup

GITHUB = "https://github.com/"


@lru_cache(maxsize=4096)
def render(text: str, repository: str) -> Markup:
    """Render a body as safe HTML; `#1` in it means an issue of `repository` (`owner/name`).

    Links to GitHub lead to the same place in the sandbox, and a picture from elsewhere becomes a link to it.
    """
    marks = _Marks(repository)
    marks.feed(_SANITIZER.clean(_alerts(github_flavored_markdown_to_html(text, options=_OPTIONS))))
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
_ALERTS: Final = ("note", "tip", "important", "warning", "caution")
_CLASSES: Final[dict[str, frozenset[str]]] = {
    "blockquote": frozenset(f"markdown-alert-{kind}" for kind in _ALERTS),
    "p": frozenset({"markdown-alert-title"}),
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

# In issues and comments, unlike in files, the end of a line breaks it. What is unsafe is left to the sanitizer.
_OPTIONS: Final = Options.CMARK_OPT_UNSAFE | Options.CMARK_OPT_HARDBREAKS

_ALERT: Final = re.compile(rf"<blockquote>\n<p>\[!({'|'.join(_ALERTS)})\](?:<br />\n|</p>\n<p>)", re.IGNORECASE)


def _alerts(html: str) -> str:
    """Mark quotes that begin with `[!NOTE]` and the like, which GitHub does after it has parsed the Markdown."""

    def mark(found: re.Match[str]) -> str:
        kind = found[1].lower()
        title = f'<p class="markdown-alert-title">{kind.capitalize()}</p>'
        return f'<blockquote class="markdown-alert-{kind}">\n{title}\n<p>'

    return _ALERT.sub(mark, html)


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
