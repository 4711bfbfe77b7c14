"""How a request goes wrong on the wire: 5xx, silence, half an answer, throttling."""

from __future__ import annotations

import asyncio
import math

from aiohttp import web

from sandbox.api.answer import Answer, refusal, respond
from sandbox.api.limits import SECONDARY
from sandbox.faults import Failure, Faults, RequestFault
from sandbox.models import Refused

UNAVAILABLE = (
    "No server is currently available to service your request. Sorry about that. "
    "Please try resubmitting your request and contact us if the problem persists."
)


async def go_wrong(
    request: web.Request, failure: Failure, real: web.Response | None, faults: Faults, now: float
) -> web.StreamResponse:
    """Answer as GitHub does when it fails; `real` is what it would have said, if the request was carried out."""
    if failure.fault is RequestFault.TRUNCATED:
        return await _break_off(request, real or respond(_server_error(200), request))
    if failure.fault is RequestFault.HANGS:
        await asyncio.sleep(faults.hang_seconds)
    is_graphql = request.path.endswith("/graphql")
    return respond(_answer(failure, faults.throttle_seconds, now, is_graphql=is_graphql), request)


def _answer(failure: Failure, wait: int, now: float, *, is_graphql: bool) -> Answer:
    match failure.fault:
        case RequestFault.UNAVAILABLE:
            return Answer(status=503, raw=UNAVAILABLE.encode(), headers={"Content-Type": "text/plain"})
        case RequestFault.PRIMARY:
            return _over_primary(failure.status, now + wait, is_graphql=is_graphql)
        case RequestFault.SECONDARY:
            headers = {"Retry-After": str(wait)} if failure.says_when else {}
            return refusal(Refused(failure.status, SECONDARY, headers=headers))
        case RequestFault.GRAPHQL_ERROR:
            return Answer({"errors": [{"message": "Something went wrong while executing your query."}]})
        case RequestFault.REACTIONS_MISSING:
            return refusal(Refused(404, "Not Found"))
        case RequestFault.REACTIONS_FAIL:
            return _server_error(500)
        case _:
            return _server_error(502)


def _server_error(status: int) -> Answer:
    return Answer({"message": "Server Error"}, status)


def _over_primary(status: int, reset: float, *, is_graphql: bool) -> Answer:
    headers = {
        "X-RateLimit-Limit": "5000",
        "X-RateLimit-Remaining": "0",
        "X-RateLimit-Used": "5000",
        "X-RateLimit-Reset": str(math.ceil(reset)),
        "X-RateLimit-Resource": "graphql" if is_graphql else "core",
    }
    message = "API rate limit exceeded for installation ID 12345."
    if is_graphql:
        return Answer({"errors": [{"type": "RATE_LIMITED", "message": message}]}, headers=headers)
    return refusal(Refused(status, message, headers=headers))


async def _break_off(request: web.Request, whole: web.Response) -> web.StreamResponse:
    """Promise the whole body, send half of it, and hang up."""
    body = whole.body if isinstance(whole.body, bytes) else b"{}"
    response = web.StreamResponse(status=whole.status, headers=whole.headers)
    response.content_length = max(len(body), 2)
    await response.prepare(request)
    await response.write(body[: len(body) // 2] or b"{")
    if request.transport is not None:
        request.transport.abort()
    return response
