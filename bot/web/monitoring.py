"""`GET /healthz`, `/readyz` and `/metrics`.

`/readyz` says to everybody whether the parts work, and what the doctor finds to the operator.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final

from aiohttp import web
from msgspec import Struct

from bot.time_types import Seconds
from bot.web.route_policies import PROBE, Route
from bot.web.sessions import is_secret

FINDINGS_TTL: Final[Seconds] = 60.0
"""How long findings are cached; each examination costs calls to GitHub and queries."""

METRICS_FORMAT: Final = "text/plain; version=0.0.4; charset=utf-8"
"""https://prometheus.io/docs/instrumenting/exposition_formats/"""

Parts = Callable[[], Awaitable[Mapping[str, bool | str]]]
"""Returns the state of each part: the database, the loops, and each task."""

RECORDING: Final = ("database", "group_commit")
"""The parts without which no delivery can be recorded.

When another part fails, the answer is still 200: its task is restarted, and a load balancer that took the bot out
of rotation would stop all deliveries.
"""

Findings = Sequence[Mapping[str, str]]


async def _no_metrics() -> bytes:
    return b""


class WebMetrics(Struct, frozen=True):
    """The hooks that the web server calls: for each delivery with its outcome and duration, and for each rejection.

    `expose` returns the content of `/metrics`.
    """

    record_delivery: Callable[[str, Seconds], None] = lambda _outcome, _seconds: None
    record_rejected: Callable[[str], None] = lambda _reason: None
    expose: Callable[[], Awaitable[bytes]] = _no_metrics


@dataclass(slots=True)
class OperatorDetails:
    """The doctor's findings, for clients that send `token`."""

    examine: Callable[[], Awaitable[Findings]]
    token: str = field(repr=False)
    _cached: tuple[Seconds, Findings] | None = None
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def findings(self) -> Findings:
        """Return the doctor's findings, at most `FINDINGS_TTL` old."""
        async with self._lock:
            if self._cached is None or time.monotonic() - self._cached[0] > FINDINGS_TTL:
                self._cached = time.monotonic(), await self.examine()
            return self._cached[1]

    def is_operator(self, authorization: str) -> bool:
        """Return whether a header `Authorization` has the operator's token."""
        return is_secret(authorization, f"Bearer {self.token}")


class Monitoring(Struct, frozen=True):
    """What is monitored, and the handlers that show it."""

    parts: Parts
    problem: Callable[[], str] = lambda: ""
    """Returns what somebody has to do before the database can be written again; empty for nothing."""
    details: OperatorDetails | None = None
    metrics: WebMetrics = WebMetrics()

    def routes(self) -> list[Route]:
        """List the routes."""
        return [
            Route("GET", "/healthz", healthz, PROBE),
            Route("GET", "/readyz", self._readyz, PROBE),
            Route("GET", "/metrics", self._metrics, PROBE),
        ]

    async def _readyz(self, request: web.Request) -> web.Response:
        authorization, details = request.headers.get("Authorization"), self.details
        if authorization is not None and (details is None or not details.is_operator(authorization)):
            challenge = {"WWW-Authenticate": "Bearer"}
            return web.json_response({"message": "wrong token"}, status=HTTPStatus.UNAUTHORIZED, headers=challenge)
        parts = await self.parts()
        ready = all(parts.get(part, True) in (True, "running") for part in RECORDING)
        body: dict[str, object] = {"status": "ready" if ready else "not ready", "parts": dict(parts)}
        if text := self.problem():
            body["message"] = text
        if authorization is not None and details is not None:
            body["findings"] = list(await details.findings())
        return web.json_response(body, status=HTTPStatus.OK if ready else HTTPStatus.SERVICE_UNAVAILABLE)

    async def _metrics(self, _request: web.Request) -> web.Response:
        return web.Response(body=await self.metrics.expose(), headers={"Content-Type": METRICS_FORMAT})


async def healthz(_request: web.Request) -> web.Response:
    """Return that the process answers."""
    return web.json_response({"status": "ok"})
