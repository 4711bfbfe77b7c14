"""Which petition a request asks for, and whether its sender may see it.

The handlers of pages share one `PagesContext` for that.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection
from contextlib import nullcontext
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

from aiohttp import web
from cachetools import TTLCache
from msgspec import Struct
from msgspec.structs import replace

from bot.links import Addresses, Pages, Site, pages_of
from bot.petition.i18n import message
from bot.store import PetitionDetails, PetitionRef, RosterQuery, Rosters
from bot.time_types import EpochSeconds, Seconds
from bot.web import rendering
from bot.web.route_policies import PRIVATE
from bot.web.sessions import is_secret

NO_SUCH_PETITION: Final = message("There is no such petition here.")

PETITION: Final = r"/petitions/{owner:[A-Za-z0-9_.-]+}/{repo:[A-Za-z0-9_.-]+}/{number:[1-9][0-9]{0,8}}"
"""The path of a petition's page, and the beginning of the paths of its other forms."""

LOOKUP_LIFETIME: Final[Seconds] = 0.25
"""How long what has been found may be shown again; what this process records since is seen at once."""

NAMES: Final = 1_000


@dataclass
class PagesContext:
    """What handlers of pages need: the petitions, the addresses of things, and the time.

    Without a public address, `own_bases` are the addresses that the server was started with.
    `label` is the label that makes an issue a petition.
    """

    rosters: Rosters
    addresses: Addresses
    now: Callable[[], EpochSeconds]
    own_bases: Collection[str] = ()
    label: str = "petition"
    # A search reads every signature of a petition, as an export does; one at a time leaves room for others.
    long_read: asyncio.Lock = field(default_factory=asyncio.Lock)

    def __post_init__(self) -> None:
        self.lookups = PetitionLookups(self.rosters)

    @property
    def site(self) -> Site:
        """Return GitHub's site."""
        return self.addresses.site

    @property
    def today(self) -> int:
        """Return the day in days since 1970."""
        return int(self.now()) // 86_400

    def base(self, request: web.Request) -> str:
        """Return how our addresses begin: `PUBLIC_URL`, or else the address that the request came to."""
        return self.addresses.public_url or str(request.url.origin())

    def is_own_base(self, base: str) -> bool:
        """Return whether addresses begin so that the operator has named, and not whoever sent the request."""
        return base == self.addresses.public_url or base in self.own_bases

    def page(
        self, request: web.Request, template: str, *, status: int = HTTPStatus.OK, **values: Any
    ) -> web.Response:
        """Return a page made of a template."""
        return rendering.page(template, status=status, base=self.base(request), site=self.site, **values)

    def accepted_page(
        self, request: web.Request, template: str, *, status: int = HTTPStatus.OK, **values: Any
    ) -> web.Response:
        """Return a page made of a template, in the language that the client prefers."""
        tr, speaks_wanted = rendering.accepted_translator(request)
        response = self.page(request, template, status=status, tr=tr, speaks_wanted=speaks_wanted, **values)
        response.headers.update({**rendering.VARY_LANGUAGE, "Content-Language": tr.language})
        return response


class PetitionLookups:
    """The petitions that were asked for a moment ago, by their names."""

    def __init__(self, rosters: Rosters, clock: Callable[[], Seconds] = time.monotonic) -> None:
        self._rosters = rosters
        self._known: TTLCache[tuple[str, str, int, int], PetitionRef] = TTLCache(NAMES, LOOKUP_LIFETIME, clock)

    async def find(self, owner: str, name: str, number: int) -> PetitionRef | None:
        """Find a petition; what other processes recorded in the last `LOOKUP_LIFETIME` may be missing."""
        key = owner, name, number, self._rosters.commits
        ref = self._known.get(key)
        if ref is None:
            ref = await self._rosters.find(owner, name, number)
            # Anybody can ask for names that nobody has: they are not kept.
            if ref is not None:
                self._known[key] = ref
        return ref


class RequestedPetition(Struct, frozen=True):
    """The petition that a request names, and how the addresses of its pages begin."""

    ref: PetitionRef
    base: str

    @property
    def pages(self) -> Pages:
        """Return the addresses of its pages."""
        return pages_of(self.base, self.ref.repository, self.ref.number, self.ref.page_key)

    @property
    def private(self) -> bool:
        """Return whether only people with the key may see it."""
        return self.ref.repository.private


async def find_petition(request: web.Request, context: PagesContext) -> RequestedPetition:
    """Find the petition that a request names by its present name; raises HTTPFound to the same form of it there.

    Raises HTTPNotFound also for one that the client may not see.
    """
    requested = await find_under_any_name(request, context)
    # The key that a private one needs is in the query.
    require_present_name(request, requested, request.rel_url.raw_query_string)
    return requested


def requested_name(request: web.Request) -> tuple[str, str, int]:
    """Return the owner, the repository and the number of the issue in a request's path."""
    match = request.match_info
    return match["owner"], match["repo"], int(match["number"])


async def find_under_any_name(request: web.Request, context: PagesContext) -> RequestedPetition:
    """Find the petition that a request names; raises HTTPNotFound also for one that the client may not see."""
    ref = await context.lookups.find(*requested_name(request))
    if ref is None or not is_visible(request, ref):
        raise web.HTTPNotFound(text=NO_SUCH_PETITION)
    request[PRIVATE] = ref.repository.private
    return RequestedPetition(ref, context.base(request))


async def read_details(context: PagesContext, requested: RequestedPetition, query: RosterQuery) -> PetitionDetails:
    """Read a petition with a part of its roster; raises HTTPNotFound where it is not there any more."""
    petition_id = requested.ref.petition_id
    is_quick = not query.text and (
        not query.order.is_by_name or await context.rosters.is_indexed_by_name(petition_id)
    )
    async with nullcontext() if is_quick else context.long_read:
        details = await context.rosters.get_details(petition_id, query)
    return require_visible(details, requested)


def require_visible(details: PetitionDetails | None, requested: RequestedPetition) -> PetitionDetails:
    """Return what was read of a petition; raises HTTPNotFound where it was deleted or became private meanwhile."""
    if details is None or (details.snapshot.repository.private and not requested.private):
        raise web.HTTPNotFound(text=NO_SUCH_PETITION)
    return details


def is_visible(request: web.Request, ref: PetitionRef) -> bool:
    """Return whether the client may see a petition: a private one only with its key."""
    return not ref.repository.private or is_secret(request.query.get("key", ""), ref.page_key)


def require_present_name(request: web.Request, requested: RequestedPetition, query: str = "") -> None:
    """Raise HTTPFound to the petition's present name: repositories are renamed, issues transferred."""
    ref, named = requested.ref, requested_name(request)
    if named != (ref.repository.owner, ref.repository.name, ref.number):
        form = request.path.removeprefix("/petitions/{}/{}/{}".format(*named))
        address = replace(requested.pages, key=None).of(form)
        raise web.HTTPFound(f"{address}?{query}" if query else address)
