"""How far this computer's clock is from GitHub's, as the `Date` of any answer shows it."""

from __future__ import annotations

from collections.abc import Callable
from email.utils import parsedate_to_datetime

import aiohttp

from bot.version import user_agent


async def clock_skew(session: aiohttp.ClientSession, api_url: str, now: Callable[[], float]) -> float | None:
    """Return by how many seconds our clock is ahead; negative if it is behind, None without a dated answer."""
    began = now()
    url, timeout = f"{api_url.rstrip('/')}/meta", aiohttp.ClientTimeout(total=10.0)
    try:
        async with session.get(
            url, headers={"User-Agent": user_agent()}, timeout=timeout, allow_redirects=False
        ) as answer:
            # GitHub cuts the fraction off.
            theirs = parsedate_to_datetime(answer.headers["Date"]).timestamp() + 0.5
    except (aiohttp.ClientError, TimeoutError, OSError, LookupError, ValueError):
        return None
    return (began + now()) / 2 - theirs
