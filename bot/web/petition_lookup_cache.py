"""Where petitions are found by their names, for as long as an answer of the database is surely right."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Final
from weakref import WeakValueDictionary

from cachetools import LRUCache
from msgspec import Struct

from bot.store import PetitionRef, Rosters
from bot.time_types import Seconds

LIFETIME: Final[Seconds] = 0.25
"""How long what another process records may go unseen; what this process records is seen at once."""

NAMES: Final = 1_000

Name = tuple[str, str, int]
"""Owner, repository and number of an issue."""


class PetitionLookups:
    """The petitions that were asked for a moment ago."""

    def __init__(self, rosters: Rosters, clock: Callable[[], Seconds] = time.monotonic) -> None:
        self._rosters = rosters
        self._clock = clock
        self._known: LRUCache[Name, _Lookup] = LRUCache(NAMES)
        # One request asks the database; the others that want the same wait for it.
        self._locks: WeakValueDictionary[Name, asyncio.Lock] = WeakValueDictionary()

    async def find(self, owner: str, name: str, number: int) -> PetitionRef | None:
        """Find a petition as it was when this was called, or a quarter of a second before in another process."""
        key, called = (owner, name, number), self._clock()
        known = self._known.get(key)
        if known is None or not self._is_current(known, called):
            async with self._locks.setdefault(key, asyncio.Lock()):
                known = self._known.get(key)
                if known is None or not self._is_current(known, called):
                    known = await self._look_up(key)
        return known.ref

    def _is_current(self, known: _Lookup, called: Seconds) -> bool:
        is_young = known.at > called - LIFETIME
        return known.at > called or (is_young and known.commits == self._rosters.commits)

    async def _look_up(self, key: Name) -> _Lookup:
        commits, at = self._rosters.commits, self._clock()
        found = _Lookup(await self._rosters.find(*key), commits, at)
        # Anybody can ask for names that nobody has: they are not kept.
        if found.ref is None:
            self._known.pop(key, None)
        else:
            self._known[key] = found
        return found


class _Lookup(Struct, frozen=True):
    """What the database said, after how many transactions of this process, and when it was asked."""

    ref: PetitionRef | None
    commits: int
    at: Seconds
