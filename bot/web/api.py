"""A petition for programs and for other people's pages: JSON, CSV, feed, badge, chart, oEmbed."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from http import HTTPStatus
from typing import Final, TypeVar
from urllib.parse import urlsplit

import msgspec
from aiohttp import web
from aiohttp.hdrs import METH_HEAD
from msgspec.structs import replace

from bot.export import csv
from bot.export.atom import feed
from bot.export.badge import badge, shield_record
from bot.export.chart import STYLE, chart, growth_of
from bot.export.record import EmbedRecord, RosterRecord, record_petition, record_roster, record_signatures
from bot.petition.letter_versions import Letter
from bot.store import PAGE_SIZE, Cursor, PetitionDetails, RosterQuery
from bot.urls import Pages, Site, pages_of
from bot.web.context import (
    PETITION,
    BadQuery,
    PagesContext,
    RequestedPetition,
    find_petition,
    format_cursor,
    read_roster_query,
)
from bot.web.openapi import describe
from bot.web.pages.view_models import headline
from bot.web.route_policy import Pool, Route, RoutePolicy, content_security_policy

T = TypeVar("T")

MAX_SIGNATURES: Final = 1_000
"""Signatures in one answer of JSON."""

FORMAT_VERSION: Final = 1
"""Part of every ETag; it goes up when the format of an answer changes."""

_CORS: Final = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "ETag, Link",
    "Cross-Origin-Resource-Policy": "cross-origin",
}
_REVALIDATED: Final = "no-cache, max-age=0"
"""Makes caches ask each time whether an answer is still valid, GitHub's image proxy too.

