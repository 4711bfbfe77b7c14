"""What a handler returns, page by page, as an HTTP response with GitHub's headers; and how one goes wrong."""

from __future__ import annotations

import asyncio
import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar
from urllib.parse import urlencode

from aiohttp import web
from multidict import MultiMapping

from sandbox.faults import Failure, Faults, RequestFault
from sandbox.models import Json, JsonObject, Refused

T = TypeVar("T")

DOCUMENTATION = "https://docs.github.com/rest"
VERSIONS = ("2022-11-28", "2026-03-10")
SECONDARY = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."


@dataclass(frozen=True, slots=True)
class Answer:
    """A status with JSON, or with `raw` bytes in place of JSON, or with nothing at 204."""

    json: Json = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    raw: bytes | None = None

    def body(self) -> bytes:
        """Return the bytes to send."""
        if self.raw is not None:
            return self.raw
        if self.status == 204:
            return b""
        return json.dumps(self.json, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def refusal(refused: Refused) -> Answer:
    """Build GitHub's answer to what it refuses; `status` is a string in the body."""
    errors: JsonObject = {"errors": list(refused.errors)} if refused.errors else {}
    closing: JsonObject = {"documentation_url": DOCUMENTATION, "status": str(refused.status)}
    return Answer({"message": refused.message} | errors | closing, refused.status, refused.headers)


def moved(method: str, url: str) -> Answer:
    """Redirect as GitHub does: 301 for reading, 307 for writing, both worded as permanent."""
    body: JsonObject = {"message": "Moved Permanently", "url": url, "documentation_url": DOCUMENTATION}
    return Answer(body, 301 if method in {"GET", "HEAD"} else 307, {"Location": url})


def respond(answer: Answer, request: web.Request, salt: str = "") -> web.Response:
    """Send an answer; a reader whose copy is still good gets 304 and no body. ETags depend on `salt`."""
    body = answer.body()
    headers = {"X-GitHub-Media-Type": "github.v3; format=json", **answer.headers}
    if request.method == "GET" and answer.status == 200:
        headers["Cache-Control"] = "private, max-age=60, s-maxage=60"
        digest = hashlib.sha256(body + salt.encode()).hexdigest()
        headers["ETag"] = f'W/"{digest}"'
        if any(known.value == digest for known in request.if_none_match or ()):
            return web.Response(status=304, headers=headers)
    if answer.status != 204:
        headers.setdefault("Content-Type", "application/json; charset=utf-8")
    return web.Response(status=answer.status, body=body, headers=headers)


def page_of(things: Sequence[T], query: MultiMapping[str], url: str) -> tuple[Sequence[T], dict[str, str]]:
    """Cut out the page that the query asks for, and the `Link` header if there are more; `url` has no query."""
    per_page = per_page_of(query)
    page = _positive(query.get("page"), 1)
    last = max(-(-len(things) // per_page), 1)
    links = {}
    if page > 1:
        links["prev"] = min(page - 1, last)
    if page < last:
        links["next"], links["last"] = page + 1, last
    if page > 1:
        links["first"] = 1
    start = (page - 1) * per_page
    kept = [(key, value) for key, value in query.items() if key != "page"]
    parts = [f'<{url}?{urlencode([*kept, ("page", page)])}>; rel="{rel}"' for rel, page in links.items()]
    return things[start : start + per_page], {"Link": ", ".join(parts)} if parts else {}


def per_page_of(query: MultiMapping[str]) -> int:
    """Return how many things the query asks for at once."""
    return min(_positive(query.get("per_page"), 30), 100)


def _positive(text: str | None, default: int) -> int:
    return int(text) if text is not None and text.isdecimal() and int(text) > 0 else default


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
            resource = "graphql" if is_graphql else "core"
            numbers = {"Limit": 5000, "Remaining": 0, "Used": 5000, "Reset": math.ceil(now + wait)}
            return over_primary("installation ID 12345", failure.status, resource, rate_headers(numbers, resource))
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


def rate_headers(numbers: Mapping[str, int], resource: str) -> dict[str, str]:
    """Return the headers that say what is left of an hourly budget."""
    return {f"X-RateLimit-{name}": str(value) for name, value in {**numbers, "Resource": resource}.items()}


def over_primary(caller: str, status: int, resource: str, headers: Mapping[str, str]) -> Answer:
    """Refuse a request that is over the hourly budget; GraphQL does so with status 200."""
    message = f"API rate limit exceeded for {caller}."
    if resource == "graphql":
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
