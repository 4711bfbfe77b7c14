"""Pages of a list with `Link` headers, on the numeric addresses that GitHub's links use."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar
from urllib.parse import urlencode

from multidict import MultiMapping

T = TypeVar("T")


def page_of(things: Sequence[T], query: MultiMapping[str], url: str) -> tuple[Sequence[T], dict[str, str]]:
    """Cut out the page that the query asks for, and the `Link` header if there are more; `url` has no query."""
    per_page = min(_positive(query.get("per_page"), 30), 100)
    page = _positive(query.get("page"), 1)
    last = max(-(-len(things) // per_page), 1)
    links = {}
    if page > 1:
        links["prev"] = min(page - 1, last)
    if page < last:
        links["next"], links["last"] = page + 1, last
    if page > 1:
        links["first"] = 1
    start = (page - 1) * per_page
    return things[start : start + per_page], link_header(links, query, url)


def link_header(links: dict[str, int], query: MultiMapping[str], url: str) -> dict[str, str]:
    """Write a `Link` header, or nothing where everything fits on one page."""
    kept = [(key, value) for key, value in query.items() if key != "page"]
    parts = [f'<{url}?{urlencode([*kept, ("page", page)])}>; rel="{rel}"' for rel, page in links.items()]
    return {"Link": ", ".join(parts)} if parts else {}


def _positive(text: str | None, default: int) -> int:
    return int(text) if text is not None and text.isdecimal() and int(text) > 0 else default
