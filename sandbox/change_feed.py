"""Tell whoever watches a page that something is not as it was, by server-sent events."""

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
        self._watchers: set[asyncio.Event] = set()

    @property
    def version(self) -> str:
        """Name the present state; another one has another name."""
        return f"{self._changes}.{self._counted()}"

    def changed(self) -> None:
        """Note a change and wake the watchers."""
        self._changes += 1
        self._wake()

    def close(self) -> None:
        """Let the watchers go, so that the server can stop."""
        self._closed = True
        self._wake()

    async def watch(self, request: web.Request, headers: Mapping[str, str]) -> web.StreamResponse:
        """Say `change` whenever the version is not the last one said, which is `since` of the query at first."""
        seen = request.query.get("since", "")
        response = web.StreamResponse(headers={**headers, "Content-Type": "text/event-stream"})
        await response.prepare(request)
        await response.write(b"retry: 1000\n\n")
        woken = asyncio.Event()
        self._watchers.add(woken)
        try:
            while not self._closed:
                woken.clear()
                if seen != (version := self.version):
                    seen = version
                    await response.write(f"event: change\ndata: {seen}\n\n".encode())
                elif not await _within(LOOK_SECONDS, woken):
                    await response.write(b": still here\n\n")
        except ConnectionResetError:
            pass  # The watcher has left; there is nobody to tell.
        finally:
            self._watchers.discard(woken)
        return response

    def _wake(self) -> None:
        for woken in self._watchers:
            woken.set()


async def _within(seconds: float, woken: asyncio.Event) -> bool:
    try:
        async with asyncio.timeout(seconds):
            return await woken.wait()
    except TimeoutError:
        return False
