"""The feed of server-sent events that reports to an open page that something has changed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from aiohttp import web

LOOK_SECONDS = 1.0
"""Seconds between two looks at what changes without telling: the log of deliveries, and whether anybody watches."""


class ChangeFeed:
    """Who watches, and the version of what they see; `counted` is looked at for what changes without telling."""

    def __init__(self, counted: Callable[[], int]) -> None:
        self._counted = counted
        self._changes = 0
        self._closed = False
        self._pages: set[asyncio.Event] = set()

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
        changed_event = asyncio.Event()
        self._pages.add(changed_event)
        try:
            while not self._closed:
                changed_event.clear()
                if seen != (version := self.version):
                    seen = version
                    await response.write(f"event: change\ndata: {seen}\n\n".encode())
                elif not await _within(LOOK_SECONDS, changed_event):
                    await response.write(b": still here\n\n")
        except ConnectionResetError:
            pass  # The page has been closed.
        finally:
            self._pages.discard(changed_event)
        return response

    def _wake(self) -> None:
        for changed_event in self._pages:
            changed_event.set()


async def _within(seconds: float, changed_event: asyncio.Event) -> bool:
    try:
        async with asyncio.timeout(seconds):
            return await changed_event.wait()
    except TimeoutError:
        return False
