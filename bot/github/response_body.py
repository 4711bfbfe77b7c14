"""Read the body of an answer, but no more of it than memory has room for: strangers may have made it."""

from __future__ import annotations

from typing import Final

import aiohttp

from bot.github.errors import Unavailable

SHORT: Final = 2 * 1024 * 1024
"""Bytes of an answer that holds no more than one thing, such as a token."""


async def read_body(response: aiohttp.ClientResponse, most: int, call: str) -> bytes:
    """Read a whole body; raises Unavailable where it has more bytes than `most`. `call` says what was asked."""
    content = await read_beginning(response, most + 1)
    if len(content) > most:
        raise Unavailable(f"{call}: the answer is longer than {most} bytes")
    return content


async def read_beginning(response: aiohttp.ClientResponse, most: int) -> bytes:
    """Read a body's first bytes; whoever leaves the response then hangs up on the rest."""
    content = bytearray()
    async for part in response.content.iter_any():
        content += part
        if len(content) >= most:
            break
    return bytes(content[:most])
