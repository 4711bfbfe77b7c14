"""`GET /readyz`: whether the parts work, for everybody; what the doctor finds, for the operator."""

from __future__ import annotations

import asyncio
import hmac
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final

from aiohttp import web

FRESH: Final = 60.0
"""Seconds for which findings are good; each look costs GitHub and us some calls."""

Parts = Callable[[], Awaitable[Mapping[str, bool | str]]]
"""Return for each part (the database, the loops, each task) whether it works, or what state it is in."""

RECORDING: Final = ("database", "group_commit")
"""The parts without which no delivery can be recorded.

Without any other the answer stays 200: a bot whose loop is started again must not be taken out of rotation, because
whoever does so takes away the one place that deliveries go to.
"""

Problem = Callable[[], str]
"""Return what somebody has to do before the database takes anything again; empty for nothing."""

Findings = Sequence[Mapping[str, str]]


@dataclass(slots=True)
class Details:
    """What only the operator gets to know, by showing `token`."""

    look: Callable[[], Awaitable[Findings]]
    token: str = field(repr=False)
    _found: tuple[float, Findings] | None = None
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def findings(self) -> Findings:
        """Return the doctor's findings, at most a minute old."""
        async with self._turn:
            if self._found is None or time.monotonic() - self._found[0] > FRESH:
                self._found = time.monotonic(), await self.look()
            return self._found[1]

    def opens(self, authorization: str) -> bool:
        """Return whether a header `Authorization` is the operator's."""
        return hmac.compare_digest(authorization.encode(errors="replace"), f"Bearer {self.token}".encode())


def readyz(
    parts: Parts, details: Details | None, problem: Problem
) -> Callable[[web.Request], Awaitable[web.Response]]:
    """Make the handler. Strangers get no details, and whoever shows a wrong token is told so."""

    async def handle(request: web.Request) -> web.Response:
        authorization = request.headers.get("Authorization")
        if authorization is not None and (details is None or not details.opens(authorization)):
            challenge = {"WWW-Authenticate": "Bearer"}
            return web.json_response({"message": "wrong token"}, status=HTTPStatus.UNAUTHORIZED, headers=challenge)
        found = await parts()
        ready = all(found.get(part, True) in (True, "running") for part in RECORDING)
        body: dict[str, object] = {"status": "ready" if ready else "not ready", "parts": dict(found)}
        if text := problem():
            body["message"] = text
        if authorization is not None and details is not None:
            body["findings"] = list(await details.findings())
        status = HTTPStatus.OK if ready else HTTPStatus.SERVICE_UNAVAILABLE
        return web.json_response(body, status=status)

    return handle
