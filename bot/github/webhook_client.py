"""Send a delivery, signed like GitHub's, and see what a server answers."""

from __future__ import annotations

import uuid
from typing import Final

import aiohttp
from msgspec import Struct

from bot.github.http_exchange import USER_AGENT, read_beginning
from bot.github.webhooks import sign

TIMEOUT: Final = aiohttp.ClientTimeout(total=10.0)
"""As GitHub's own.

https://docs.github.com/en/webhooks/using-webhooks/best-practices-for-using-webhooks#respond-within-10-seconds
"""

MAX_BODY: Final = 16 * 1024
"""Bytes of a response that are read."""


class Reply(Struct, frozen=True):
    """A server's response; without a `status` there was none, and `text` says what happened instead."""

    status: int | None
    text: str

    @property
    def is_good(self) -> bool:
        """Return whether GitHub would count it as a success."""
        return self.status is not None and 200 <= self.status < 300


async def send(
    session: aiohttp.ClientSession, url: str, event: str, payload: bytes, secret: str, guid: str | None = None
) -> Reply:
    """Deliver a payload, signed; under a new GUID unless one is given."""
    headers = {
        "Content-Type": "application/json",
        "X-GitHub-Delivery": guid or str(uuid.uuid4()),
        "X-GitHub-Event": event,
        "X-Hub-Signature-256": sign(payload, secret),
    }
    return await _reply(session, "POST", url, headers, payload)


async def fetch(session: aiohttp.ClientSession, url: str) -> Reply:
    """Get a page."""
    return await _reply(session, "GET", url, {})


async def _reply(
    session: aiohttp.ClientSession, method: str, url: str, headers: dict[str, str], body: bytes | None = None
) -> Reply:
    headers = {"User-Agent": USER_AGENT, **headers}
    try:
        async with session.request(
            method, url, headers=headers, data=body, timeout=TIMEOUT, allow_redirects=False
        ) as response:
            content = await read_beginning(response, MAX_BODY)
            return Reply(response.status, content.decode(errors="replace"))
    except TimeoutError:
        return Reply(None, "no answer within 10 seconds")
    except (aiohttp.ClientError, OSError, ValueError) as error:
        return Reply(None, str(error) or type(error).__name__)
