"""Keep long-lived tasks running: an unexpected end is logged, counted, and followed by a restart.

`Supervisor` starts them and knows the state of each; `wait_for_any` waits for the first of several events.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass
from typing import Any, Final, Literal

import structlog

from bot.time_types import Seconds

log = structlog.get_logger("supervisor")

FIRST_PAUSE: Final[Seconds] = 1.0
"""The pause before a task is restarted; each failure in a row doubles it."""

LONGEST_PAUSE: Final[Seconds] = 60.0
"""The longest pause; where the task ran for longer than this, the first pause comes next."""

GRACE: Final[Seconds] = 0.5
"""Time that a cancelled task has to clean up."""

Run = Callable[[], Coroutine[Any, Any, None]]
State = Literal["running", "restarting", "stopped"]


class EndedUnexpectedly(Exception):
    """The task ended without an error, although nobody had asked it to."""


class Supervisor:
    """Start tasks that must run until they are stopped; `failed` is called with the name of each that fails."""

    def __init__(self, failed: Callable[[str], None] = lambda _task: None) -> None:
        self._failed = failed
        self._tasks: dict[str, SupervisedTask] = {}

    def start(
        self,
        name: str,
        run: Run,
        *,
        ask_to_stop: Callable[[], None] | None = None,
        longest_pause: Seconds = LONGEST_PAUSE,
    ) -> SupervisedTask:
        """Start a task, and restart it whenever it ends before it is stopped.

        A task without `ask_to_stop` has nothing to finish: it is cancelled.
        """
        task = self._tasks[name] = SupervisedTask(name, run, ask_to_stop, longest_pause, self.report)
        return task

    def states(self) -> dict[str, State]:
        """Return the state of each task by its name."""
        return {name: task.state for name, task in self._tasks.items()}

    def report(self, task: str, error: BaseException, **about: object) -> None:
        """Log and count that a task failed, or a part of its work."""
        log.error("task failed", task=task, **about, exc_info=error)
        try:
            self._failed(task)
        except Exception:  # whatever counts the failures must not add one
            log.exception("failure not counted", task=task)


@dataclass(eq=False)
class SupervisedTask:
    """A task and its restarts. Made by `Supervisor.start`."""

    name: str
    run: Run
    ask_to_stop: Callable[[], None] | None
    longest_pause: Seconds
    report: Callable[..., None]

    def __post_init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._failures = 0
        self._stopping = False
        self._restart: asyncio.TimerHandle | None = None
        self._start()

    @property
    def state(self) -> State:
        """Return the state of the task."""
        if self._stopping:
            return "stopped"
        return "running" if self._restart is None else "restarting"

    async def stop(self, grace: Seconds = 0.0) -> None:
        """End the task: where it can be asked to, it may finish within `grace`; then it is cancelled."""
        self._stopping = True
        if self._restart is not None:
            self._restart.cancel()
        try:
            if self.ask_to_stop is not None:
                self.ask_to_stop()
                await asyncio.wait({self._task}, timeout=grace)
        finally:
            self._task.cancel()
        _, late = await asyncio.wait({self._task}, timeout=GRACE)
        if late:
            log.error("task does not end", task=self.name)

    def _start(self) -> None:
        self._restart = None
        self._began = self._loop.time()
        self._task = self._loop.create_task(self.run(), name=self.name)
        self._task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        error = asyncio.CancelledError() if task.cancelled() else task.exception()
        if self._stopping:
            if error is not None and not task.cancelled():
                self.report(self.name, error)
            return
        if self._loop.time() - self._began > LONGEST_PAUSE:
            self._failures = 0
        pause = min(FIRST_PAUSE * 2.0 ** min(self._failures, 20), self.longest_pause)
        self._failures += 1
        self._restart = self._loop.call_later(pause, self._start)
        self.report(self.name, error or EndedUnexpectedly(EndedUnexpectedly.__doc__), starts_again_in=pause)


async def wait_for_any(events: Iterable[asyncio.Event], seconds: Seconds | None = None) -> None:
    """Wait until one of the events is set, or so many seconds have passed."""
    async with asyncio.TaskGroup() as group:
        waits = [group.create_task(event.wait()) for event in events]
        await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()
