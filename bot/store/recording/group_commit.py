"""Group commit: all that is waiting goes into the next transaction; no fact waits for others."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from itertools import chain, takewhile
from typing import Final

from msgspec import Struct
from msgspec.structs import astuple

from bot.petition.facts_from_github import Fact
from bot.store.errors import Busy, DatabaseUnavailable, Unrecordable, WrongDatabase
from bot.supervisor import Supervisor
from bot.time_types import Seconds

LARGEST_GROUP: Final = 256
"""Facts in one transaction; more would let the first of them wait too long for the last."""

TIMEOUT: Final = 8.0
"""Seconds that facts may wait to be on disk; GitHub hangs up after 10."""

CHECK_INTERVAL: Final = 0.5
"""Seconds between two checks for facts that have waited too long."""

CLOSE_TIMEOUT: Final = 2.5
"""Seconds to write what is waiting when the store is closed; what was not written was not acknowledged."""

LONGEST_PAUSE: Final = 1.0
"""Seconds after which the writing goes on at the latest when it has failed: deliveries wait meanwhile."""

TRACEBACK_INTERVAL: Final = 60.0
"""Seconds between two tracebacks of errors in measuring."""

TURNS: Final = 3
"""Turns of the loop from a request's last byte to its facts."""

_Waiting = tuple[Sequence[Fact], asyncio.Future[None], float]
"""Facts, who waits for them, and since when."""


