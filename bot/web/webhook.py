"""`POST /webhook`: verify, parse, record, answer. It never calls GitHub. After a 2xx the delivery is on disk."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from http import HTTPStatus
from typing import Final

import structlog
from aiohttp import web

from bot.github import webhooks
from bot.petition.facts_from_github import Fact
from bot.store import Busy, DatabaseUnavailable, Unrecordable
from bot.time_types import Seconds
from bot.web.body_buffer import BodyBuffer, BufferFull
from bot.web.client_address import client_origin, describe_client
from bot.web.monitoring import WebMetrics
from bot.web.request_limits import FAILURES, RateLimiter

BODY_LIMIT: Final = 25 * 1024 * 1024
"""GitHub never delivers more: https://docs.github.com/en/webhooks/webhook-events-and-payloads#payload-cap"""

MAX_INLINE_BODY: Final = 48 * 1024
"""Bytes of a body that is parsed on the event loop; a longer one is parsed in a thread."""

MAX_INLINE_COMMENT: Final = 8 * 1024
"""Characters of a comment that is parsed on the event loop: text can be made to take long to parse."""

RETRY_AFTER: Final = 5
"""Seconds after which a refused delivery may be sent again."""

LINES_PER_PERIOD: Final = 10
"""More lines than this a second are not readable, and would fill the disk."""

PERIOD: Final[Seconds] = 1.0
"""The interval of sums."""

MAX_LOGGED_HEADER: Final = 64
"""Characters of GitHub's headers that are logged; its GUIDs have 36."""


Log = structlog.typing.FilteringBoundLogger

Record = Callable[[Sequence[Fact]], Awaitable[None]]
"""Puts facts on disk, or raises Busy, DatabaseUnavailable or Unrecordable before GitHub gives up."""


class Refused(Exception):
    """The request is not an acceptable delivery; `status` and the message are its answer."""

    def __init__(self, status: HTTPStatus, message: str, *, hang_up: bool = False) -> None:
        self.status = status
        self.hang_up = hang_up
        """Whether the connection is closed at once, without reading the rest of the body."""
        super().__init__(message)


class Unsigned(Refused):
    """A delivery without a valid signature. Addresses that send many of them are refused for a while."""


class Webhook:
    """Verifies deliveries with `secrets` and passes their facts to `record`."""

    def __init__(
        self, record: Record, secrets: Sequence[str], metrics: WebMetrics, proxies: int | None = None
    ) -> None:
        self._record = record
        self._secrets = secrets
        self._metrics = metrics
        self._proxies = proxies
        self._buffer = BodyBuffer()
        self._failures = RateLimiter(FAILURES)
        self._log: Log = structlog.get_logger("webhook").bind()
        self._accepted = LogSampler(self._log, "more deliveries")
        self._refused = LogSampler(self._log, "more deliveries refused")

    async def handle(self, request: web.Request) -> web.Response:
        """Record a delivery, or refuse it."""
        started = time.perf_counter()
        try:
            _check_head(request)
            delivery = await self._take(request)
        except Refused as error:
            refusal = self._limited(error, request)
            self._metrics.record_delivery(str(int(refusal.status)), time.perf_counter() - started)
            if self._refused.has_line_for(refusal.status.phrase):
                _log_refusal(self._log, request, refusal, started)
            return await _answer(request, refusal)
        outcome = "recorded" if delivery.facts else "ignored"
        self._metrics.record_delivery(outcome, time.perf_counter() - started)
        if self._accepted.has_line_for(outcome):
            about = {"action": delivery.action, "repository": delivery.repository_id}
            unread = {"unread": delivery.unread} if delivery.unread else {}
            self._log.info("delivery", **_describe(request, started, 200, outcome, **about), **unread)
        # A ping is signed, and the doctor checks how we see its client.
        caller = {"caller": describe_client(request, self._proxies)} if delivery.event == "ping" else {}
        return web.json_response({"message": outcome, **caller})

    async def _take(self, request: web.Request) -> webhooks.Delivery:
        """Read a delivery and record its facts."""
        body = await self._body(request)
        if not webhooks.verify(body, request.headers["X-Hub-Signature-256"], self._secrets):
            text = "the signature does not match; the secret here differs from the App's"
            raise Unsigned(HTTPStatus.UNAUTHORIZED, text)
        size = len(body)
        try:
            self._buffer.reserve(size)
        except BufferFull as error:
            raise Refused(HTTPStatus.SERVICE_UNAVAILABLE, _TOO_MUCH) from error
        try:
            delivery = await _read(request, body)
            if delivery.facts:
                await _store(self._record, delivery.facts)
        finally:
            self._buffer.release(size)
        return delivery

    async def _body(self, request: web.Request) -> bytes:
        if request.content.is_eof():
            # It is complete already, as nearly always, and needs neither a timeout nor a copy.
            return request.content.read_nowait()
        try:
            return await self._buffer.read(request.content, client_origin(request, self._proxies).address)
        except BufferFull as error:
            raise Refused(HTTPStatus.SERVICE_UNAVAILABLE, _TOO_MUCH, hang_up=True) from error
        except TimeoutError as error:
            text = "the body did not arrive in time"
            raise Unsigned(HTTPStatus.REQUEST_TIMEOUT, text) from error
        except (ConnectionError, web.RequestPayloadError) as error:
            raise Unsigned(HTTPStatus.BAD_REQUEST, "the body is incomplete") from error

    def _limited(self, refusal: Refused, request: web.Request) -> Refused:
        """Refuse an address that often sends unsigned deliveries; signed ones are accepted from everybody."""
        origin = client_origin(request, self._proxies)
        if not isinstance(refusal, Unsigned) or not self._failures.acquire(origin.address, origin.via):
            return refusal
        text = "too many deliveries from your address have a wrong signature, or none, or are incomplete"
        return Refused(HTTPStatus.TOO_MANY_REQUESTS, text, hang_up=True)


