"""What runs for long is started again whenever it ends, until it is stopped."""

from __future__ import annotations

import asyncio

import pytest
from structlog.testing import capture_logs

from bot import supervisor
from bot.supervisor import EndedUnexpectedly, SupervisedTask, Supervisor, wait_for_any


@pytest.fixture(autouse=True)
def no_time_to_lose(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "FIRST_PAUSE", 0.01)
    monkeypatch.setattr(supervisor, "GRACE", 0.05)


class Ending:
    """A task that ends each time in what comes next, and then runs."""

    def __init__(self, *ends: BaseException | None) -> None:
        self._ends = list(ends)
        self.runs = asyncio.Event()

    async def run(self) -> None:
        if self._ends:
            if (end := self._ends.pop(0)) is not None:
                raise end
            return
        self.runs.set()
        await asyncio.Event().wait()


@pytest.mark.parametrize(
    ("end", "told"),
    [
        pytest.param(ZeroDivisionError(), ZeroDivisionError, id="a mistake"),
        pytest.param(asyncio.CancelledError(), asyncio.CancelledError, id="cancelled by whomever"),
        pytest.param(None, EndedUnexpectedly, id="an end"),
    ],
)
async def test_it_is_told_counted_and_started_again(end: BaseException | None, told: type[BaseException]) -> None:
    failed: list[str] = []
    watching, ending = Supervisor(failed.append), Ending(end)
    with capture_logs() as lines:
        task = watching.start("loop", ending.run)
        await until_it_is(task, "restarting")
        assert watching.states() == {"loop": "restarting"}
        async with asyncio.timeout(60):
            await ending.runs.wait()
    assert watching.states() == {"loop": "running"}
    assert failed == ["loop"]
    assert [(one["log_level"], one["task"], type(one["exc_info"])) for one in lines] == [("error", "loop", told)]
    await task.stop()


async def test_each_failure_doubles_the_pause_up_to_the_longest() -> None:
    ending = Ending(*[ZeroDivisionError()] * 5)
    with capture_logs() as lines:
        task = Supervisor().start("loop", ending.run, longest_pause=0.05)
        async with asyncio.timeout(60):
            await ending.runs.wait()
    assert [one["starts_again_in"] for one in lines] == [0.01, 0.02, 0.04, 0.05, 0.05]
    await task.stop()


async def test_what_ran_for_long_begins_with_the_first_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "LONGEST_PAUSE", -1.0)
    ending = Ending(*[ZeroDivisionError()] * 3)
    with capture_logs() as lines:
        task = Supervisor().start("loop", ending.run, longest_pause=60.0)
        async with asyncio.timeout(60):
            await ending.runs.wait()
    assert [one["starts_again_in"] for one in lines] == [0.01] * 3
    await task.stop()


async def test_that_it_cannot_be_counted_keeps_it_from_nothing() -> None:
    def fail(_: str) -> None:
        raise RuntimeError("no such metric")

    ending = Ending(ZeroDivisionError())
    with capture_logs() as lines:
        task = Supervisor(fail).start("loop", ending.run)
        async with asyncio.timeout(60):
            await ending.runs.wait()
    assert [one["event"] for one in lines] == ["task failed", "failure not counted"]
    await task.stop()


async def test_who_is_asked_to_stop_may_finish_and_is_not_started_again() -> None:
    stop, finished = asyncio.Event(), asyncio.Event()

    async def run() -> None:
        await stop.wait()
        await asyncio.sleep(0.01)
        finished.set()

    watching = Supervisor()
    task = watching.start("loop", run, ask_to_stop=stop.set)
    with capture_logs() as lines:
        await task.stop(5.0)
        await asyncio.sleep(0.03)
    assert (finished.is_set(), watching.states(), lines) == (True, {"loop": "stopped"}, [])


async def test_who_does_not_stop_is_cancelled_and_nobody_waits_for_who_does_not_take_that() -> None:
    freed = asyncio.Event()

    async def run() -> None:
        while not freed.is_set():
            try:
                await freed.wait()
            except asyncio.CancelledError:
                continue

    task = Supervisor().start("loop", run, ask_to_stop=lambda: None)
    await asyncio.sleep(0)
    with capture_logs() as lines:
        async with asyncio.timeout(60):
            await task.stop(0.05)
    assert [one["event"] for one in lines] == ["task does not end"]
    freed.set()
    await asyncio.wait({task._task})


async def test_what_waits_to_be_started_again_is_not_when_it_is_stopped() -> None:
    ending = Ending(ZeroDivisionError())
    with capture_logs():
        task = Supervisor().start("loop", ending.run)
        await until_it_is(task, "restarting")
        await task.stop()
        await asyncio.sleep(0.03)
    assert not ending.runs.is_set()


async def test_a_mistake_on_the_way_out_is_told() -> None:
    stop = asyncio.Event()

    async def run() -> None:
        await stop.wait()
        raise ZeroDivisionError

    task = Supervisor().start("loop", run, ask_to_stop=stop.set)
    with capture_logs() as lines:
        await task.stop(5.0)
    assert [type(one["exc_info"]) for one in lines] == [ZeroDivisionError]


async def test_the_first_of_several_events_is_waited_for() -> None:
    first, second = asyncio.Event(), asyncio.Event()
    before = asyncio.all_tasks()
    async with asyncio.timeout(60):
        await wait_for_any((first, second), 0.01)
        second.set()
        await wait_for_any((first, second))
    assert asyncio.all_tasks() == before


async def until_it_is(task: SupervisedTask, state: str) -> None:
    async with asyncio.timeout(60):
        while task.state != state:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0)