https://docs.github.com/en/authentication/keeping-your-account-and-data-secure/about-anonymized-urls
"""
_STYLE: Final = f"'sha256-{base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()}'"

_DATA: Final = RoutePolicy(cache_control=_REVALIDATED, is_about_petition=True, headers=_CORS)
_JSON: Final = replace(_DATA, is_searchable=True)
_CSV: Final = replace(_DATA, pool=Pool.EXPORTS)
_CHART: Final = replace(_DATA, headers={**_CORS, "Content-Security-Policy": content_security_policy(style=_STYLE)})


class ApiRoutes:
    """The handlers of all formats but HTML."""

    def __init__(self, context: PagesContext) -> None:
        self._context = context
        # At most two queries of whole rosters at a time leave the database to the others.
        self._exporting = asyncio.Semaphore(2)

    def routes(self) -> list[Route]:
        """List the routes."""
        return [
            Route("GET", f"{PETITION}.json", self._json, _JSON),
            Route("GET", f"{PETITION}.csv", self._csv, _CSV),
            Route("GET", f"{PETITION}/badge.svg", self._badge, _DATA),
            Route("GET", f"{PETITION}/badge.json", self._shields, _DATA),
            Route("GET", f"{PETITION}/chart.svg", self._chart, _CHART),
            Route("GET", f"{PETITION}/feed.atom", self._feed, _DATA),
            Route("GET", "/oembed", self._embed, _DATA),
            Route("GET", "/openapi.json", self._openapi, _DATA),
        ]

    async def _json(self, request: web.Request) -> web.Response:
        requested = await find_petition(request, self._context)
        limit = request.query.get("limit", "100")
        if not (limit.isascii() and limit.isdecimal() and len(limit) < 6 and 1 <= int(limit) <= MAX_SIGNATURES):
            raise BadQuery(text=f"limit must be a whole number from 1 to {MAX_SIGNATURES}.")
        query = read_roster_query(request, int(limit))
        etag = _etag(requested, request, f"{query}")
        if unchanged := _not_modified(request, etag):
            return unchanged
        details = await self._context.details(requested, query)
        record = _record_roster(details, requested.pages, query, self._context.site)
        response = _encode(record, etag)
        links = {"next": record.next, "prev": record.previous}
        if any(links.values()):
            response.headers["Link"] = ", ".join(f'<{url}>; rel="{rel}"' for rel, url in links.items() if url)
        return response

    async def _csv(self, request: web.Request) -> web.StreamResponse:
        requested = await find_petition(request, self._context)
        letters = _require_names(await self._context.details(requested, RosterQuery(size=1))).letters
        ref = requested.ref
        response = web.StreamResponse()
        response.content_type, response.charset = "text/csv", "utf-8"
        name = f"{ref.repository.owner}-{ref.repository.name}-{ref.number}.csv"
        response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        # The client may have left.
        with suppress(ConnectionResetError):
            await response.prepare(request)
            if request.method != METH_HEAD:
                await self._write_rows(response, ref.petition_id, letters)
            await response.write_eof()
        return response

    async def _write_rows(self, response: web.StreamResponse, petition_id: int, letters: Sequence[Letter]) -> None:
        await response.write(csv.HEADER.encode())
        async for entries in self._read_in_turn(self._context.rosters.iterate_entries(petition_id)):
            await response.write(csv.rows(record_signatures(entries, letters, self._context.site)).encode())

    async def _read_in_turn(self, batches: AsyncIterator[T]) -> AsyncIterator[T]:
        """Read batches one by one; between them, while a slow client takes one, others may read."""
        while True:
            async with self._exporting:
                batch = await anext(batches, None)
            if batch is None:
                return
            yield batch

    async def _badge(self, request: web.Request) -> web.Response:
        requested = await find_petition(request, self._context)
        etag = _etag(requested, request, str(requested.ref.count))
        return _not_modified(request, etag) or _svg(badge(requested.ref.count), etag)

    async def _shields(self, request: web.Request) -> web.Response:
        requested = await find_petition(request, self._context)
        return _encode(shield_record(requested.ref.count))

    async def _chart(self, request: web.Request) -> web.Response:
        requested = await find_petition(request, self._context)
        today = self._context.today
        etag = _etag(requested, request, str(today))
        if unchanged := _not_modified(request, etag):
            return unchanged
        details = await self._context.details(requested, RosterQuery(size=1))
        growth = growth_of(details, today)
        return _svg(chart(growth, details.snapshot.title, standalone=True), etag)

    async def _feed(self, request: web.Request) -> web.Response:
        requested = await find_petition(request, self._context)
        etag = _etag(requested, request, "")
        if unchanged := _not_modified(request, etag):
            return unchanged
        details = _require_names(await self._context.details(requested, RosterQuery(size=PAGE_SIZE)))
        site = self._context.site
        signatures = record_signatures(details.page.entries, details.letters, site)
        petition = record_petition(details.snapshot, requested.pages, site)
        text = feed(petition, signatures, requested.pages.of("/feed.atom"))
        return web.Response(text=text, content_type="application/atom+xml", headers={"ETag": etag})

    async def _embed(self, request: web.Request) -> web.Response:
        if request.query.get("format", "json") != "json":
            raise BadQuery(text="format must be json.")
        base = self._context.base(request)
        requested = await self._find_by_url(request.query.get("url", ""), base)
        snapshot = (await self._context.details(requested, RosterQuery(size=1))).snapshot
        count = headline(snapshot.count, open_=snapshot.shut_at is None and snapshot.labelled)
        return _encode(EmbedRecord(title=f"{snapshot.title}: {count}", provider_url=f"{base}/"))

    async def _find_by_url(self, url: str, base: str) -> RequestedPetition:
        """Find the petition whose page has an address; raises HTTPNotFound also for private ones."""
        try:
            path = urlsplit(url).path if url.startswith(f"{base}/") else ""
        except ValueError:
            path = ""
        parts = path.removeprefix(urlsplit(base).path.rstrip("/")).split("/")
        if len(parts) == 5 and parts[1] == "petitions" and parts[4].isascii() and parts[4].isdecimal():
            ref = await self._context.rosters.find(parts[2], parts[3], int(parts[4][:10]))
            if ref is not None and not ref.repository.private:
                return RequestedPetition(ref, pages_of(base, ref.repository, ref.number, ref.page_key))
        raise web.HTTPNotFound(text="url must be the address of a petition's page here.")

    async def _openapi(self, request: web.Request) -> web.Response:
        return web.json_response(body=msgspec.json.encode(describe(self._context.base(request))))


def _record_roster(details: PetitionDetails, pages: Pages, query: RosterQuery, site: Site) -> RosterRecord:
    page = details.page

    def link(cursor: Cursor | None) -> str | None:
        parameters = {"q": query.text} if query.text else {}
        parameters |= {"sort": query.order.value, "limit": str(query.size)}
        return pages.of(".json", **parameters, **format_cursor(cursor)) if cursor else None

    return record_roster(details, page.entries, pages, site, link(page.after), link(page.before))


def _require_names(details: PetitionDetails) -> PetitionDetails:
    """Raise HTTPNotFound where the organizers do not show who has signed."""
    if not details.is_public:
        raise web.HTTPNotFound(text="The organizers show how many have signed, and not who.")
    return details


def _etag(requested: RequestedPetition, request: web.Request, rest: str) -> str:
    """Return the ETag of an answer; whatever changes a petition raises its revision."""
    ref = requested.ref
    parts = f"{FORMAT_VERSION} {ref.petition_id} {ref.revision} {requested.pages} {request.path} {rest}"
    return f'W/"{hashlib.sha256(parts.encode()).hexdigest()[:24]}"'


def _not_modified(request: web.Request, etag: str) -> web.Response | None:
    known = {tag.strip().removeprefix("W/") for tag in request.headers.get("If-None-Match", "").split(",")}
    if etag.removeprefix("W/") not in known:
        return None
    return web.Response(status=HTTPStatus.NOT_MODIFIED, headers={"ETag": etag})


def _encode(record: msgspec.Struct, etag: str | None = None) -> web.Response:
    headers = None if etag is None else {"ETag": etag}
    return web.json_response(body=msgspec.json.encode(record), headers=headers)


def _svg(text: str, etag: str) -> web.Response:
    return web.Response(text=text, content_type="image/svg+xml", charset="utf-8", headers={"ETag": etag})