_TOO_MUCH: Final = "too many deliveries at once; try again"


def _check_head(request: web.Request) -> None:
    """Refuse by its headers what is not from GitHub, before the body is read."""
    headers, size = request.headers, request.content_length
    if "X-Hub-Signature-256" not in headers:
        raise Unsigned(
            HTTPStatus.UNAUTHORIZED, "X-Hub-Signature-256 is missing; set a secret in the App's webhook settings"
        )
    if not headers.get("X-GitHub-Event") or not headers.get("X-GitHub-Delivery"):
        raise Unsigned(HTTPStatus.BAD_REQUEST, "X-GitHub-Event and X-GitHub-Delivery are required")
    if "Content-Encoding" in headers:
        # It could decompress to any size, and the signature is of what was sent.
        raise Unsigned(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "send the body as it is, without Content-Encoding")
    if size is None:
        raise Unsigned(HTTPStatus.LENGTH_REQUIRED, "Content-Length is required")
    if size > BODY_LIMIT:
        text = f"the body is larger than {BODY_LIMIT} bytes"
        raise Unsigned(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, text)


async def _read(request: web.Request, body: bytes) -> webhooks.Delivery:
    headers = request.headers
    try:
        event, payload = headers["X-GitHub-Event"], webhooks.payload_of(headers.get("Content-Type"), body)
        if len(payload) < MAX_INLINE_BODY:
            with suppress(webhooks.TakesLong):
                return webhooks.read(event, payload, MAX_INLINE_COMMENT)
        return await asyncio.to_thread(webhooks.read, event, payload)
    except webhooks.UnsupportedMediaType as error:
        raise Refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, str(error)) from error
    except webhooks.Malformed as error:
        raise Refused(HTTPStatus.BAD_REQUEST, str(error)) from error


async def _store(record: Record, facts: Sequence[Fact]) -> None:
    try:
        await record(facts)
    except Busy as error:
        raise Refused(HTTPStatus.SERVICE_UNAVAILABLE, "too many deliveries are waiting; try again") from error
    except Unrecordable as error:
        raise Refused(HTTPStatus.BAD_REQUEST, "the delivery contains something that cannot be stored") from error
    except DatabaseUnavailable as error:
        raise Refused(HTTPStatus.SERVICE_UNAVAILABLE, "the database is unavailable; try again") from error
    except Exception as error:  # anything else is a bug of ours, and GitHub must see that it failed
        raise Refused(HTTPStatus.INTERNAL_SERVER_ERROR, "an error of the bot; its log has the traceback") from error


async def _answer(request: web.Request, refusal: Refused) -> web.Response:
    waits = refusal.status in (HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.TOO_MANY_REQUESTS)
    headers = {"Retry-After": str(RETRY_AFTER)} if waits else None
    response = web.json_response({"message": str(refusal)}, status=refusal.status, headers=headers)
    if refusal.hang_up:
        response.force_close()
        await response.prepare(request)
        await response.write_eof()
        # Otherwise aiohttp would read the rest of the body for a while.
        request.protocol.force_close()
    return response


# The log: a line for each delivery up to a rate, and beyond it a sum every second


class LogSampler:
    """Decides which deliveries get their own line, and counts the others by outcome."""

    def __init__(self, log: Log, event: str) -> None:
        self._log = log
        self._event = event
        self._period_ends = 0.0
        self._lines = 0
        self._left_out: Counter[str] = Counter()

    def has_line_for(self, outcome: str) -> bool:
        """Return whether to write a line; if not, the outcome is counted for the sum."""
        now = time.monotonic()
        if now >= self._period_ends:
            self._period_ends, self._lines = now + PERIOD, 0
        self._lines += 1
        if self._lines <= LINES_PER_PERIOD:
            return True
        if not self._left_out:
            asyncio.get_running_loop().call_later(PERIOD, self._sum_up)
        self._left_out[outcome] += 1
        return False

    def _sum_up(self) -> None:
        # First of all: where logging fails, there must still be a next sum.
        left_out, self._left_out = self._left_out, Counter()
        self._log.info(self._event, **left_out)


def _log_refusal(log: Log, request: web.Request, refusal: Refused, started: float) -> None:
    """Log a delivery that was refused; an error of ours with its traceback."""
    about = _describe(request, started, int(refusal.status), str(refusal))
    if refusal.status is HTTPStatus.INTERNAL_SERVER_ERROR:
        log.error("delivery refused", **about, exc_info=refusal.__cause__)
    else:
        log.warning("delivery refused", **about)


def _describe(
    request: web.Request, started: float, status: int, outcome: str, **about: str | int | None
) -> dict[str, object]:
    return {
        "delivery": _printable(request.headers.get("X-GitHub-Delivery")),
        "github_event": _printable(request.headers.get("X-GitHub-Event")),
        **about,
        "status": status,
        "outcome": outcome,
        "ms": round((time.perf_counter() - started) * 1000, 1),
    }


def _printable(text: str | None) -> str | None:
    """Return the beginning of a header, without characters that steer a terminal."""
    return None if text is None else "".join(filter(str.isprintable, text[:MAX_LOGGED_HEADER]))
