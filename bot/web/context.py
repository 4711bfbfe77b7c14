"""Read what a request asks for: which petition, which part of its roster; refuse what it may not see."""

from __future__ import annotations

import asyncio
import hmac
import re
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Final

from aiohttp import web

from bot.petition.text import clean
from bot.store import Cursor, PetitionDetails, PetitionRef, RosterQuery, Rosters, SortOrder
from bot.urls import Addresses, Pages, Site, pages_of

NOT_HERE: Final = "There is no such petition here."

SEARCH_LIMIT: Final = 100
"""Characters of a search; names and affiliations are cut not far above it."""

PETITION: Final = r"/petitions/{owner:[A-Za-z0-9_.-]+}/{repo:[A-Za-z0-9_.-]+}/{number:[1-9][0-9]{0,8}}"
"""A petition's address; what follows it is one of its forms."""


@dataclass(frozen=True, slots=True)
class PagesContext:
    """What the pages work with: where rosters come from, the addresses of things, and the time."""

    rosters: Rosters
    addresses: Addresses
    now: Callable[[], float]
    _searching: asyncio.Lock = field(default_factory=asyncio.Lock)
    """A search looks at every signature of a petition; one at a time leaves the database to the others."""

    @property
    def site(self) -> Site:
        """Return GitHub's site."""
        return self.addresses.site

    @property
    def today(self) -> int:
        """Return the day in days since 1970."""
        return int(self.now()) // 86_400

    def base(self, request: web.Request) -> str:
        """Return what our addresses begin with; where nobody has told, what the request came to."""
        return self.addresses.public_url or str(request.url.origin())

    async def details(self, asked: Asked, wanted: RosterQuery) -> PetitionDetails:
        """Read a petition with a part of its roster; raises HTTPNotFound where it has gone meanwhile."""
        async with self._searching if wanted.text or wanted.order.is_by_name else nullcontext():
            details = await self.rosters.get_details(asked.found.petition_id, wanted)
        if details is None:
            raise web.HTTPNotFound(text=NOT_HERE)
        return details


@dataclass(frozen=True, slots=True)
class Asked:
    """The petition that a request is about, and the addresses of its pages."""

    found: PetitionRef
    pages: Pages

    @property
    def private(self) -> bool:
        """Return whether only those see it who have the key."""
        return self.found.repository.private


class BadQuestion(web.HTTPBadRequest):
    """The query of a request makes no sense; the message says what would."""


async def ask(request: web.Request, house: PagesContext) -> Asked:
    """Find the petition that a request is about; raises HTTPNotFound also for one that is not to be seen."""
    where = request.match_info
    found = await house.rosters.find(where["owner"], where["repo"], int(where["number"]))
    if found is None or not may_see(request, found):
        raise web.HTTPNotFound(text=NOT_HERE)
    return Asked(found, pages_of(house.base(request), found.repository, found.number, found.page_key))


def may_see(request: web.Request, found: PetitionRef) -> bool:
    """Return whether a request may know of a petition: of a private one, only with its key."""
    if not found.repository.private:
        return True
    key = request.query.get("key", "").encode("utf-8", "replace")
    return hmac.compare_digest(key, found.page_key.encode())


def is_canonical(request: web.Request, asked: Asked) -> bool:
    """Return whether the petition was asked for by its own name: repositories are renamed, issues moved."""
    where, found = request.match_info, asked.found
    named = (where["owner"], where["repo"], int(where["number"]))
    return named == (found.repository.owner, found.repository.name, found.number)


def read_wanted(request: web.Request, size: int) -> RosterQuery:
    """Read which part of a roster is asked for; raises BadQuestion."""
    query = request.query
    try:
        order = SortOrder(query.get("sort", SortOrder.NEWEST))
    except ValueError:
        raise BadQuestion(text=f"sort must be one of: {', '.join(SortOrder)}.") from None
    text = clean(query.get("q", "").replace("\n", " "), SEARCH_LIMIT).removesuffix("…")
    return RosterQuery(order, text, _read_cursor(request, order), size)


def is_search(request: web.Request) -> bool:
    """Return whether a request may have to wait for its turn to look at every signature of a petition."""
    return bool(request.query.get("q")) or request.query.get("sort") == SortOrder.NAME


def write_cursor(cursor: Cursor) -> dict[str, str]:
    """Return a cursor as a query."""
    return {"before" if cursor.back else "after": f"{cursor.key}.{cursor.comment_id}"}


def _read_cursor(request: web.Request, order: SortOrder) -> Cursor | None:
    back = "before" in request.query
    text = request.query.get("before" if back else "after")
    if text is None:
        return None
    key, _, comment_id = text.rpartition(".")
    if not _NUMBER.fullmatch(comment_id):
        raise BadQuestion(text="before and after are what another page's answer said; begin without them.")
    if order.is_by_name:
        return Cursor(clean(key, 200), int(comment_id), back)
    if not _NUMBER.fullmatch(key):
        raise BadQuestion(text="before and after are what another page's answer said; begin without them.")
    return Cursor(int(key), int(comment_id), back)


_NUMBER: Final = re.compile("[0-9]{1,18}", re.ASCII)
