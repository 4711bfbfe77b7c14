"""A call to GitHub's API: it waits its turn, is sent, and ends in a response or in one of `bot.github.errors`.

A list takes a call for each page; none is read without end.
"""

from __future__ import annotations

import asyncio
import http
import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Final, NoReturn
from urllib.parse import urlsplit

import aiohttp
import structlog
from gidgethub import sansio
from msgspec import Struct, field

from bot.github.api_urls import own_url
from bot.github.circuit_breaker import CircuitBreaker
from bot.github.errors import (
    Forbidden,
    GitHubError,
    Gone,
    InstallationSuspended,
    NotFound,
    Paused,
    Unauthorized,
    Unavailable,
    Unprocessable,
    WriteNotSent,
)
from bot.github.etag_cache import CachedResponse, EtagCache
from bot.github.http_exchange import SMALL_BODY, USER_AGENT, HttpResponse, exchange
from bot.github.models.rest import refusal_message
from bot.github.throttle import Kind, Throttle, Wait, is_limit, kind_of, resource_of
from bot.metrics_hooks import Hooks
from bot.time_types import Clock, EpochSeconds, Seconds

log = structlog.get_logger("github")

API_VERSION: Final = "2022-11-28"
"""https://docs.github.com/en/rest/about-the-rest-api/api-versions"""

MAX_WAIT: Final[Seconds] = 5.0
"""How long a call waits its turn by itself; when it takes longer, the caller has other work to do."""

MAX_BODY: Final = 64 * 1024 * 1024
"""Bytes of a response; a hundred of the longest comments in the widest letters have 26 MB."""

MAX_REDIRECTS: Final = 3
"""A renamed repository takes one, a transferred issue in it two."""

PAGE_SIZE: Final = 100
"""Items on one page, the most that GitHub allows."""

MAX_COMMENT_PAGES: Final = 100
"""Pages of comments on an issue: four times the 2,500 that GitHub takes, for there are issues older than that."""

MAX_PAGES: Final = 1_000
"""Pages of any other list: an account is meant to have no more than 100,000 repositories.

https://docs.github.com/en/repositories/creating-and-managing-repositories/repository-limits
"""

JSON: Final = "application/json"

Variables = Mapping[str, str | int | None]


@dataclass(frozen=True, slots=True, repr=False)
class Credentials:
    """What a call is authenticated with: an installation's token or the App's JWT; its `repr` shows neither."""

    token: str | None = None
    jwt: str | None = None


class ApiResponse(Struct, frozen=True):
    """What GitHub answers; `unchanged` if what is in the cache still holds; `next_url` is of the next page."""

    data: Any
    next_url: str | None
    unchanged: bool


class Transport(Struct, frozen=True):
    """What all calls share: the HTTP session, the root of the REST API, the clock, the limits and the hooks."""

    session: aiohttp.ClientSession
    base_url: str
    clock: Clock
    timeout: Seconds = 10.0
    max_body: int = MAX_BODY
    hooks: Hooks = field(default_factory=Hooks)
    circuit_breaker: CircuitBreaker | None = None
    """Remembers for all calls that GitHub cannot be reached; a command that makes a few calls needs none."""


