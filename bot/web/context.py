"""What handlers of pages need: the petitions, the addresses of things, templates, and the time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from http import HTTPStatus
from typing import Any

from aiohttp import web

from bot.links import Addresses, Site
from bot.store import Rosters
from bot.time_types import EpochSeconds
from bot.web import rendering
from bot.web.petition_lookup_cache import PetitionLookups


class PagesContext:
    """What handlers of pages need: the petitions, the addresses of things, and the time.

    Without a public address, `own_bases` are the addresses that the server was started with.
    `label` is the label that makes an issue a petition.
    """

    def __init__(
        self,
        rosters: Rosters,
        addresses: Addresses,
        now: Callable[[], EpochSeconds],
        own_bases: Collection[str] = (),
        label: str = "petition",
    ) -> None:
        self.rosters = rosters
        self.addresses = addresses
        self.now = now
        self.lookups = PetitionLookups(rosters)
        self._own_bases = own_bases
        self.label = label
        # A search reads every signature of a petition, as an export does; one at a time leaves room for others.
        self.long_read = asyncio.Lock()

    @property
    def site(self) -> Site:
        """Return GitHub's site."""
        return self.addresses.site

    @property
    def today(self) -> int:
        """Return the day in days since 1970."""
        return int(self.now()) // 86_400

    @property
    def hour(self) -> int:
        """Return the hour in hours since 1970."""
        return int(self.now()) // 3_600

    def base(self, request: web.Request) -> str:
        """Return how our addresses begin: `PUBLIC_URL`, or else the address that the request came to."""
        return self.addresses.public_url or str(request.url.origin())

    def is_own_base(self, base: str) -> bool:
        """Return whether addresses begin so that the operator has named, and not whoever sent the request."""
        return base == self.addresses.public_url or base in self._own_bases

    def page(
        self, request: web.Request, template: str, *, status: int = HTTPStatus.OK, **values: Any
    ) -> web.Response:
        """Return a page made of a template."""
        return rendering.page(template, status=status, base=self.base(request), site=self.site, **values)

    def render(self, template: str, base: str, **values: Any) -> str:
        """Return the text of a page made of a template; addresses in it begin with `base`."""
        return rendering.render(template, base=base, site=self.site, **values)

    def accepted_page(
        self, request: web.Request, template: str, *, status: int = HTTPStatus.OK, **values: Any
    ) -> web.Response:
        """Return a page made of a template, in the language that the client prefers."""
        tr, speaks_wanted = rendering.accepted_translator(request)
        response = self.page(request, template, status=status, tr=tr, speaks_wanted=speaks_wanted, **values)
        response.headers.update({**rendering.VARY_LANGUAGE, "Content-Language": tr.language})
        return response
