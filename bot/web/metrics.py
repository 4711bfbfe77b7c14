"""`GET /metrics`, and what the web server tells to whoever measures it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from aiohttp import web

FORMAT: Final = "text/plain; version=0.0.4; charset=utf-8"
"""https://prometheus.io/docs/instrumenting/exposition_formats/"""


async def _nothing() -> bytes:
    return b""


@dataclass(frozen=True, slots=True)
class Meter:
    """Hears of each delivery how it ended and how long that took, in seconds; `show` gives what `/metrics` says."""

    delivered: Callable[[str, float], None] = lambda _outcome, _seconds: None
    turned_away: Callable[[str], None] = lambda _reason: None
    show: Callable[[], Awaitable[bytes]] = _nothing


def metrics(meter: Meter) -> Callable[[web.Request], Awaitable[web.Response]]:
    """Make the handler; there are numbers in its answers, and no names."""

    async def handle(_request: web.Request) -> web.Response:
        return web.Response(body=await meter.show(), headers={"Content-Type": FORMAT, "Cache-Control": "no-store"})

    return handle
