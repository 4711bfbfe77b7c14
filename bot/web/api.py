"""A petition for programs and for other people's pages, and its OpenAPI document, `openapi.yaml`.

The formats are JSON, CSV, feed, badge, card, chart and oEmbed.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from functools import cache, partial
from importlib import resources
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec
import yaml
from aiohttp import web
from aiohttp.hdrs import METH_HEAD
from msgspec.structs import replace

from bot.export.badge_and_card import badge, card, shield_record
from bot.export.chart import STYLE, standalone_chart
from bot.export.json_csv_and_atom import (
    CSV_HEADER,
    EmbedRecord,
    ProblemRecord,
    RosterRecord,
    ShieldRecord,
    csv_rows,
    feed,
    record_petition,
    record_roster,
    record_signatures,
)
from bot.links import Pages, Site
from bot.petition.i18n import message, translator
from bot.petition.letter_versions_and_translations import Letter
from bot.store import PAGE_SIZE, Cursor, Entry, PetitionDetails, RosterQuery
from bot.web.page_cache import PageCache, Rendering, render_text
from bot.web.pages.view_models import headline
from bot.web.petition_requests import (
    PETITION,
    PagesContext,
    RequestedPetition,
    find_petition,
    read_details,
    require_visible,
)
from bot.web.query_parameters import BadQuery, format_cursor, read_roster_query
from bot.web.route_policies import Pool, Route, RoutePolicy, content_security_policy

MAX_SIGNATURES: Final = 1_000
"""Signatures in one answer of JSON."""

SHORT_ROSTER: Final = 5_000
"""Signatures up to which CSV is made as a whole, about a megabyte; a longer one is sent while it is read."""

_JSON_TYPE: Final = "application/json; charset=utf-8"
_CSV_TYPE: Final = "text/csv; charset=utf-8"
_SVG_TYPE: Final = "image/svg+xml; charset=utf-8"

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

_DATA: Final = RoutePolicy(cache_control=_REVALIDATED, headers=_CORS)
_JSON: Final = replace(_DATA, is_searchable=True)
_CSV: Final = replace(_DATA, pool=Pool.EXPORTS)
_CHART: Final = replace(_DATA, headers={**_CORS, "Content-Security-Policy": content_security_policy(style=_STYLE)})


class ApiRoutes(msgspec.Struct, frozen=True):
    """The handlers of all formats but HTML."""

    context: PagesContext
    cache: PageCache

    def routes(self) -> list[Route]:
        """List the routes."""
        cached = self.cache.handler
        return [
            Route("GET", f"{PETITION}.json", self._json, _JSON),
            Route("GET", f"{PETITION}.csv", self._csv, _CSV),
            Route("GET", f"{PETITION}/badge.svg", cached("badge", self._render_badge), _DATA),
            Route("GET", f"{PETITION}/badge.json", self._shields, _DATA),
            Route("GET", f"{PETITION}/card.png", cached("card", self._render_card), _DATA),
            Route("GET", f"{PETITION}/chart.svg", cached("chart", self._render_chart), _CHART),
            Route("GET", f"{PETITION}/feed.atom", cached("feed", self._render_feed), _DATA),
            Route("GET", "/oembed", self._embed, _DATA),
            Route("GET", "/openapi.json", self._openapi, _DATA),
        ]

    async def _json(self, request: web.Request) -> web.Response:
        requested = await find_petition(request, self.context)
        limit = request.query.get("limit", "100")
        if not (limit.isascii() and limit.isdecimal() and len(limit) < 6 and 1 <= int(limit) <= MAX_SIGNATURES):
            raise BadQuery(message("limit must be a whole number from 1 to {value}."), f"{MAX_SIGNATURES}")
        query = read_roster_query(request, int(limit))
        return await self.cache.respond(request, requested, "json", partial(self._render_json, query=query))

    async def _render_json(self, requested: RequestedPetition, query: RosterQuery) -> Rendering:
        details = await read_details(self.context, requested, query)
        record = _record_roster(details, requested.pages, query, self.context.site)
        links = {"next": record.next, "prev": record.previous}
        link = ", ".join(f'<{url}>; rel="{rel}"' for rel, url in links.items() if url)
        headers = {"Link": link} if link else {}
        return Rendering(msgspec.json.encode(record), _JSON_TYPE, headers=headers)

    async def _csv(self, request: web.Request) -> web.StreamResponse:
        requested = await find_petition(request, self.context)
        ref = requested.ref
        name = f"{ref.repository.owner}-{ref.repository.name}-{ref.number}.csv"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        if ref.count <= SHORT_ROSTER:
            return await self.cache.respond(request, requested, "csv", partial(self._render_csv, headers=headers))
        letters = _require_names(await read_details(self.context, requested, RosterQuery(size=1))).letters
        response = web.StreamResponse(headers={"Content-Type": _CSV_TYPE, **headers})
        # The client may have left.
        with suppress(ConnectionResetError):
            await response.prepare(request)
            if request.method != METH_HEAD:
                await self._write_rows(response, ref.petition_id, letters)
            await response.write_eof()
        return response

    async def _render_csv(self, requested: RequestedPetition, headers: Mapping[str, str]) -> Rendering:
        async with self.context.long_read:
            whole = await self.context.rosters.get_export(requested.ref.petition_id)
        details = _require_names(require_visible(whole.details if whole else None, requested))
        entries = whole.entries if whole else ()
        rows = await asyncio.to_thread(_format_rows, entries, details.letters, self.context.site)
        return Rendering(CSV_HEADER.encode() + rows, _CSV_TYPE, headers=headers)

    async def _write_rows(self, response: web.StreamResponse, petition_id: int, letters: Sequence[Letter]) -> None:
        await response.write(CSV_HEADER.encode())
        batches = self.context.rosters.iterate_entries(petition_id)
        while True:
            # Between two batches, while a slow client takes one, others may read.
            async with self.context.long_read:
                entries = await anext(batches, None)
            if entries is None:
                return
            await response.write(await asyncio.to_thread(_format_rows, entries, letters, self.context.site))

    async def _render_badge(self, requested: RequestedPetition) -> Rendering:
        return Rendering(badge(requested.ref.count).encode(), _SVG_TYPE)

    async def _shields(self, request: web.Request) -> web.Response:
        requested = await find_petition(request, self.context)
        return _encode(shield_record(requested.ref.count))

    async def _render_card(self, requested: RequestedPetition) -> Rendering:
        snapshot = (await read_details(self.context, requested, RosterQuery(size=1))).snapshot
        # It takes some hundredths of a second.
        picture = await asyncio.to_thread(card, snapshot.count, snapshot.rules.settings.goals)
        return Rendering(picture, "image/png")

    async def _render_chart(self, requested: RequestedPetition) -> Rendering:
        details = await read_details(self.context, requested, RosterQuery(size=1))
        return render_text(standalone_chart(details, self.context.now()), details.snapshot, "image/svg+xml")

    async def _render_feed(self, requested: RequestedPetition) -> Rendering:
        details = _require_names(await read_details(self.context, requested, RosterQuery(size=PAGE_SIZE)))
        site = self.context.site
        signatures = record_signatures(details.page.entries, details.letters, site)
        petition = record_petition(details.snapshot, requested.pages, site)
        return render_text(
            feed(petition, signatures, requested.pages.of("/feed.atom")), details.snapshot, "application/atom+xml"
        )

    async def _embed(self, request: web.Request) -> web.Response:
        if request.query.get("format", "json") != "json":
            raise BadQuery(message("format must be json."))
        base = self.context.base(request)
        requested = await self._find_by_url(request.query.get("url", ""), base)
        snapshot = (await read_details(self.context, requested, RosterQuery(size=1))).snapshot
        tr = translator(snapshot.rules.settings.language)
        count = headline(snapshot.count, tr, open_=snapshot.shut_at is None and snapshot.labelled)
        return _encode(EmbedRecord(title=f"{snapshot.title}: {count}", provider_url=f"{base}/"))

    async def _find_by_url(self, url: str, base: str) -> RequestedPetition:
        """Find the petition whose page has an address; raises HTTPNotFound also for private ones."""
        try:
            path = urlsplit(url).path if url.startswith(f"{base}/") else ""
        except ValueError:
            path = ""
        parts = path.removeprefix(urlsplit(base).path.rstrip("/")).split("/")
        if len(parts) == 5 and parts[1] == "petitions" and parts[4].isascii() and parts[4].isdecimal():
            ref = await self.context.lookups.find(parts[2], parts[3], int(parts[4][:10]))
            if ref is not None and not ref.repository.private:
                return RequestedPetition(ref, base)
        raise web.HTTPNotFound(text=message("url must be the address of a petition's page here."))

    async def _openapi(self, request: web.Request) -> web.Response:
        return _encode(openapi_document(self.context.base(request)))


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
        raise web.HTTPNotFound(text=message("The organizers show how many people have signed, but not who."))
    return details


def _encode(record: object) -> web.Response:
    return web.json_response(body=msgspec.json.encode(record))


def _format_rows(entries: Iterable[Entry], letters: Sequence[Letter], site: Site) -> bytes:
    return csv_rows(record_signatures(entries, letters, site)).encode()


def openapi_document(server: str) -> dict[str, Any]:
    """Return the OpenAPI document for a server at this address."""
    return {**_document(), "servers": [{"url": server}]}


@cache
def _document() -> dict[str, Any]:
    records = [RosterRecord, ShieldRecord, EmbedRecord, ProblemRecord]
    _, schemas = msgspec.json.schema_components(records, ref_template="#/components/schemas/{name}")
    text = resources.files("bot.web").joinpath("openapi.yaml").read_bytes()
    document = yaml.load(text, Loader=yaml.CSafeLoader)
    return {**document, "components": {"schemas": schemas}}
