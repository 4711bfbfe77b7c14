"""Let a plain function wait for what only a coroutine can: it runs in a greenlet, and steps aside meanwhile."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from greenlet import getcurrent, greenlet

T = TypeVar("T")


async def run_aside(function: Callable[[], T]) -> T:
    """Run a function that may call `wait_for`, however deep inside."""
    runner = _Runner(function)
    step = runner.switch()
    while not runner.dead:
        try:
            answer = await step
        except BaseException as error:  # noqa: BLE001 - it goes to the function that waits
            step = runner.throw(error)
        else:
            step = runner.switch(answer)
    result: T = step
    return result


def wait_for(awaitable: Awaitable[T]) -> T:
    """Wait inside a function that `run_aside` runs; the loop goes on with other things."""
    answer: T = getcurrent().parent.switch(awaitable)
    return answer


class _Runner(greenlet):  # type: ignore[misc] # greenlet brings no types
    """A greenlet in the context of the task that waits for it."""

    def __init__(self, function: Callable[[], object]) -> None:
        current = getcurrent()
        super().__init__(function, current)
        self.gr_context = current.gr_context