@dataclass(frozen=True, slots=True, repr=False)
class Api:
    """Call GitHub's API within one set of limits: each installation has its own, and so has the App."""

    transport: Transport
    throttle: Throttle
    cache: EtagCache | None = None

    async def request(
        self,
        method: str,
        url: str,
        variables: Variables,
        credentials: Credentials,
        *,
        data: object = None,
        refresh: bool = False,
    ) -> ApiResponse:
        """Make one call; with `refresh` GitHub sends all of it again. Raises only `bot.github.errors`.

        `url` is a path, or an address from a response; `data` is sent as JSON.
        """
        if self.transport.circuit_breaker is not None:
            await self.transport.circuit_breaker.check()
        if not url.startswith("/"):
            url = self._own_url(f"{method} {_path(url)}", url)
        url = sansio.format_url(url, variables, base_url=self.transport.base_url)
        call = f"{method} {_path(url)}"
        cache = self.cache if method == "GET" else None
        cached = None if cache is None or refresh else cache.get(url)
        body = b"" if data is None else json.dumps(data).encode()
        await self._wait_for_turn(method, url)
        response = await self._send(method, url, _headers(credentials, cached, body), body)
        if cached is not None and response.status == http.HTTPStatus.NOT_MODIFIED:
            return ApiResponse(cached.data, cached.next_url, unchanged=True)
        found, link = self._read(call, url, response)
        next_url = None if link is None else self._own_url(f"{call}, next page", link)
        etag, modified = response.headers.get("etag"), response.headers.get("last-modified")
        if cache is not None and (etag is not None or modified is not None):
            cache.put(url, CachedResponse(etag, modified, found, next_url))
        return ApiResponse(found, next_url, unchanged=False)

    def check_limits(self, url: str, status: int, headers: Mapping[str, str], message: str) -> None:
        """Raise Paused if a refusal is about limits, and remember until when."""
        if is_limit(status, headers, message):
            resource = resource_of(_path(url))
            self._pause(self.throttle.record_limit(resource, headers, self.transport.clock.now()))

    async def _wait_for_turn(self, method: str, url: str) -> None:
        """Wait until this call may be sent; raises Paused when that takes long or GitHub's limits require it."""
        path = _path(url)
        kind, resource = kind_of(method, path), resource_of(path)
        while (wait := self.throttle.wait(kind, resource, self.transport.clock.now())) is not None:
            seconds = wait.until - self.transport.clock.now()
            if not wait.ours or seconds > MAX_WAIT:
                self._pause(wait)
            await self.transport.clock.sleep(max(seconds, 0.0))
        self.throttle.record_call(kind, self.transport.clock.now())

    def _pause(self, wait: Wait) -> NoReturn:
        self.transport.hooks.record_pause(wait.reason)
        raise Paused(wait.until, wait.reason, whole=wait.whole)

    async def _send(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> HttpResponse:
        """Send a request, to where the thing has moved if need be."""
        for _ in range(MAX_REDIRECTS + 1):
            response = await self._exchange(method, url, headers, body)
            self.throttle.record_headers(response.headers, self.transport.clock.now())
            if response.status not in (301, 302, 307, 308):
                return response
            # aiohttp would turn a POST into a GET. GitHub means the same call in another place:
            # https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api#follow-redirects
            url = self._own_url(f"{method} {_path(url)}", response.headers.get("location", ""), url)
        raise Unavailable(f"{method} {_path(url)}: too many redirects")

    async def _exchange(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> HttpResponse:
        transport, call = self.transport, f"{method} {_path(url)}"
        kind = kind_of(method, _path(url))
        may_write = _may_write.get()
        if kind is not Kind.READ and may_write is not None and not may_write():
            raise WriteNotSent(f"{call} was not sent: another process may be doing it by now")
        result: HttpResponse | Unavailable
        try:
            result = await exchange(
                transport.session,
                method,
                url,
                call=call,
                timeout=transport.timeout,
                max_body=transport.max_body,
                headers=headers,
                data=body or None,
            )
        except Unavailable as error:
            result = error
        outcome = _outcome(result)
        transport.hooks.record_call(kind, outcome)
        if outcome in ("unanswered", "failed") and transport.circuit_breaker is not None:
            await transport.circuit_breaker.record_failure()
        if isinstance(result, Unavailable):
            raise result
        return result

    def _read(self, call: str, url: str, response: HttpResponse) -> tuple[Any, str | None]:
        """Return a response's JSON and its link to the next page; raises the error that a refusal means."""
        status, headers, content = response.status, response.headers, response.body
        if status >= http.HTTPStatus.INTERNAL_SERVER_ERROR:
            raise Unavailable(f"{call}: {status}")
        if status >= http.HTTPStatus.BAD_REQUEST:
            message = refusal_message(content) or f"{call}: {status}"
            self.check_limits(url, status, headers, message)
            raise _error_of(status, headers, message)
        if status not in (200, 201, 202, 204):
            raise Unavailable(f"{call}: unexpected status {status}")
        if content and not headers.get("content-type", "").startswith(JSON):
            raise Unavailable(f"{call}: the response is not JSON")
        try:
            # Of the headers only what it reads well: it takes those of the rate limit for numbers.
            shown = {"content-type": JSON, "link": headers.get("link", "")}
            found, _, link = sansio.decipher_response(status, shown, content)
        except (ValueError, RecursionError):
            raise Unavailable(f"{call}: the response cannot be read") from None
        return found, link

    def _own_url(self, call: str, link: str, asked_url: str | None = None) -> str:
        """Return our address for one from a response; raises Unavailable where there is none."""
        url = own_url(link, self.transport.base_url, asked_url)
        if url is None:
            raise Unavailable(f"{call}: leads to no address of GitHub's API{_host(link)}")
        return url


def endless_list(url: str, pages: int) -> Unavailable:
    """Log that a list does not end, and return the error to raise."""
    path = urlsplit(url).path
    log.warning("a list has no end and is ignored", list=path, pages=pages)
    return Unavailable(f"GET {path}: the list has more than {pages} pages, or they lead in a circle")


async def read_pages(
    read_page: Callable[[str, Variables], Awaitable[ApiResponse]],
    url: str,
    variables: Variables,
    limit: int = MAX_PAGES,
) -> AsyncGenerator[ApiResponse]:
    """Read all pages, as the links lead; raises Unavailable for more than `limit`, or where they lead back."""
    response = await read_page(url, variables)
    yield response
    read: set[str] = set()
    while (next_url := response.next_url) is not None:
        if next_url in read or len(read) + 1 >= limit:
            raise endless_list(url, len(read) + 1)
        read.add(next_url)
        response = await read_page(next_url, {})
        yield response


def make_api(
    session: aiohttp.ClientSession, api_url: str, now: Callable[[], EpochSeconds], timeout: Seconds = 30.0
) -> Api:
    """Return an Api for a few calls with small responses, with limits of its own."""
    return Api(Transport(session, api_url, Clock(now, asyncio.sleep), timeout, SMALL_BODY), Throttle())


_may_write: ContextVar[Callable[[], bool] | None] = ContextVar("may_write", default=None)


@contextmanager
def writing_while(may_write: Callable[[], bool]) -> Iterator[None]:
    """Send writes inside only while this holds, which is checked right before; the others raise WriteNotSent."""
    before = _may_write.set(may_write)
    try:
        yield
    finally:
        _may_write.reset(before)


def _headers(credentials: Credentials, cached: CachedResponse | None, body: bytes) -> dict[str, str]:
    headers = sansio.create_headers(USER_AGENT, jwt=credentials.jwt, oauth_token=credentials.token)
    headers["x-github-api-version"] = API_VERSION
    if body:
        headers["content-type"] = JSON
    if cached is not None and cached.etag is not None:
        headers["if-none-match"] = cached.etag
    if cached is not None and cached.last_modified is not None:
        headers["if-modified-since"] = cached.last_modified
    return headers


def _outcome(result: HttpResponse | Unavailable) -> str:
    """Return what became of a call, for `Hooks.record_call`."""
    if isinstance(result, Unavailable):
        return "unanswered"
    status = result.status
    if status < http.HTTPStatus.MULTIPLE_CHOICES:
        return "ok"
    if status < http.HTTPStatus.BAD_REQUEST:
        return "unchanged" if status == http.HTTPStatus.NOT_MODIFIED else "moved"
    if status >= http.HTTPStatus.INTERNAL_SERVER_ERROR:
        return "failed"
    return "limited" if is_limit(status, result.headers, refusal_message(result.body)) else "refused"


def _error_of(status: int, headers: Mapping[str, str], message: str) -> GitHubError:
    match status:
        case 401:
            return Unauthorized(message)
        case 403 | 451 if "suspended" in message:
            return InstallationSuspended(message)
        case 403 | 451:
            return Forbidden(message, headers.get("x-accepted-github-permissions"))
        case 404 if "Integration" in message:
            return Unauthorized(f"{message}; is the App id right?")
        case 404:
            return NotFound(message)
        case 410:
            return Gone(message)
        case _:
            return Unprocessable(message)


def _path(url: str) -> str:
    try:
        return urlsplit(url).path
    except ValueError:
        return "?"


def _host(link: str) -> str:
    """Return what to log of a link that leads nowhere: its host; path and query may hold secrets."""
    try:
        host = urlsplit(link).hostname
    except ValueError:
        return ""
    return f", but to {host[:100]!r}" if host else ""