class GroupCommitWriter:
    """The one task that writes facts; `submit` returns when they are on disk."""

    def __init__(
        self,
        write: Callable[[Sequence[Fact]], Awaitable[None]],
        limit: int,
        timeout: Seconds = TIMEOUT,
        committed: Callable[[int, float], None] = lambda _facts, _seconds: None,
        supervisor: Supervisor | None = None,
    ) -> None:
        self._write = write
        self._committed = committed
        self._supervisor = supervisor or Supervisor()
        self.refused = False
        """Whether the database could not take the last facts, or not in time."""
        self._limit = limit
        self._timeout = timeout
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[_Waiting] = deque()
        self._group: list[_Waiting] = []
        """Those whose facts are being written."""
        self._timer: asyncio.TimerHandle | None = None
        self.waiting = 0
        """How many facts wait to be written."""
        self._quiet_until = 0.0
        self._arrived = asyncio.Event()
        self._closing = False
        self._task = self._supervisor.start(
            "group_commit", self._run, ask_to_stop=self._arrived.set, longest_pause=LONGEST_PAUSE
        )

    async def submit(self, facts: Sequence[Fact]) -> None:
        """Wait until facts are written.

        Raises Busy at once where too many wait, Unavailable, also after too long a wait, or Unrecordable. Any other
        error is a mistake of ours, which has kept these facts and no others from being written.
        """
        if self._closing or self.waiting + len(facts) > max(self._limit, len(facts)):
            raise Busy("too many facts are waiting to be written")
        future: asyncio.Future[None] = self._loop.create_future()
        self.waiting += len(facts)
        self._waiting.append((facts, future, self._loop.time()))
        self._arrived.set()
        # One timer for all: a timer for each would cost as much as the rest of the waiting.
        if self._timer is None:
            self._timer = self._loop.call_later(CHECK_INTERVAL, self._time_out_waiting)
        try:
            await future
        finally:
            # An error in it would keep this frame, and so the facts, until the garbage collector runs.
            del future

    async def close(self) -> None:
        """Write what is waiting, take nothing new."""
        self._closing = True
        await self._task.stop(CLOSE_TIMEOUT)
        for _, future, _ in self._waiting:
            _resolve(future, DatabaseUnavailable("the store was closed"))
        if self._timer is not None:
            self._timer.cancel()

    async def _run(self) -> None:
        while True:
            while self._waiting:
                await self._wait_for_arrivals()
                await self._flush(self._next_group())
            if self._closing:
                return
            await self._arrived.wait()
            self._arrived.clear()

    async def _wait_for_arrivals(self) -> None:
        """Wait for what has arrived already, which takes the loop a few turns, and for nothing else.

        Otherwise the first of many that arrive together gets a transaction of its own and keeps the others waiting.
        """
        turns = TURNS
        while turns and self.waiting < LARGEST_GROUP:
            before = self.waiting
            await asyncio.sleep(0)
            turns = turns - 1 if self.waiting == before else TURNS

    def _next_group(self) -> list[_Waiting]:
        group = [self._waiting.popleft()]
        size = len(group[0][0])
        while self._waiting and size + len(self._waiting[0][0]) <= LARGEST_GROUP:
            group.append(self._waiting.popleft())
            size += len(group[-1][0])
        self.waiting -= size
        return group

    async def _flush(self, group: list[_Waiting]) -> None:
        self._group = group
        try:
            await self._write_group(group)
        except BaseException as error:
            # Whatever ends this task, those who wait for it are answered.
            for _, future, _ in group:
                _resolve(future, error)
            raise
        finally:
            self._group = []

    async def _write_group(self, group: list[_Waiting]) -> None:
        error = await self._try([fact for facts, *_ in group for fact in facts])
        if error is None or isinstance(error, DatabaseUnavailable):
            for _, future, _ in group:
                _resolve(future, error)
            return
        # One of them cannot be stored. It must not take the others with it.
        for facts, future, _ in group:
            outcome = await self._try(facts) if len(group) > 1 else error
            _resolve(future, _classify(outcome, facts))

    async def _try(self, facts: Sequence[Fact]) -> BaseException | None:
        began = self._loop.time()
        (outcome,) = await asyncio.gather(self._write(facts), return_exceptions=True)
        self.refused = isinstance(outcome, DatabaseUnavailable)
        if outcome is None:
            self._report(len(facts), self._loop.time() - began)
        return outcome

    def _report(self, facts: int, seconds: Seconds) -> None:
        try:
            self._committed(facts, seconds)
        except Exception as error:  # noqa: BLE001 - what cannot be measured is on disk all the same
            # There may be hundreds of transactions a second, and each traceback would be the same.
            if self._loop.time() >= self._quiet_until:
                self._quiet_until = self._loop.time() + TRACEBACK_INTERVAL
                self._supervisor.report("group_commit", error)

    def _time_out_waiting(self) -> None:
        """End the waiting that took too long; those facts may still be written, which does no harm."""
        latest = self._loop.time() - self._timeout
        for waiting in takewhile(lambda waiting: waiting[2] < latest, chain(self._group, self._waiting)):
            self.refused = True
            _resolve(waiting[1], DatabaseUnavailable(f"not written within {self._timeout:.0f} s"))
        anybody = self._group or self._waiting
        self._timer = self._loop.call_later(CHECK_INTERVAL, self._time_out_waiting) if anybody else None


def _resolve(future: asyncio.Future[None], error: BaseException | None) -> None:
    if future.done():
        return
    if error is None:
        future.set_result(None)
    elif isinstance(error, DatabaseUnavailable | WrongDatabase):
        future.set_exception(DatabaseUnavailable(*error.args))
    elif isinstance(error, Exception):
        future.set_exception(error)
    else:
        future.set_exception(DatabaseUnavailable(f"the write was interrupted: {type(error).__name__}"))


def _classify(error: BaseException | None, facts: Sequence[Fact]) -> BaseException | None:
    """Return Unrecordable where a fact holds what no database can store; another error is a mistake of ours."""
    if error is None or isinstance(error, DatabaseUnavailable) or all(map(_is_storable, facts)):
        return error
    refused = Unrecordable(str(error))
    refused.__cause__ = error
    return refused


def _is_storable(value: object) -> bool:
    """Check that nothing in a fact is larger than 64 bits, no text is broken Unicode, and none holds a NUL."""
    if isinstance(value, str):
        return "\0" not in value and value.encode(errors="replace").decode() == value
    if isinstance(value, int):
        return -(2**63) <= value < 2**63
    if isinstance(value, tuple | list | frozenset):
        return all(map(_is_storable, value))
    if isinstance(value, Struct):
        return all(map(_is_storable, astuple(value)))
    return True
