"""`…/events`: send new signatures to open pages, with one query for all of them every second.

https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Final

import msgspec
from aiohttp import web
from aiohttp.hdrs import METH_HEAD
from msgspec import Struct, field

from bot.petition.i18n import message
from bot.store import DatabaseUnavailable, PetitionDetails
from bot.supervisor import SupervisedTask, Supervisor
from bot.time_types import Seconds
from bot.web.pages.view_models import view_update
from bot.web.petition_requests import PETITION, PagesContext, RequestedPetition, find_under_any_name
from bot.web.route_policies import Pool, Route, RoutePolicy

POLL_INTERVAL: Final[Seconds] = 1.0

KEEPALIVE_POLLS: Final = 15
"""Polls after which a comment is sent although nothing is new: proxies close silent connections."""

MAX_CONNECTIONS: Final = 5_000
"""Pages that may be connected at once; others show what is new only after a reload."""

_EVENTS: Final = RoutePolicy(cache_control="no-store", pool=Pool.LIVE, headers={"X-Accel-Buffering": "no"})


class LiveUpdates:
    """The open pages of each petition."""

    def __init__(self, context: PagesContext, supervisor: Supervisor) -> None:
        self._context = context
        self._watched: dict[int, _Watched] = {}
        self._supervisor = supervisor
        self._is_watched = asyncio.Event()
        self._task: SupervisedTask | None = None
        self._closing = False

    def routes(self) -> list[Route]:
        """List the routes."""
        return [Route("GET", f"{PETITION}/events", self._events, _EVENTS)]

    async def start(self, _application: web.Application) -> None:
        """Start to poll."""
        self._task = self._supervisor.start("live_updates", self._poll)

    async def close(self, _application: web.Application) -> None:
        """End all connections, so that the server can stop."""
        self._closing = True
        for watched in self._watched.values():
            watched.wake()
        if self._task is not None:
            await self._task.stop()

    async def _events(self, request: web.Request) -> web.StreamResponse:
        requested = await find_under_any_name(request, self._context)
        if self._closing or sum(each.connections for each in self._watched.values()) >= MAX_CONNECTIONS:
            raise web.HTTPServiceUnavailable(
                text=message("Too many pages are open. Reload this page later."), headers={"Retry-After": "60"}
            )
        response = web.StreamResponse()
        response.content_type = "text/event-stream"
        seen = request.headers.get("Last-Event-ID") or request.query.get("since", "")
        # The browser may have left.
        with suppress(ConnectionResetError):
            await response.prepare(request)
            if request.method != METH_HEAD:
                await self._send_updates(requested, seen, response)
        return response

    async def _send_updates(self, requested: RequestedPetition, seen: str, response: web.StreamResponse) -> None:
        petition_id = requested.ref.petition_id
        watched = self._watched.setdefault(petition_id, _Watched())
        watched.connections += 1
        try:
            await response.write(b"retry: 5000\n\n")
            self._is_watched.set()
            # A page that was opened without a key gets no more once the petition has become private.
            while not self._closing and watched.private <= requested.private:
                changed = watched.changed
                if watched.message and seen != watched.revision:
                    # A slow client misses what is out of date by the time it reads on.
                    seen, message = watched.revision, watched.message
                    await response.write(message)
                else:
                    await changed.wait()
                    if seen == watched.revision:
                        await response.write(b": still here\n\n")
        finally:
            watched.connections -= 1
            if not watched.connections:
                self._watched.pop(petition_id, None)

    async def _poll(self) -> None:
        """Query all petitions with open pages, once an interval."""
        polls = 0
        while True:
            await self._is_watched.wait()
            known = {petition_id: watched.known for petition_id, watched in self._watched.items()}
            try:
                changed = await self._context.rosters.list_changed(known)
            except DatabaseUnavailable:
                changed = []
            for details in changed:
                try:
                    self._update(details)
                except Exception as error:  # noqa: BLE001 - a bug with one petition must not stop the others
                    self._supervisor.report("live_updates", error, petition=details.snapshot.petition_id)
            polls += 1
            if polls % KEEPALIVE_POLLS == 0:
                for watched in self._watched.values():
                    watched.wake()
            if not self._watched:
                self._is_watched.clear()
            await asyncio.sleep(POLL_INTERVAL)

    def _update(self, details: PetitionDetails) -> None:
        watched = self._watched.get(details.snapshot.petition_id)
        if watched is None:
            return
        watched.known, watched.private = details.snapshot.revision, details.snapshot.repository.private
        data = msgspec.json.encode(view_update(details, self._context))
        watched.message = b"id: %d\nevent: tally\ndata: %s\n\n" % (watched.known, data)
        watched.wake()


class _Watched(Struct):
    """A petition with open pages, the last update of it, and what its connections wait for."""

    connections: int = 0
    known: int = -1
    """The revision of the last update."""
    private: bool = False
    message: bytes = b""
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def revision(self) -> str:
        return str(self.known)

    def wake(self) -> None:
        self.changed.set()
        self.changed = asyncio.Event()
