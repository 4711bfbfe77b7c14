"""`…/events`: tell open pages of new signatures, with one question a tick however many watch.

https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

import msgspec
from aiohttp import web
from aiohttp.hdrs import METH_HEAD

from bot.store import DatabaseUnavailable, PetitionDetails
from bot.supervisor import SupervisedTask, Supervisor
from bot.web.context import PETITION, Asked, PagesContext, ask
from bot.web.security_headers import SECRETIVE

TICK: Final = 1.0
"""Seconds between two looks at what is watched."""

BEAT: Final = 15
"""Ticks after which something is said although nothing is new: proxies hang up on silence."""

WATCHERS: Final = 5_000
"""Pages that may watch at once; the others do not move until they are loaded again."""

Tell = Callable[[PetitionDetails], object]
"""Say what a page needs to be up to date, as something that can be JSON."""


class Live:
    """Who watches which petition; `tell` says what an open page is told of one."""

    def __init__(
        self, house: PagesContext, tell: Tell, tick: float = TICK, *, supervisor: Supervisor | None = None
    ) -> None:
        self._house = house
        self._tell = tell
        self._tick = tick
        self._watched: dict[int, _Watched] = {}
        self._supervisor = supervisor or Supervisor()
        self._somebody_watches = asyncio.Event()
        self._looking: SupervisedTask | None = None
        self._closing = False

    def routes(self) -> list[web.RouteDef]:
        """List the addresses."""
        return [web.get(f"{PETITION}/events", self._events)]

    async def start(self, _application: web.Application) -> None:
        """Begin to look at what is watched."""
        self._looking = self._supervisor.start("live_updates", self._look)

    async def close(self, _application: web.Application) -> None:
        """Let everybody go, so that the server can stop."""
        self._closing = True
        for watched in self._watched.values():
            watched.wake()
        if self._looking is not None:
            await self._looking.stop()

    async def _events(self, request: web.Request) -> web.StreamResponse:
        asked = await ask(request, self._house)
        if self._closing or sum(each.watchers for each in self._watched.values()) >= WATCHERS:
            raise web.HTTPServiceUnavailable(
                text="Too many are watching; load the page again.", headers={"Retry-After": "60"}
            )
        response = web.StreamResponse(headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        response.content_type = "text/event-stream"
        if asked.private:
            response.headers.update(SECRETIVE)
        seen = request.headers.get("Last-Event-ID") or request.query.get("since", "")
        # Whoever watched may have left.
        with suppress(ConnectionResetError):
            await response.prepare(request)
            if request.method != METH_HEAD:
                await self._follow(asked, seen, response)
        return response

    async def _follow(self, asked: Asked, seen: str, response: web.StreamResponse) -> None:
        petition_id = asked.found.petition_id
        watched = self._watched.setdefault(petition_id, _Watched())
        watched.watchers += 1
        try:
            await response.write(b"retry: 5000\n\n")
            self._somebody_watches.set()
            # Who came without a key hears nothing more of a petition that has become private.
            while not self._closing and watched.private <= asked.private:
                turn = watched.turn
                if watched.message and seen != watched.revision:
                    # Whoever is slow misses what is out of date by the time they read on.
                    seen, message = watched.revision, watched.message
                    await response.write(message)
                else:
                    await turn.wait()
                    if seen == watched.revision:
                        await response.write(b": still here\n\n")
        finally:
            watched.watchers -= 1
            if not watched.watchers:
                self._watched.pop(petition_id, None)

    async def _look(self) -> None:
        """Look at everything that is watched once a tick."""
        ticks = 0
        while True:
            await self._somebody_watches.wait()
            known = {petition_id: watched.known for petition_id, watched in self._watched.items()}
            try:
                news = await self._house.rosters.list_changed(known)
            except DatabaseUnavailable:
                news = []
            for details in news:
                try:
                    self._take(details)
                except Exception as error:  # noqa: BLE001 - a mistake of ours over one petition keeps no other waiting
                    self._supervisor.report("live_updates", error, petition=details.snapshot.petition_id)
            ticks += 1
            if ticks % BEAT == 0:
                for watched in self._watched.values():
                    watched.wake()
            if not self._watched:
                self._somebody_watches.clear()
            await asyncio.sleep(self._tick)

    def _take(self, details: PetitionDetails) -> None:
        watched = self._watched.get(details.snapshot.petition_id)
        if watched is None:
            return
        watched.known, watched.private = details.snapshot.revision, details.snapshot.repository.private
        data = msgspec.json.encode(self._tell(details))
        watched.message = b"id: %d\nevent: tally\ndata: %s\n\n" % (watched.known, data)
        watched.wake()


@dataclass(slots=True)
class _Watched:
    """A petition that pages are open on, the last news of it, and what its watchers wait for."""

    watchers: int = 0
    known: int = -1
    private: bool = False
    message: bytes = b""
    turn: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def revision(self) -> str:
        return str(self.known)

    def wake(self) -> None:
        self.turn.set()
        self.turn = asyncio.Event()
