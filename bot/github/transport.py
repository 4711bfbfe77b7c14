"""One call to GitHub over HTTP, at GitHub's pace, ending in an answer or in one of our errors."""

from __future__ import annotations

import asyncio
import http
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn
from urllib.parse import urlsplit

import aiohttp
import gidgethub
import gidgethub.aiohttp
import msgspec
from gidgethub import sansio

from bot.github import throttle
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
)
from bot.github.etag_cache import EtagCache
from bot.github.links import graphql_url, own_url
from bot.github.models.rest import complaint
from bot.github.response_body import SHORT, read_body
from bot.github.throttle import Kind, Throttle, Wait
from bot.github.write_permission import check_may_write
from bot.hooks import Hooks
from bot.version import user_agent

VERSION = "2022-11-28"
"""https://docs.github.com/en/rest/about-the-rest-api/api-versions"""

PATIENCE = 5.0
"""Seconds for which a call waits its turn by itself; when it takes longer, whoever asked has other work to do."""

LONGEST = 64 * 1024 * 1024
"""Bytes of an answer; a hundred of the longest comments in the widest letters have 26 MB."""

HOPS = 3
"""Redirects that are followed: a renamed repository takes one, a transferred issue in it two."""

JSON = "application/json"

Variables = Mapping[str, str | int | None]


@dataclass(frozen=True, slots=True, repr=False)
class Credentials:
    """What a call identifies itself with: an installation's token or the App's JWT; its `repr` shows neither."""

    token: str | None = None
    jwt: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """GitHub's answer; `unchanged` if what was remembered still holds; `more` is the address of the next page."""

    data: Any
    more: str | None
    unchanged: bool


@dataclass(frozen=True, slots=True)
class Transport:
    """The way to GitHub that all calls share: the connection, the REST root, the clock and the patience."""

    session: aiohttp.ClientSession
    base_url: str
    now: Callable[[], float]
    sleep: Callable[[float], Awaitable[None]]
    timeout: float
    longest: int = LONGEST
    hooks: Hooks = field(default_factory=Hooks)
    outage: CircuitBreaker | None = None
    """Where the bot remembers for all calls that GitHub cannot be reached."""

    @property
    def graphql_url(self) -> str:
        """Return the GraphQL endpoint beside the REST root."""
        return graphql_url(self.base_url)


class Api(gidgethub.aiohttp.GitHubAPI):
    """Call GitHub's API within one set of limits: each installation has its own, and so has the App."""

    def __init__(self, line: Transport, pace: Throttle, memory: EtagCache | None = None) -> None:
        super().__init__(line.session, user_agent(), base_url=line.base_url, cache=memory)
        self._line = line
        self._pace = pace
        self._memory = memory

    async def ask(
        self,
        method: str,
        url: str,
        variables: Variables,
        credentials: Credentials,
        *,
        data: object = b"",
        afresh: bool = False,
    ) -> Answer:
        """Make one call; `afresh` forgets what was answered before. Raises only `bot.github.errors`.

        `url` is a path, or an address out of an answer.
        """
        if self._line.outage is not None:
            await self._line.outage.enter()
        if not url.startswith("/"):
            url = self._followed(f"{method} {_path(url)}", url)
        if afresh and self._memory is not None:
            self._memory.pop(sansio.format_url(url, variables, base_url=self.base_url), None)
        try:
            answer, more, status = await self._make_request(
                method,
                url,
                variables,
                data,
                sansio.accept_format(),
                jwt=credentials.jwt,
                oauth_token=credentials.token,
            )
        except gidgethub.HTTPException as error:
            raise _error_of(error) from None
        except (ValueError, RecursionError):
            raise Unavailable(f"{method} {_path(url)}: the answer cannot be read") from None
        if more is not None:
            more = self._followed(f"{method} {_path(url)}, next page", more)
        return Answer(answer, more, unchanged=status == http.HTTPStatus.NOT_MODIFIED)

    async def manage_rate_limit(self, *, method: str, url: str) -> None:
        """Wait for this call's turn; raises Paused when that is too far away or GitHub has told us to wait."""
        path = _path(url)
        kind, resource = throttle.kind_of(method, path), throttle.resource_of(path)
        while (hold := self._pace.hold(kind, resource, self._line.now())) is not None:
            wait = hold.until - self._line.now()
            if not hold.ours or wait > PATIENCE:
                self._pause(hold)
            await self._line.sleep(max(wait, 0.0))
        self._pace.sent(kind, self._line.now())

    async def handle_rate_limit_error(
        self, *, method: str, url: str, exception: gidgethub.HTTPException, attempt: int
    ) -> bool:
        """Raise Paused if the refusal is about limits; nothing is tried again here."""
        del method, attempt
        self.obey(url, int(exception.status_code), exception.headers, str(exception))
        return False

    def obey(self, url: str, status: int, headers: Mapping[str, str], message: str) -> None:
        """Raise Paused if GitHub speaks of limits, and remember until when."""
        if throttle.is_limit(status, headers, message):
            self._pause(self._pace.limited(throttle.resource_of(_path(url)), headers, self._line.now()))

    def _pause(self, hold: Wait) -> NoReturn:
        self._line.hooks.record_pause(hold.reason)
        raise Paused(hold.until, hold.reason, whole=hold.whole)

    async def _request(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes = b""
    ) -> tuple[int, Mapping[str, str], bytes]:
        """Send it, to where it has moved if need be, and let only sound answers through to gidgethub."""
        headers = {**headers, "x-github-api-version": VERSION}
        for _ in range(HOPS + 1):
            status, shown, content = await self._exchange(method, url, headers, body)
            self._pace.answered(shown, self._line.now())
            if status not in (301, 302, 307, 308):
                return _sound(f"{method} {_path(url)}", status, shown, content)
            # aiohttp would turn a POST into a GET. GitHub means the same call in another place:
            # https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api#follow-redirects
            url = self._followed(f"{method} {_path(url)}", shown.get("location", ""), url)
        raise Unavailable(f"{method} {_path(url)}: too many redirects")

    def _followed(self, call: str, link: str, asked_url: str | None = None) -> str:
        """Return our address for one out of an answer; raises Unavailable where there is none."""
        url = own_url(link, self.base_url, asked_url)
        if url is None:
            raise Unavailable(f"{call}: leads to no address of GitHub's API{_host(link)}")
        return url

    async def _exchange(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, Mapping[str, str], bytes]:
        if throttle.kind_of(method, _path(url)) is not Kind.READ:
            check_may_write(f"{method} {_path(url)}")
        timeout = aiohttp.ClientTimeout(total=self._line.timeout)
        answer: tuple[int, Mapping[str, str], bytes] | None = None
        failure = ""
        try:
            async with self._line.session.request(
                method, url, headers=headers, data=body, allow_redirects=False, timeout=timeout
            ) as response:
                content = await read_body(response, self._line.longest, f"{method} {_path(url)}")
                answer = response.status, response.headers, content
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            failure = type(error).__name__
        outcome = "unanswered" if answer is None else _outcome(*answer)
        self._line.hooks.record_call(throttle.kind_of(method, _path(url)), outcome)
        if outcome in ("unanswered", "failed") and self._line.outage is not None:
            await self._line.outage.doubt()
        if answer is None:
            # Not chained: some of aiohttp's errors hold the request, and with it the token.
            raise Unavailable(f"{method} {_path(url)}: {failure}")
        return answer


