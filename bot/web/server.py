"""The routes of the web server."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from http import HTTPStatus

from aiohttp import web

from bot.web.webhook import BODY_LIMIT, Record, webhook

Readiness = Callable[[], Awaitable[Mapping[str, bool]]]
"""Tell for each part that must work (the database, the loops) whether it does."""


def make_application(*, record: Record, secrets: Sequence[str], readiness: Readiness) -> web.Application:
    """Make the aiohttp application: the webhook and the health checks."""
    # aiohttp refuses a body that reaches the limit, GitHub's limit may be reached.
    application = web.Application(client_max_size=BODY_LIMIT + 1)
    application.router.add_post("/webhook", webhook(record, secrets))
    application.router.add_get("/healthz", _healthz)
    application.router.add_get("/readyz", _readyz(readiness))
    return application


async def _healthz(_request: web.Request) -> web.Response:
    return web.json_response({"status": "ok"})


def _readyz(readiness: Readiness) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handle(_request: web.Request) -> web.Response:
        parts = await readiness()
        ready = all(parts.values())
        status = HTTPStatus.OK if ready else HTTPStatus.SERVICE_UNAVAILABLE
        body = {"status": "ready" if ready else "not ready", "parts": dict(parts)}
        return web.json_response(body, status=status)

    return handle
