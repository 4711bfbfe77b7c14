"""Public pages as ready bytes: rendered once, compressed once, and served until they would look different.

Whatever a page shows is recorded with a new revision of its petition, but for versions of the letter and up to when
all comments are known. These are in the lookup of a petition, as its names are. So a page is right while the lookup
finds the same, until the next hour or the deadline.

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
from bot.time_types import EpochSeconds, Seconds, WholeEpochSeconds
from bot.web.petition_requests import PagesContext, RequestedPetition, find_petition
from bot.web.route_policies import Handler

CACHE_BYTES: Final = 32 * 1024 * 1024

LARGEST: Final = 1024 * 1024
"""Bytes of an answer; larger ones are sent and not kept."""

SMALLEST: Final = 600
"""Bytes of an answer that is worth compressing: smaller ones fit into a packet anyway."""

HOUR: Final[Seconds] = 3600.0

Key = tuple[int, str, str]
"""A petition, the form of it, and how addresses in it begin."""


class Rendering(Struct, frozen=True):
    """The content of an answer, which looks different once `ends_at` has passed."""

    body: bytes
    content_type: str
    ends_at: WholeEpochSeconds | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


Render = Callable[[RequestedPetition], Awaitable[Rendering]]


def render_text(text: str, snapshot: Snapshot, content_type: str = "text/html") -> Rendering:
    """Return a text in UTF-8 that shows a petition."""
    return Rendering(text.encode(), f"{content_type}; charset=utf-8", snapshot.rules.ends_at(snapshot.closed_at))


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
        if request.query_string or requested.private or not self._context.is_own_base(requested.base):
            rendering = await render(requested)
            return _respond(request, rendering, rendering.body, _etag(rendering.body), {})
        key = (requested.ref.petition_id, form, requested.base)
        page = self._find(key, requested)
        if page is None:
            async with self._locks.setdefault(key, asyncio.Lock()):
                page = self._find(key, requested) or await self._render(requested, render)
                if page.size() <= LARGEST:
                    self._pages[key] = page
        return page.respond(request)

    def _find(self, key: Key, requested: RequestedPetition) -> _Page | None:
        """Return the page if it is still right."""
        page = self._pages.get(key)
        if page is None or page.requested != requested:
            return None
        return page if page.rendered_at <= self._context.now() < page.right_until else None

    async def _render(self, requested: RequestedPetition, render: Render) -> _Page:
        now = self._context.now()
        rendering = await render(requested)
        # Compressing takes a millisecond, in which others use the loop.
        is_packed = rendering.content_type == "image/png"
        packed = None if is_packed else await asyncio.to_thread(_compress, rendering.body)
        right_until = _right_until(rendering.ends_at, now)
        return _Page(requested, rendering, packed, _etag(rendering.body), now, right_until)


class _Page(Struct, frozen=True):
    """A rendering of a petition as it was when it was requested."""

    requested: RequestedPetition
    rendering: Rendering
    packed: bytes | None
    etag: str
    rendered_at: EpochSeconds
    """Before it, the page is not right either: clocks are set back."""
    right_until: EpochSeconds

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


def _right_until(ends_at: WholeEpochSeconds | None, now: EpochSeconds) -> EpochSeconds:
    """Return when a page looks different although nothing was recorded: in the next hour, or after the deadline."""
    next_hour = (now // HOUR + 1) * HOUR
    return next_hour if ends_at is None or ends_at < now else min(next_hour, ends_at)


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