def api_for_a_while(
    session: aiohttp.ClientSession, api_url: str, now: Callable[[], float], timeout: float = 30.0
) -> Api:
    """Make an Api for a few calls about one thing each, with limits of its own.

    Each may take `timeout` seconds.
    """
    return Api(Transport(session, api_url.rstrip("/"), now, asyncio.sleep, timeout, SHORT), Throttle())


def _sound(
    call: str, status: int, shown: Mapping[str, str], content: bytes
) -> tuple[int, Mapping[str, str], bytes]:
    """Return gidgethub only what it reads well; raises Unavailable for the rest.

    It takes whatever an error brings along for an object of the documented form, and whatever stands in the headers
    of the rate limit for numbers.
    """
    if status >= http.HTTPStatus.INTERNAL_SERVER_ERROR:
        raise Unavailable(f"{call}: {status}")
    headers = {name: shown[name] for name in _READ if name in shown}
    if status >= http.HTTPStatus.BAD_REQUEST:
        message = complaint(content) or f"{call}: {status}"
        return status, headers | {"content-type": JSON}, msgspec.json.encode({"message": message})
    if content and not shown.get("content-type", "").startswith(JSON):
        raise Unavailable(f"{call}: the answer is not JSON")
    return status, headers | ({"content-type": JSON} if content else {}), content


_READ = ("etag", "last-modified", "link", "retry-after", "x-accepted-github-permissions", "x-ratelimit-remaining")


def _outcome(status: int, headers: Mapping[str, str], content: bytes) -> str:
    """Return what became of a call, for `Hooks.record_call`."""
    if status < http.HTTPStatus.MULTIPLE_CHOICES:
        return "ok"
    if status < http.HTTPStatus.BAD_REQUEST:
        return "unchanged" if status == http.HTTPStatus.NOT_MODIFIED else "moved"
    if status >= http.HTTPStatus.INTERNAL_SERVER_ERROR:
        return "failed"
    return "limited" if throttle.is_limit(status, headers, complaint(content) or "") else "refused"


def _error_of(error: gidgethub.HTTPException) -> GitHubError:
    message = str(error)
    match int(error.status_code):
        case 401:
            return Unauthorized(message)
        case 403 | 451 if "suspended" in message:
            return InstallationSuspended(message)
        case 403 | 451:
            return Forbidden(message, error.headers.get("x-accepted-github-permissions"))
        case 404 if "Integration" in message:
            return Unauthorized(f"{message}; is the App id right?")
        case 404:
            return NotFound(message)
        case 410:
            return Gone(message)
        case status if 400 <= status < 500:
            return Unprocessable(message)
        case status:
            return Unavailable(f"unexpected status {status}")


def _path(url: str) -> str:
    try:
        return urlsplit(url).path
    except ValueError:
        return "?"


def _host(link: str) -> str:
    """Format on which host a link leads nowhere; its path and query may hold what is not for the log."""
    try:
        host = urlsplit(link).hostname
    except ValueError:
        return ""
    return f", but to {host[:100]!r}" if host else ""
