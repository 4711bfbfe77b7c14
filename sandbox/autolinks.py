"""Link bare addresses as GitHub's Markdown does: `https://…`, `www.…` and e-mail, and nothing else.

https://github.github.com/gfm/#autolinks-extension-
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token


def autolinks(markdown: MarkdownIt) -> None:
    """Teach a Markdown parser GitHub's autolinks."""
    markdown.inline.add_terminator_char("w")
    markdown.inline.ruler.push("github_www", _www)
    markdown.inline.ruler.push("github_url", _url)
    markdown.core.ruler.push("github_email", _email)


_DOMAIN: Final = r"[\w-]+(?:\.[\w-]+)*"
_WWW: Final = re.compile(rf"www\.{_DOMAIN}[^\s<]*")
_REST: Final = re.compile(rf"://{_DOMAIN}[^\s<]*")
_SCHEME: Final = re.compile(r"(?<![A-Za-z])(?:https?|ftp)$", re.IGNORECASE)
_EMAIL: Final = re.compile(r"(mailto:)?(?<![\w.+-])([\w.+-]+@(?:[\w-]+\.)+[\w-]*[A-Za-z])(?![\w@-])", re.ASCII)
_ENTITY: Final = re.compile(r"&[A-Za-z0-9]+;$")


def _www(state: StateInline, silent: bool) -> bool:
    before = state.src[state.pos - 1] if state.pos else " "
    found = _WWW.match(state.src, state.pos)
    address = _address(found[0]) if found else None
    if address is None or state.linkLevel or not (before.isspace() or before in "*_~("):
        return False
    if not silent:
        _push(state, address, f"http://{address}")
    state.pos += len(address)
    return True


def _url(state: StateInline, silent: bool) -> bool:
    found = _REST.match(state.src, state.pos)
    scheme = _SCHEME.search(state.pending)
    if found is None or scheme is None or state.linkLevel:
        return False
    address = _address(scheme[0] + found[0])
    if address is None:
        return False
    if not silent:
        state.pending = state.pending.removesuffix(scheme[0])
        _push(state, address, address)
    state.pos += len(address) - len(scheme[0])
    return True


def _push(state: StateInline, address: str, target: str) -> None:
    state.push("link_open", "a", 1).attrs = {"href": state.md.normalizeLink(target)}
    state.push("text", "", 0).content = address
    state.push("link_close", "a", -1)


def _address(text: str) -> str | None:
    """Leave out what ends the sentence rather than the address; the last two parts of a host have no `_`."""
    text = _trimmed(text)
    host = re.match(_DOMAIN, text.partition("://")[2] if "://" in text else text)
    return text if host is not None and "_" not in "".join(host[0].split(".")[-2:]) else None


def _trimmed(address: str) -> str:
    while address:
        entity = _ENTITY.search(address)
        if entity is not None:
            address = address[: entity.start()]
        elif address[-1] in "?!.,:*_~'\";" or (address[-1] == ")" and address.count(")") > address.count("(")):
            address = address[:-1]
        else:
            break
    return address


def _email(state: StateCore) -> None:
    for token in state.tokens:
        if token.type == "inline" and token.children:
            token.children = list(_with_email(token.children))


def _with_email(tokens: list[Token]) -> Iterator[Token]:
    depth = 0
    for token in tokens:
        depth += token.nesting if token.tag == "a" else 0
        if token.type != "text" or depth:
            yield token
            continue
        at = 0
        for found in _EMAIL.finditer(token.content):
            yield Token("text", "", 0, content=token.content[at : found.start()])
            yield Token("link_open", "a", 1, attrs={"href": f"mailto:{found[2]}"})
            yield Token("text", "", 0, content=found[0])
            yield Token("link_close", "a", -1)
            at = found.end()
        yield Token("text", "", 0, content=token.content[at:])
