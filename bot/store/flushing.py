"""Group commit: whatever is waiting goes into the next transaction together, and nobody waits for company."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from itertools import chain, takewhile
from typing import Final

from bot.petition.facts import Fact
from bot.store.errors import Busy, Unavailable, Unrecordable

LARGEST_GROUP: Final = 256
"""Facts in one transaction; more would let the first of them wait too long for the last."""

PATIENCE: Final = 8.0
"""Seconds that facts may wait to be on disk; GitHub hangs up after 10."""

WATCH: Final = 0.5
"""Seconds between two looks at who has waited too long, while a group is being written."""

TURNS: Final = 3
"""Turns of the loop from a request's last byte to the facts that it tells."""

_Waiting = tuple[Sequence[Fact], asyncio.Future[None], float]
"""Facts, who waits for them, and since when."""


class Flusher:
    """The one task that writes facts; `submit` returns when they are on disk."""

    def __init__(
        self,
        write: Callable[[Sequence[Fact]], Awaitable[None]],
        limit: int,
        patience: float = PATIENCE,
        committed: Callable[[int, float], None] = lambda _facts, _seconds: None,
    ) -> None:
        self._write = write
        self._committed = committed
        self.refused = False
        """Whether the database could not take the last facts."""
        self._limit = limit
        self._patience = patience
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[_Waiting] = deque()
        self._facts = 0
        self._arrived = asyncio.Event()
        self._closing = False
        self._task = asyncio.create_task(self._run(), name="store-flusher")

    @property
    def waiting(self) -> int:
        """Give how many facts wait to be written."""
        return self._facts

    async def submit(self, facts: Sequence[Fact]) -> None:
        """Wait until facts are written.

        Raises Busy at once where too many wait, Unavailable, also after too long a wait, or Unrecordable.
        """
        if self._closing or self._facts + len(facts) > max(self._limit, len(facts)):
            raise Busy("too many facts are waiting to be written")
        future: asyncio.Future[None] = self._loop.create_future()
        self._facts += len(facts)
        self._waiting.append((facts, future, self._loop.time()))
        self._arrived.set()
        try:
            await future
        finally:
            # An error in it would hold this frame, and so the facts, until the garbage collector comes by.
            del future

    async def close(self) -> None:
        """Write what is waiting, take nothing new."""
        self._closing = True
        self._arrived.set()
        await self._task

    async def _run(self) -> None:
        while not (self._closing and not self._waiting):
            await self._arrived.wait()
            self._arrived.clear()
            while self._waiting:
                await self._let_all_in()
                await self._flush(self._next_group())

    async def _let_all_in(self) -> None:
        """Let the loop bring what has arrived already, which takes it a few turns; wait for nothing else.

        Otherwise the first of many that arrive together gets a transaction of its own and keeps the others waiting.
        """
        turns = TURNS
        while turns and self._facts < LARGEST_GROUP:
            before = self._facts
            await asyncio.sleep(0)
            turns = turns - 1 if self._facts == before else TURNS

    def _next_group(self) -> list[_Waiting]:
        group = [self._waiting.popleft()]
        size = len(group[0][0])
        while self._waiting and size + len(self._waiting[0][0]) <= LARGEST_GROUP:
            group.append(self._waiting.popleft())
            size += len(group[-1][0])
        self._facts -= size
        return group

    async def _flush(self, group: list[_Waiting]) -> None:
        error = await self._try([fact for facts, *_ in group for fact in facts], group)
        if error is None or isinstance(error, Unavailable):
            for _, future, _ in group:
                _settle(future, error)
            return
        # One of them cannot be stored. It must not take the others with it.
        for one in group:
            _settle(one[1], await self._try(one[0], [one]) if len(group) > 1 else error)

    async def _try(self, facts: Sequence[Fact], group: list[_Waiting]) -> BaseException | None:
        # One watch for all who wait: a timer for each would cost as much as the rest of the waiting.
        self._watch = self._loop.call_later(WATCH, self._send_away_the_impatient, group)
        began = self._loop.time()
        (outcome,) = await asyncio.gather(self._write(facts), return_exceptions=True)
        self._watch.cancel()
        self.refused = isinstance(outcome, Unavailable)
        if outcome is None:
            self._committed(len(facts), self._loop.time() - began)
        return outcome

    def _send_away_the_impatient(self, group: list[_Waiting]) -> None:
        """Give up on those who have waited too long; their facts may still be written, which does no harm."""
        self._watch = self._loop.call_later(WATCH, self._send_away_the_impatient, group)
        latest = self._loop.time() - self._patience
        for waiting in takewhile(lambda waiting: waiting[2] < latest, chain(group, self._waiting)):
            _settle(waiting[1], Unavailable(f"not written within {self._patience:.0f} s"))


def _settle(future: asyncio.Future[None], error: BaseException | None) -> None:
    if future.done():
        return
    if error is None:
        future.set_result(None)
    elif isinstance(error, Unavailable):
        future.set_exception(Unavailable(*error.args))
    else:
        refused = Unrecordable(str(error))
        refused.__cause__ = error
        future.set_exception(refused)
