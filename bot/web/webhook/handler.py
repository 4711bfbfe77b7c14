"""`POST /webhook`: verify, read, record, answer. It never calls GitHub; a 2xx means that it is on disk."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from functools import partial
from http import HTTPStatus
from typing import Final

import structlog
from aiohttp import web

from bot.github import webhooks
from bot.petition.facts import Fact
from bot.store import Busy, DatabaseUnavailable, Unrecordable
from bot.web.client_address import Origin, describe, origin_of
from bot.web.metrics import Meter
from bot.web.rate_limit import Allowances, RateLimits
from bot.web.webhook.admission import MadeWay, NoRoom, Room
from bot.web.webhook.log_sampling import Journal

BODY_LIMIT: Final = 25 * 1024 * 1024
"""GitHub never delivers more: https://docs.github.com/en/webhooks/webhook-events-and-payloads#payload-cap"""

LONG: Final = 48 * 1024
"""Bytes from which a delivery is read beside the loop."""

AT_ONCE: Final = 8 * 1024
"""Characters up to which a comment is read at once: what somebody says may have been made to take long."""

RETRY_AFTER: Final = 5
"""Seconds after which a refused delivery may be tried again."""

LONGEST_HEADER: Final = 64
"""Letters of a header of GitHub's that go into the log; its GUIDs have 36."""

Record = Callable[[Sequence[Fact]], Awaitable[None]]
"""Put facts on disk, or raise Busy, DatabaseUnavailable or Unrecordable well before GitHub hangs up."""


class Refused(Exception):
    """The request is not a delivery that we take; `status` and the message go to the caller."""

    def __init__(self, status: HTTPStatus, message: str, *, hang_up: bool = False) -> None:
        self.status = status
        self.hang_up = hang_up
        """Whether the rest of the body is not taken, so that the connection is free for others at once."""
        super().__init__(message)


class Unsigned(Refused):
    """Nobody has signed it, as far as it has come. An address from which much of it comes is told to go."""


def webhook(
    record: Record, secrets: Sequence[str], meter: Meter, rules: RateLimits
) -> Callable[[web.Request], Awaitable[web.Response]]:
    """Make the handler that checks deliveries against `secrets` and hands their facts to `record`."""
    room, log = Room(), structlog.get_logger("webhook").bind()
    failures = Allowances(rules.failures)
    taken, sent_away = Journal(log, "more deliveries"), Journal(log, "more deliveries refused")

    async def handle(request: web.Request) -> web.Response:
        started = time.perf_counter()
        try:
            _check_head(request)
            delivery = await _take(request, record, secrets, room, rules)
        except Refused as refused:
            refusal = _limited(refused, failures, origin_of(request, rules.proxies))
            meter.delivered(str(int(refusal.status)), time.perf_counter() - started)
            if sent_away.has_line_for(refusal.status.phrase):
                _log_refusal(log, request, refusal, _milliseconds(started))
            return await _answer(request, refusal)
        outcome = "recorded" if delivery.facts else "ignored"
        meter.delivered(outcome, time.perf_counter() - started)
        if taken.has_line_for(outcome):
            _log_delivery(log, request, delivery, outcome, _milliseconds(started))
        if delivery.event == "ping":
            # It is signed, and the doctor wants to know as whom we see it.
            return web.json_response({"message": outcome, "caller": describe(request, rules.proxies)})
        return web.Response(body=_ACCEPTED[outcome], content_type="application/json", charset="utf-8")

    return handle


_ACCEPTED: Final = {outcome: b'{"message": "%s"}' % outcome.encode() for outcome in ("recorded", "ignored")}


def _check_head(request: web.Request) -> None:
    """Refuse by its headers what is not from GitHub, before its body is read."""
    headers, size = request.headers, request.content_length
    if "X-Hub-Signature-256" not in headers:
        raise Unsigned(
            HTTPStatus.UNAUTHORIZED, "X-Hub-Signature-256 is missing; set a secret in the App's webhook settings"
        )
    if not headers.get("X-GitHub-Event") or not headers.get("X-GitHub-Delivery"):
        raise Unsigned(HTTPStatus.BAD_REQUEST, "X-GitHub-Event and X-GitHub-Delivery are required")
    if "Content-Encoding" in headers:
        # It would be unpacked to no one knows what size, and the signature is over what was sent.
        raise Unsigned(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "send the body as it is, without Content-Encoding")
    if size is None:
        raise Unsigned(HTTPStatus.LENGTH_REQUIRED, "Content-Length is required")
    if size > BODY_LIMIT:
        text = f"the body is larger than {BODY_LIMIT} bytes"
        raise Unsigned(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, text)


