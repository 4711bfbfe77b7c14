"""What a route declares beside its handler: which limit its requests count for, and the headers of its answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from enum import Enum, auto
from http import HTTPStatus
from typing import Final

from aiohttp import web
from aiohttp.hdrs import METH_GET, METH_HEAD
from msgspec import Struct, field

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def content_security_policy(*, style: str = "'self'", form_action: str = "'self'") -> str:
    """Return the policy that allows nothing from elsewhere, but forms may go to `form_action`."""
    return (
        f"default-src 'none'; script-src 'self'; style-src {style}; img-src 'self'; connect-src 'self'; "
        f"form-action {form_action}; base-uri 'none'; frame-ancestors 'none'"
    )


BASE_HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": content_security_policy(),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
"""The headers of every answer, unless its route or its handler sets another value."""

PRIVATE_HEADERS: Final[Mapping[str, str]] = {
    # The address has the key in it, which no linked site should see.
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
    "Cache-Control": "private, no-store",
}
"""The headers of answers about a private petition, and of all answers to organizers."""

PRIVATE: Final = web.RequestKey("private", bool)
"""Set on a request once it is known whether its petition is private, whose answers get `PRIVATE_HEADERS`."""


class Pool(Enum):
    """The limits of concurrent requests; each request counts for one."""

    PAGES = auto()
    EXPORTS = auto()
    """Whole rosters, which are sent as fast as the client takes them."""
    SEARCHES = auto()
    """Requests that wait for their turn to search."""
    LIVE = auto()
    """Answers that stay open."""
    ORGANIZERS = auto()
    """Requests that wait for GitHub."""


class RoutePolicy(Struct, frozen=True, kw_only=True):
    """Which limits and headers a route has.

    `cache_control` is for answers below 400; errors are never stored. `pool` is None where neither the rate nor the
    number of requests is limited. With `is_searchable`, a search counts for `Pool.SEARCHES` instead.
    """

    cache_control: str | None
    pool: Pool | None = Pool.PAGES
    is_searchable: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)

    def headers_for(self, status: int) -> dict[str, str]:
        """Return all headers of an answer."""
        control = self.cache_control
        if control is not None and status >= HTTPStatus.BAD_REQUEST and "no-store" not in control:
            control = "no-store"
        caching = {} if control is None else {"Cache-Control": control}
        return {**BASE_HEADERS, **caching, **self.headers}


NO_ROUTE: Final = RoutePolicy(cache_control="no-store")
"""The policy of requests that match no route."""

PROBE: Final = RoutePolicy(cache_control="no-store")
"""The policy of health checks and metrics."""

WEBHOOK: Final = RoutePolicy(cache_control=None, pool=None)
"""The policy of deliveries.

An address does not tell who sends them: anybody can make GitHub deliver something with a wrong signature, and a
limit by address would then refuse GitHub.
"""


class Route(Struct, frozen=True):
    """A handler with its address and policy; GET stands for HEAD too."""

    method: str
    path: str
    handler: Handler
    policy: RoutePolicy


POLICIES: Final = web.AppKey("policies", dict[web.AbstractRoute, RoutePolicy])


def add_routes(application: web.Application, routes: Iterable[Route]) -> None:
    """Add routes to an application, with their policies."""
    policies = application[POLICIES] = {}
    for route in routes:
        resource = application.router.add_resource(route.path)
        for method in (METH_GET, METH_HEAD) if route.method == METH_GET else (route.method,):
            policies[resource.add_route(method, route.handler)] = route.policy


def policy_of(request: web.Request) -> RoutePolicy:
    """Return the policy of a request's route."""
    return request.app[POLICIES].get(request.match_info.route, NO_ROUTE)
