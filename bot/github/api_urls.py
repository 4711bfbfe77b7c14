"""GitHub's URLs: the REST root, GraphQL and the web pages beside it, and the links in responses; pure.

A caching proxy, or another name of the same server, returns responses with links to GitHub's host and not to the
one that we were configured to call. Only the path and the query of such a link count, below our own root, so that a
token never goes to another host, whatever a response says.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote, urljoin, urlsplit

REST_ROOT: Final = "/api/v3"
"""Where GitHub Enterprise Server has REST; api.github.com has it at its root."""

GRAPHQL: Final = ("/graphql", "/api/graphql")

FIRST_SEGMENTS: Final = (
    "app", "app-manifests", "applications", "installation", "organizations", "orgs", "repos", "repositories",
    "user", "users",
)  # fmt: skip
"""How the paths of the REST API begin; anything else is a page for people, or not GitHub."""

MAX_LENGTH: Final = 8_000
"""Characters of an address; GitHub and proxies refuse longer ones."""


def own_url(link: str, base_url: str, asked_url: str | None = None) -> str | None:
    """Return the URL below `base_url` that a link stands for; None where it leads nowhere in the API.

    `asked_url` is the URL whose response holds the link, which may be relative to it.
    """
    if len(link) > MAX_LENGTH or not _PLAIN.fullmatch(link) or link.startswith("//"):
        return None
    try:
        as_given, parts = urlsplit(link), urlsplit(urljoin(asked_url or base_url, link))
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or "@" in parts.netloc or _escapes(as_given.path):
        return None
    base = base_url.rstrip("/")
    graphql = graphql_url(base)
    if parts.path in (*GRAPHQL, urlsplit(graphql).path):
        return graphql
    path = _below_root(parts.path, urlsplit(base).path)
    return None if path is None else f"{base}{path}{'?' if parts.query else ''}{parts.query}"


def graphql_url(base_url: str) -> str:
    """Return the GraphQL endpoint beside a REST root: https://HOST/api/v3 has https://HOST/api/graphql ."""
    return f"{base_url.rstrip('/').removesuffix('/v3')}/graphql"


def web_url_of(api_url: str) -> str:
    """Return the web pages beside an API: https://HOST/api/v3 has its pages at https://HOST ."""
    parts = urlsplit(api_url)
    host = parts.netloc.removeprefix("api.") if parts.path in ("", "/") else parts.netloc
    return f"{parts.scheme}://{host}"


def _below_root(path: str, our_root: str) -> str | None:
    """Return a path without the root of REST: ours, GitHub Enterprise Server's, or none."""
    for root in sorted({our_root, REST_ROOT, ""}, key=len, reverse=True):
        below = path.removeprefix(root)
        if path.startswith(f"{root}/") and below.split("/")[1] in FIRST_SEGMENTS:
            return below
    return None


def _escapes(path: str) -> bool:
    """Return whether a path may mean another one when it is decoded once or twice more: `..`, however written."""
    plain = unquote(unquote(path))
    if unquote(plain) != plain or "//" in path or any(letter < " " for letter in plain):
        return True
    return any(step in (".", "..") for step in re.split(r"[/\\]", plain))


_PLAIN: Final = re.compile(r"[!#-;=?-\[\]_a-z~]+")
r"""What a URL may consist of: ASCII without blanks, and without `"<>\^{|}` and the backtick.

Braces would be taken for a template.
"""
