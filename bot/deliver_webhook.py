"""`deliver`: send a stored payload, signed like GitHub's, to a bot that is running."""

from __future__ import annotations

import sys
from pathlib import Path

import aiohttp

from bot.config import Config
from bot.github.webhooks import Reply, send


class NotReadable(Exception):
    """A payload cannot be read; the message says which and why."""


def read_payload(file: str) -> bytes:
    """Read a payload from a file, or from standard input for `-`; raises NotReadable."""
    try:
        payload = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise NotReadable(f"{file}: {error.strerror}") from error
    if not payload.strip():
        raise NotReadable(f"{file} is empty; a payload is the JSON that GitHub shows under Recent Deliveries")
    return payload


async def deliver(payload: bytes, event: str, url: str | None, config: Config, guid: str | None = None) -> Reply:
    """Deliver to an address, or to the bot on this machine that has the same configuration."""
    here = f"http://127.0.0.1:{config.port}/webhook"
    async with aiohttp.ClientSession() as session:
        return await send(session, url or here, event, payload, config.webhook_secrets[0], guid)
