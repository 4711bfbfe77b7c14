"""Sending a delivery to a webhook as GitHub does, to check what the bot makes of it."""

from __future__ import annotations

import hmac
import uuid
from dataclasses import dataclass
from typing import Final

import aiohttp

from bot.github.http_exchange import read_beginning
from bot.version import user_agent

TIMEOUT: Final = aiohttp.ClientTimeout(total=10.0)
"""As GitHub's own.

https://docs.github.com/en/webhooks/using-webhooks/best-practices-for-using-webhooks#respond-within-10-seconds
"""

MAX_BODY: Final = 16 * 1024
"""Bytes of a response that are read."""


@dataclass(frozen=True, slots=True)
class Reply:
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
        "User-Agent": user_agent(),
        "X-GitHub-Delivery": guid or str(uuid.uuid4()),
        "X-GitHub-Event": event,
        "X-Hub-Signature-256": f"sha256={hmac.digest(secret.encode(), payload, 'sha256').hex()}",
    }
    return await _reply(session, "POST", url, headers, payload)


async def fetch(session: aiohttp.ClientSession, url: str) -> Reply:
    """Get a page."""
    return await _reply(session, "GET", url, {"User-Agent": user_agent()})


async def _reply(
    session: aiohttp.ClientSession, method: str, url: str, headers: dict[str, str], body: bytes | None = None
) -> Reply:
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
