"""A petition for programs and other people's pages: JSON, CSV, feed, badge, chart, oEmbed."""

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

from bot.petition.letter import Letter
from bot.roster import badge, feed, table
from bot.roster.chart import STYLE, chart
from bot.roster.record import EmbedRecord, iso
from bot.roster.recording import growth_of, record_petition, record_signature
from bot.store import PAGE_SIZE, PetitionDetails, RosterQuery
from bot.urls import pages_of
from bot.web.api.openapi import describe
from bot.web.api.records import record_roster
from bot.web.context import PETITION, Asked, BadQuestion, PagesContext, ask, read_wanted
from bot.web.pages.views import headline
from bot.web.security_headers import POLICY, SECRETIVE

R = TypeVar("R", bound=web.StreamResponse)
T = TypeVar("T")

LARGEST: Final = 1_000
"""Signatures that one answer of JSON has at most."""

FORMAT: Final = 1
"""Goes up when an answer to the same question is written in another way: caches compare it."""


class ApiRoutes:
    """The handlers of everything that is not a page."""

    def __init__(self, house: PagesContext) -> None:
        self._house = house
        # Two parts of whole rosters at a time leave the database to the others.
        self._exporting = asyncio.Semaphore(2)

    def routes(self) -> list[web.RouteDef]:
        """List the addresses."""
        return [
            web.get(f"{PETITION}.json", self._json),
            web.get(f"{PETITION}.csv", self._csv),
            web.get(f"{PETITION}/badge.svg", self._badge),
            web.get(f"{PETITION}/badge.json", self._shields),
            web.get(f"{PETITION}/chart.svg", self._chart),
            web.get(f"{PETITION}/feed.atom", self._feed),
            web.get("/oembed", self._embed),
            web.get("/openapi.json", self._openapi),
        ]

    async def _json(self, request: web.Request) -> web.StreamResponse:
        asked = await ask(request, self._house)
        wanted = read_wanted(request, _limit(request))
        mark = _mark(asked, request, f"{wanted}")
        if fresh := _not_modified(request, mark, asked):
            return fresh
        details = await self._house.details(asked, wanted)
        record = record_roster(details, asked.pages, wanted, self._house.site)
        response = web.Response(body=msgspec.json.encode(record), content_type="application/json")
        links = {"next": record.next, "prev": record.previous}
        if any(links.values()):
            response.headers["Link"] = ", ".join(f'<{url}>; rel="{rel}"' for rel, url in links.items() if url)
        return _open(response, mark, asked)

    async def _csv(self, request: web.Request) -> web.StreamResponse:
        asked = await ask(request, self._house)
        letters = _shown(await self._house.details(asked, RosterQuery(size=1))).letters
        name = f"{asked.found.repository.owner}-{asked.found.repository.name}-{asked.found.number}.csv"
        response = web.StreamResponse()
        response.content_type, response.charset = "text/csv", "utf-8"
        response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        _open(response, None, asked)
        # Whoever asked may have left.
        with suppress(ConnectionResetError):
            await response.prepare(request)
            if request.method != METH_HEAD:
                await self._write_rows(response, asked, letters)
            await response.write_eof()
        return response

    async def _write_rows(self, response: web.StreamResponse, asked: Asked, letters: Sequence[Letter]) -> None:
        await response.write(table.head().encode())
        async for entries in self._in_turn(self._house.rosters.iterate_entries(asked.found.petition_id)):
            records = (record_signature(each, letters, self._house.site) for each in entries)
            await response.write(table.rows(records).encode())

    async def _in_turn(self, parts: AsyncIterator[T]) -> AsyncIterator[T]:
        """Read parts as long as there are some, never more at once; whoever is slow to take them keeps nobody."""
        while True:
            async with self._exporting:
                part = await anext(parts, None)
            if part is None:
                return
            yield part

    async def _badge(self, request: web.Request) -> web.StreamResponse:
        asked = await ask(request, self._house)
        mark = _mark(asked, request, str(asked.found.count))
        if fresh := _not_modified(request, mark, asked):
            return fresh
        return _open(_picture(badge.badge(asked.found.count)), mark, asked)

    async def _shields(self, request: web.Request) -> web.StreamResponse:
        asked = await ask(request, self._house)
        body = msgspec.json.encode(badge.shields(asked.found.count))
        return _open(web.Response(body=body, content_type="application/json"), None, asked)

    async def _chart(self, request: web.Request) -> web.StreamResponse:
        asked = await ask(request, self._house)
        today = self._house.today
        mark = _mark(asked, request, str(today))
        if fresh := _not_modified(request, mark, asked):
            return fresh
        details = await self._house.details(asked, RosterQuery(size=1))
        drawn = chart(growth_of(details.snapshot, details.days, today), details.snapshot.title, alone=True)
        response = _picture(drawn)
        response.headers["Content-Security-Policy"] = POLICY.replace("style-src 'self'", f"style-src '{_STYLE}'")
        return _open(response, mark, asked)

    async def _feed(self, request: web.Request) -> web.StreamResponse:
        asked = await ask(request, self._house)
        mark = _mark(asked, request, "")
        if fresh := _not_modified(request, mark, asked):
            return fresh
        details = _shown(await self._house.details(asked, RosterQuery(size=PAGE_SIZE)))
        site = self._house.site
        signatures = [record_signature(entry, details.letters, site) for entry in details.page.entries]
        petition = record_petition(details.snapshot, asked.pages, site)
        updated = signatures[0].signed_at if signatures else iso(0)
        text = feed.feed(petition, signatures, asked.pages.of("/feed.atom"), updated)
        return _open(web.Response(text=text, content_type="application/atom+xml"), mark, asked)

    async def _embed(self, request: web.Request) -> web.StreamResponse:
        if request.query.get("format", "json") != "json":
            raise BadQuestion(text="Only format=json is spoken here.")
        base = self._house.base(request)
        where = await self._find(request.query.get("url", ""), base)
        details = await self._house.details(where, RosterQuery(size=1))
        snapshot = details.snapshot
        said = headline(snapshot.count, open_=snapshot.shut_at is None and snapshot.labelled)
        record = EmbedRecord(title=f"{snapshot.title}: {said}", provider_url=f"{base}/")
        return _open(web.Response(body=msgspec.json.encode(record), content_type="application/json"), None, where)

    async def _find(self, address: str, base: str) -> Asked:
        """Find the petition whose page an address is; raises HTTPNotFound also for private ones."""
        try:
            path = urlsplit(address).path if address.startswith(f"{base}/") else ""
        except ValueError:
            path = ""
        parts = path.removeprefix(urlsplit(base).path.rstrip("/")).split("/")
        if len(parts) == 5 and parts[1] == "petitions" and parts[4].isascii() and parts[4].isdecimal():
            number = int(parts[4][:10])
            found = await self._house.rosters.find(parts[2], parts[3], number)
            if found is not None and not found.repository.private:
                return Asked(found, pages_of(base, found.repository, found.number, found.page_key))
        raise web.HTTPNotFound(text="url must be the address of a petition's page here.")

    async def _openapi(self, request: web.Request) -> web.StreamResponse:
        body = msgspec.json.encode(describe(self._house.base(request)))
        response = web.Response(body=body, content_type="application/json")
        response.headers["Access-Control-Allow-Origin"] = "*"
        return response


