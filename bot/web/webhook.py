"""`POST /webhook`: verify, read, record, answer. It never calls GitHub; a 2xx means that it is on disk."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from http import HTTPStatus

import structlog
from aiohttp import web

from bot.github import deliveries
from bot.petition.facts import Fact
from bot.store import Busy, Unavailable, Unrecordable

BODY_LIMIT = 25 * 1024 * 1024
"""GitHub never delivers more: https://docs.github.com/en/webhooks/webhook-events-and-payloads#payload-cap"""

PATIENCE = 8.0
"""Seconds the database may take; GitHub hangs up after 10."""

RETRY_AFTER = 5
"""Seconds after which a refused delivery may be tried again."""

Record = Callable[[Sequence[Fact]], Awaitable[None]]

log = structlog.get_logger("webhook")


class Refused(Exception):
    """The request is not a delivery that we take; `status` and the message go to the caller."""

    def __init__(self, status: HTTPStatus, message: str) -> None:
        self.status = status
        super().__init__(message)


def webhook(record: Record, secrets: Sequence[str]) -> Callable[[web.Request], Awaitable[web.Response]]:
    """Make the handler that checks deliveries against `secrets` and hands their facts to `record`."""

    async def handle(request: web.Request) -> web.Response:
        started = time.perf_counter()
        headers = request.headers
        line = log.bind(delivery=headers.get("X-GitHub-Delivery"), github_event=headers.get("X-GitHub-Event"))
        try:
            delivery = await _read(request, secrets)
            line = line.bind(action=delivery.action, repository=delivery.repository_id)
            if delivery.facts:
                await _store(record, delivery.facts)
        except Refused as refusal:
            _log(line, started, refusal.status, str(refusal))
            return _answer(refusal.status, str(refusal))
        outcome = "recorded" if delivery.facts else "ignored"
        _log(line, started, HTTPStatus.OK, outcome)
        return _answer(HTTPStatus.OK, outcome)

    return handle


async def _read(request: web.Request, secrets: Sequence[str]) -> deliveries.Delivery:
    """Check the cheap things first, so that what is not from GitHub is refused before its body is read."""
    headers = request.headers
    event = headers.get("X-GitHub-Event")
    signature = headers.get("X-Hub-Signature-256")
    if signature is None:
        raise Refused(
            HTTPStatus.UNAUTHORIZED, "X-Hub-Signature-256 is missing; set a secret in the App's webhook settings"
        )
    if not event or not headers.get("X-GitHub-Delivery"):
        raise Refused(HTTPStatus.BAD_REQUEST, "X-GitHub-Event and X-GitHub-Delivery are required")
    if request.content_length is None:
        raise Refused(HTTPStatus.LENGTH_REQUIRED, "Content-Length is required")
    if request.content_length > BODY_LIMIT:
        raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"the body is larger than {BODY_LIMIT} bytes")
    body = await request.read()
    if not deliveries.verify(body, signature, secrets):
        raise Refused(
            HTTPStatus.UNAUTHORIZED, "the signature does not match; the secret here differs from the App's"
        )
    try:
        return deliveries.read(event, deliveries.payload_of(headers.get("Content-Type"), body))
    except deliveries.UnsupportedMediaType as error:
        raise Refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, str(error)) from error
    except deliveries.Malformed as error:
        raise Refused(HTTPStatus.BAD_REQUEST, str(error)) from error


async def _store(record: Record, facts: Sequence[Fact]) -> None:
    try:
        async with asyncio.timeout(PATIENCE):
            await record(facts)
    except Busy as error:
        raise Refused(HTTPStatus.SERVICE_UNAVAILABLE, "too many deliveries are waiting; try again") from error
    except Unrecordable as error:
        raise Refused(HTTPStatus.BAD_REQUEST, "the delivery holds something that cannot be stored") from error
    except (Unavailable, TimeoutError) as error:
        raise Refused(HTTPStatus.SERVICE_UNAVAILABLE, "the database cannot take it now; try again") from error


def _answer(status: HTTPStatus, message: str) -> web.Response:
    headers = {"Retry-After": str(RETRY_AFTER)} if status is HTTPStatus.SERVICE_UNAVAILABLE else None
    return web.json_response({"message": message}, status=status, headers=headers)


def _log(line: structlog.typing.FilteringBoundLogger, started: float, status: HTTPStatus, outcome: str) -> None:
    milliseconds = round((time.perf_counter() - started) * 1000, 1)
    if status is HTTPStatus.OK:
        line.info("delivery", status=int(status), outcome=outcome, ms=milliseconds)
    else:
        line.warning("delivery refused", status=int(status), outcome=outcome, ms=milliseconds)
