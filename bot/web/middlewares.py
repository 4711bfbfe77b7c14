"""What every request passes, in this order.

1. **Headers** are set when an answer is about to be sent. This is a signal and no middleware, so that no answer is
   without them, whichever step below refuses the request.
2. **Rate limit** of the address. It comes first because it is cheapest, and so that what later steps refuse counts.
3. **Host**: requests whose `Host` is not an address are refused, as pages put it into links.
4. **Concurrency limit** of the route's pool; the place is free again when the handler ends.
5. **Body timeout**, inside the place that a slow body takes.
6. **Error pages**, innermost: a handler's HTTPException becomes a page or JSON before the limits see its status.

Deliveries, whose policy has no pool, pass steps 2 to 5 at once. `POST /webhook` has limits of its own.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Middleware

from bot.petition.i18n import message
from bot.store import DatabaseUnavailable
from bot.time_types import Seconds
from bot.web.client_address import client_origin
from bot.web.petition_requests import PagesContext
from bot.web.query_parameters import BadQuery, is_search
from bot.web.rendering import VARY_LANGUAGE, accepted_translator
from bot.web.request_limits import ConcurrencyLimiter, RateLimiter, RequestLimits
from bot.web.route_policies import (
    PRIVATE,
    PRIVATE_HEADERS,
    Handler,
    Pool,
    Route,
    add_routes,
    policy_of,
)

FAILED_AUTH_COST: Final = 20
"""As many requests a wrong token or key counts for, so that nobody guesses one."""

BODY_TIMEOUT: Final[Seconds] = 8.0
"""How long the body of a form may take to arrive."""

OnRejected = Callable[[str], None]
"""Called with the reason when a limit refuses a request."""


def create_application(
    routes: Iterable[Route],
    limits: RequestLimits,
    on_rejected: OnRejected = lambda _reason: None,
    *,
    context: PagesContext | None = None,
    max_body: int = 1024 * 1024,
) -> web.Application:
    """Create an application with routes, each with its policy; without a `context` it has no error pages.

    `max_body` is in bytes and for handlers that read the whole body at once.
    """
    errors = [] if context is None else [show_errors(context)]
    application = web.Application(
        client_max_size=max_body, middlewares=[limit_requests(limits, on_rejected), *errors]
    )
    add_routes(application, routes)
    application.on_response_prepare.append(set_headers)
    return application


async def set_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Set the headers that the route of a request declares; the handler's own take precedence."""
    if request.get(PRIVATE):
        response.headers.update(PRIVATE_HEADERS)
    for name, value in policy_of(request).headers_for(response.status).items():
        response.headers.setdefault(name, value)


def limit_requests(limits: RequestLimits, on_rejected: OnRejected) -> Middleware:
    """Create the middleware of steps 2 to 5."""
    rate = RateLimiter(limits.pages)
    pools = {pool: ConcurrencyLimiter(*places) for pool, places in limits.places.items()}

    @web.middleware
    async def limit(request: web.Request, handler: Handler) -> web.StreamResponse:
        policy = policy_of(request)
        if policy.pool is None:
            return await handler(request)
        origin = client_origin(request, limits.proxies)
        if wait := rate.acquire(origin.address, origin.via):
            on_rejected("too often")
            return _refuse(
                request, HTTPStatus.TOO_MANY_REQUESTS, message("Too many requests come from your address."), wait
            )
        if not _has_valid_host(request):
            return _refuse(request, HTTPStatus.BAD_REQUEST, message("The header Host is not a valid address."))
        pool = pools[Pool.SEARCHES if policy.is_searchable and is_search(request) else policy.pool]
        if not pool.acquire(origin):
            on_rejected("too many at once")
            return _refuse(request, HTTPStatus.SERVICE_UNAVAILABLE, message("Too many requests at once."), 1.0)
        status = 0
        try:
            response = await _handle_in_time(request, handler)
            status = response.status
        except web.HTTPException as refusal:
            status = refusal.status
            raise
        finally:
            pool.release(origin)
            if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
                rate.charge(FAILED_AUTH_COST, origin.address, origin.via)
        return response

    return limit


def show_errors(context: PagesContext) -> Middleware:
    """Create the middleware of step 6: errors become a page for browsers, and JSON for others."""

    @web.middleware
    async def show(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except web.HTTPException as refusal:
            if refusal.status < HTTPStatus.BAD_REQUEST:
                raise
            return _error(context, request, refusal)
        except DatabaseUnavailable:
            text = message("The database does not answer. Nothing is lost. Try again in a minute.")
            return _error(context, request, web.HTTPServiceUnavailable(text=text, headers={"Retry-After": "60"}))

    return show


_HEADINGS: Final = {
    400: message("Bad request"),
    404: message("Not found"),
    405: message("Method not allowed"),
    503: message("Temporarily unavailable"),
}


def _error(context: PagesContext, request: web.Request, refusal: web.HTTPException) -> web.Response:
    status, heading = refusal.status, _HEADINGS.get(refusal.status, refusal.reason)
    text = "" if refusal.text == f"{status}: {refusal.reason}" else refusal.text or ""
    if "text/html" in request.headers.get("Accept", ""):
        tr, _ = accepted_translator(request)
        said = refusal.message.in_language(tr.language) if isinstance(refusal, BadQuery) else tr.words(text)
        missing = status == HTTPStatus.NOT_FOUND
        response = context.accepted_page(
            request, "shared/message.html", status=status, heading=tr.words(heading), message=said, missing=missing
        )
    else:
        response = web.json_response({"message": text or heading}, status=status)
        response.headers["Access-Control-Allow-Origin"] = "*"
    for name in ("Allow", "Retry-After"):
        if name in refusal.headers:
            response.headers[name] = refusal.headers[name]
    return response


async def _handle_in_time(request: web.Request, handler: Handler) -> web.StreamResponse:
    if not request.can_read_body:
        return await handler(request)
    try:
        async with asyncio.timeout(BODY_TIMEOUT):
            return await handler(request)
    except TimeoutError:
        return _refuse(
            request, HTTPStatus.REQUEST_TIMEOUT, message("The request body did not arrive in time."), 1.0
        )
    except (ConnectionError, web.RequestPayloadError):
        # The client has left, or its encoding is invalid.
        return _refuse(request, HTTPStatus.BAD_REQUEST, message("The request body is incomplete."), 1.0)


def _has_valid_host(request: web.Request) -> bool:
    """Return whether `Host` makes an address; https://www.rfc-editor.org/rfc/rfc9112#section-3.2."""
    try:
        # Both as it came and as aiohttp parsed it: one can be valid where the other is not.
        return all(urlsplit(url).netloc for url in (f"//{request.host}", str(request.url.origin())))
    except ValueError:
        return False


def _refuse(request: web.Request, status: HTTPStatus, reason: str, wait: Seconds | None = None) -> web.Response:
    tr, _ = accepted_translator(request)
    text = tr.translate(reason)
    response = web.Response(status=status, headers=VARY_LANGUAGE)
    if wait is not None:
        seconds = math.ceil(wait)
        text += " " + tr.count("Try again in {number} second.", "Try again in {number} seconds.", seconds)
        response.headers["Retry-After"] = str(seconds)
    response.text = f"{text}\n"
    return response