async def _take(
    request: web.Request, record: Record, secrets: Sequence[str], room: Room, rules: RateLimits
) -> webhooks.Delivery:
    """Read a delivery and record what it tells."""
    body = await _body(request, room, rules)
    if not webhooks.verify(body, request.headers["X-Hub-Signature-256"], secrets):
        text = "the signature does not match; the secret here differs from the App's"
        raise Unsigned(HTTPStatus.UNAUTHORIZED, text)
    size = len(body)
    try:
        room.keep(size)
    except NoRoom as error:
        raise Refused(HTTPStatus.SERVICE_UNAVAILABLE, _TOO_MUCH) from error
    try:
        delivery = await _read(request, body)
        if delivery.facts:
            await _store(record, delivery.facts)
    finally:
        room.drop(size)
    return delivery


_TOO_MUCH: Final = "too much is being delivered at once; try again"


async def _body(request: web.Request, room: Room, rules: RateLimits) -> bytes:
    if request.content.is_eof():
        # It is here already, as nearly always, and needs neither a watch nor to be copied.
        return request.content.read_nowait()
    try:
        return await room.read(request.content, origin_of(request, rules.proxies).address)
    except MadeWay as error:
        raise Refused(HTTPStatus.SERVICE_UNAVAILABLE, _TOO_MUCH, hang_up=True) from error
    except TimeoutError as error:
        text = "the body did not arrive in time"
        raise Unsigned(HTTPStatus.REQUEST_TIMEOUT, text) from error
    except (ConnectionError, web.RequestPayloadError) as error:
        raise Unsigned(HTTPStatus.BAD_REQUEST, "the body broke off") from error


async def _read(request: web.Request, body: bytes) -> webhooks.Delivery:
    headers = request.headers
    try:
        event, payload = headers["X-GitHub-Event"], webhooks.payload_of(headers.get("Content-Type"), body)
        if len(payload) < LONG:
            with suppress(webhooks.TakesLong):
                return webhooks.read(event, payload, AT_ONCE)
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
        raise Refused(HTTPStatus.BAD_REQUEST, "the delivery holds something that cannot be stored") from error
    except DatabaseUnavailable as error:
        raise Refused(HTTPStatus.SERVICE_UNAVAILABLE, "the database cannot take it now; try again") from error
    except Exception as error:  # whatever else keeps it from being recorded is our mistake, and GitHub is told so
        raise Refused(HTTPStatus.INTERNAL_SERVER_ERROR, "a mistake of the bot's; its log says more") from error


def _limited(refusal: Refused, failures: Allowances, origin: Origin) -> Refused:
    """Tell whoever often sends what nobody has signed to go away; what is signed is taken from everybody."""
    if not isinstance(refusal, Unsigned) or not failures.spend(origin):
        return refusal
    text = "too many deliveries from your address have a wrong signature, or none, or break off"
    return Refused(HTTPStatus.TOO_MANY_REQUESTS, text, hang_up=True)


async def _answer(request: web.Request, refusal: Refused) -> web.Response:
    waits = refusal.status in (HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.TOO_MANY_REQUESTS)
    headers = {"Retry-After": str(RETRY_AFTER)} if waits else None
    response = web.json_response({"message": str(refusal)}, status=refusal.status, headers=headers)
    if refusal.hang_up:
        response.force_close()
        await response.prepare(request)
        await response.write_eof()
        # Otherwise aiohttp would take the rest of the body for a while.
        request.protocol.force_close()
    return response


def _log_delivery(
    log: structlog.typing.FilteringBoundLogger,
    request: web.Request,
    delivery: webhooks.Delivery,
    outcome: str,
    milliseconds: float,
) -> None:
    log.info(
        "delivery",
        delivery=request.headers["X-GitHub-Delivery"],
        github_event=delivery.event,
        action=delivery.action,
        repository=delivery.repository_id,
        status=200,
        outcome=outcome,
        ms=milliseconds,
        **({"unread": delivery.unread} if delivery.unread else {}),
    )


def _log_refusal(
    log: structlog.typing.FilteringBoundLogger, request: web.Request, refusal: Refused, milliseconds: float
) -> None:
    # A mistake of ours is told in full.
    mistake = refusal.__cause__ if refusal.status is HTTPStatus.INTERNAL_SERVER_ERROR else None
    tell = log.warning if mistake is None else partial(log.error, exc_info=mistake)
    tell(
        "delivery refused",
        delivery=_plain(request.headers.get("X-GitHub-Delivery")),
        github_event=_plain(request.headers.get("X-GitHub-Event")),
        status=int(refusal.status),
        outcome=str(refusal),
        ms=milliseconds,
    )


def _plain(text: str | None) -> str | None:
    """Return so much of a stranger's header as a line of the log bears, without what a terminal would obey."""
    return None if text is None else "".join(filter(str.isprintable, text[:LONGEST_HEADER]))


def _milliseconds(started: float) -> float:
    return round((time.perf_counter() - started) * 1000, 1)
