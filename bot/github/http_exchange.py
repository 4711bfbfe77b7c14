"""One HTTP exchange: a request, and the response's body up to a limit, for strangers may have made it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import aiohttp
from msgspec import Struct

from bot import __version__
from bot.github.errors import Unavailable
from bot.time_types import Seconds

USER_AGENT: Final = f"undersigned/{__version__}"
"""GitHub demands the header.

https://docs.github.com/en/rest/using-the-rest-api/getting-started-with-the-rest-api#user-agent
"""

SMALL_BODY: Final = 2 * 1024 * 1024
"""Bytes of a response that holds no more than one thing, such as a token."""

REPLY_TIMEOUT: Final = aiohttp.ClientTimeout(total=10.0)
"""As GitHub's own.

https://docs.github.com/en/webhooks/using-webhooks/best-practices-for-using-webhooks#respond-within-10-seconds
"""

MAX_REPLY: Final = 16 * 1024
"""Bytes of a response that are read."""


@dataclass(frozen=True, slots=True, repr=False)
class HttpResponse:
    """A response with its whole body; its `repr` shows neither, as there may be a token in it."""

    status: int
    headers: Mapping[str, str]
    body: bytes


async def exchange(
    session: aiohttp.ClientSession,
    method: str,
    url: str,
    *,
    call: str,
    timeout: Seconds,  # noqa: ASYNC109 - aiohttp's own, which also ends the connection
    max_body: int | None = SMALL_BODY,
    headers: Mapping[str, str] | None = None,
    **body: Any,
) -> HttpResponse:
    """Send a request, follow no redirect, and read the response.

    `body` is `data` or `json` for aiohttp; `call` names the request in errors. Raises Unavailable where nobody
    answers in time, or with more than `max_body` bytes; without it the body is not read.
    """
    try:
        async with session.request(
            method,
            url,
            headers={"user-agent": USER_AGENT, **(headers or {})},
            allow_redirects=False,
            timeout=aiohttp.ClientTimeout(total=timeout),
            **body,
        ) as response:
            content = b"" if max_body is None else await read_beginning(response, max_body + 1)
            status, shown = response.status, response.headers
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        failure = type(error).__name__
    else:
        if max_body is not None and len(content) > max_body:
            raise Unavailable(f"{call}: the response is longer than {max_body} bytes")
        return HttpResponse(status, shown, content)
    # Not chained: some of aiohttp's errors hold the request, and with it the token.
    raise Unavailable(f"{call}: {failure}")


async def read_beginning(response: aiohttp.ClientResponse, size: int) -> bytes:
    """Read a body's first bytes; whoever leaves the response then closes the connection on the rest."""
    content = bytearray()
    async for part in response.content.iter_any():
        content += part
        if len(content) >= size:
            break
    return bytes(content[:size])


class Reply(Struct, frozen=True):
    """A server's response; without a `status` there was none, and `text` says what happened instead."""

    status: int | None
    text: str

    @property
    def is_good(self) -> bool:
        """Return whether GitHub would count it as a success."""
        return self.status is not None and 200 <= self.status < 300


async def fetch(
    session: aiohttp.ClientSession,
    method: str,
    url: str,
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
) -> Reply:
    """Send a request, and return the beginning of the reply, or why there was none."""
    headers = {"User-Agent": USER_AGENT, **(headers or {})}
    try:
        async with session.request(
            method, url, headers=headers, data=body, timeout=REPLY_TIMEOUT, allow_redirects=False
        ) as response:
            content = await read_beginning(response, MAX_REPLY)
            return Reply(response.status, content.decode(errors="replace"))
    except TimeoutError:
        return Reply(None, "no answer within 10 seconds")
    except (aiohttp.ClientError, OSError, ValueError) as error:
        return Reply(None, str(error) or type(error).__name__)
