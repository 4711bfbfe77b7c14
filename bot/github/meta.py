"""What GitHub's `/meta` shows, which needs no token: that GitHub can be reached, and the time there.

https://docs.github.com/en/rest/meta/meta#get-github-meta-information
"""

from __future__ import annotations

import http
from collections.abc import Awaitable, Callable
from email.utils import parsedate_to_datetime
from typing import Final

import aiohttp

from bot.github.errors import Unavailable
from bot.github.http_exchange import HttpResponse, exchange
from bot.units import EpochSeconds, Seconds

PROBE_TIMEOUT: Final[Seconds] = 5.0
CLOCK_TIMEOUT: Final[Seconds] = 10.0


def make_probe(session: aiohttp.ClientSession, api_url: str) -> Callable[[], Awaitable[str]]:
    """Return a call that checks whether a server can be reached; it returns why not, or an empty text."""

    async def probe() -> str:
        try:
            status = (await _get_meta(session, api_url, PROBE_TIMEOUT)).status
        except Unavailable as error:
            return str(error)
        # A refusal shows that it can be reached.
        return str(status) if status >= http.HTTPStatus.INTERNAL_SERVER_ERROR else ""

    return probe


async def clock_skew(
    session: aiohttp.ClientSession, api_url: str, now: Callable[[], EpochSeconds]
) -> Seconds | None:
    """Return by how many seconds our clock is ahead; negative if it is behind, None without a dated response."""
    began = now()
    try:
        response = await _get_meta(session, api_url, CLOCK_TIMEOUT)
        # GitHub cuts the fraction off.
        theirs = parsedate_to_datetime(response.headers["Date"]).timestamp() + 0.5
    except (Unavailable, LookupError, ValueError):
        return None
    return (began + now()) / 2 - theirs


async def _get_meta(session: aiohttp.ClientSession, api_url: str, limit: Seconds) -> HttpResponse:
    url = f"{api_url.rstrip('/')}/meta"
    return await exchange(session, "GET", url, call="GET /meta", timeout=limit, max_body=None)