_STYLE: Final = f"sha256-{base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()}"


def _shown(details: PetitionDetails) -> PetitionDetails:
    """Refuse a list of names where the organizers show none."""
    if not details.is_public:
        raise web.HTTPNotFound(text="The organizers show how many have signed, and not who.")
    return details


def _limit(request: web.Request) -> int:
    text = request.query.get("limit", "100")
    if not (text.isascii() and text.isdecimal() and len(text) < 6 and 1 <= int(text) <= LARGEST):
        raise BadQuestion(text=f"limit must be a whole number from 1 to {LARGEST}.")
    return int(text)


def _mark(asked: Asked, request: web.Request, rest: str) -> str:
    """Name an answer; another one has another name, because whatever changes a petition raises its revision."""
    told = f"{FORMAT} {asked.found.petition_id} {asked.found.revision} {asked.pages} {request.path} {rest}"
    return f'W/"{hashlib.sha256(told.encode()).hexdigest()[:24]}"'


def _not_modified(request: web.Request, mark: str, asked: Asked) -> web.Response | None:
    known = {tag.strip().removeprefix("W/") for tag in request.headers.get("If-None-Match", "").split(",")}
    if mark.removeprefix("W/") not in known:
        return None
    response = web.Response(status=HTTPStatus.NOT_MODIFIED)
    _open(response, mark, asked)
    return response


def _picture(text: str) -> web.Response:
    return web.Response(text=text, content_type="image/svg+xml", charset="utf-8")


def _open(response: R, mark: str | None, asked: Asked) -> R:
    """Let other pages read an answer, and have caches ask whether it still holds, GitHub's image proxy too.

    https://docs.github.com/en/authentication/keeping-your-account-and-data-secure/about-anonymized-urls
    """
    headers = response.headers
    headers["Access-Control-Allow-Origin"] = "*"
    headers["Access-Control-Expose-Headers"] = "ETag, Link"
    headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    headers["Cache-Control"] = "no-cache, max-age=0"
    if mark is not None:
        headers["ETag"] = mark
    if asked.private:
        headers.update(SECRETIVE)
    return response
