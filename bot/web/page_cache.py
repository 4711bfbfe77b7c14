"""Public pages as ready bytes: rendered once, compressed once, and served until they would look different.

Whatever a page shows is recorded with a new revision of its petition, but for versions of the letter and up to when
all comments are known. So a page is right while the revision, these two, the names, the hour and the state of the
deadline are those with which it was rendered.

Only what everybody sees is kept. Requests with a query, petitions of private repositories and addresses that the
operator has not named are rendered each time.
"""

from __future__ import annotations

import asyncio
import gzip
import hashlib
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Final
from weakref import WeakValueDictionary

from aiohttp import web
from cachetools import LRUCache
from msgspec import Struct, field

from bot.store import Snapshot
from bot.time_types import EpochSeconds, WholeEpochSeconds
from bot.web.petition_and_roster_requests import PagesContext, RequestedPetition, find_petition
from bot.web.route_policies import Handler

CACHE_BYTES: Final = 32 * 1024 * 1024

LARGEST: Final = 1024 * 1024
"""Bytes of an answer; larger ones are sent and not kept."""

SMALLEST: Final = 600
"""Bytes of an answer that is worth compressing: smaller ones fit into a packet anyway."""

Key = tuple[int, str, str]
"""A petition, the form of it, and how addresses in it begin."""


class Rendering(Struct, frozen=True):
    """The content of an answer, and the `revision` that it shows; it looks different once `ends_at` has passed."""

    body: bytes
    content_type: str
    revision: int
    ends_at: WholeEpochSeconds | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


Render = Callable[[RequestedPetition], Awaitable[Rendering]]


def render_text(text: str, snapshot: Snapshot, content_type: str = "text/html") -> Rendering:
    """Return a text in UTF-8 that shows a petition at one moment."""
    ends_at = snapshot.rules.ends_at(snapshot.closed_at)
    return Rendering(text.encode(), f"{content_type}; charset=utf-8", snapshot.revision, ends_at)


class PageCache:
    """The rendered forms of public petitions."""

    def __init__(self, context: PagesContext) -> None:
        self._context = context
        self._pages: LRUCache[Key, _Page] = LRUCache(CACHE_BYTES, getsizeof=_Page.size)
        # One request renders; the others that want the same wait for it.
        self._locks: WeakValueDictionary[Key, asyncio.Lock] = WeakValueDictionary()

    def handler(self, form: str, render: Render) -> Handler:
        """Create the handler of a form that depends on nothing but the petition."""

        async def handle(request: web.Request) -> web.Response:
            return await self.respond(request, await find_petition(request, self._context), form, render)

        return handle

    async def respond(
        self, request: web.Request, requested: RequestedPetition, form: str, render: Render
    ) -> web.Response:
        """Return one form of a petition, from the cache where everybody gets the same."""
        if request.query_string or requested.private or not self._context.is_own_base(requested.pages.base):
            rendering = await render(requested)
            return _respond(request, rendering, rendering.body, _etag(rendering.body), {})
        key = (requested.ref.petition_id, form, requested.pages.base)
        page = self._pages.get(key)
        if page is None or not self._is_right(page, requested):
            async with self._locks.setdefault(key, asyncio.Lock()):
                page = self._pages.get(key)
                if page is None or not self._is_right(page, requested):
                    page = await self._render(requested, render)
                    if page.size() <= LARGEST:
                        self._pages[key] = page
        return page.respond(request)

    def _is_right(self, page: _Page, requested: RequestedPetition) -> bool:
        return (
            page.rendering.revision >= requested.ref.revision
            and page.depends_on == self._other_state(requested)
            and page.is_over == _is_over(page.rendering, self._context.now())
        )

    def _other_state(self, requested: RequestedPetition) -> tuple[object, ...]:
        """Return what a page shows that no revision of its petition tells."""
        return requested.ref.letters, requested.ref.known_to, requested.pages, self._context.hour

    async def _render(self, requested: RequestedPetition, render: Render) -> _Page:
        depends_on, now = self._other_state(requested), self._context.now()
        rendering = await render(requested)
        # Compressing takes a millisecond, in which others use the loop.
        is_packed = rendering.content_type == "image/png"
        packed = None if is_packed else await asyncio.to_thread(_compress, rendering.body)
        return _Page(rendering, packed, _etag(rendering.body), depends_on, _is_over(rendering, now))


class _Page(Struct, frozen=True):
    """A rendering, and what else it depends on."""

    rendering: Rendering
    packed: bytes | None
    etag: str
    depends_on: tuple[object, ...]
    is_over: bool

    def size(self) -> int:
        return len(self.rendering.body) + len(self.packed or b"")

    def respond(self, request: web.Request) -> web.Response:
        """Return the answer in a coding that the client takes; each has an ETag of its own (RFC 9110, 8.8.3.3)."""
        headers = {"Vary": "Accept-Encoding"}
        if self.packed is None or not takes_gzip(request.headers.get("Accept-Encoding", "")):
            return _respond(request, self.rendering, self.rendering.body, self.etag, headers)
        headers["Content-Encoding"] = "gzip"
        return _respond(request, self.rendering, self.packed, f"{self.etag}-gzip", headers)


def _respond(
    request: web.Request, rendering: Rendering, body: bytes, etag: str, headers: dict[str, str]
) -> web.Response:
    headers["ETag"] = f'"{etag}"'
    if any(known.value in (etag, "*") for known in request.if_none_match or ()):
        headers.pop("Content-Encoding", None)
        return web.Response(status=HTTPStatus.NOT_MODIFIED, headers=headers)
    return web.Response(body=body, headers={"Content-Type": rendering.content_type, **headers, **rendering.headers})


def _is_over(rendering: Rendering, now: EpochSeconds) -> bool:
    return rendering.ends_at is not None and rendering.ends_at < now


def _etag(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()[:24]


def _compress(body: bytes) -> bytes | None:
    # Without the time in it, the same page has the same bytes in every process.
    return gzip.compress(body, compresslevel=6, mtime=0) if len(body) >= SMALLEST else None


def takes_gzip(accept_encoding: str) -> bool:
    """Return whether a client takes gzip; https://www.rfc-editor.org/rfc/rfc9110#section-12.5.3."""
    weights = dict(map(_read_coding, accept_encoding.split(",")))
    return weights.get("gzip", weights.get("x-gzip", weights.get("*", 0.0))) > 0


def _read_coding(text: str) -> tuple[str, float]:
    coding, _, weight = text.partition(";")
    name, _, value = weight.partition("=")
    try:
        return coding.strip().lower(), float(value) if name.strip().lower() == "q" else 1.0
    except ValueError:
        return coding.strip().lower(), 0.0
