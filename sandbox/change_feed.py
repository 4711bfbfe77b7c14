"""The feed of server-sent events that reports to an open page that something has changed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress

from aiohttp import web

LOOK_SECONDS = 1.0
"""Seconds between two looks at what changes without telling: the log of deliveries, and whether anybody watches."""


class ChangeFeed:
    """Who watches, and the version of what they see; `counted` is looked at for what changes without telling."""

    def __init__(self, counted: Callable[[], int]) -> None:
        self._counted = counted
        self._changes = 0
        self._closed = False
        self._changed = asyncio.Event()

    @property
    def version(self) -> str:
        """Return a name of the present state; another state has another name."""
        return f"{self._changes}.{self._counted()}"

    def changed(self) -> None:
        """Record a change and wake the open pages."""
        self._changes += 1
        self._wake()

    def close(self) -> None:
        """End the change feed, so that the server can stop."""
        self._closed = True
        self._wake()

    async def watch(self, request: web.Request, headers: Mapping[str, str]) -> web.StreamResponse:
        """Send `change` whenever the version is not the last one sent, which is `since` of the query at first."""
        seen = request.query.get("since", "")
        response = web.StreamResponse(headers={**headers, "Content-Type": "text/event-stream"})
        await response.prepare(request)
        await response.write(b"retry: 1000\n\n")
        with suppress(ConnectionResetError):  # the page has been closed
            while not self._closed:
                changed = self._changed
                if seen != self.version:
                    seen = self.version
                    await response.write(f"event: change\ndata: {seen}\n\n".encode())
                    continue
                try:
                    async with asyncio.timeout(LOOK_SECONDS):
                        await changed.wait()
                except TimeoutError:
                    await response.write(b": still here\n\n")
        return response

    def _wake(self) -> None:
        """Wake who watches; who looks from now on waits for the next change."""
        self._changed.set()
        self._changed = asyncio.Event()
